"""Test accuracy when `model.eval()` is forgotten: in training mode as `shown`, and in evaluation
mode `afterwards`; `recomputed` is evaluation mode with running statistics averaged anew over
training images.
"""

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset

from benchmarks.data import labels_of, permutation, splits_of
from benchmarks.harness import Run, columns
from benchmarks.lesson_05.batch_norm import recompute_statistics
from benchmarks.training import MixedPrecision, he_init
from course_utils.data import make_loaders
from course_utils.models import VGG
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, fit


@dataclass(frozen=True)
class Plan:
    seeds: tuple[int, ...] = (0, 1, 2)
    images: int = 45_000
    epochs: int = 4
    batch_size: int = 128
    lr: float = 0.001


@torch.no_grad()
def accuracy_in_training_mode(model: nn.Module, part: Dataset, batch_size: int) -> float:
    """Accuracy when every batch is normalised by its own statistics, in the order given. It moves
    the running statistics, as such an evaluation does.
    """
    device, correct = next(model.parameters()).device, 0
    model.train()
    for images, labels in DataLoader(part, batch_size):
        predictions = model(images.to(device)).argmax(dim=1)
        correct += (predictions == labels.to(device)).sum().item()
    return correct / len(part)


def train_and_forget(run: Run, plan: Plan, seed: int) -> dict[str, dict[str, float]]:
    """One trained network, in evaluation mode and with that forgotten."""
    splits, device = splits_of(run.dataset, train_size=plan.images), torch.device(run.device)
    loaders = make_loaders(splits, plan.batch_size, seed=seed)
    seed_everything(seed)
    network = he_init(VGG(((16, 16), (32, 64), (64, 128)), (256,), batch_norm=True))
    model = MixedPrecision(network).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=plan.lr, fused=True)
    how = {"optimizer": optimizer, "epochs": plan.epochs, "device": device}
    fit(model, loaders.train, loaders.val, **how)
    healthy = evaluate(model, loaders.test, device).accuracy
    found = {"evaluation mode": {"shown": healthy, "afterwards": healthy}}
    mixed = permutation(len(splits.test), seed)  # a folder is sorted by class
    orders = {f"batch {size}": (mixed, size) for size in (1, 2, 4, 32)}
    orders["sorted, 32"] = (labels_of(splits.test).argsort(stable=True), 32)
    for name, (order, size) in orders.items():
        victim, part = deepcopy(model), Subset(splits.test, order.tolist())
        shown = accuracy_in_training_mode(victim, part, size)
        afterwards = evaluate(victim, loaders.test, device).accuracy
        found[name] = {"shown": shown, "afterwards": afterwards}
    recompute_statistics(model, splits.train_plain)
    found["recomputed"] = {"shown": evaluate(model, loaders.test, device).accuracy}
    return found


def forgotten(run: Run, plan: Plan | None = None) -> dict:
    plan = plan or Plan()
    by_seed = run.map(train_and_forget, plan, [(seed,) for seed in plan.seeds])
    runs = list(by_seed.values())
    result = {name: columns([one[name] for one in runs]) for name in runs[0]}
    result["setting"] = f"recorded: {run.title}, test images, {len(plan.seeds)} seeds"
    return {"forgotten": result, "full_epochs": plan.epochs}
