"""The cost of a training, drawn: lesson 08's recorded ladder."""

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils.plotting import COLORS

MEASURES = {"time": "time", "flops": "operations"}
# the trainings that were given a budget: name in the record, in words, marker and its size
GOALS = (
    ("fortieth", "a fortieth", "*", 12),
    ("eighth", "an eighth", "D", 7),
    ("fifth", "a fifth", "s", 7),
)
Point = tuple[float, float]  # cost, as a share of the source's, and test accuracy


def plot_costs(recorded: dict, measure: str = "time") -> Figure:
    """Test accuracy against cost in lesson 08's recorded ladder: benchmarks/lesson_08's
    result.

    `measure` is "time" or "flops"; the axis is a share of the source's whole training. A rung is
    its number in the ladder, an aside is hollow, and a training that was given a budget has a
    larger mark of its own.

    Raises:
        ValueError: if `measure` is neither.
    """
    if measure not in MEASURES:
        raise ValueError(f"measure is {measure!r}: give one of {', '.join(MEASURES)}")
    figure, ax = plt.subplots(figsize=(8, 5))
    _draw_rungs(ax, recorded, measure)
    _draw_goals(ax, recorded, measure)
    ax.axhline(0.876, color="black", linestyle=":", label="what the source reports for 30 epochs")
    ax.axvline(1, color="black", linestyle="--", label="the source's 30 epochs")
    ax.set_xscale("log")
    ax.set_xlabel(f"{MEASURES[measure]}, as a share of the source's 30 epochs")
    ax.set_ylabel("test accuracy")
    ax.margins(y=0.1)
    seeds = recorded["ladder"]["seeds"]
    ax.set_title(f"recorded: CIFAR-10 (JPEG), means of {seeds} seeds", fontsize=10)
    ax.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1), handlelength=1.5)
    return figure


def _draw_rungs(ax: Axes, recorded: dict, measure: str) -> None:
    """A point for each rung that has an accuracy of its own, and a line through the ladder."""
    ladder, costs = recorded["ladder"], recorded["costs"]
    line: list[Point] = []  # without asides
    points: list[tuple[int, Point]] = []  # with the rung's number
    for number, rung in enumerate(ladder["rungs"], start=1):
        if rung["only_speed"]:
            continue
        cost = costs["images"][rung["name"]][measure] * costs["training"]
        point = (cost, _mean(rung["test_accuracy"]))
        points.append((number, point))
        if rung["aside"]:
            name, fill = f"{rung['name']} (aside)", "none"
        else:
            name, fill = rung["name"], "full"
            line.append(point)
        ax.plot(*point, "o", color=COLORS[0], fillstyle=fill, markersize=6)
        ax.plot([], [], " ", label=f"{number} {name}")  # the legend names the numbers
    for point, numbers in _share_labels(points).items():
        text = _in_short(numbers)
        ax.annotate(text, point, xytext=(6, 6), textcoords="offset points", fontsize=8)
    x, y = zip(*line, strict=True)
    label = f"the ladder: {ladder['epochs']} epochs, {ladder['images']:,} images"
    ax.plot(x, y, color=COLORS[0], alpha=0.4, label=label)


def _share_labels(points: list[tuple[int, Point]]) -> dict[Point, list[int]]:
    """Numbers by the point that they stand at: points too close for a label each share one."""
    labels: dict[Point, list[int]] = {}
    for number, point in points:
        near = [other for other in labels if _are_close(point, other)]
        place = near[0] if near else point
        labels.setdefault(place, []).append(number)
    return labels


def _are_close(one: Point, other: Point) -> bool:
    apart = math.log10(one[0] / other[0])
    return abs(apart) < 0.07 and abs(one[1] - other[1]) < 0.015


def _in_short(numbers: list[int]) -> str:
    """[1, 2, 3] -> "1-3"; two numbers, or some with a gap, one by one."""
    first, last = numbers[0], numbers[-1]
    if len(numbers) > 2 and last - first == len(numbers) - 1:
        return f"{first}-{last}"
    return ", ".join(str(number) for number in numbers)


def _draw_goals(ax: Axes, recorded: dict, measure: str) -> None:
    """The trainings that were given a budget, with their spread over seeds."""
    for name, words, marker, size in GOALS:
        if name not in recorded:
            continue
        goal = recorded[name]
        cost = _mean(goal["cost"]) if measure == "time" else goal["flops"]
        accuracies = goal["test_accuracy"]
        label = f"{words} of the time"
        if len(accuracies) == 1:
            label += ", one seed"
        ax.errorbar(
            cost,
            _mean(accuracies),
            yerr=_spread(accuracies),
            fmt=marker,
            color=COLORS[1],
            markersize=size,
            label=label,
        )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _spread(values: Sequence[float]) -> float:
    """Standard deviation; 0 of one value."""
    if len(values) == 1:
        return 0.0
    return torch.tensor(values).std().item()
