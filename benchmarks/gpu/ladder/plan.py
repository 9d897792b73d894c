"""What is trained, in programs: each asks for trainings, and goes on with what they found."""

from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.gpu.ladder.arms import FAST, Arm, fit
from benchmarks.gpu.ladder.pool import Later, Program, Running, Task

Changes = dict[str, object]
SEEDS, SEARCH_SEED = (0, 1, 2), 100


@dataclass(frozen=True)
class Sizes:
    seeds: tuple[int, ...] = SEEDS
    epochs: int = 6  # of the ladder
    search_epochs: int = 3  # of its searches for a rate
    mini: bool = False

    def of(self, arm: Arm, epochs: float) -> Arm:
        arm = arm.change(epochs=epochs)
        return arm.change(widths=(8, 8, 8), batch_size=20) if self.mini else arm


@dataclass(frozen=True)
class Goal:
    """A budget in operations and what is tried for it. `seeds` of the search; `merge`: what helped
    is then tried together too.
    """

    name: str
    budget: float
    base: Changes  # of FAST, or of the best of the goal `after`
    variants: dict[str, Changes]
    after: str = ""
    seeds: tuple[int, ...] = (SEARCH_SEED,)
    merge: bool = True


WIDE = {"widths": (64, 256, 256)}
SMALL_BATCH = {"batch_size": 250, "learning_rate": 0.375, "muon_rate": 0.085}
LONG = {**WIDE, "skips": True, "average": 0.99, "shift": 4, "cutout": 12}
GOALS = (
    Goal("0.055", 0.055, {}, {
        "batches of 250": SMALL_BATCH,
        "24 pixels for three quarters": {"small_part": 0.75},
        "20 pixels first": {"small_size": 20},
        "widths 32, 128, 128": {"widths": (32, 128, 128)},
        "widths 32, 128, 256": {"widths": (32, 128, 256)},
        "widths 48, 192, 192": {"widths": (48, 192, 192)},
        "skips, widths 32, 128, 128": {"widths": (32, 128, 128), "skips": True},
        "Muon 0.2": {"muon_rate": 0.2},
        "smoothing 0.1": {"label_smoothing": 0.1},
        "average 0.98": {"average": 0.98},
    }, seeds=(SEARCH_SEED, SEARCH_SEED + 1)),
    Goal("0.19", 0.19, WIDE, {
        "batches of 250": SMALL_BATCH,
        "skips": {"skips": True},
        "widths 48, 192, 192": {"widths": (48, 192, 192)},
        "widths 64, 192, 384": {"widths": (64, 192, 384)},
        "skips, widths 48, 192, 192": {"widths": (48, 192, 192), "skips": True},
        "average 0.99": {"average": 0.99},
        "Muon 0.08": {"muon_rate": 0.08},
        "shift 3": {"shift": 3},
    }),
    Goal("0.33", 0.33, {}, {
        "skips, average 0.99": {"skips": True, "average": 0.99},
        "skips, shift 4": {"skips": True, "shift": 4},
        "skips, cutout 8": {"skips": True, "cutout": 8},
        "widths 64, 256, 512": {"widths": (64, 256, 512)},
        "average 0.99, shift 4": {"average": 0.99, "shift": 4},
    }, after="0.19", merge=False),
    Goal("0.95", 0.95, LONG, {
        "widths 96, 384, 384, no cutout": {"widths": (96, 384, 384), "cutout": 0},
    }, merge=False),
)  # fmt: skip


@dataclass
class Best:
    """What the programs have chosen so far, and where choices are written."""

    write: Callable[..., None]
    sizes: Sizes
    later: Later
    arms: dict[str, Arm] = field(default_factory=dict)

    def of_goal(self, goal: Goal, changes: Changes) -> Arm:
        base = self.arms.get(goal.after, FAST)
        return fit(base.change(**goal.base | changes), goal.budget)

    def sized(self, arm: Arm) -> Arm:
        """As it is trained: in miniature, two epochs."""
        return self.sizes.of(arm, 2.0 if self.sizes.mini else arm.recipe.epochs)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def try_all(best: Best, goal: Goal, candidates: dict[str, Changes], scores: dict) -> Program:
    """Adds validation accuracies, in the mean of seeds, of the candidates that came through."""
    tasks = [
        Task(f"search {goal.name}", name, seed, "train", best.sized(best.of_goal(goal, changes)))
        for seed in goal.seeds
        for name, changes in candidates.items()
    ]
    found = yield tasks
    for name in candidates:
        mine = [f for t, f in zip(tasks, found, strict=True) if t.name == name and f is not None]
        if len(mine) == len(goal.seeds):
            scores[name] = mean([one["val_accuracy"] for one in mine])


def merged(variants: dict[str, Changes], scores: dict[str, float]) -> dict[str, Changes]:
    """What beat the base, taken together: the best two, and all that do not contradict a better."""
    ranking = sorted((s for s in scores if s in variants), key=scores.get, reverse=True)
    helped = [name for name in ranking if scores[name] > scores.get("as it is", 1.0)]
    together, taken, found = {}, [], {}
    for name in helped:
        if not variants[name].keys() & together.keys():
            together, taken = together | variants[name], [*taken, name]
            if len(taken) > 1:
                found[" + ".join(taken)] = dict(together)
    return dict([*list(found.items())[:1], *list(found.items())[-1:]])


def choose(best: Best, goal: Goal, priority: float) -> Program:
    """Search on validation images; three seeds on all images, tested once, are left for later."""
    candidates = {"as it is": {}, **goal.variants}
    scores: dict[str, float] = {}
    yield from try_all(best, goal, candidates, scores)
    if goal.merge:
        more = merged(goal.variants, scores)
        candidates |= more
        yield from try_all(best, goal, more, scores)
    winner = max(scores, key=scores.get) if scores else "as it is"
    best.arms[goal.name] = arm = best.of_goal(goal, candidates[winner])
    best.write(part="chosen", goal=goal.name, budget=goal.budget, winner=winner, scores=scores)
    for seed in best.sizes.seeds:
        best.later.add(priority, Task(f"goal {goal.name}", winner, seed, "whole", best.sized(arm)))


def chain(best: Best, goals: tuple[Goal, ...], priority: float) -> Program:
    """Goals one after another, since the second builds on what was best for the first."""
    for goal in goals:
        yield from choose(best, goal, priority)


def goal_programs(best: Best) -> list[Running]:
    """The longest trainings first, since they are the last to end."""
    small, wide, wider, long = GOALS
    return [
        Running(chain(best, (long,), 0.5), 1.0),
        Running(chain(best, (small,), 1.5), 2.0),
        Running(chain(best, (wide, wider), 2.5), 3.0),
    ]
