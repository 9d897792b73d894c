"""What `train_one_epoch` and `fit` cost over the bare loop, as ratios of times, in turn and pair by
pair.

python benchmarks/training_overhead.py
"""

import json
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course_utils.models import VGG
from course_utils.results import RECORDED_DIR
from course_utils.training import evaluate, fit, train_one_epoch

CPU, PAIRS, IMAGES, BATCH = torch.device("cpu"), 9, 1024, 32


def bare(model: nn.Module, loader: DataLoader, optimizer: torch.optim.Optimizer) -> None:
    """The shortest loop that learns: no metrics, no checks."""
    for images, labels in loader:
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def timed(work: Callable, model_of: Callable[[], nn.Module], loader: DataLoader) -> float:
    torch.manual_seed(0)
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    start = time.perf_counter()
    work(model, loader, optimizer)
    return time.perf_counter() - start


def main() -> None:
    data = TensorDataset(torch.randn(IMAGES, 3, 32, 32), torch.randint(0, 10, (IMAGES,)))
    few = DataLoader(TensorDataset(data.tensors[0][:32], data.tensors[1][:32]), 32)

    def bare_with_validation(
        model: nn.Module, loader: DataLoader, optimizer: torch.optim.Optimizer
    ) -> None:
        bare(model, loader, optimizer)
        evaluate(model, few, CPU)

    works = {
        "train_one_epoch": (lambda m, loader, o: train_one_epoch(m, loader, o, CPU), bare),
        "fit": (
            lambda m, loader, o: fit(m, loader, few, optimizer=o, epochs=1, device=CPU),
            bare_with_validation,
        ),
    }
    models = {
        "lesson 03's network": VGG,
        "a linear classifier": lambda: nn.Sequential(nn.Flatten(), nn.Linear(3072, 10)),
    }
    found = {}
    for model_name, model_of in models.items():
        for name, (ours, base) in works.items():
            loader = DataLoader(data, BATCH, shuffle=True)
            timed(ours, model_of, loader), timed(base, model_of, loader)  # warm-up
            ratios = [
                timed(ours, model_of, loader) / timed(base, model_of, loader) for _ in range(PAIRS)
            ]
            found[f"{name}, {model_name}"] = {
                "median": statistics.median(ratios),
                "min": min(ratios),
                "max": max(ratios),
            }
    text = json.dumps({"pairs": PAIRS, "ratios": found}, indent=1, sort_keys=True) + "\n"
    (RECORDED_DIR / "training_overhead.json").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
