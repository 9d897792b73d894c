"""The training loop of lesson 00: an epoch, an evaluation, and `fit`, which puts them together."""

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader
from tqdm import tqdm

from course_utils.checkpoints import load_checkpoint, save_checkpoint, settings_of

LossFunction = Callable[[Tensor, Tensor], Tensor]
Batches = Iterable[tuple[Tensor, Tensor]]


class Metrics(NamedTuple):
    """Means over examples: the loss, and the accuracy from 0 to 1."""

    loss: float
    accuracy: float


@dataclass
class History:
    """What `fit` measured, one number an epoch; for training, means while the weights moved."""

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)

    def append(self, train: Metrics, val: Metrics) -> None:
        """Add the numbers of one more epoch."""
        self.train_loss.append(train.loss)
        self.train_accuracy.append(train.accuracy)
        self.val_loss.append(val.loss)
        self.val_accuracy.append(val.accuracy)

    @property
    def best_epoch(self) -> int:
        """The epoch with the highest validation accuracy, counted from 1; the first of equals."""
        return 1 + self.val_accuracy.index(max(self.val_accuracy))


def train_one_epoch(
    model: nn.Module,
    loader: Batches,
    optimizer: Optimizer,
    device: torch.device,
    *,
    loss_fn: LossFunction = F.cross_entropy,
    scheduler: LRScheduler | None = None,
) -> Metrics:
    """Train on each batch of (images, labels) once; a scheduler steps after every batch.

    `loss_fn(logits, labels)` gives the batch's mean loss.

    Raises:
        FloatingPointError: if a loss is infinite or not a number; the weights are as before that
            step.
        ValueError: if the loader is empty.
    """
    model.train()
    total_loss = 0.0
    correct, count = 0, 0
    for step, (images, labels) in enumerate(loader, start=1):
        images, labels = images.to(device), labels.to(device)
        logits = model(images)  # (N, classes)
        loss = loss_fn(logits, labels)
        value = loss.item()
        if not math.isfinite(value):
            raise FloatingPointError(
                f"the loss is {value} at step {step}: try a smaller learning rate"
            )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        total_loss += value * len(labels)
        correct += (logits.argmax(dim=1) == labels).sum().item()
        count += len(labels)
    if count == 0:
        raise ValueError("the loader has no images: there is nothing to train on")
    return Metrics(total_loss / count, correct / count)


def evaluate(
    model: nn.Module,
    loader: Batches,
    device: torch.device,
    *,
    loss_fn: LossFunction = F.cross_entropy,
) -> Metrics:
    """Loss and accuracy in evaluation mode, in which the model stays, without gradients.

    Raises:
        ValueError: if the loader is empty.
    """
    model.eval()
    total_loss = 0.0
    correct, count = 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)  # (N, classes)
            total_loss += loss_fn(logits, labels).item() * len(labels)
            correct += (logits.argmax(dim=1) == labels).sum().item()
            count += len(labels)
    if count == 0:
        raise ValueError("the loader has no images: there is nothing to evaluate")
    return Metrics(total_loss / count, correct / count)


def predict(model: nn.Module, loader: Batches, device: torch.device) -> tuple[Tensor, Tensor]:
    """Logits (N, classes) and labels (N,) of a whole loader, on the CPU, in evaluation mode, in which
    the model stays.

    Raises:
        ValueError: if the loader is empty.
    """
    model.eval()
    logits, all_labels = [], []
    with torch.no_grad():
        for images, labels in loader:
            logits.append(model(images.to(device)).cpu())
            all_labels.append(labels)
    if not logits:
        raise ValueError("the loader has no images: there is nothing to predict")
    return torch.cat(logits), torch.cat(all_labels)


def fit(
    model: nn.Module,
    train_loader: DataLoader,
    val_loader: Batches,
    *,
    optimizer: Optimizer,
    epochs: int,
    device: torch.device,
    loss_fn: LossFunction = F.cross_entropy,
    scheduler: LRScheduler | None = None,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    keep_best: bool = False,
) -> History:
    """Train for `epochs` epochs, measuring on validation images after each; never on test images.

    With `checkpoint`, all that a training is made of is written to that file after each epoch;
    `resume=True` goes on from there, if the file exists. `keep_best` ends with the weights of
    `History.best_epoch`, not the last.

    Raises:
        FloatingPointError: if a loss is infinite or not a number; the message names epoch and step.
        ValueError: if `epochs` is below 1, a loader is empty, the scheduler ends before the
            training, or `checkpoint` is not given (to `resume` from) or is of another training:
            another model, optimizer, rate, schedule, batch size or data set.
    """
    model.to(device)
    parts = {
        "model": model,
        "optimizer": optimizer,
        "scheduler": scheduler,
        "generator": train_loader.generator,
        "settings": {} if checkpoint is None else settings_of(optimizer, scheduler, train_loader),
    }
    _check_length(scheduler, epochs, len(train_loader))
    history, best_weights = _start(checkpoint, resume, parts, epochs, keep_best)
    with _Bar(len(train_loader), len(history.val_loss), epochs) as bar:
        for epoch in range(len(history.val_loss) + 1, epochs + 1):
            batches = bar.follow(train_loader, epoch)
            try:
                train = train_one_epoch(
                    model, batches, optimizer, device, loss_fn=loss_fn, scheduler=scheduler
                )
            except FloatingPointError as error:
                raise FloatingPointError(f"epoch {epoch}: {error}") from None
            history.append(train, evaluate(model, val_loader, device, loss_fn=loss_fn))
            if keep_best and history.best_epoch == epoch:
                best_weights = deepcopy(model.state_dict())
            numbers = asdict(history)
            if checkpoint is not None:
                save_checkpoint(checkpoint, history=numbers, best_weights=best_weights, **parts)
            latest = {name: f"{values[-1]:.3f}" for name, values in numbers.items()}
            bar.set_postfix(latest, refresh=False)
    if best_weights is not None:
        model.load_state_dict(best_weights)
    return history


class _Bar(tqdm):
    """One progress bar over the batches of all epochs."""

    def __init__(self, steps: int, done: int, epochs: int):
        # stdout, where a cleared bar leaves nothing; notebooks keep an empty red box for stderr
        options = {"file": sys.stdout, "leave": False, "unit": "batch", "mininterval": 0.5}
        super().__init__(total=epochs * steps, initial=done * steps, **options)
        self.epochs = epochs

    def follow(self, batches: Batches, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        self.set_description(f"epoch {epoch}/{self.epochs}", refresh=False)
        for batch in batches:
            yield batch
            self.update()


def _check_length(scheduler: LRScheduler | None, epochs: int, steps: int) -> None:
    """Refuse a scheduler that is too short: past its end OneCycleLR fails, LinearLR towards 0 and
    PolynomialLR leave a rate of 0, and with CosineAnnealingLR the rate climbs again.
    """
    length = None if scheduler is None else _length(scheduler)
    if length is not None and length < epochs * steps:
        needed = f"{epochs} epochs of {steps} batches take {epochs * steps}"
        name = type(scheduler).__name__
        raise ValueError(f"{name} ends after {length} steps, but {needed}: make it as long")


def _length(scheduler: LRScheduler) -> int | None:
    if isinstance(scheduler, lr_scheduler.OneCycleLR):
        return scheduler.total_steps
    if isinstance(scheduler, lr_scheduler.CosineAnnealingLR):
        return scheduler.T_max
    if isinstance(scheduler, lr_scheduler.PolynomialLR):
        return scheduler.total_iters
    if isinstance(scheduler, lr_scheduler.LinearLR) and scheduler.end_factor == 0:
        return scheduler.total_iters
    if isinstance(scheduler, lr_scheduler.SequentialLR):  # what comes last may end
        last = _length(scheduler._schedulers[-1])
        return None if last is None else scheduler._milestones[-1] + last
    return None


def _start(
    checkpoint: str | Path | None, resume: bool, parts: dict, epochs: int, keep_best: bool
) -> tuple[History, dict | None]:
    """History and best weights to begin with: none, or the checkpoint's, with `parts` as in it."""
    if epochs < 1:
        raise ValueError(f"epochs is {epochs}: give at least 1")
    if resume and checkpoint is None:
        raise ValueError("resume=True needs a checkpoint: give the file to go on from")
    if not resume or checkpoint is None or not Path(checkpoint).exists():
        return History(), None
    saved, name = load_checkpoint(checkpoint, **parts), Path(checkpoint).name
    history = History(**saved["history"])
    if len(history.val_loss) > epochs:
        more = f"{len(history.val_loss)} epochs, more than epochs={epochs}"
        raise ValueError(f"{name} holds {more}: raise it or delete the file")
    if keep_best and saved["best_weights"] is None:
        raise ValueError(f"{name} was written without keep_best: resume without it, or delete it")
    return history, saved["best_weights"] if keep_best else None
