"""Plots of lesson 09 that take more lines than the lesson should show."""

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course_utils.plotting import plot_lines

SMALLEST = 1e-12  # a logarithmic axis has no 0


def plot_gradients(
    depth: Mapping[str, Sequence[float]], time: Mapping[str, Sequence[float]]
) -> Figure:
    """How much gradient arrives, over that at the end: by layer of deep networks, and by row of
    networks that read rows.
    """
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
    labels = ("convolution, from the picture to the loss", "row, from the first to the last")
    for ax, found, label in zip(axes, (depth, time), labels, strict=True):
        shown = {
            name: [max(size / sizes[-1], SMALLEST) for size in sizes]
            for name, sizes in found.items()
        }
        plot_lines(shown, xlabel=label, ylabel="", ax=ax)
        for line in ax.lines:
            line.set_markevery(5)
        ax.set_yscale("log")
        ax.legend(fontsize=8, loc="lower right")
    axes[0].set(ylabel="gradient, over that at the last", title="through depth (lesson 06)")
    axes[1].set(title="through time")
    told = ", ".join(
        f"{name} {sizes[0] / sizes[-1]:.0e}" for f in (depth, time) for name, sizes in f.items()
    )
    figure.set_label(f"Gradient at the first layer or row over that at the last: {told}.")
    return figure


def plot_clipping(
    lrs: Sequence[float],
    ends: Mapping[str, Sequence[float]],
    norms: Mapping[str, Sequence[float]],
    limit: float,
    chance: float,
) -> Figure:
    """The loss at the end by learning rate, `ends[way][rate]`, and the norm of the gradient by step
    of two trainings, `norms[way][step]`.

    `limit` is the norm that is clipped to, `chance` the loss of knowing nothing.
    """
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2))
    for (way, losses), style in zip(ends.items(), ("o--", "s-"), strict=True):
        axes[0].semilogx(lrs, losses, style, label=way)
    axes[0].axhline(chance, color="black", lw=0.8)
    axes[0].text(lrs[0], chance + 0.05, "knowing nothing", fontsize=8)
    axes[0].set(xlabel="learning rate", ylabel="loss at the end", ylim=(0, 2.1 * chance))
    for (way, sizes), style in zip(norms.items(), ("o--", "s-"), strict=True):
        sizes = [min(size, 1e12) if math.isfinite(size) else 1e12 for size in sizes]
        axes[1].semilogy(range(1, len(sizes) + 1), sizes, style, markersize=3, label=way)
    axes[1].axhline(limit, color="black", lw=0.8)
    axes[1].set(xlabel="step", ylabel="norm before clipping")
    for ax in axes:
        ax.legend(fontsize=8)
    told = "; ".join(
        f"{way}: "
        + ", ".join(f"{loss:.2f} at {lr:g}" for lr, loss in zip(lrs, losses, strict=True))
        for way, losses in ends.items()
    )
    lengths = ", ".join(f"{way} {len(sizes)} steps" for way, sizes in norms.items())
    figure.set_label(
        f"Left: loss at the end by learning rate, {told}. Right: norm of the gradient, {lengths}."
    )
    return figure
