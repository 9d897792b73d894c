"""The cost of a training, drawn: lesson 08's recorded ladder."""

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils.plotting import COLORS


def plot_costs(recorded: dict, measure: str = "time") -> Figure:
    """Test accuracy against cost in lesson 08's recorded ladder: benchmarks/cost_to_accuracy.py's
    result.

    `measure` is "time" or "flops"; the axis is a share of the source's whole training. A rung is
    its number in the ladder, an aside is hollow, and a training that was given a budget has a
    larger mark of its own.

    Raises:
        ValueError: if `measure` is neither.
    """
    names = {"time": "time", "flops": "operations"}
    if measure not in names:
        raise ValueError(f"measure is {measure!r}: give one of {', '.join(names)}")
    figure, ax = plt.subplots(figsize=(8, 5))
    climbed, costs, kept, labels = recorded["ladder"], recorded["costs"], [], {}
    for number, rung in enumerate(climbed["rungs"], start=1):
        if not rung["only_speed"]:
            x, y = (
                costs["images"][rung["name"]][measure] * costs["training"],
                _mean(rung["test_accuracy"]),
            )
            kept += [] if rung["aside"] else [(x, y)]
            ax.plot(
                x,
                y,
                "o",
                color=COLORS[0],
                fillstyle="none" if rung["aside"] else "full",
                markersize=6,
            )
            near = (
                (a, b) for a, b in labels if abs(math.log10(a / x)) < 0.07 and abs(b - y) < 0.015
            )
            labels.setdefault(next(near, (x, y)), []).append(number)
            ax.plot(
                [], [], " ", label=f"{number} {rung['name']}{' (aside)' if rung['aside'] else ''}"
            )
    for point, numbers in labels.items():  # points too close for a label each share one
        in_a_row = len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1
        label = f"{numbers[0]}-{numbers[-1]}" if in_a_row else ", ".join(map(str, numbers))
        ax.annotate(label, point, xytext=(6, 6), textcoords="offset points", fontsize=8)
    label = f"the ladder: {climbed['epochs']} epochs, {climbed['images']:,} images"
    ax.plot(*zip(*kept, strict=True), color=COLORS[0], alpha=0.4, label=label)
    _mark_goals(ax, recorded, measure)
    ax.axhline(0.876, color="black", linestyle=":", label="what the source reports for 30 epochs")
    ax.axvline(1, color="black", linestyle="--", label="the source's 30 epochs")
    ax.set(
        xscale="log",
        xlabel=f"{names[measure]}, as a share of the source's 30 epochs",
        ylabel="test accuracy",
    )
    ax.margins(y=0.1)
    ax.set_title(f"recorded: CIFAR-10 (JPEG), means of {climbed['seeds']} seeds", fontsize=10)
    ax.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1), handlelength=1.5)
    return figure


def _mark_goals(ax: Axes, recorded: dict, measure: str) -> None:
    for about, marker, size in (
        ("a fortieth", "*", 12),
        ("an eighth", "D", 7),
        ("a fifth", "s", 7),
    ):
        if goal := recorded.get(about.split()[1]):
            x = _mean(goal["cost"]) if measure == "time" else goal["flops"]
            y, spread = _mean(goal["test_accuracy"]), _spread(goal["test_accuracy"])
            label = f"{about} of the time{', one seed' if len(goal['test_accuracy']) == 1 else ''}"
            ax.errorbar(
                x, y, yerr=spread, fmt=marker, color=COLORS[1], markersize=size, label=label
            )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _spread(values: Sequence[float]) -> float:
    """Standard deviation; 0 of one value."""
    return torch.tensor(values).std().item() if len(values) > 1 else 0.0
