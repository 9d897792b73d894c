"""Recurrent networks, a CNN and attention of equal cost.

All networks have multiply-adds within one percent of each other and parameters within six, and get
the same images, batches, optimizer (Adam, gradients clipped) and schedule (one cycle); no
augmentation. `search` trains each, with a seed of its own, at three rates that lie about a factor
of three apart, and takes the one that is best on validation images: once for images as they are,
and once for images whose pixels are permuted. `training` trains each at its rate, as long; the test
images once for each finished network. All in float32: a state that is rounded at every step would
be one more difference between the networks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from benchmarks.data import splits_of
from benchmarks.harness import Run, columns
from benchmarks.training import best_lr, fit_one_cycle
from course_utils.data import make_loaders
from course_utils.lessons.lesson_09.attention import PatchAttention, attention_multiply_adds
from course_utils.lessons.lesson_09.clipping import clip_each_step
from course_utils.lessons.lesson_09.probes import row_gradients
from course_utils.lessons.lesson_09.rnn import (
    Reordered,
    RowRNN,
    recurrent_multiply_adds,
    reorder,
    set_forget_bias,
    set_identity,
)
from course_utils.models import VGG, count_parameters
from course_utils.probes import multiply_adds
from course_utils.runtime import seed_everything
from course_utils.training import evaluate

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "tanh": lambda: RowRNN("tanh", 293),
    "ReLU, identity": lambda: set_identity(RowRNN("relu", 293)),
    "GRU": lambda: RowRNN("gru", 153),
    "LSTM": lambda: RowRNN("lstm", 128),
    "LSTM, forget bias 2": lambda: set_forget_bias(RowRNN("lstm", 128), 2.0),
    "CNN": lambda: VGG(((12, 12), (16, 16), (32, 32)), (186,), batch_norm=True),
    "attention": lambda: PatchAttention(),
}
HIGH, LOW = (1e-3, 3e-3, 1e-2), (3e-4, 1e-3, 3e-3)
LRS = {name: LOW if name in ("tanh", "attention") else HIGH for name in NETWORKS}
TRAINED = [name for name in NETWORKS if name != "ReLU, identity"]
PAIRS = (*((name, "rows") for name in TRAINED), ("LSTM", "permuted"), ("CNN", "permuted"))


@dataclass(frozen=True)
class Plan:
    seeds: tuple[int, ...] = (0, 1, 2)
    batch_size: int = 64
    images: int = 10_000
    epochs: int = 3
    clip: float = 1.0
    search_seed: int = 100
    blanks: tuple[int, ...] = (0, 8, 16, 24)
    gradient_images: int = 64
    pairs: tuple[tuple[str, str], ...] = PAIRS  # network and order of reading

    def settings(self) -> dict:
        names = ("batch_size", "clip", "epochs")
        return {name: getattr(self, name) for name in names} | {
            "blanks": list(self.blanks),
            "costs": costs(),
            "seeds": list(self.seeds),
            "test_images": 10_000,
            "train_images": self.images,
        }


def costs() -> dict:
    """Parameters and multiply-adds of each network."""
    found = {}
    for name, make in NETWORKS.items():
        model = make()
        count = {RowRNN: recurrent_multiply_adds, PatchAttention: attention_multiply_adds}
        work = count.get(type(model), multiply_adds)(model)
        found[name] = {"parameters": count_parameters(model), "multiply_adds": work}
    return found


def train(run: Run, plan: Plan, part: str, name: str, order: str, lr: float, seed: int) -> dict:
    """One training of `search` or `training`, and what is measured on the finished network."""
    search, device = part == "search", torch.device(run.device)
    splits = splits_of(run.dataset, train_size=plan.images)
    loaders = make_loaders(splits, plan.batch_size, seed=seed)
    seed_everything(seed)
    model = Reordered(NETWORKS[name](), order).to(device)
    images, labels = next(iter(make_loaders(splits, plan.gradient_images).train))
    some = reorder(images, order).to(device), labels.to(device)  # as the network reads them
    found = {} if search else {"row_gradients_start": row_gradients(model.model, *some)}
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    clip_each_step(optimizer, plan.clip)
    found |= fit_one_cycle(run, model, loaders, optimizer, plan.epochs, search=search)
    if not search:
        found["row_gradients_end"] = row_gradients(model.model, *some)
        found["blanked_accuracy"] = [
            blanked_accuracy(model, loaders.val, rows, device) for rows in plan.blanks
        ]
        found["test_accuracy"] = evaluate(model, loaders.test, device).accuracy
    return found


def blanked_accuracy(
    model: Reordered, loader: DataLoader, rows: int, device: torch.device
) -> float:
    """Accuracy when the first `rows` rows of what the network reads are zeros, the mean colour."""

    def blanked() -> Iterator[tuple[Tensor, Tensor]]:
        for images, labels in loader:
            read = reorder(images, model.order).clone()
            read[:, :, :rows] = 0
            yield read, labels

    return evaluate(model.model, blanked(), device).accuracy


def search(run: Run, plan: Plan | None = None) -> dict:
    """For each network and order: the validation accuracy at each rate, and the best rate."""
    plan, result = plan or Plan(), {}
    tasks = [("search", *p, lr, plan.search_seed) for p in plan.pairs for lr in LRS[p[0]]]
    found = run.map(train, plan, tasks)
    for name, order in plan.pairs:
        by_lr = {lr: found["search", name, order, lr, plan.search_seed] for lr in LRS[name]}
        accuracies = {f"{lr:g}": one["val_accuracy_by_epoch"][-1] for lr, one in by_lr.items()}
        best = {"rate": best_lr(by_lr), "val_accuracy": accuracies}
        result.setdefault(name, {})[order] = best
    return {"search": result, **plan.settings()}


def training(run: Run, plan: Plan | None = None) -> dict:
    """For each network and order: each metric, one entry a seed."""
    plan, searched = plan or Plan(), run.entry("search")
    result: dict = {}
    best = {(name, order): searched[name][order]["rate"] for name, order in plan.pairs}
    tasks = [("training", *pair, lr, seed) for pair, lr in best.items() for seed in plan.seeds]
    found = run.map(train, plan, tasks)
    for (name, order), lr in best.items():
        by_seed = [found["training", name, order, lr, seed] for seed in plan.seeds]
        result.setdefault(name, {})[order] = {"rate": lr, **columns(by_seed)}
    return {"training": result, **plan.settings()}
