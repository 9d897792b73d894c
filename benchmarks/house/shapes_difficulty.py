"""How hard Shapes is: what a linear classifier and the lessons' networks reach on the test images,
and what each later lesson has to gain.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from benchmarks.data import CROP_FLIP, splits_of
from benchmarks.harness import Run
from course_utils.data import Splits, make_loaders
from course_utils.data.shapes import VERSION
from course_utils.lessons.lesson_08.fast import Recipe, Training
from course_utils.models import VGG, ResNet, he_init
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, fit

CPU = torch.device("cpu")


def linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10))


def small_vgg() -> nn.Module:
    """Lesson 01's network."""
    return VGG(((8, 8), (16, 16), (32, 32)), hidden=(), batch_norm=True)


def he_vgg() -> nn.Module:
    """Lesson 03's network."""
    return VGG().apply(he_init)


def norm_vgg() -> nn.Module:
    return VGG(batch_norm=True).apply(he_init)


@dataclass(frozen=True)
class Entry:
    """A network and how it is trained: in batches of 32, on so many images, by Adam or SGD, at the
    rate that is best in validation.
    """

    make: Callable[[], nn.Module]
    rates: tuple[float, ...] = (1e-3,)
    epochs: int = 5
    images: int = 5000
    sgd: bool = False
    augmented: bool = False
    one_cycle: bool = False


FEW = {"make": small_vgg, "rates": (3e-3,), "epochs": 20, "images": 1000}
ENTRIES = {
    "linear": Entry(linear, epochs=10, sgd=True),
    "linear, all images": Entry(linear, (1e-4, 3e-4, 1e-3, 3e-3), epochs=20, images=0, sgd=True),
    "few": Entry(**FEW),
    "few, augmented": Entry(**FEW, augmented=True),
    "cnn": Entry(he_vgg, (5e-4,)),
    "cnn, augmented": Entry(he_vgg, (5e-4,), augmented=True),
    "cnn, BatchNorm": Entry(norm_vgg, (5e-4,)),
    "resnet": Entry(ResNet, (3e-3,), one_cycle=True),
}


@dataclass(frozen=True)
class FastEntry:
    """Lesson 08's recipe, and on how many images."""

    recipe: Recipe
    images: int = 0


LESSON = Recipe(  # what lesson 08 trains by at its defaults
    widths=(32, 64, 128),
    epochs=6,
    batch_size=64,
    learning_rate=0.2,
    muon_rate=0.0,
    small_size=0,
)
FAST = {
    "fast, lesson": FastEntry(LESSON, images=3000),
    "fast, 5 epochs": FastEntry(Recipe(widths=(32, 64, 128), epochs=5)),
}


@dataclass(frozen=True)
class Plan:
    dataset: str = "shapes"
    seeds: tuple[int, ...] = (0, 1, 2)
    entries: tuple[str, ...] = (*ENTRIES, *FAST)
    most_images: int = 0  # above 0: no training has more
    most_epochs: int = 100
    widths: tuple[int, ...] = ()  # of the fast recipe, if not its own


def train_entry(plan: Plan, entry: Entry, seed: int) -> dict:
    """The rate that is best in validation, and the test accuracy of its best epoch's weights."""
    images = min(entry.images or plan.most_images, plan.most_images or entry.images)
    augment = CROP_FLIP if entry.augmented else None
    splits = splits_of(plan.dataset, augment=augment, train_size=images, seed=seed)
    trained = [train_at(rate, plan, entry, splits, seed) for rate in entry.rates]
    _, rate, model = max(trained, key=lambda one: one[0])
    return {
        "test_accuracy": evaluate(model, make_loaders(splits, 32).test, CPU).accuracy,
        "rate": rate,
    }


def train_at(
    rate: float, plan: Plan, entry: Entry, splits: Splits, seed: int
) -> tuple[float, float, nn.Module]:
    """(best validation accuracy, rate, the network with that epoch's weights)."""
    epochs = min(entry.epochs, plan.most_epochs)
    seed_everything(seed)
    loaders = make_loaders(splits, 32, seed=seed)
    model = entry.make()
    kind = torch.optim.SGD if entry.sgd else torch.optim.Adam
    optimizer, scheduler = kind(model.parameters(), lr=rate, fused=True), None
    if entry.one_cycle:
        steps = epochs * len(loaders.train)
        scheduler = OneCycleLR(optimizer, rate, total_steps=steps)
    how = {"optimizer": optimizer, "scheduler": scheduler, "epochs": epochs, "device": CPU}
    history = fit(model, loaders.train, loaders.val, keep_best=True, **how)
    return max(history.val_accuracy), rate, model


def train_fast(plan: Plan, entry: FastEntry, seed: int) -> float:
    """The test accuracy of the last weights: nothing is chosen."""
    images = min(entry.images or plan.most_images, plan.most_images or entry.images)
    splits = splits_of(plan.dataset, train_size=images, seed=seed)
    recipe = replace(
        entry.recipe,
        widths=plan.widths or entry.recipe.widths,
        epochs=min(entry.recipe.epochs, plan.most_epochs),
    )
    training = Training(splits, recipe, seed, CPU)
    for _ in range(math.ceil(recipe.epochs)):
        training.run_epoch()
    return evaluate(training.eval_model, make_loaders(splits, 500).test, CPU).accuracy


def train(run: Run, plan: Plan, name: str, seed: int) -> dict:
    if name in FAST:
        return {"test_accuracy": train_fast(plan, FAST[name], seed)}
    return train_entry(plan, ENTRIES[name], seed)


def difficulty(run: Run, plan: Plan | None = None) -> dict:
    plan = plan or Plan()
    tasks = [(name, seed) for name in plan.entries for seed in plan.seeds]
    found = run.map(train, plan, tasks)
    result: dict = {"seeds": list(plan.seeds), "version": VERSION}
    for name in plan.entries:
        accuracies = [found[name, seed]["test_accuracy"] for seed in plan.seeds]
        values = torch.tensor(accuracies, dtype=torch.float64)
        error = values.std().item() / math.sqrt(len(values)) if len(values) > 1 else 0.0
        result[name] = {
            "test_accuracy_by_seed": accuracies,
            "mean": values.mean().item(),
            "standard_error": error,
        }
        if name in ENTRIES and len(ENTRIES[name].rates) > 1:
            rates = [found[name, seed]["rate"] for seed in plan.seeds]
            result[name] |= {"rates": list(ENTRIES[name].rates), "rate_by_seed": rates}
    return result
