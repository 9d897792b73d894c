"""The source's ResNet by the source's own recipe, and what its mistakes in evaluating do to the
number.

    python benchmarks/source_recipe.py data/cifar10-jpeg [EPOCHS]

The folder is the JPEG copy that make_jpeg_copy.py writes. Batches of 32, Adam at 1e-4,
RandomCrop(32, padding=1), flip, normalisation, in bfloat16; the source trains for 30 epochs on all
50,000 images, this for EPOCHS (5 if not given) on the 45,000 that are left beside 5,000 for
validation. After each epoch the same network is evaluated in four ways on the test images:
properly; in training mode, as if `model.eval()` were never called, batches of 32; on augmented
images, DRAWS times; and both at once, as the source does it. This is an experiment *about
evaluation*: it reads the test images after every epoch, and nothing is chosen by them.

About five minutes an epoch, with all cores. State and results are kept after each epoch; a run that
was stopped goes on, and with a larger EPOCHS it adds epochs to those that are there. Writes
benchmarks/results/06_resnet.cifar10-jpeg-recipe.json.
"""

import sys
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import torch
from augmentation import Bfloat16
from batch_normalization import forgotten_accuracy
from parts import write_json
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from course_utils.checkpoints import load_checkpoint, save_checkpoint
from course_utils.data import ImageDataset, Loaders, Splits, load_splits, make_loaders
from course_utils.models import SourceResNet, count_parameters
from course_utils.paths import RUNS_DIR
from course_utils.results import RECORDED_DIR
from course_utils.runtime import seed_everything
from course_utils.training import History, evaluate, train_one_epoch

RESULT = RECORDED_DIR / "06_resnet.cifar10-jpeg-recipe.json"
CHECKPOINT = RUNS_DIR / "source_recipe" / "source_recipe.pt"
SEED, BATCH, RATE, EPOCHS, DRAWS = 0, 32, 1e-4, 5, 2
AUGMENT = v2.Compose([v2.RandomCrop(32, padding=1), v2.RandomHorizontalFlip()])
DEVICE = torch.device("cpu")


def accuracy_in_training_mode(model: nn.Module, loader: DataLoader) -> float:
    """Accuracy when every batch is normalised by its own statistics; works on a copy, whose running
    ones it spoils.
    """
    return forgotten_accuracy(deepcopy(model), loader.dataset, loader.batch_size)


def four_ways(model: nn.Module, splits: Splits) -> dict[str, float | list[float]]:
    """Test accuracy of one network: "proper", "training_mode", and DRAWS of "augmented" and
    "source" (both).
    """
    test = splits.test
    augmented = ImageDataset(
        test.images, test.labels, augment=AUGMENT, mean=splits.mean, std=splits.std
    )
    plain, spoilt = DataLoader(test, BATCH), DataLoader(augmented, BATCH)
    return {
        "proper": evaluate(model, plain, DEVICE).accuracy,
        "training_mode": accuracy_in_training_mode(model, plain),
        "augmented": [evaluate(model, spoilt, DEVICE).accuracy for _ in range(DRAWS)],
        "source": [accuracy_in_training_mode(model, spoilt) for _ in range(DRAWS)],
    }


def write(history: History, last_batch: list[float], test: dict[str, list]) -> None:
    result = {
        **asdict(history), "last_batch_loss": last_batch, "test_accuracy": test, "batch_size": BATCH,
        "dataset": "cifar10-jpeg", "draws": DRAWS, "epochs": len(history.val_loss), "learning_rate": RATE,
        "optimizer": "Adam", "parameters": count_parameters(SourceResNet()), "precision": "bfloat16", "seed": SEED,
        "test_images": 10_000, "train_images": 45_000,
    }  # fmt: skip
    write_json(RESULT, result)


def train(folder: str, epochs: int) -> None:
    splits = load_splits(folder, augment=AUGMENT, seed=SEED)
    loaders: Loaders = make_loaders(splits, BATCH, seed=SEED)
    seed_everything(SEED)
    model = Bfloat16(SourceResNet())
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    parts = {
        "model": model,
        "optimizer": optimizer,
        "scheduler": None,
        "generator": loaders.train.generator,
    }
    history, last_batch, test = (
        History(),
        [],
        {"proper": [], "training_mode": [], "augmented": [], "source": []},
    )
    if CHECKPOINT.exists():
        kept = load_checkpoint(CHECKPOINT, **parts)["history"]
        history, last_batch, test = History(**kept["history"]), kept["last_batch"], kept["test"]
    latest = [0.0]

    def loss_fn(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        loss = nn.functional.cross_entropy(logits, labels)
        latest[0] = loss.item()  # that of an epoch's last batch is what the source prints
        return loss

    for epoch in range(len(history.val_loss) + 1, epochs + 1):
        metrics = train_one_epoch(model, loaders.train, optimizer, DEVICE, loss_fn=loss_fn)
        history.append(metrics, evaluate(model, loaders.val, DEVICE))
        last_batch.append(latest[0])
        with (
            torch.random.fork_rng()
        ):  # however many draws: the training goes on as if nobody had looked
            for way, accuracy in four_ways(model, splits).items():
                test[way].append(accuracy)
        kept = {"history": asdict(history), "last_batch": last_batch, "test": test}
        save_checkpoint(CHECKPOINT, history=kept, best_weights=None, **parts)
        write(history, last_batch, test)
        ways = {
            way: found[-1] if way in ("proper", "training_mode") else found[-1][0]
            for way, found in test.items()
        }
        print(
            f"epoch {epoch}:",
            *(f"{way} {accuracy:.4f}" for way, accuracy in ways.items()),
            flush=True,
        )
    write(
        history, last_batch, test
    )  # once more, in case the last stop came between the checkpoint and this


def main() -> None:
    numbers = [int(word) for word in sys.argv[2:] if word.isdigit() and int(word) > 0]
    if (
        len(sys.argv) not in (2, 3)
        or len(numbers) != len(sys.argv) - 2
        or not Path(sys.argv[1]).is_dir()
    ):
        raise SystemExit(__doc__)
    train(sys.argv[1], *(numbers or [EPOCHS]))


if __name__ == "__main__":
    main()
