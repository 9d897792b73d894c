"""What the parts of lesson 08's benchmark have in common: sizes, budgets, candidates."""

import os
from dataclasses import dataclass, replace

import torch

from benchmarks.harness import Run
from benchmarks.lesson_08.ladder import FAST, LADDER, SOURCE, Change, Settings
from benchmarks.lesson_08.training import Images

WHOLE = Images(whole=True)
WIDER = (("widths", (64, 256, 256)), ("shift", 4))  # more epochs bear more augmentation
DEEPER = (*WIDER, ("skips", True), ("average", 0.99))
Changes = tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Goal:
    """The best accuracy for a share of the source's cost, all images."""

    budget: float  # of the source's whole training
    epochs: float  # that fit: found by trying, since steps tell it to a tenth
    changes: Changes = ()  # of the best of the finals
    timed: int = 3  # seeds; the others are trained two at a time, for their accuracy


GOALS = {
    "fortieth": Goal(1 / 40, 8.3),
    "eighth": Goal(1 / 8, 13.0, DEEPER, timed=1),
    "fifth": Goal(1 / 5, 27.5, WIDER),
}


@dataclass(frozen=True)
class Plan:
    seeds: tuple[int, ...] = (0, 1, 2)
    source: Settings = SOURCE
    source_epochs: int = 30
    source_images: int = 50_000
    steps: int = 20  # of the source's training, which other times are held against
    rounds: int = 5  # of timing both in turn
    fast: Settings = FAST
    ladder: tuple[Change, ...] = LADDER
    ladder_images: int = 9_000
    ladder_epochs: int = 3
    whole: Images = WHOLE  # what a goal is trained on
    margin: float = 0.99  # of a budget, for the start
    most_epochs: int = 30

    @property
    def ladder_share(self) -> float:
        """Of the source's training: a training of the ladder, if an image cost what the source's
        does.
        """
        images = self.ladder_images * self.ladder_epochs
        return images / (self.source_images * self.source_epochs)


def use_all_cores() -> None:
    torch.set_num_threads(os.cpu_count())


def in_part(run: Run, part: str) -> Run:
    """The same run in another part's folder: seconds stay there, and parts share them."""
    return replace(run, folder=run.folder.parent / part)


def ranked(tried: dict[str, dict]) -> list[str]:
    """Labels, the best on validation first."""
    return sorted(tried, key=lambda label: -tried[label]["val_accuracy"])
