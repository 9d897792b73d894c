"""Train the backbone that the course ships: data/weights/vgg_mini.pt, and its curve, vgg_mini.json,
in results/.

    python benchmarks/train_backbone.py data/tiny-imagenet-32

The folder is Tiny ImageNet (200 classes of ImageNet, 500 training and 50 validation images each) at
32 x 32 pixels: train/<class>/*, val/<class>/* and words.txt, which names the classes. Two threads,
bfloat16: over an hour on two cores that have it in hardware. A training that was stopped goes on
from its last epoch. Nothing was chosen on the validation images: the settings were set before, and
the weights are the last epoch's.

Training and validation images may have been scaled down in different ways, and the network notices.
`sharpness` is the mean difference of neighbouring pixels over the pixels' standard deviation. Where
validation images are sharper than training images, they are also evaluated blurred by the Gaussian
that makes them equally sharp; no label chooses it.
"""

import sys
from copy import copy
from pathlib import Path

import torch
from augmentation import CROP_FLIP, Bfloat16
from parts import write_json
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as TF

from course_utils.checkpoints import save_file
from course_utils.data import ImageDataset, channel_stats
from course_utils.data.pictures import list_folder, load_images
from course_utils.lessons.lesson_04.backbones import VGGMini
from course_utils.models import count_parameters
from course_utils.paths import RUNS_DIR, WEIGHTS_DIR
from course_utils.results import RECORDED_DIR
from course_utils.runtime import seed_everything
from course_utils.training import History, evaluate, fit

SEED, EPOCHS, BATCH = 0, 18, 256
PEAK_RATE, MOMENTUM, WEIGHT_DECAY, SMOOTHING = 0.2, 0.9, 5e-4, 0.1
AUGMENT = v2.Compose(CROP_FLIP)


def read(folder: Path) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    """The images of folder/<class>/*, uint8 (N, 3, 32, 32), their labels (N,), and the classes."""
    paths, names = list_folder(folder)
    classes = sorted(set(names))
    return load_images(paths, 32), torch.tensor([classes.index(name) for name in names]), classes


def class_names(folder: Path, classes: list[str]) -> list[str]:
    """The first word of each class in words.txt, whose lines are "n01443537<tab>goldfish, Carassius
    auratus".
    """
    lines = (folder / "words.txt").read_text(encoding="utf-8").splitlines()
    words = dict(line.split("\t", 1) for line in lines)
    return [words[name].split(",")[0].strip() for name in classes]


def sharpness_of(images: torch.Tensor) -> float:
    """The mean difference of neighbours in a row over the standard deviation of all pixels, of
    uint8 (N, 3, H, W).
    """
    values = images[:: max(1, len(images) // 5000)].float()
    return ((values[..., 1:] - values[..., :-1]).abs().mean() / values.std()).item()


def blur_to(sharpness: float, images: torch.Tensor) -> tuple[float, torch.Tensor]:
    """The standard deviation, in pixels, of the 3x3 Gaussian that leaves such a sharpness, and the
    blurred images.
    """
    low, high = 0.1, 1.0
    for _ in range(12):
        sigma = (low + high) / 2
        low, high = (low, sigma) if sharpness_of(blur(images, sigma)) < sharpness else (sigma, high)
    return sigma, blur(images, sigma)


def blur(images: torch.Tensor, sigma: float) -> torch.Tensor:
    return TF.gaussian_blur(images, [3, 3], [sigma, sigma])


def train(folder: Path) -> tuple[nn.Module, History, dict]:
    """The trained network, its history, and what must be known to use it."""
    images, labels, classes = read(folder / "train")
    val_images, val_labels, val_classes = read(folder / "val")
    assert classes == val_classes
    mean, std = (values.tolist() for values in channel_stats(ImageDataset(images, labels)))
    train_set = ImageDataset(images, labels, augment=AUGMENT, mean=mean, std=std)
    val_set = ImageDataset(val_images, val_labels, mean=mean, std=std)
    train_loader = DataLoader(
        train_set,
        BATCH,
        shuffle=True,
        drop_last=True,
        generator=torch.Generator().manual_seed(SEED),
    )
    seed_everything(SEED)
    model = Bfloat16(VGGMini(len(classes)))
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=PEAK_RATE,
        momentum=MOMENTUM,
        nesterov=True,
        weight_decay=WEIGHT_DECAY,
        fused=True,
    )
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_RATE, epochs=EPOCHS, steps_per_epoch=len(train_loader), pct_start=0.2
    )
    history = fit(
        model,
        train_loader,
        DataLoader(val_set, 500),
        optimizer=optimizer,
        epochs=EPOCHS,
        device=torch.device("cpu"),
        loss_fn=nn.CrossEntropyLoss(label_smoothing=SMOOTHING),
        scheduler=scheduler,
        checkpoint=RUNS_DIR / "backbone" / "vgg_mini.pt",
        resume=True,
    )
    facts = {
        "mean": mean,
        "std": std,
        "classes": class_names(folder, classes),
        "train": train_set,
        "val": val_set,
    }
    return model.model, history, facts


def validate(model: nn.Module, train_set: ImageDataset, val_set: ImageDataset) -> dict:
    """Accuracy on the validation images, as they are and as sharp as the training images, and the
    sharpness of both.
    """
    sharpness, sigma, images = (
        [sharpness_of(part.images) for part in (train_set, val_set)],
        0.0,
        val_set.images,
    )
    if sharpness[1] > sharpness[0]:
        sigma, images = blur_to(sharpness[0], images)
    blurred = copy(val_set)
    blurred.images = images
    plain, equally_sharp = (
        evaluate(model, DataLoader(p, 500), torch.device("cpu")).accuracy
        for p in (val_set, blurred)
    )
    return {
        "sharpness_train": sharpness[0],
        "sharpness_val": sharpness[1],
        "shipped_val_accuracy": plain,
        "shipped_val_accuracy_blurred": equally_sharp,
        "val_blur_sigma": sigma,
    }


def main() -> None:
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        raise SystemExit(__doc__)
    trained, history, facts = train(Path(sys.argv[1]))
    weights = {
        name: v.half() if v.is_floating_point() else v for name, v in trained.state_dict().items()
    }
    names = {name: facts[name] for name in ("mean", "std", "classes")}
    save_file({"model": weights, **names}, WEIGHTS_DIR / "vgg_mini.pt")
    shipped = VGGMini(len(facts["classes"]))
    shipped.load_state_dict(weights)
    result = validate(shipped, facts["train"], facts["val"]) | {
        "augmentation": "RandomCrop(32, padding=4), RandomHorizontalFlip", "batch_size": BATCH, "epochs": EPOCHS,
        "history": vars(history), "label_smoothing": SMOOTHING, "momentum": MOMENTUM, "network": "VGGMini",
        "optimizer": "SGD with Nesterov momentum", "parameters": count_parameters(shipped), "peak_rate": PEAK_RATE,
        "precision": "bfloat16; shipped in float16", "schedule": "one cycle, a fifth of it rising", "seed": SEED,
        "train_images": len(facts["train"]), "val_images": len(facts["val"]), "weight_decay": WEIGHT_DECAY,
    }  # fmt: skip
    write_json(RECORDED_DIR / "vgg_mini.json", result)
    print(*(f"{name} {result[name]:.4f}" for name in result if name.startswith("shipped")))


if __name__ == "__main__":
    main()
