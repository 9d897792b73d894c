"""How hard Shapes is: a linear classifier, and lesson 03's network at the lesson's settings, on the
test images.

The linear classifier gets all training images and the best of several settings, chosen on
validation.
"""

import math
from dataclasses import dataclass
from itertools import product

import torch
from torch import nn

from benchmarks.data import splits_of
from benchmarks.harness import Run
from course_utils.data import make_loaders
from course_utils.models import VGG
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, fit


@dataclass(frozen=True)
class Plan:
    dataset: str = "shapes"
    seeds: tuple[int, ...] = (0, 1, 2)
    linear_images: int = 0  # all
    linear_epochs: int = 10
    linear_lrs: tuple[float, ...] = (3e-4, 1e-3, 3e-3)
    weight_decays: tuple[float, ...] = (0.0, 0.1, 0.3)
    images: int = 5000
    epochs: int = 5


def train_linear(run: Run, plan: Plan, seed: int) -> dict:
    splits, device = (
        splits_of(plan.dataset, train_size=plan.linear_images, seed=seed),
        torch.device("cpu"),
    )
    best, best_model = 0.0, None
    for lr, decay in product(plan.linear_lrs, plan.weight_decays):
        seed_everything(seed)
        model = nn.Sequential(nn.Flatten(), nn.Linear(3072, len(splits.classes)))
        loaders = make_loaders(splits, 64, seed=seed)
        optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=decay)
        how = {"optimizer": optimizer, "epochs": plan.linear_epochs, "device": device}
        history = fit(model, loaders.train, loaders.val, keep_best=True, **how)
        if max(history.val_accuracy) > best:
            best, best_model = max(history.val_accuracy), model
    accuracy = evaluate(best_model, make_loaders(splits, 64).test, device).accuracy
    return {"test_accuracy": accuracy, "test_images": len(splits.test)}


def train_cnn(run: Run, plan: Plan, seed: int) -> dict:
    splits, device = splits_of(plan.dataset, train_size=plan.images, seed=seed), torch.device("cpu")
    seed_everything(seed)
    model, loaders = VGG(num_classes=len(splits.classes)), make_loaders(splits, 32, seed=seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    how = {"optimizer": optimizer, "epochs": plan.epochs, "device": device}
    fit(model, loaders.train, loaders.val, keep_best=True, **how)
    accuracy = evaluate(model, loaders.test, device).accuracy
    return {"test_accuracy": accuracy, "test_images": len(splits.test)}


def difficulty(run: Run, plan: Plan | None = None) -> dict:
    plan = plan or Plan()
    result: dict = {"seeds": list(plan.seeds)}
    for name, train in (("linear", train_linear), ("cnn", train_cnn)):
        found = run.map(train, plan, [(seed,) for seed in plan.seeds])
        accuracies = [one["test_accuracy"] for one in found.values()]
        images = found[(plan.seeds[0],)]["test_images"]
        error = math.sqrt(accuracies[0] * (1 - accuracies[0]) / images)
        result[name] = {"test_accuracy_by_seed": accuracies, "standard_error": error}
    return result
