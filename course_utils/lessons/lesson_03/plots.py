"""The figure of lesson 03's answers."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from torch import Tensor


def plot_confusion(matrix: Tensor, classes: Sequence[str]) -> Figure:
    """A matrix of counts (true class, answer); mistakes are darker the larger their share is."""
    figure, ax = plt.subplots(figsize=(0.6 * len(classes) + 2.4, 0.5 * len(classes) + 1.2))
    shares = matrix / matrix.sum(dim=1, keepdim=True).clamp(min=1)
    mistakes = shares.clone().fill_diagonal_(0)
    image = ax.imshow(
        mistakes.numpy(), cmap="Oranges", vmin=0, vmax=max(mistakes.max().item(), 1e-6)
    )
    label = "mistakes: share of the true class"
    figure.colorbar(image, ax=ax, shrink=0.8, label=label, format=PercentFormatter(1, decimals=0))
    for row in range(len(classes)):
        for column in range(len(classes)):
            color = "white" if mistakes[row, column] > 0.6 * mistakes.max() else "black"
            count = int(matrix[row, column])
            ax.text(column, row, count, ha="center", va="center", fontsize=8, color=color)
    ticks = range(len(classes))
    ax.set_xticks(ticks, classes, rotation=45, ha="right")
    ax.set_yticks(ticks, classes)
    ax.set(xlabel="answer", ylabel="true class")
    ax.grid(False)
    return figure
