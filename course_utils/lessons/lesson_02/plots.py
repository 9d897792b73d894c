"""The figures of lesson 02: descent in two valleys, pixels, losses by rate, curvatures."""

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.data.shapes import draw
from course_utils.plotting import COLORS, plot_images

PLACES = ((8, 8), (24, 22))  # two pixels far from each other
STEPS = 6
CHANNELS = (("red", COLORS[1]), ("green", COLORS[2]), ("blue", COLORS[0]))
STYLES = ("o-", "s--", "D-", "^--", "v:")  # forms whose lines coincide stay apart


def curvature_matrix(pixels: Tensor) -> Tensor:
    """Mean products of pixels (N, 2) -> (2, 2): the curvature of a squared loss over two weights."""
    return pixels.T @ pixels / len(pixels)


def path(matrix: Tensor, start: Tensor, steps: int = STEPS) -> Tensor:
    """Gradient descent on w' M w / 2 from `start` (2,), at the rate that takes the steepest
    direction to its floor in one step: the points, (steps + 1, 2).
    """
    lr = 1 / torch.linalg.eigvalsh(matrix).max()
    points = [start]
    for _ in range(steps):
        points.append(points[-1] - lr * matrix @ points[-1])
    return torch.stack(points)


def _valley(ax: Axes, matrix: Tensor, title: str) -> None:
    start = torch.tensor([-1.0, 0.75])
    points = path(matrix, start)
    axis = torch.linspace(-1.3, 1.3, 120)
    x, y = torch.meshgrid(axis, axis, indexing="xy")
    grid = torch.stack([x, y], dim=-1)  # (120, 120, 2)
    height = ((grid @ matrix) * grid).sum(dim=-1) / 2
    highest = (start @ matrix @ start / 2).item()
    levels = [highest * part for part in (0.02, 0.1, 0.3, 0.6, 1.0, 1.6, 2.5, 4.0)]
    ax.contour(x.numpy(), y.numpy(), height.numpy(), levels=levels, colors="#BBBBBB", linewidths=1)
    ax.plot(*points.T.numpy(), "o-", color=COLORS[1], markersize=3.5, lw=1.3)
    ax.plot(0, 0, "*", color=COLORS[2], markersize=13)
    left = (points[-1].norm() / start.norm()).item()
    ax.set_title(f"{title}: {left:.0%} of the way left after {len(points) - 1} steps", fontsize=9)
    ax.set(xlabel="one weight", ylabel="another", aspect="equal")
    ax.grid(False)


def descent() -> Figure:
    """Two weights, for two pixels of Shapes: descent with pixels from 0 to 1, and without their mean."""
    labels = torch.arange(1000) % 10
    images = draw(labels, seed=0).double() / 255
    pixels = torch.stack([images[:, 0, row, column] for row, column in PLACES], dim=1).float()
    forms = {
        "pixels from 0 to 1": pixels,
        "mean subtracted": pixels - pixels.mean(dim=0),
    }
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.8))
    for ax, (name, values) in zip(axes, forms.items(), strict=True):
        _valley(ax, curvature_matrix(values), name)
    figure.set_label(
        "Rings of equal loss over two weights, and the steps of gradient descent: with pixels from "
        "0 to 1 the valley is narrow, and the steps creep along its floor towards the star; "
        "with the mean subtracted, the rings are nearly round and the steps arrive."
    )
    return figure


def pixel_bins(values: Tensor) -> Tensor:
    """The edges of bins of five levels each, of 256 between the least and the largest value: halfway
    between levels, where no rounding moves a pixel into another bin.
    """
    low, high = values.min().double(), values.max().double()
    levels = torch.arange(53, dtype=torch.float64) * 5 - 0.5
    return low + (high - low) * levels / 255


def histograms(before: Tensor, after: Tensor) -> Figure:
    """The pixels of images (N, 3, H, W) by channel, before and after a normalisation."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.6))
    for ax, images, name in zip(axes, (before, after), ("before", "normalised"), strict=True):
        for channel, (color_name, color) in enumerate(CHANNELS):
            values = images[:, channel].flatten()
            ax.hist(values, pixel_bins(values), histtype="step", color=color, label=color_name)
        ax.set(xlabel=f"pixel, {name}", yticks=[])
    axes[0].set_ylabel("number of pixels")
    axes[0].legend(fontsize=8)
    figure.set_label(
        "Histograms of the red, green and blue pixels, before and after normalising: the axis "
        "differs, the shapes are the same."
    )
    return figure


def named_rows(rows: Mapping[str, Tensor]) -> Figure:
    """Rows of images (N, 3, H, W), floats, each with its name at the left."""
    columns = len(next(iter(rows.values())))
    figure = plot_images(torch.cat(list(rows.values())), columns=columns)
    for row, name in enumerate(rows):
        ax = figure.axes[columns * row]
        place = {"transform": ax.transAxes, "ha": "right", "va": "center", "fontsize": 9}
        ax.text(-0.15, 0.5, name, **place)
    return figure


def losses_by_rate(
    losses: Mapping[str, Sequence[float]],
    rates: Mapping[str, Sequence[float]],
    scales: Mapping[str, float],
) -> Figure:
    """Validation loss of each form over its learning rates, and over the rate times the square of
    the form's scale. What is infinite is left out.
    """
    figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.2), sharey=True)
    for style, (name, values) in zip(STYLES, losses.items(), strict=False):
        finite = [value if math.isfinite(value) else math.nan for value in values]
        axes[0].plot(rates[name], finite, style, markersize=4, label=name)
        scaled = [rate * scales[name] ** 2 for rate in rates[name]]
        axes[1].plot(scaled, finite, style, markersize=4, label=name)
    axes[0].set(xscale="log", xlabel="learning rate", ylabel="validation loss", ylim=(1.8, 2.6))
    axes[1].set(xscale="log", xlabel="learning rate x scale squared")
    axes[1].legend(fontsize=8)
    figure.set_label(
        "Validation loss by learning rate: five curves at five places. Over the rate times the "
        "scale squared they are two: one of the forms with a mean above 0, and a lower one of the "
        "forms without."
    )
    return figure


def curvatures(values: Mapping[str, Tensor], number: int = 100) -> Figure:
    """The largest curvatures of each form, (directions,), from the largest down."""
    figure, ax = plt.subplots(figsize=(6, 3))
    for style, (name, found) in zip(("-", "--", ":"), values.items(), strict=False):
        largest = found[:number]
        ax.plot(range(1, len(largest) + 1), largest.numpy(), style, label=name)
    ax.set(xscale="log", yscale="log", xlabel="direction, by its curvature", ylabel="curvature")
    ax.legend(fontsize=8)
    figure.set_label(
        "Curvature by direction, from the largest down: with pixels from 0 to 1 the first stands "
        "far above the others; with the mean subtracted it is gone, and the rest is as before."
    )
    return figure
