"""The ladder: one change at a time, and a rate searched on validation where it may have moved."""

from dataclasses import dataclass

from benchmarks.gpu.ladder.arms import PARTS, SOURCE, Arm
from benchmarks.gpu.ladder.plan import SEARCH_SEED, Best
from benchmarks.gpu.ladder.pool import Program, Task

FACTORS = (0.5, 1.0, 2.0)
MORE = 2  # further values, where the best is at an edge


@dataclass(frozen=True)
class Rung:
    """A change of what stood before it. `tune`: a rate to be searched around its value now, or
    around `around`. `aside`: the next rung does not build on it.
    """

    name: str
    changes: dict
    tune: str = ""
    around: float = 0.0
    aside: bool = False


def alone(part: str) -> Rung:
    return Rung(f"{part} alone", {"parts": (part,)}, aside=True)


LADDER = (
    Rung("source", {}),
    Rung("batches of 500", {"batch_size": 500}, "adam", 4e-4),
    Rung("pooled head", {"network": "pooled head"}, "adam"),
    Rung("early pooling", {"network": "early pooling"}, "adam"),
    Rung("no BatchNorm", {"network": "no BatchNorm"}, "adam", aside=True),
    Rung("one cycle", {"one_cycle": True}, "adam"),
    Rung("SGD", {"adam": 0.0}, "learning_rate", 0.2),
    Rung("smoothing", {"label_smoothing": 0.2}),
    Rung("learned first layer", {"network": "parts", "learned_first": True}, "learning_rate",
         aside=True),
    Rung("whitened first layer", {"network": "parts"}, "learning_rate"),
    *(alone(part) for part in PARTS),
    Rung("network", {"parts": PARTS}, "learning_rate"),
    Rung("biases", {"bias_rate": 64.0}),
    Rung("biases, rate searched", {}, "learning_rate", aside=True),
    Rung("first bias", {"bias_epochs": 2}),
    Rung("shift", {"shift": 2}),
    Rung("alternate", {"flip": "alternate"}),
    Rung("Muon", {}, "muon_rate", 0.12),
    Rung("random start", {"parts": PARTS[:-1]}, aside=True),
    Rung("average", {"average": 0.98}, aside=True),
    Rung("widths", {"widths": (32, 160, 160)}),
    Rung("resizing", {"small_size": 24}),
)  # fmt: skip


def rate_of(arm: Arm, name: str) -> float:
    return arm.adam if name == "adam" else getattr(arm.recipe, name)


def search(best: Best, rung: Rung, arm: Arm) -> Program:
    """The rate that is best on validation images; returns the arm with it."""
    values = [(rung.around or rate_of(arm, rung.tune)) * factor for factor in FACTORS]
    scores: dict[float, float] = {}
    for _ in range(1 + MORE):
        new = [value for value in values if value not in scores]
        if not new:
            break
        arms = [best.sizes.of(arm.change(**{rung.tune: v}), best.sizes.search_epochs) for v in new]
        found = yield [
            Task("search ladder", f"{rung.name}, {rung.tune} {value:g}", SEARCH_SEED, "train", one)
            for value, one in zip(new, arms, strict=True)
        ]
        for value, one in zip(new, found, strict=True):
            scores[value] = one["val_accuracy"] if one is not None else 0.0
        top = max(scores, key=scores.get)
        if top == max(scores):
            values.append(2 * top)
        elif top == min(scores):
            values.append(top / 2)
    top = max(scores, key=scores.get) if any(scores.values()) else values[1]
    best.write(part="chosen", rung=rung.name, rate=rung.tune, value=top,
               scores={f"{value:g}": score for value, score in scores.items()})  # fmt: skip
    return arm.change(**{rung.tune: top})


def climb(best: Best, rungs: tuple[Rung, ...] = LADDER) -> Program:
    """Rung after rung: its rate, then its seeds for later, those of asides after all others."""
    arm = SOURCE
    for rung in rungs:
        here = arm.change(**rung.changes)
        if rung.tune:
            here = yield from search(best, rung, here)
        trained = best.sizes.of(here, best.sizes.epochs)
        for seed in best.sizes.seeds:
            task = Task("aside" if rung.aside else "ladder", rung.name, seed, "whole", trained)
            best.later.add(20.0 + seed if rung.aside else 10.0 + seed, task)
        if not rung.aside:
            arm = here
