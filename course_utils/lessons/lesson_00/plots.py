"""The figures of lesson 00: answers, channels, scores, templates, splits."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor

from course_utils.plotting import COLORS, plot_images, show_image

BLUE, ORANGE, GREEN = COLORS[:3]


def answers(
    images: Tensor, predictions: Tensor, labels: Tensor, classes: Sequence[str], *, columns: int = 8
) -> Figure:
    """Images (N, 3, H, W), float in [0, 1], each under the class that a model names; a wrong one
    has a question mark, and the true class below it. `predictions` and `labels` are (N,).
    """
    pairs = list(zip(predictions.tolist(), labels.tolist(), strict=True))
    titles = [classes[p] if p == y else f"{classes[p]}?\n({classes[y]})" for p, y in pairs]
    figure = plot_images(images, titles, columns=columns, side=1.2)
    right = sum(p == y for p, y in pairs)
    figure.set_label(
        f"{len(pairs)} pictures with the class that the model names for each: {right} are right, "
        "the others have a question mark and the true class below it."
    )
    return figure


def channels(image: Tensor, name: str) -> Figure:
    """An image (3, H, W), float in [0, 1], beside its red, green and blue channels in grey."""
    figure, axes = plt.subplots(1, 4, figsize=(6, 1.8))
    parts = {name: image, **dict(zip(("red", "green", "blue"), image[:, None], strict=True))}
    for ax, (title, part) in zip(axes, parts.items(), strict=True):
        show_image(ax, part.expand(3, -1, -1))
        ax.set_title(title, fontsize=9)
    figure.set_label(f"A picture of class {name}, and its red, green and blue channels in grey.")
    return figure


def scores(logits: Tensor, label: int, classes: Sequence[str]) -> Figure:
    """One picture's logits (classes,), its probabilities, and the slope of the loss along each
    logit; the bars of the right class stand out.
    """
    probabilities = logits.softmax(dim=0)
    slopes = probabilities.clone()
    slopes[label] -= 1
    loss = -probabilities[label].log().item()
    panels = {
        "logits": logits,
        f"probabilities: the loss is {loss:.2f}": probabilities,
        "slope of the loss along each logit": slopes,
    }
    figure, axes = plt.subplots(1, 3, figsize=(9, 2.9), sharey=True)
    colors = [ORANGE if c == label else BLUE for c in range(len(classes))]
    for ax, (title, values) in zip(axes, panels.items(), strict=True):
        ax.barh(range(len(classes)), values.tolist(), color=colors)
        ax.axvline(0, color="black", lw=0.8)
        ax.set_title(title, fontsize=9)
    axes[0].set_yticks(range(len(classes)), classes)
    axes[0].invert_yaxis()
    axes[1].set_xlim(0, 1)
    axes[2].set_xlim(-1, 1)
    figure.set_label(
        f"Bars for each class, for a picture of class {classes[label]}: the logits, of any sign; "
        f"the probabilities, which add up to 1, {probabilities[label]:.2f} for the right class; the "
        f"slopes, which are the probabilities but for the right class, {slopes[label]:.2f}."
    )
    return figure


def templates(snapshots: Mapping[int, Tensor], classes: Sequence[str]) -> Figure:
    """The weights (classes, 3072) of a linear classifier as pictures, a row for each number of
    epochs; grey is a weight of 0, and the largest of each picture goes to the end of the scale.
    """
    weights = torch.cat(list(snapshots.values())).reshape(-1, 3, 32, 32)
    largest = weights.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-9)
    figure = plot_images(0.5 + 0.5 * weights / largest, columns=len(classes), side=0.8)
    for ax, name in zip(figure.axes, classes, strict=False):
        ax.set_title(name, fontsize=9)
    for row, epochs in enumerate(snapshots):
        first = figure.axes[row * len(classes)]
        place = {"transform": first.transAxes, "ha": "right", "va": "center", "fontsize": 9}
        first.text(-0.15, 0.5, f"{epochs} epoch{'s' * (epochs != 1)}", **place)
    figure.set_label(
        f"The templates of all classes, a row each after {', '.join(map(str, snapshots))} epochs: "
        "grey at first, then blurred patches of the classes' colours, near the middle."
    )
    return figure


def splits(sizes: Mapping[str, int], roles: Mapping[str, str]) -> Figure:
    """The pictures of each split as a bar as long as their number, with what they are for below."""
    figure, ax = plt.subplots(figsize=(8, 1.3))
    start, whole = 0, sum(sizes.values())
    for (name, size), color in zip(sizes.items(), (BLUE, ORANGE, GREEN), strict=True):
        ax.barh(0, size, left=start, color=color, edgecolor="white", height=0.7)
        middle = start + size / 2
        text = f"{name}\n{size:,}"
        ax.text(middle, 0, text, ha="center", va="center", color="white", fontsize=9, weight="bold")
        ax.text(middle, -0.5, roles[name], ha="center", va="top", fontsize=9)
        start += size
    ax.set(xlim=(0, whole), ylim=(-0.85, 0.4))
    ax.axis("off")
    listed = "; ".join(f"{size:,} for {name}: {roles[name]}" for name, size in sizes.items())
    figure.set_label(f"A bar of all pictures, in three parts. {listed}.")
    return figure
