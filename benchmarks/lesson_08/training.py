"""A training that is timed: anything between the source's loop and the fast recipe."""

from collections.abc import Iterator

import torch
from torch import Tensor

from benchmarks.lesson_08.ladder import Settings
from benchmarks.lesson_08.networks import NETWORKS
from benchmarks.training import MixedPrecision
from course_utils.data import Splits, make_loaders
from course_utils.lessons.lesson_08.fast import Training
from course_utils.runtime import seed_everything
from course_utils.training import train_one_epoch


class TimedTraining(Training):
    """The training of some settings."""

    def __init__(self, splits: Splits, settings: Settings, seed: int, device: str = "cpu"):
        seed_everything(seed)
        self.settings, recipe = settings, settings.recipe
        self.loader = make_loaders(splits, recipe.batch_size, seed=seed).train
        memory_format = torch.channels_last if settings.fused else torch.contiguous_format
        dtype = torch.bfloat16 if recipe.bfloat16 else torch.float32
        model = None
        if settings.network in NETWORKS:
            model = NETWORKS[settings.network](len(splits.classes), recipe.widths)
            model = MixedPrecision(model, dtype, memory_format)
        super().__init__(splits, recipe, seed, torch.device(device), model)
        self.model.to(memory_format=memory_format)
        if not settings.one_cycle:
            self.schedule = lambda step, total_steps: 1.0

    def make_optimizers(self) -> list[torch.optim.Optimizer]:
        if not self.settings.adam:
            return super().make_optimizers()
        how = {"lr": self.settings.adam, "fused": self.settings.fused}
        return [torch.optim.Adam(self.model.parameters(), **how)]

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        if not self.settings.loader:
            yield from super().batches()
            return
        self.steps_per_epoch = len(self.loader)  # the last, smaller batch too
        yield from self.loader

    def run_epoch(self) -> float:
        """As `Training`; for the source's training the plain loop of lesson 00, and nothing that it
        lacks.
        """
        if not self.settings.is_source:
            return super().run_epoch()
        self.epoch += 1
        return train_one_epoch(self.model, self.batches(), self.optimizers[0], self.device).loss
