"""What the trainings of lesson 07's benchmark share: their plan, images, and one way to train."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.data import Batches, images_of, labels_of, splits_of
from benchmarks.harness import Run
from benchmarks.lesson_07.calibration import (
    calibration_error,
    fit_temperature,
    reliability,
)
from benchmarks.training import MixedPrecision
from course_utils.data import Splits
from course_utils.models import VGG
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, predict, train_one_epoch

HIDDEN = (64,)
Blocks = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Plan:
    seeds: tuple[int, ...] = (0, 1, 2)
    images: int = 10_000
    epochs: int = 8
    epochs_leaks: int = 16
    batch_size: int = 128
    learning_rate: float = 1e-3
    duplicates: float = 0.3  # share of the test images among the training images
    pairs: int = 4_000
    candidates: int = 50
    candidate_images: int = 2_500
    candidate_epochs: int = 4
    candidate_rates: tuple[float, float] = (1e-3, 1e-2)
    chosen_on: tuple[int, ...] = (100, 1000)
    draws: int = 1000
    blocks: Blocks = ((16, 16), (32, 32), (64, 64))
    candidate_blocks: Blocks = ((8, 8), (16, 16), (32, 32))

    def settings(self) -> dict:
        """As the record has them."""
        names = ("images", "epochs", "epochs_leaks", "batch_size", "learning_rate", "duplicates")
        names += ("candidate_images", "candidate_epochs", "draws")
        return {name: getattr(self, name) for name in names} | {
            "seeds": list(self.seeds),
            "candidate_rates": list(self.candidate_rates),
            "candidate_network": f"VGG(blocks={self.candidate_blocks})",
            "network": f"VGG(blocks={self.blocks}, hidden={HIDDEN})",
            "optimizer": "Adam",
            "precision": "bfloat16",
            "test_images": 10_000,
        }


class Laboratory:
    """What the trainings of one seed share: images, plan, device."""

    def __init__(self, run: Run, plan: Plan, seed: int):
        self.plan, self.seed = plan, seed
        self.device = torch.device(run.device)
        self.splits: Splits = splits_of(run.dataset, train_size=plan.images, seed=seed)

    def batches(
        self, part: str = "test", size: int = 250, *, chosen: object = slice(None), **changes
    ) -> Batches:
        """The `chosen` images of one part, or other images, labels, scale or augmentation; shuffled
        if for training.
        """
        data, training = getattr(self.splits, part), part == "train"
        options = {
            "images": images_of(data)[chosen],
            "labels": labels_of(data)[chosen],
            "scale": (self.splits.mean, self.splits.std),
            "batch_size": self.plan.batch_size if training else size,
        }
        return Batches(**options | changes, shuffle=training)

    def train(
        self,
        batches: Batches,
        *,
        seed: int | None = None,
        classes: int = 0,
        batch_norm: bool = True,
        blocks: Blocks = (),
        epochs: int = 0,
        lr: float = 0.0,
        loss_fn: Callable = F.cross_entropy,
        optimizer_class: type = torch.optim.Adam,
        prepare: Callable[[nn.Module], object] = lambda network: None,
    ) -> MixedPrecision:
        """A network after its training; what is not given is the plan's. A loss that is no number
        ends it early, as it would end anybody's.
        """
        plan, classes = self.plan, classes or len(self.splits.classes)
        seed_everything(self.seed if seed is None else seed)
        network = VGG(blocks or plan.blocks, HIDDEN, classes, batch_norm=batch_norm)
        prepare(network)
        model = MixedPrecision(network).to(self.device)
        lr = lr or plan.learning_rate
        optimizer = optimizer_class(model.parameters(), lr=lr, fused=True)
        try:
            for _ in range(epochs or plan.epochs):
                train_one_epoch(model, batches, optimizer, self.device, loss_fn=loss_fn)
        except FloatingPointError as error:
            print(f"stopped: {error}", flush=True)
        return model

    def accuracy(self, model: nn.Module, batches: Batches) -> float:
        return evaluate(model, batches, self.device).accuracy

    def calibration(self, model: nn.Module, chosen: object = slice(None)) -> dict:
        """On the `chosen` test images, with a temperature from validation images: errors, and for
        each bin [confidence, accuracy, images].
        """
        temperature = fit_temperature(*predict(model, self.batches("val"), self.device))
        logits, labels = predict(model, self.batches(chosen=chosen), self.device)
        found = {"temperature": temperature}
        for key, divided in (("before", logits), ("after", logits / temperature)):
            bins = [values.tolist() for values in reliability(divided, labels)]
            found[f"ece_{key}"] = calibration_error(divided, labels)
            found[f"bins_{key}"] = [list(values) for values in zip(*bins, strict=True)]
        return found
