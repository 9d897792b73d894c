"""The figures of lesson 05: losses over the rate, and which numbers a layer averages."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from course_utils.plotting import COLORS

STYLES = {
    "no normalisation": {"color": COLORS[1], "marker": "s", "linestyle": "--"},
    "batch normalisation": {"color": COLORS[0], "marker": "o", "linestyle": "-"},
}


def rates(found: Mapping[str, Any]) -> Figure:
    """The loss at the end of short trainings over the learning rate, with and without batch
    normalisation: the line is the mean over seeds, each small mark a seed.

    `found` holds "setting", "rates", "chance" and, by each network's name, "losses"[seed][rate]; a
    loss of twice "chance" stands for a training that diverged.
    """
    figure, ax = plt.subplots(figsize=(6.4, 3.4))
    said = []
    for name, style in STYLES.items():
        losses = torch.tensor(found[name]["losses"])  # (seeds, rates)
        means = losses.mean(dim=0)
        ax.semilogx(found["rates"], means, **style, markersize=5, label=name)
        for row in losses:
            ax.plot(found["rates"], row, style["marker"], color=style["color"], markersize=2)
        best = int(means.argmin())
        said.append(f"{name} is lowest at rate {found['rates'][best]:g}, {means[best]:.2f}")
    ax.axhline(found["chance"], color="black", linewidth=0.8)
    ax.text(found["rates"][0], found["chance"] + 0.05, "knows nothing", fontsize=8)
    ceiling = 2 * found["chance"]
    ylabel = f"loss at the end, at most {ceiling:.1f}"
    ax.set(xlabel="learning rate", ylabel=ylabel, title=found["setting"])
    ax.title.set_fontsize(10)
    ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(0, 0.9))
    figure.set_label(f"Loss at the end over the learning rate: {'; '.join(said)}.")
    return figure


def cells_that_matter(layer: nn.Module, x: Tensor, cell: tuple[int, ...]) -> Tensor:
    """Which numbers of x the layer's output at `cell` depends on: those whose gradient is not 0, as
    booleans of x's shape.
    """
    x = x.double().requires_grad_()
    layer(x)[cell].backward()
    return x.grad.abs() > 1e-12


def averaged_together(
    layers: Mapping[str, nn.Module], shape: tuple[int, int, int, int] = (3, 4, 2, 3)
) -> Figure:
    """For each layer, maps (N, C, H, W) as a table of small maps, a row an image, a column a channel;
    blue is what shares one mean with the framed number. Nothing is drawn by hand: the layer is asked.
    """
    n, c, h, w = shape
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    figure, axes = plt.subplots(1, len(layers), figsize=(2.7 * len(layers), 1.9))
    said = []
    for ax, (name, layer) in zip(axes, layers.items(), strict=True):
        marked = cells_that_matter(layer, x, (0, 0, 0, 0))
        for image, channel, row, column in torch.cartesian_prod(*map(torch.arange, shape)).tolist():
            corner = (channel * (w + 0.6) + column, -image * (h + 0.6) - row - 1)
            color = COLORS[0] if marked[image, channel, row, column] else "#E4E4E4"
            ax.add_patch(Rectangle(corner, 1, 1, fc=color, ec="white", lw=0.8))
        ax.add_patch(Rectangle((0, -1), 1, 1, fill=False, ec=COLORS[1], lw=2.2))
        for image in range(n):
            middle = -image * (h + 0.6) - h / 2
            ax.text(-0.4, middle, f"image {image + 1}", fontsize=7, ha="right", va="center")
        ax.text((w + 0.6) * c / 2, -n * (h + 0.6) - 0.5, "channels", fontsize=8, ha="center")
        ax.set(xlim=(-3.4, c * (w + 0.6) + 0.4), ylim=(-n * (h + 0.6) - 0.8, 0.4), aspect="equal")
        ax.set_title(f"{name}: {int(marked.sum())} numbers", fontsize=9)
        ax.axis("off")
        said.append(f"{name} {int(marked.sum())}")
    figure.set_label(
        f"Maps of {n} images with {c} channels of {h} x {w} places. Blue is what shares one mean "
        f"with the first number: {', '.join(said)} numbers."
    )
    return figure
