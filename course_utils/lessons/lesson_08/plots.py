"""The figures of lesson 08: what trainings cost and reach, a ladder's changes, where work sits."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter
from torch import Tensor

from course_utils.lessons.lesson_08 import records
from course_utils.lessons.lesson_08.records import SOURCE_ACCURACY, Change, Goal, mean
from course_utils.plotting import COLORS

BLUE, ORANGE, GREEN = COLORS[:3]
# The rungs that have room for a name beside them: the name, its offset in points, its alignment
NAMED = {
    "source": ("source's network, 6 epochs", (6, 6), "left"),
    "batches of 500": ("larger batches", (8, -4), "left"),
    "pooled head": ("small head", (8, -4), "left"),
    "early pooling": ("early pooling", (-8, -4), "right"),
    "one cycle": ("one cycle", (8, -8), "left"),
    "whitened first layer": ("whitened first layer", (8, -4), "left"),
    "alternate": ("other activation, pooling, start; Muon", (14, -2), "left"),
    "resizing": ("narrower,\nsmall images first", (0, -30), "center"),
}


def plot_costs(record: records.Arm) -> Figure:
    """Test accuracy against operations, as a share of the source's whole training: the ladder rung
    by rung, and the four trainings that were given a budget, with and without mirrored views.
    """
    figure, ax = plt.subplots(figsize=(8.5, 4.8))
    _draw_ladder(ax, record)
    goals = records.goals(record)
    _draw_goals(ax, goals)
    ax.plot(1, SOURCE_ACCURACY, "X", color="black", markersize=9)
    note = f"the source's 30 epochs:\nit reports {SOURCE_ACCURACY:.1%}"
    _note(ax, note, (1, SOURCE_ACCURACY), (4, -10), align="right", va="top")
    ax.set(xscale="log", xlim=(0.028, 1.25), ylim=(0.71, 0.985), ylabel="test accuracy")
    ax.set_xlabel("operations, as a share of the source's whole training")
    ax.set_xticks([0.03, 0.05, 0.1, 0.2, 0.5, 1])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{share:g}"))
    ax.minorticks_off()
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_title(f"recorded: CIFAR-10, {record['precision']}, means over seeds", fontsize=10)
    said = [
        f"{mean(g.tests):.1%} for {g.operations:.3f}, mirrored {mean(g.mirrored):.1%}"
        for g in goals
    ]
    last = record["rungs"][-1]
    figure.set_label(
        "Test accuracy on CIFAR-10 by operations, as a share of the source's whole training. The "
        f"ladder goes from {mean(record['rungs'][0]['test_accuracy']):.1%} for "
        f"{record['rungs'][0]['operations']:.2f} to {mean(last['test_accuracy']):.1%} for "
        f"{last['operations']:.3f}; with a budget: {'; '.join(said)}. The source reports "
        f"{SOURCE_ACCURACY:.1%} for 1."
    )
    return figure


def _draw_ladder(ax: Axes, record: records.Arm) -> None:
    points = {r["name"]: (r["operations"], mean(r["test_accuracy"])) for r in record["rungs"]}
    x, y = zip(*points.values(), strict=True)
    ax.plot(x, y, "-o", color=GREEN, markersize=4, lw=1, alpha=0.8)
    for name, (text, offset, align) in NAMED.items():
        if name in points:
            _note(ax, text, points[name], offset, color=GREEN, align=align)


def _draw_goals(ax: Axes, goals: Sequence[Goal]) -> None:
    x = [goal.operations for goal in goals]
    plain = [mean(goal.tests) for goal in goals]
    mirrored = [mean(goal.mirrored) for goal in goals]
    ax.plot(x, mirrored, "--o", color=ORANGE, markersize=6, fillstyle="none")
    ax.plot(x, plain, "-s", color=BLUE, markersize=6)
    for place, low, high in zip(x, plain, mirrored, strict=True):
        _note(ax, f"{high:.1%}", (place, high), (0, 20), color=ORANGE)
        _note(ax, f"{low:.1%}", (place, high), (0, 8), color=BLUE)
    middle = ((x[-2] * x[-1]) ** 0.5, (plain[-2] + plain[-1]) / 2)
    _note(ax, "best recipes for a budget", middle, (0, -16), color=BLUE)
    higher = (middle[0], (mirrored[-2] + mirrored[-1]) / 2)
    _note(ax, "mirrored views averaged", higher, (0, 9), color=ORANGE)


def _note(
    ax: Axes,
    text: str,
    point: tuple[float, float],
    offset: tuple[float, float],
    *,
    color: str = "black",
    align: str = "center",
    va: str = "baseline",
) -> None:
    """A label beside a point, its offset in typographic points."""
    options = {"color": color, "ha": align, "va": va, "fontsize": 9}
    ax.annotate(text, point, xytext=offset, textcoords="offset points", **options)


def plot_changes(changes: Sequence[Change]) -> Figure:
    """A line for each change: points of test accuracy with their interval, and beside it the
    operations over those before it.
    """
    figure, ax = plt.subplots(figsize=(8, 0.33 * len(changes) + 1.0))
    for row, change in enumerate(changes):
        clear = change.low > 0 or change.high < 0
        color = BLUE if change.mean > 0 else ORANGE
        if change.seeds > 1:
            ends = [100 * change.low, 100 * change.high]
            ax.plot(ends, [row, row], color=color, lw=2, alpha=1 if clear else 0.45)
        ax.plot(100 * change.mean, row, "o", color=color, fillstyle="full" if clear else "none")
        text = "" if abs(change.operations - 1) < 0.005 else f"x {change.operations:.2f}"
        ax.text(1.02, row, text, transform=ax.get_yaxis_transform(), va="center", fontsize=9)
    ax.axvline(0, color="black", lw=0.8)
    ax.text(1.02, -0.8, "operations", transform=ax.get_yaxis_transform(), fontsize=9)
    ax.set_yticks(range(len(changes)), [change.name for change in changes])
    ax.set(ylim=(len(changes) - 0.5, -0.5), xlim=(-13, 9))
    ax.set_xlabel("points of test accuracy, 95 % interval; hollow: it holds 0")
    told = [f"{c.name} {100 * c.mean:+.1f}" for c in changes]
    figure.set_label(f"Changes of test accuracy in points: {', '.join(told)}.")
    return figure


def plot_shares(parts: Mapping[str, tuple[float, float]]) -> Figure:
    """For each part of a network its share of the parameters and of the operations, as bars."""
    figure, ax = plt.subplots(figsize=(7.5, 1.9))
    left, told = [0.0, 0.0], []
    for number, (name, shares) in enumerate(parts.items()):
        bars = ax.barh([0, 1], shares, left=left, color=COLORS[number % 6], edgecolor="white")
        for bar, share in zip(bars, shares, strict=True):
            if share > 0.05:
                middle = (bar.get_x() + share / 2, bar.get_y() + bar.get_height() / 2)
                text = f"{name}\n{share:.0%}"
                ax.text(*middle, text, ha="center", va="center", fontsize=8, color="white")
        left = [a + b for a, b in zip(left, shares, strict=True)]
        told.append(f"{name} {shares[0]:.0%} and {shares[1]:.0%}")
    ax.set_yticks([0, 1], ["parameters", "operations"])
    ax.set(ylim=(1.5, -0.5), xlim=(0, 1), xticks=[])
    ax.grid(False)
    figure.set_label(f"Shares of parameters and of operations: {'; '.join(told)}.")
    return figure


def plot_layouts(tensors: Mapping[str, Tensor]) -> Figure:
    """Each tensor, (1, C, H, W), as its numbers lie in memory, one after the other: coloured by
    channel, and numbered by place. The order is read from the strides.
    """
    figure, _ = plt.subplots(len(tensors), 1, figsize=(8, 0.8 * len(tensors) + 0.2))
    told = []
    for ax, (name, tensor) in zip(figure.axes, tensors.items(), strict=True):
        _, channels, height, width = tensor.shape
        for channel in range(channels):
            for place in range(height * width):
                where = channel, *divmod(place, width)
                left = sum(i * step for i, step in zip(where, tensor.stride()[1:], strict=True))
                ax.barh(0, 1, left=left, color=COLORS[channel % 6], edgecolor="white")
                ax.text(left + 0.5, 0, place, ha="center", va="center", color="white", fontsize=9)
        ax.set(xlim=(0, tensor.numel()), xticks=[], yticks=[0], yticklabels=[name])
        ax.grid(False)
        told.append(f"{name} with strides {tuple(tensor.stride()[1:])}")
    figure.axes[-1].set_xlabel("memory; colour: channel, number: place in the picture")
    figure.set_label(f"The numbers of a picture in memory, by channel: {'; '.join(told)}.")
    return figure


def plot_profile(seconds: Mapping[str, float], *, shown: int = 7) -> Figure:
    """The kinds of operation that took most of a profiled step, longest first, as shares."""
    total = sum(seconds.values())
    longest = sorted(seconds.items(), key=lambda item: -item[1])[:shown]
    names, shares = zip(*((name, value / total) for name, value in longest), strict=True)
    figure, ax = plt.subplots(figsize=(7, 0.32 * len(names) + 0.9))
    ax.barh(names, shares, color=BLUE)
    ax.invert_yaxis()
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(xlabel="share of the step's time, this machine")
    figure.set_label("Shares of a training step's time by kind of operation, longest first.")
    return figure


def plot_correlations(before: Tensor, after: Tensor) -> Figure:
    """The correlations of a patch's twelve numbers, (12, patches) before whitening and after it."""
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3))
    told = []
    titles = "pixels of a 2 x 2 patch", "behind the whitening layer"
    for ax, numbers, title in zip(axes, (before, after), titles, strict=True):
        matrix = torch.corrcoef(numbers).nan_to_num()  # grey pictures leave channels at 0
        drawn = ax.imshow(matrix.numpy(), vmin=-1, vmax=1, cmap="RdBu")
        ax.set(title=title, xticks=range(0, 12, 4), yticks=range(0, 12, 4))
        ax.grid(False)
        others = matrix[~torch.eye(len(matrix), dtype=torch.bool)]
        told.append(f"{title} {others.abs().mean():.2f}")
    axes[0].set(xlabel="red, green, blue: 4 each", ylabel="red, green, blue: 4 each")
    axes[1].set(xlabel="filter, least variance first")
    figure.colorbar(drawn, ax=axes, label="correlation")
    figure.set_label(
        f"Correlations of twelve numbers, apart from the diagonal: {', '.join(told)} on average."
    )
    return figure
