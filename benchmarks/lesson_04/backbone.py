"""Train the backbone that the course ships, data/weights/vgg_mini.pt, and record its curve.

It learns from Tiny ImageNet (200 classes of ImageNet, 500 training and 50 validation images each)
at 32 x 32 pixels, in the data folder: tiny-imagenet-32/train/<class>/*, val/<class>/* and
words.txt, which names the classes. Nothing is chosen on the validation images: the settings were
set before, and the weights are the last epoch's.

Training and validation images may have been scaled down in different ways, and the network notices.
`sharpness` is the mean difference of neighbouring pixels over the pixels' standard deviation. Where
validation images are sharper than training images, they are also evaluated blurred by the Gaussian
that makes them equally sharp; no label chooses it.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as TF

from benchmarks.data import CROP_FLIP, CROP_FLIP_NAME, images_of, labels_of, rescaled
from benchmarks.harness import Run
from benchmarks.training import MixedPrecision
from course_utils.checkpoints import save_file
from course_utils.data import PictureFolder, Split, channel_stats, normalization
from course_utils.lessons.lesson_04.backbones import VGGMini
from course_utils.models import count_parameters
from course_utils.paths import DATA_DIR, WEIGHTS_DIR
from course_utils.runtime import seed_everything
from course_utils.training import History, evaluate, fit


@dataclass(frozen=True)
class Plan:
    seed: int = 0
    epochs: int = 18
    batch_size: int = 256
    peak_rate: float = 0.2
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    folder: Path = DATA_DIR / "tiny-imagenet-32"
    weights: Path = WEIGHTS_DIR / "vgg_mini.pt"  # written here

    def settings(self) -> dict:
        return {key: value for key, value in asdict(self).items() if not isinstance(value, Path)}


def read(folder: Path) -> tuple[Split, list[str]]:
    """The images of folder/<class>/* at 32 pixels, not normalised, and the classes."""
    to_floats = v2.Compose([v2.ToDtype(torch.float32, scale=True)])
    to_pixels = v2.Compose([v2.ToImage(), v2.Resize(32), v2.CenterCrop(32)])
    pictures = PictureFolder(folder, transform=to_pixels)
    images = torch.stack([image for image, _ in pictures])
    return Split(images, torch.tensor(pictures.targets), to_floats), pictures.classes


def class_names(folder: Path, classes: list[str]) -> list[str]:
    """The first word of each class in words.txt, whose lines are "n01443537<tab>goldfish, Carassius
    auratus".
    """
    lines = (folder / "words.txt").read_text(encoding="utf-8").splitlines()
    words = dict(line.split("\t", 1) for line in lines)
    return [words[name].split(",")[0].strip() for name in classes]


def sharpness_of(images: Tensor) -> float:
    """The mean difference of neighbours in a row over the standard deviation of all pixels, of
    uint8 (N, 3, H, W).
    """
    values = images[:: max(1, len(images) // 5000)].float()
    return ((values[..., 1:] - values[..., :-1]).abs().mean() / values.std()).item()


def blur(images: Tensor, sigma: float) -> Tensor:
    return TF.gaussian_blur(images, [3, 3], [sigma, sigma])


def blur_to(sharpness: float, images: Tensor) -> tuple[float, Tensor]:
    """The standard deviation, in pixels, of the 3x3 Gaussian that leaves such a sharpness, and the
    blurred images.
    """
    low, high = 0.1, 1.0
    for _ in range(12):
        sigma = (low + high) / 2
        low, high = (low, sigma) if sharpness_of(blur(images, sigma)) < sharpness else (sigma, high)
    return sigma, blur(images, sigma)


def train(
    run: Run, plan: Plan, model: VGGMini, train_set: Split, val_set: Split
) -> tuple[nn.Module, History]:
    """The trained network, and its history; goes on where it was stopped."""
    generator = torch.Generator().manual_seed(plan.seed)
    loader = DataLoader(
        train_set, plan.batch_size, shuffle=True, drop_last=True, generator=generator
    )
    model = MixedPrecision(model).to(run.device)
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=plan.peak_rate,
        momentum=plan.momentum,
        nesterov=True,
        weight_decay=plan.weight_decay,
        fused=True,
    )
    history = fit(
        model,
        loader,
        DataLoader(val_set, 500),
        optimizer=optimizer,
        epochs=plan.epochs,
        device=torch.device(run.device),
        loss_fn=nn.CrossEntropyLoss(label_smoothing=plan.label_smoothing),
        scheduler=torch.optim.lr_scheduler.OneCycleLR(
            optimizer, plan.peak_rate, total_steps=plan.epochs * len(loader), pct_start=0.2
        ),
        checkpoint=run.checkpoint,
        resume=True,
    )
    return model.model.cpu(), history


def in_float16(model: nn.Module) -> dict[str, Tensor]:
    """A network's state as it is shipped."""
    state = model.state_dict()
    return {name: v.half() if v.is_floating_point() else v for name, v in state.items()}


def validate(model: nn.Module, train_set: Split, val_set: Split) -> dict:
    """Accuracy on the validation images, as they are and as sharp as the training images, and the
    sharpness of both.
    """
    of_train, of_val = (sharpness_of(images_of(part)) for part in (train_set, val_set))
    sigma, images = 0.0, images_of(val_set)
    if of_val > of_train:
        sigma, images = blur_to(of_train, images)
    mean, std = normalization(val_set.transform)
    blurred = rescaled(Split(images, labels_of(val_set)), mean, std)
    cpu = torch.device("cpu")
    return {
        "sharpness_train": of_train,
        "sharpness_val": of_val,
        "shipped_val_accuracy": evaluate(model, DataLoader(val_set, 500), cpu).accuracy,
        "shipped_val_accuracy_blurred": evaluate(model, DataLoader(blurred, 500), cpu).accuracy,
        "val_blur_sigma": sigma,
    }


def backbone(run: Run, plan: Plan | None = None) -> dict:
    """Train, write the weights in float16, and measure what was written."""
    plan = plan or Plan()
    train_raw, classes = read(plan.folder / "train")
    val_raw, val_classes = read(plan.folder / "val")
    if classes != val_classes:
        raise ValueError(f"{plan.folder.name}: train/ and val/ have different classes")
    mean, std = (values.tolist() for values in channel_stats(train_raw))
    train_set, val_set = rescaled(train_raw, mean, std, CROP_FLIP), rescaled(val_raw, mean, std)
    run = replace(run, checkpoint=run.file(plan, "training").with_suffix(".pt"))
    run.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    seed_everything(plan.seed)
    trained, history = train(run, plan, VGGMini(len(classes)), train_set, val_set)
    weights = in_float16(trained)
    names = {"mean": mean, "std": std, "classes": class_names(plan.folder, classes)}
    save_file({"model": weights, **names}, plan.weights)
    shipped = VGGMini(len(classes))
    shipped.load_state_dict(weights)
    return {
        **validate(shipped, train_set, val_set),
        **plan.settings(),
        "augmentation": CROP_FLIP_NAME,
        "history": vars(history),
        "network": "VGGMini",
        "optimizer": "SGD with Nesterov momentum",
        "parameters": count_parameters(shipped),
        "precision": "bfloat16; shipped in float16",
        "schedule": "one cycle, a fifth of it rising",
        "train_images": len(train_set),
        "val_images": len(val_set),
    }
