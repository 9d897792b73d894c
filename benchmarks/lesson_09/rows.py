"""Recurrent networks and a CNN of equal cost, which read images row by row.

All six networks have parameters and multiply-adds within one percent of each other, and get the
same images, batches, optimizer (Adam, gradients clipped) and schedule (one cycle); no augmentation.
`search` trains each briefly from a seed of its own and takes the rate that is best on validation
images: once for images as they are, whose rate holds for columns as well, and once for permuted
pixels. `training` trains each with its rate; the test images once for each finished network.
`clipping` trains two networks for some steps with SGD and with Adam, clipped and not, at several
rates; a loss is the mean of the last steps, and the ceiling if it is higher or the training
diverged. All in float32: a state that is rounded at every step would be one more difference between
the networks.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from benchmarks.data import splits_of
from benchmarks.harness import Run, columns
from benchmarks.training import CEILING, best_lr, end_of, fit_one_cycle, forever, losses_by_step
from course_utils.data import make_loaders
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
}
PAIRS = (  # the most expensive first; columns are nothing new for a CNN
    *((name, "rows") for name in ("CNN", "GRU", "LSTM", "LSTM, forget bias 2")),
    *((name, "permuted") for name in ("CNN", "GRU", "LSTM", "LSTM, forget bias 2")),
    *((name, "columns") for name in ("LSTM", "LSTM, forget bias 2")),
    *((name, "rows") for name in ("ReLU, identity", "tanh")),
)
OPTIMIZERS = {"SGD": partial(torch.optim.SGD, momentum=0.9), "Adam": torch.optim.Adam}


@dataclass(frozen=True)
class Plan:
    seeds: tuple[int, ...] = (0, 1, 2)
    batch_size: int = 64
    images: int = 30_000
    epochs: int = 4
    clip: float = 1.0
    lrs: tuple[float, ...] = (3e-4, 1e-3, 3e-3, 1e-2)
    search_images: int = 10_000
    search_epochs: int = 2
    search_seed: int = 100
    clipping_lrs: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1)
    clipping_images: int = 10_000
    steps: int = 100
    last: int = 10
    blanks: tuple[int, ...] = (0, 8, 16, 24, 28)
    gradient_images: int = 64
    pairs: tuple[tuple[str, str], ...] = PAIRS  # network and order of reading

    def settings(self) -> dict:
        names = ("batch_size", "clip", "epochs", "search_epochs", "search_images", "steps")
        return {name: getattr(self, name) for name in names} | {
            "blanks": list(self.blanks),
            "ceiling": CEILING,
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
        work = multiply_adds(model) if name == "CNN" else recurrent_multiply_adds(model)
        found[name] = {"parameters": count_parameters(model), "multiply_adds": work}
    return found


def train(run: Run, plan: Plan, part: str, name: str, order: str, lr: float, seed: int) -> dict:
    """One training of `search` or `training`, and what is measured on the finished network."""
    search, device = part == "search", torch.device(run.device)
    splits = splits_of(run.dataset, train_size=plan.search_images if search else plan.images)
    loaders = make_loaders(splits, plan.batch_size, seed=seed)
    seed_everything(seed)
    model = Reordered(NETWORKS[name](), order).to(device)
    images, labels = next(iter(make_loaders(splits, plan.gradient_images).train))
    some = reorder(images, order).to(device), labels.to(device)  # as the network reads them
    found = {} if search else {"row_gradients_start": row_gradients(model.model, *some)}
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    clip_each_step(optimizer, plan.clip)
    epochs = plan.search_epochs if search else plan.epochs
    found |= fit_one_cycle(run, model, loaders, optimizer, epochs, search=search)
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
    """For each network and each of rows and permuted: the validation accuracy at each rate, and the
    best rate.
    """
    plan, result = plan or Plan(), {}
    pairs = [pair for pair in plan.pairs if pair[1] != "columns"]
    tasks = [("search", *pair, lr, plan.search_seed) for pair in pairs for lr in plan.lrs]
    found = run.map(train, plan, tasks)
    for name, order in pairs:
        by_lr = {lr: found["search", name, order, lr, plan.search_seed] for lr in plan.lrs}
        accuracies = {f"{lr:g}": one["val_accuracy_by_epoch"][-1] for lr, one in by_lr.items()}
        best = {"rate": best_lr(by_lr), "val_accuracy": accuracies}
        result.setdefault(name, {})[order] = best
    return {"search": result, **plan.settings()}


def training(run: Run, plan: Plan | None = None) -> dict:
    """For each network and order: each metric, one entry a seed."""
    plan, searched = plan or Plan(), run.entry("search")
    result: dict = {}
    best = {
        (name, order): searched[name]["rows" if order == "columns" else order]["rate"]
        for name, order in plan.pairs
    }
    tasks = [("training", *pair, lr, seed) for pair, lr in best.items() for seed in plan.seeds]
    found = run.map(train, plan, tasks)
    for (name, order), lr in best.items():
        by_seed = [found["training", name, order, lr, seed] for seed in plan.seeds]
        result.setdefault(name, {})[order] = {"rate": lr, **columns(by_seed)}
    return {"training": result, **plan.settings()}


def train_briefly(
    run: Run, plan: Plan, name: str, optimizer: str, way: str, lr: float, seed: int
) -> dict[str, list[float]]:
    """One training of `clipping`: the loss at each step, fewer if it diverges."""
    splits = splits_of(run.dataset, train_size=plan.clipping_images)
    seed_everything(seed)
    model = NETWORKS[name]().to(run.device)
    stepper = OPTIMIZERS[optimizer](model.parameters(), lr=lr)
    clip_each_step(stepper, plan.clip if way == "clipped" else math.inf)
    batches = forever(make_loaders(splits, plan.batch_size, seed=seed).train, plan.steps)
    return {"losses": losses_by_step(model, batches, stepper, run.device)}


def clipping(run: Run, plan: Plan | None = None) -> dict:
    """For each network with each optimizer, and each way: the loss at the end, [seed][rate]."""
    plan, result = plan or Plan(), {}
    kinds = [(name, optimizer) for name in ("ReLU, identity", "LSTM") for optimizer in OPTIMIZERS]
    ways, lrs = ("clipped", "not clipped"), plan.clipping_lrs
    arms = [(*kind, way) for kind in kinds for way in ways]
    tasks = [(*arm, lr, seed) for arm in arms for lr in lrs for seed in plan.seeds]
    found = run.map(train_briefly, plan, tasks)

    def end(*task: object) -> float:
        return end_of(found[task]["losses"], plan.steps, plan.last)

    for name, optimizer in kinds:
        losses = {
            way: [[end(name, optimizer, way, lr, seed) for lr in lrs] for seed in plan.seeds]
            for way in ways
        }
        result[f"{name.split(',')[0]}, {optimizer}"] = {"rates": list(lrs), **losses}
    return {"clipping": result, **plan.settings()}
