"""How hard Shapes is: a linear classifier, and lesson 03's network at the lesson's settings, on the
test images.

    python benchmarks/shapes_difficulty.py

The linear classifier gets all 18,000 training images and the best of several settings, chosen on
validation.
"""

import json
import math

import torch
from torch import nn

from course_utils.data import load_splits, make_loaders
from course_utils.models import VGG
from course_utils.results import RECORDED_DIR
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, fit

CPU, SEEDS = torch.device("cpu"), (0, 1, 2)
LINEAR_SETTINGS = [(rate, decay) for rate in (3e-4, 1e-3, 3e-3) for decay in (0.0, 0.1, 0.3)]


def linear(seed: int) -> float:
    splits = load_splits("shapes", seed=seed)
    best, best_model = 0.0, None
    for rate, decay in LINEAR_SETTINGS:
        seed_everything(seed)
        model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
        loaders = make_loaders(splits, 64, seed=seed)
        optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, weight_decay=decay)
        history = fit(
            model,
            loaders.train,
            loaders.val,
            optimizer=optimizer,
            epochs=10,
            device=CPU,
            keep_best=True,
        )
        if max(history.val_accuracy) > best:
            best, best_model = max(history.val_accuracy), model
    return evaluate(best_model, make_loaders(splits, 64).test, CPU).accuracy


def cnn(seed: int) -> float:
    splits = load_splits("shapes", train_size=5000, seed=seed)
    seed_everything(seed)
    model, loaders = VGG(), make_loaders(splits, 32, seed=seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    fit(
        model, loaders.train, loaders.val, optimizer=optimizer, epochs=5, device=CPU, keep_best=True
    )
    return evaluate(model, loaders.test, CPU).accuracy


def main() -> None:
    found = {}
    for name, train in (("linear", linear), ("cnn", cnn)):
        accuracies = [train(seed) for seed in SEEDS]
        found[name] = {
            "test_accuracy_by_seed": accuracies,
            "standard_error": math.sqrt(accuracies[0] * (1 - accuracies[0]) / 5000),
        }
    text = json.dumps({"seeds": list(SEEDS), **found}, indent=1, sort_keys=True) + "\n"
    (RECORDED_DIR / "shapes_difficulty.json").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
