"""Networks and trainings that several benchmarks share."""

import math
from collections.abc import Iterable
from itertools import chain, islice, repeat

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from benchmarks.harness import Run
from course_utils.data import Loaders
from course_utils.models import VGG
from course_utils.training import fit, train_one_epoch

CHANCE = math.log(10)  # the loss of knowing nothing about ten classes
CEILING = 2 * CHANCE  # a higher loss, and a training that diverged, count as this


class MixedPrecision(nn.Module):
    """A network in a precision and a memory format: in bfloat16 its convolutions and matrix
    products; its weights and its logits stay float32.
    """

    def __init__(
        self,
        model: nn.Module,
        dtype: torch.dtype = torch.bfloat16,
        memory_format: torch.memory_format = torch.channels_last,
    ):
        super().__init__()
        self.model = model.to(memory_format=memory_format)
        self.lower, self.memory_format = dtype == torch.bfloat16, memory_format

    def forward(self, images: Tensor) -> Tensor:
        images = images.contiguous(memory_format=self.memory_format)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.lower):
            return self.model(images).float()  # (N, classes)


def he_init(model: nn.Module) -> nn.Module:
    """Weights as He et al. (2015) advise: no layer shrinks what it passes on; biases 0."""
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model


def small_vgg(*, batch_norm: bool = False) -> VGG:
    """Six narrow convolutions: a training of some hundred steps takes seconds."""
    return VGG(blocks=((8, 8), (16, 16), (32, 32)), hidden=(64,), batch_norm=batch_norm)


def forever(loader: Iterable, steps: int) -> Iterable[tuple[Tensor, Tensor]]:
    """The first `steps` batches of a loader, pass after pass."""
    return islice(chain.from_iterable(repeat(loader)), steps)


def losses_by_step(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    optimizer: Optimizer,
    device: str = "cpu",
    *,
    scheduler: LRScheduler | None = None,
) -> list[float]:
    """The loss at each step of a training; fewer than there are batches if it diverges."""
    losses, model = [], model.to(device)
    for batch in batches:
        try:
            metrics = train_one_epoch(
                model, [batch], optimizer, torch.device(device), scheduler=scheduler
            )
        except FloatingPointError:
            break
        losses.append(metrics.loss)
    return losses


def end_of(losses: list[float], steps: int, last: int) -> float:
    """The mean loss of the last steps; CEILING if that is higher, or the training broke off."""
    return min(sum(losses[-last:]) / last, CEILING) if len(losses) == steps else CEILING


def fit_one_cycle(
    run: Run, model: nn.Module, loaders: Loaders, optimizer: Optimizer, epochs: int, *, search: bool
) -> dict[str, list[float]]:
    """Accuracy by epoch of a training whose learning rate rises to the optimizer's own, then falls
    to 0.

    It goes on from the run's checkpoint. Only a search may diverge: then its accuracies are 0.
    """
    (lr,) = {group["lr"] for group in optimizer.param_groups}
    scheduler = OneCycleLR(optimizer, max_lr=lr, total_steps=epochs * len(loaders.train))
    try:
        history = fit(
            model,
            loaders.train,
            loaders.val,
            optimizer=optimizer,
            epochs=epochs,
            device=torch.device(run.device),
            scheduler=scheduler,
            checkpoint=None if search else run.checkpoint,
            resume=not search,
        )
    except FloatingPointError:
        if not search:
            raise
        return {"val_accuracy_by_epoch": [0.0] * epochs}
    return {
        "train_accuracy_by_epoch": history.train_accuracy,
        "val_accuracy_by_epoch": history.val_accuracy,
    }


def best_lr(found: dict[float, dict]) -> float:
    """The learning rate with the highest validation accuracy after its last epoch."""
    return max(found, key=lambda lr: found[lr]["val_accuracy_by_epoch"][-1])
