"""Drawings that explain: each is computed from the object that it shows, and describes itself.

Every function returns a figure whose label is its alt text; `plotting.show` takes it from there.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle
from torch import Tensor, nn

from course_utils.lessons.hooks import layer_outputs
from course_utils.plotting import COLORS, show_image

INK = "#333333"
PAPER = "#F4F4F4"
BLUE, ORANGE, GREEN, PINK, SKY, AMBER, _ = COLORS
# What a layer does, by colour: the same in every drawing of the course.
LAYER_COLORS = {
    "Conv2d": BLUE,
    "Linear": ORANGE,
    "MaxPool2d": GREEN,
    "AvgPool2d": GREEN,
    "AdaptiveAvgPool2d": GREEN,
    "BatchNorm2d": PINK,
    "GroupNorm": PINK,
}
# Layers that change numbers one by one, or only their order: drawn as part of their neighbour.
QUIET = (nn.ReLU, nn.Dropout, nn.Flatten, nn.Identity)


def _canvas(width: float, height: float, limits: tuple[float, float]) -> tuple[Figure, Axes]:
    """Empty axes of `limits` units, equal in both directions."""
    figure, ax = plt.subplots(figsize=(width, height))
    ax.set(xlim=(0, limits[0]), ylim=(0, limits[1]), aspect="equal")
    ax.axis("off")
    return figure, ax


def _box(ax: Axes, x: float, y: float, text: str, color: str, size=(2.2, 1.0)) -> None:
    """A rounded box around its middle (x, y)."""
    corner = (x - size[0] / 2, y - size[1] / 2)
    style = "round,pad=0,rounding_size=0.18"
    ax.add_patch(FancyBboxPatch(corner, *size, boxstyle=style, fc=PAPER, ec=color, lw=1.8))
    ax.text(x, y, text, ha="center", va="center", fontsize=9, color=INK)


def _arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], *, text="", bend=0.0
) -> None:
    style = f"arc3,rad={bend}"
    patch = FancyArrowPatch(
        start, end, arrowstyle="-|>", mutation_scale=12, color=INK, lw=1.3, connectionstyle=style
    )
    ax.add_patch(patch)
    if text:
        x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        ax.text(x, y + 0.16, text, ha="center", va="bottom", fontsize=8, color=INK)


def training_loop() -> Figure:
    """The loop of lesson 00: batch, model, loss, gradient, step."""
    figure, ax = _canvas(7.5, 2.7, (12.4, 4.4))
    top, bottom = 3.3, 0.9
    _box(ax, 1.3, top, "batch of\nimages", BLUE)
    _box(ax, 4.5, top, "model", ORANGE)
    _box(ax, 7.7, top, "logits", BLUE)
    _box(ax, 10.9, top, "loss", PINK)
    _box(ax, 10.9, bottom, "labels", BLUE)
    _box(ax, 7.7, bottom, "gradient", GREEN)
    _box(ax, 4.5, bottom, "optimizer", ORANGE)
    _arrow(ax, (2.4, top), (3.4, top))
    _arrow(ax, (5.6, top), (6.6, top))
    _arrow(ax, (8.8, top), (9.8, top))
    _arrow(ax, (10.9, bottom + 0.5), (10.9, top - 0.5))
    _arrow(ax, (10.0, top - 0.5), (8.5, bottom + 0.5))
    ax.text(9.0, 2.25, "backward()", fontsize=8, color=INK, ha="right")
    _arrow(ax, (6.6, bottom), (5.6, bottom))
    _arrow(ax, (4.5, bottom + 0.5), (4.5, top - 0.5))
    ax.text(4.35, 2.1, "step()", fontsize=8, color=INK, ha="right")
    ax.text(1.3, bottom, "and again,\nwith the next batch", fontsize=8, color=INK, ha="center")
    figure.set_label(
        "The training loop: a batch of images goes through the model and becomes logits; the loss "
        "compares them with the labels; backward() gives the gradient; the optimizer's step() "
        "changes the model; and again, with the next batch."
    )
    return figure


def _shape_text(shape: Sequence[int]) -> str:
    return " x ".join(str(side) for side in shape)


def _stack(
    ax: Axes, x: float, shape: Sequence[int], color: str, scale: float
) -> tuple[float, float, float]:
    """Feature maps (C, H, W) as a block in perspective, or a row (C,) as a bar; returns its width,
    its bottom and its top.
    """
    if len(shape) == 1:
        height = min(0.35 * shape[0] ** 0.35, 4.0)
        ax.add_patch(Rectangle((x, -height / 2), 0.28, height, fc=color, ec="white", alpha=0.85))
        return 0.28, -height / 2, height / 2
    depth = 0.1 * shape[0] ** 0.5
    side = scale * max(shape[1:]) ** 0.75
    lean = 0.35 * side
    front = [(x, -side / 2), (x + depth, -side / 2), (x + depth, side / 2), (x, side / 2)]
    ax.add_patch(Polygon(front, fc=color, ec="white", alpha=0.85))
    roof = [(x, side / 2), (x + depth, side / 2), (x + depth + lean, side / 2 + lean)]
    roof.append((x + lean, side / 2 + lean))
    ax.add_patch(Polygon(roof, fc=color, ec="white", alpha=0.6))
    flank = [(x + depth, -side / 2), (x + depth + lean, -side / 2 + lean)]
    flank += [(x + depth + lean, side / 2 + lean), (x + depth, side / 2)]
    ax.add_patch(Polygon(flank, fc=color, ec="white", alpha=0.4))
    return depth + lean, -side / 2, side / 2 + lean


def network(model: nn.Module, image_shape: tuple[int, int, int] = (3, 32, 32)) -> Figure:
    """A network drawn from itself: what each of its layers gives for one image, left to right.

    Blocks are feature maps (height and width by their side, channels by their depth), bars are rows
    of numbers. Layers that work number by number are left out.
    """
    device = next(model.parameters()).device
    outputs = layer_outputs(model, torch.zeros(1, *image_shape, device=device))
    layers = dict(model.named_modules())
    steps = [("image", tuple(image_shape), INK)]
    for name, output in outputs.items():
        if not isinstance(layers[name], QUIET):
            kind = type(layers[name]).__name__
            steps.append((kind, tuple(output.shape[1:]), LAYER_COLORS.get(kind, SKY)))
    figure, ax = plt.subplots()
    x, scale = 0.0, 3.2 / max(image_shape[1:]) ** 0.75
    for kind, shape, color in steps:
        width, bottom, top = _stack(ax, x, shape, color, scale)
        middle = x + width / 2
        look = {"rotation": 35, "rotation_mode": "anchor", "fontsize": 8, "color": INK}
        ax.text(middle, bottom - 0.2, kind, ha="right", va="top", **look)
        ax.text(middle, top + 0.2, _shape_text(shape), ha="left", **look)
        x += width + 0.55
    ax.set(xlim=(-0.9, x + 0.5), ylim=(-3.7, 4.7), aspect="equal")
    ax.axis("off")
    width = min(0.5 * x + 0.7, 11)
    figure.set_size_inches(width, width * 8.4 / (x + 1.4))
    listed = ", ".join(f"{kind} {_shape_text(shape)}" for kind, shape, _ in steps)
    figure.set_label(f"A network, from left to right: {listed}.")
    return figure


def _number_grid(ax: Axes, values: Tensor, x: float, y: float, *, known: int | None = None) -> None:
    """A matrix as squares with numbers in them, its top left corner at (x, y)."""
    top = values.abs().max().clamp(min=1e-9)
    for index, value in enumerate(values.flatten().tolist()):
        row, column = divmod(index, values.shape[1])
        shown = known is None or index < known
        color = plt.get_cmap("PuOr")(0.5 - 0.4 * value / top.item()) if shown else "white"
        corner = (x + column, y - row - 1)
        ax.add_patch(Rectangle(corner, 1, 1, fc=color, ec="#BBBBBB", lw=0.6))
        if shown:
            middle = (corner[0] + 0.5, corner[1] + 0.5)
            ink = "white" if abs(value) > 0.7 * top else INK
            ax.text(*middle, f"{value:g}", ha="center", va="center", fontsize=8, color=ink)


def convolution_steps(image: Tensor, kernel: Tensor, steps: Sequence[int] = (0, 1, 3)) -> Figure:
    """A kernel sliding over an image, as a filmstrip: image (H, W), kernel (k, k), stride 1.

    First the kernel; then each picture shows the window at one place, counted row by row from 0,
    and the map so far.
    """
    k = len(kernel)
    result = torch.nn.functional.conv2d(image[None, None], kernel[None, None])[0, 0]
    width, height = image.shape[1], image.shape[0]
    one, first = width + 1.6 + result.shape[1], k + 0.6  # widths, in squares
    size = 0.34 * (first + one * len(steps)), 0.34 * (height + 2.2)
    ratios = [first, *[one] * len(steps)]
    figure, axes = plt.subplots(1, len(ratios), figsize=size, width_ratios=ratios)
    _number_grid(axes[0], kernel, 0, (height + k) / 2)
    axes[0].set(xlim=(-0.3, k + 0.3), ylim=(-0.3, height + 1.2), aspect="equal")
    axes[0].set_title("the kernel", fontsize=9)
    axes[0].axis("off")
    for ax, step in zip(axes[1:], steps, strict=True):
        row, column = divmod(step, result.shape[1])
        _number_grid(ax, image, 0, height)
        corner = (column, height - row - k)
        ax.add_patch(Rectangle(corner, k, k, fill=False, ec=ORANGE, lw=2.5))
        _number_grid(ax, result, width + 1, height - 1, known=step + 1)
        place = (width + 1 + column, height - 2 - row)
        ax.add_patch(Rectangle(place, 1, 1, fill=False, ec=ORANGE, lw=2.5))
        start, end = (column + k / 2, height - row), (place[0] + 0.5, place[1] + 1)
        _arrow(ax, start, end, bend=-0.35)
        ax.set(xlim=(-0.3, width + 1.3 + result.shape[1]), ylim=(-0.3, height + 1.2))
        ax.set(aspect="equal")
        ax.set_title(f"place {step + 1} of {result.numel()}", fontsize=9)
        ax.axis("off")
    values = ", ".join(f"{result.flatten()[step].item():g}" for step in steps)
    figure.set_label(
        f"A {k}x{k} kernel and how it slides over a {height}x{width} image. At each place the window "
        f"is multiplied with the kernel and added up; at the places shown the map gets {values}."
    )
    return figure


def channels(layer: nn.Conv2d, shown: int = 4) -> Figure:
    """How a convolution mixes channels: each kernel has a slice for every input channel, and makes
    one output channel.
    """
    inputs, outputs = layer.in_channels, layer.out_channels
    shown = min(shown, outputs)
    side, gap = 1.5, 0.35
    height = shown * (side + gap)
    figure, ax = plt.subplots(figsize=(7.2, 0.62 * height + 0.9))
    names = ("red", "green", "blue") if inputs == 3 else [f"{i}" for i in range(inputs)]
    drawn = min(inputs, 3)
    for index in range(drawn):
        y = height / 2 - side / 2 + (drawn / 2 - index - 0.5) * (side + 0.15)
        ax.add_patch(Rectangle((0, y), side, side, fc=PAPER, ec=INK))
        ax.text(side / 2, y + side / 2, names[index], ha="center", va="center", fontsize=8)
    stack = drawn * (side + 0.15) + 0.15
    frame = Rectangle((-0.15, (height - stack) / 2), side + 0.3, stack, fc="none", ec=INK)
    ax.add_patch(frame)  # every kernel sees all of it
    k = layer.kernel_size[0]
    for index in range(shown):
        y = height - (index + 1) * (side + gap) + gap / 2
        color = COLORS[index % 6]
        _arrow(ax, (side + 0.25, height / 2), (4.0, y + side / 2))
        for part in range(drawn):
            corner = (4.1 + 0.95 * part, y + 0.35)
            ax.add_patch(Rectangle(corner, 0.8, 0.8, fc=color, ec="white", alpha=0.5))
            ax.text(
                corner[0] + 0.4, corner[1] + 0.4, f"{k}x{k}", ha="center", va="center", fontsize=7
            )
            if index == 0:
                top = corner[1] + 0.95
                ax.text(corner[0] + 0.4, top, f"for {names[part]}", ha="center", fontsize=7)
        _arrow(ax, (4.1 + 0.95 * drawn, y + side / 2), (8.6, y + side / 2), text="add up")
        ax.add_patch(Rectangle((8.7, y), side, side, fc=color, ec="white", alpha=0.85))
    ax.text(side / 2, -0.35, f"{inputs} channels in", ha="center", va="top", fontsize=9)
    ax.text(
        5.5, -0.35, f"{outputs} kernels of {inputs} x {k} x {k}", ha="center", va="top", fontsize=9
    )
    ax.text(9.45, -0.35, f"{outputs} channels out", ha="center", va="top", fontsize=9)
    if shown < outputs:
        ax.text(9.45, height + 0.1, f"{shown} of {outputs} drawn", ha="center", fontsize=8)
    ax.set(xlim=(-0.4, 10.8), ylim=(-1.1, height + 0.6), aspect="equal")
    ax.axis("off")
    figure.set_label(
        f"{inputs} input channels; each of {outputs} kernels has a {k}x{k} slice for every input "
        f"channel, adds up what the slices find, and makes one of {outputs} output channels."
    )
    return figure


def receptive_fields(image: Tensor, sizes: dict[str, int]) -> Figure:
    """How far single numbers of a network see: image (3, H, W), float in [0, 1]; `sizes` gives for
    each layer's name the side of its receptive field in pixels.
    """
    figure, ax = plt.subplots(figsize=(4.6, 3.4))
    show_image(ax, image)
    height, width = image.shape[-2:]
    middle = (width / 2 - 0.5, height / 2 - 0.5)
    for index, (name, size) in enumerate(sizes.items()):
        color = COLORS[(index + 1) % 6]
        corner = (middle[0] - size / 2, middle[1] - size / 2)
        frame = Rectangle(corner, size, size, fill=False, ec=color, lw=2.2, label=f"{name}: {size}")
        frame.set_clip_on(False)
        ax.add_patch(frame)
    margin = max(0, max(sizes.values()) - min(height, width)) / 2 + 1
    ax.set(xlim=(-margin, width - 1 + margin), ylim=(height - 1 + margin, -margin))
    figure.legend(fontsize=9, loc="outside right center", title="side, in pixels", title_fontsize=9)
    listed = ", ".join(f"{name} {size}" for name, size in sizes.items())
    figure.set_label(
        f"Squares on an image, the part that one number sees after each layer: {listed}."
    )
    return figure
