"""The source's CNN, the same with batch normalisation, the source's ResNet and ResNet-20, trained
alike.

All four get the same images, batches, augmentation (crop with padding 4, flip), optimizer (Adam)
and schedule (one cycle: the rate rises, then falls to 0). Only the highest rate is a network's own:
it is the best on validation images after a short search from a seed of its own. `epochs` trains all
four for as many epochs; `multiply_adds` trains the two ResNets for as many as cost about what those
of the CNN cost. The test images are read once for each finished network, in evaluation mode, not
augmented.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset

from benchmarks.data import CROP_FLIP, splits_of
from benchmarks.harness import Run, columns
from benchmarks.training import MixedPrecision, best_lr, fit_one_cycle
from course_utils.data import Splits, make_loaders
from course_utils.models import VGG, ResNet, SourceResNet, count_parameters
from course_utils.probes import multiply_adds
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, predict

NETWORKS: dict[str, Callable[[], nn.Module]] = {  # the most expensive first
    "source's ResNet": SourceResNet,
    "source's CNN + BN": lambda: VGG(batch_norm=True),
    "source's CNN": VGG,
    "ResNet-20": ResNet,
}


@dataclass(frozen=True)
class Plan:
    seeds: tuple[int, ...] = (0, 1, 2)
    images: int = 20_000
    epochs: int = 8
    batch_size: int = 128
    lrs: tuple[float, ...] = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
    search_images: int = 10_000
    search_epochs: int = 3
    search_seed: int = 100
    gap_images: int = 10_000  # training images on which the finished network is measured
    networks: tuple[str, ...] = tuple(NETWORKS)
    equal_work: tuple[str, ...] = ("source's ResNet", "ResNet-20")

    def names(self, part: str) -> tuple[str, ...]:
        return self.equal_work if part == "multiply_adds" else self.networks

    def epochs_for(self, part: str, name: str) -> int:
        """Epochs of a network, or as many as cost what those of the source's CNN do."""
        if part == "networks":
            return self.search_epochs
        if part == "epochs":
            return self.epochs
        return round(self.epochs * multiply_adds(VGG()) / multiply_adds(NETWORKS[name]()))


def train(run: Run, plan: Plan, part: str, name: str, lr: float, seed: int) -> dict:
    """One training, and what is measured on the finished network; a search measures only the
    training.
    """
    search = part == "networks"
    images = plan.search_images if search else plan.images
    splits = splits_of(run.dataset, train_size=images, augment=CROP_FLIP)
    loaders, epochs = make_loaders(splits, plan.batch_size, seed=seed), plan.epochs_for(part, name)
    seed_everything(seed)
    model = MixedPrecision(NETWORKS[name]()).to(run.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    curves = fit_one_cycle(run, model, loaders, optimizer, epochs, search=search)
    about_end = {} if search else finished(run, plan, model, splits)
    return {"epochs": epochs, **curves, **about_end}


def finished(run: Run, plan: Plan, model: nn.Module, splits: Splits) -> dict:
    """Training and validation, for the gap, and the test images, once."""
    device = torch.device(run.device)
    some = Subset(splits.train_plain, range(min(plan.gap_images, len(splits.train_plain))))
    found = {}
    for name, part in (("train", some), ("val", splits.val)):
        metrics = evaluate(model, DataLoader(part, 500), device)
        found |= {f"{name}_loss": metrics.loss, f"{name}_accuracy": metrics.accuracy}
    logits, labels = predict(model, DataLoader(splits.test, 500), device)
    correct = (logits.argmax(dim=1) == labels).double()
    found["test_accuracy"] = correct.mean().item()
    found["test_accuracy_by_class"] = {
        name: correct[labels == index].mean().item() for index, name in enumerate(splits.classes)
    }
    return found


def settings(plan: Plan) -> dict:
    return {
        "batch_size": plan.batch_size,
        "gap_train_images": plan.gap_images,
        "optimizer": "Adam, one cycle",
        "precision": "bfloat16",
        "search_epochs": plan.search_epochs,
        "search_images": plan.search_images,
        "test_images": 10_000,
        "train_images": plan.images,
    }


def networks(run: Run, plan: Plan | None = None) -> dict:
    """For each network its costs, its validation accuracy at each rate, and the best rate."""
    plan = plan or Plan()
    tasks = [("networks", name, lr, plan.search_seed) for name in plan.networks for lr in plan.lrs]
    found, result = run.map(train, plan, tasks), {}
    for name in plan.networks:
        by_lr = {lr: found["networks", name, lr, plan.search_seed] for lr in plan.lrs}
        accuracies = {f"{lr:g}": one["val_accuracy_by_epoch"][-1] for lr, one in by_lr.items()}
        model = NETWORKS[name]()
        result[name] = {
            "parameters": count_parameters(model),
            "multiply_adds": multiply_adds(model),
            "rate": best_lr(by_lr),
            "search_val_accuracy": accuracies,
        }
    return {"networks": result, **settings(plan)}


def compare(run: Run, part: str, plan: Plan | None = None) -> dict:
    """For each network and metric one entry a seed."""
    plan, searched = plan or Plan(), run.entry("networks")
    lrs = {name: searched[name]["rate"] for name in plan.names(part)}
    tasks = [(part, name, lr, seed) for seed in plan.seeds for name, lr in lrs.items()]
    found = run.map(train, plan, tasks)
    result = {
        name: columns([found[part, name, lr, seed] for seed in plan.seeds])
        for name, lr in lrs.items()
    }
    return {part: result, **settings(plan)}
