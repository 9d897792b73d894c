"""What lesson 08 says of its record on CIFAR-10: the ladder's changes, its controls, the goals."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from course_utils.intervals import interval, paired

Arm = Mapping[str, Any]
SOURCE_ACCURACY = 0.876  # what the source tutorial reports after its whole training
# Each control, and what it is held against: the arm that differs from it in one thing
CONTROLS = {
    "no BatchNorm": "early pooling",
    "learned first layer": "whitened first layer",
    "plain alone": "whitened first layer",
    "max alone": "whitened first layer",
    "GELU alone": "whitened first layer",
    "fixed norms alone": "whitened first layer",
    "small logits alone": "whitened first layer",
    "identity alone": "whitened first layer",
    "biases, rate searched": "network",
}
# What was timed by itself in the record of times: a rung, and the one before it
TIMED = {
    "channels last, fused optimizer": ("fused", "batch"),
    "bfloat16": ("bfloat16", "fused"),
    "augmentation in memory": ("memory", "early pooling"),
    "early pooling": ("early pooling", "head"),
}


class Change(NamedTuple):
    """A difference in test accuracy, paired by seed, with its 95 % interval; and in operations."""

    name: str
    mean: float
    low: float
    high: float
    seeds: int
    operations: float  # those of the first over those of the second

    def __str__(self) -> str:
        said = f"{self.name}: {100 * self.mean:+.1f} points"
        if self.seeds == 1:
            return f"{said}, 1 seed, so no interval"
        low, high = 100 * self.low, 100 * self.high
        return f"{said}, 95 % interval {low:.1f} to {high:.1f}, {self.seeds} seeds"


class Goal(NamedTuple):
    """What was wanted for a number of operations, a share of the source's, and what was reached."""

    operations: float
    wanted: float
    tests: tuple[float, ...]  # in evaluation mode, one a seed
    mirrored: tuple[float, ...]  # the same, the mirror image's logits averaged in
    epochs: float
    tried: int  # recipes on validation images


def mean(values: Mapping[str, float] | tuple[float, ...]) -> float:
    numbers = list(values.values()) if isinstance(values, Mapping) else values
    return interval(numbers)[0]


def compare(first: Arm, second: Arm, *, name: str = "") -> Change:
    """The test accuracy of `first` minus that of `second`, by the seeds that both have."""
    ours, theirs = first["test_accuracy"], second["test_accuracy"]
    seeds = [seed for seed in ours if seed in theirs]
    found = paired([ours[seed] for seed in seeds], [theirs[seed] for seed in seeds])
    share = first["operations"] / second["operations"]
    return Change(name or first["name"], *found, len(seeds), share)


def changes(record: Arm) -> list[Change]:
    """Each rung of the ladder against the one before it."""
    rungs = record["rungs"]
    return [compare(rung, before) for before, rung in pairwise(rungs)]


def controls(record: Arm) -> list[Change]:
    """Each control against the rung that differs from it in one thing."""
    arms = {arm["name"]: arm for arm in (*record["rungs"], *record["controls"])}
    return [
        compare(arms[name], arms[rung], name=f"{name}, over {rung}")
        for name, rung in CONTROLS.items()
    ]


def goals(record: Arm) -> list[Goal]:
    """The goals by their operations, each with the one recipe that was chosen for it."""
    tried = {c["goal"]: len(c["scores"]) for c in record["chosen"] if "goal" in c}
    found = []
    for name, goal in record["goals"].items():
        (arm,) = goal["reached"].values()
        tests = tuple(arm["test_accuracy"].values())
        mirrored = tuple(arm["test_accuracy_mirrored"].values())
        row = (arm["operations"], goal["wanted"], tests, mirrored, arm["epochs"], tried[name])
        found.append(Goal(*row))
    return sorted(found)


def print_goals(record: Arm) -> None:
    """A line for each goal, then of what the numbers are."""
    for goal in goals(record):
        missed = 100 * (goal.wanted - mean(goal.tests))
        print(f"{goal.operations:.3f} of the operations, {goal.epochs:g} epochs:", end=" ")
        print(f"{mean(goal.tests):.1%}, wanted {goal.wanted:.1%}, missed by {missed:.1f};", end=" ")
        print(f"mirrored {mean(goal.mirrored):.1%}; {goal.tried} recipes tried")
    (seeds,) = {len(goal.tests) for goal in goals(record)}
    print(
        f"test accuracy in evaluation mode, means of {seeds} seeds, {record['precision']};", end=" "
    )
    print(f"chosen with {record['selection']}")


def times(timed: Arm) -> dict[str, tuple[float, float]]:
    """(time, operations) after a change, over those before it: `timed` is the record of steps that
    were timed in turn on two cores.
    """
    costs = timed["costs"]
    return {
        name: tuple(costs[after][key] / costs[before][key] for key in ("time", "flops"))
        for name, (after, before) in TIMED.items()
    }


def facts(record: Arm, timed: Arm) -> dict[str, float]:
    """What the lesson's sentences about the two records rest on, by the name of their claim."""
    fast = timed["share"]["trainings"]["fast, bfloat16"]
    rungs = {rung["name"]: rung for rung in record["rungs"]}
    found = {f"change_{change.name}": change.mean for change in changes(record)}
    found |= {f"control_{c.name.split(', over')[0]}": c.mean for c in controls(record)}
    reached = goals(record)
    missed = [goal.wanted - mean(goal.tests) for goal in reached]
    alone = [found[f"control_{name}"] for name in CONTROLS if name.endswith("alone")]
    least, first = record["rungs"][-1], rungs["source"]
    found |= {f"time_{name}": time for name, (time, _) in times(timed).items()}
    return {
        **{name.replace(" ", "_").replace(",", ""): value for name, value in found.items()},
        "source_6_epochs": mean(first["test_accuracy"]),
        "whole_ladder": mean(least["test_accuracy"]) - mean(first["test_accuracy"]),
        "whole_ladder_operations": least["operations"] / first["operations"],
        "early_pooling_operations": _share(record, "early pooling"),
        "first_bias_operations": _share(record, "first bias"),
        "widths_operations": _share(record, "widths"),
        "resizing_operations": _share(record, "resizing"),
        "best_part_alone": max(alone),
        "null_rungs": sum(change.low < 0 < change.high for change in changes(record)),
        "smallest_goal": mean(reached[0].tests),
        "smallest_goal_operations": reached[0].operations,
        "largest_goal": mean(reached[-1].tests),
        "missed_least": min(missed),
        "missed_most": max(missed),
        "mirrored_over_wanted_least": min(mean(g.mirrored) - g.wanted for g in reached),
        "mirrored_gain_least": min(mean(g.mirrored) - mean(g.tests) for g in reached),
        "convolutions_of_a_step": sum(v for k, v in fast["profile"].items() if "convolution" in k),
        "of_the_product": fast["of the bfloat16 product"],
        "mirrored_gain_most": max(mean(g.mirrored) - mean(g.tests) for g in reached),
    }


def _share(record: Arm, name: str) -> float:
    """A rung's operations over those of the rung before it."""
    (change,) = [change for change in changes(record) if change.name == name]
    return change.operations
