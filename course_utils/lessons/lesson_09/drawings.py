"""Drawings of recurrent networks and of attention: each is computed from the object it shows."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from torch import Tensor, nn
from torch.fx import symbolic_trace

from course_utils.lessons.diagrams import BLUE, GREEN, INK, ORANGE, PINK, _arrow, _box, _canvas
from course_utils.plotting import show_image

GATES = {"i": "input", "f": "forget", "g": "candidate", "o": "output"}  # in torch's order
TIMES = "\N{MULTIPLICATION SIGN}"
GATE_COLORS = {"i": BLUE, "f": ORANGE, "g": GREEN, "o": PINK}


def unrolled(states: Tensor, pixels: Tensor, first: int = 3) -> Figure:
    """A cell that reads a picture, unrolled: the first steps and the last, each with the row that
    it reads and the state that it hands on.

    `states` (steps, hidden) is what the cell gave, `pixels` (3, steps, W), in [0, 1], what it read.
    """
    steps, hidden = states.shape
    states = states.detach().cpu()
    shown = [*range(min(first, steps - 1)), steps - 1]
    width, top = 3.3, states.abs().max().clamp(min=1e-9)
    figure, ax = _canvas(10.5, 3.6, (width * (len(shown) + 1) + 2.2, 5.9))
    show_image(ax, pixels.cpu())
    ax.images[0].set_extent((0.0, 2.2, 1.6, 3.8))
    ax.text(1.1, 1.35, f"{steps} rows", ha="center", va="top", fontsize=9, color=INK)
    side = int(hidden**0.5)
    for number, step in enumerate(shown):
        x = 4.2 + width * number + (1.0 if step == steps - 1 else 0.0)
        row = pixels[:, step : step + 1].clamp(0, 1).permute(1, 2, 0).cpu().numpy()
        ax.imshow(row, extent=(x - 1.2, x + 1.2, 0.7, 1.05), aspect="auto")
        ax.text(x, 0.55, f"row {step}", ha="center", va="top", fontsize=9, color=INK)
        _arrow(ax, (x, 1.1), (x, 2.1))
        _box(ax, x, 2.6, "cell", ORANGE, size=(1.5, 0.95))
        if number:
            _arrow(ax, (x - width + 0.75 - (step == steps - 1), 2.6), (x - 0.75, 2.6))
        _arrow(ax, (x, 3.1), (x, 3.85))
        square = states[step, : side * side].view(side, side).numpy()
        extent = (x - 0.65, x + 0.65, 3.9, 5.2)
        ax.imshow(square, cmap="PuOr", vmin=-top, vmax=top, extent=extent)
        ax.text(x, 5.3, f"state {step}", ha="center", va="bottom", fontsize=9, color=INK)
    gap = 4.2 + width * (len(shown) - 1.5) + 0.45
    ax.text(gap, 2.85, "...", ha="center", fontsize=12, color=INK)
    end = 4.2 + width * (len(shown) - 1) + 1.0
    _arrow(ax, (end + 0.75, 4.5), (end + 1.5, 4.5))
    ax.text(end + 1.6, 4.5, "linear\nlayer", va="center", fontsize=9, color=INK)
    ax.set(xlim=(-0.1, end + 3.0), ylim=(0.0, 5.9), aspect="equal")
    figure.set_label(
        f"A cell unrolled: {steps} copies of it in a row, drawn are those for rows "
        f"{', '.join(map(str, shown))}. Each reads one row of the picture and the state before, and "
        f"hands on a state of {hidden} numbers; a linear layer reads the last one."
    )
    return figure


def gate_functions(cell: nn.Module) -> dict[str, str]:
    """Which function each of i, f, g, o passes through: read from what the cell's `forward` does.

    Raises:
        ValueError: if the cell does not cut its sums into four parts.
    """
    nodes = list(symbolic_trace(cell).graph.nodes)
    parts = [
        node
        for node in nodes
        if getattr(node.target, "__name__", "") == "getitem" and node.args[0].target == "chunk"
    ]
    if len(parts) != len(GATES):
        raise ValueError(f"the cell cuts its sums into {len(parts)} parts: an LSTM has 4")
    found = {}
    for node in parts:
        (user,) = node.users
        found[list(GATES)[node.args[1]]] = getattr(user.target, "__name__", user.target)
    return found


def _operation(ax: Axes, x: float, y: float, text: str) -> None:
    ax.add_patch(Circle((x, y), 0.34, fc="white", ec=INK, lw=1.5, zorder=3))
    ax.text(x, y, text, ha="center", va="center", fontsize=12, color=INK, zorder=4)


def _line(ax: Axes, *points: tuple[float, float]) -> None:
    ax.plot(*zip(*points, strict=True), color=INK, lw=1.3, solid_capstyle="round")


def lstm_cell(cell: nn.Module) -> Figure:
    """An LSTM cell: the memory c runs along the top and is only multiplied and added to; the gates
    below read the row and the state h. Functions and sizes are read from the cell, which has two
    linear layers, `from_input` and `from_state`, for all gates together.
    """
    functions, inputs = gate_functions(cell), cell.from_input.in_features
    hidden = cell.from_state.in_features
    figure, ax = _canvas(8.6, 4.6, (15.0, 7.6))
    places = {"f": 4.0, "i": 6.4, "g": 8.6, "o": 11.0}
    memory = 6.4
    gates = 2.6
    line = 1.2
    for name, x in places.items():
        _arrow(ax, (x, line), (x, gates - 0.6))
        text = f"{name}: {GATES[name]}\n{functions[name]}"
        _box(ax, x, gates, text, GATE_COLORS[name], size=(2.0, 1.2))
    _line(ax, (1.9, line), (places["o"], line))
    ax.text(1.7, line, f"row ({inputs})\nstate h ({hidden})", ha="right", va="center", fontsize=9)
    ax.text(1.7, memory, f"memory c ({hidden})", ha="right", va="center", fontsize=9)
    _arrow(ax, (1.9, memory), (places["f"] - 0.34, memory))
    middle = (places["i"] + places["g"]) / 2
    _arrow(ax, (places["f"] + 0.34, memory), (middle - 0.34, memory))
    _arrow(ax, (middle + 0.34, memory), (13.2, memory))
    _arrow(ax, (places["f"], gates + 0.6), (places["f"], memory - 0.34))
    _arrow(ax, (places["i"], gates + 0.6), (middle - 0.3, 4.2))
    _arrow(ax, (places["g"], gates + 0.6), (middle + 0.3, 4.2))
    _arrow(ax, (middle, 4.74), (middle, memory - 0.34))
    _operation(ax, places["f"], memory, TIMES)
    _operation(ax, middle, 4.4, TIMES)
    _operation(ax, middle, memory, "+")
    _line(ax, (places["o"] + 1.2, memory), (places["o"] + 1.2, 5.5))
    _box(ax, places["o"] + 1.2, 5.1, "tanh", INK, size=(1.2, 0.7))
    _arrow(ax, (places["o"] + 1.2, 4.75), (places["o"] + 1.2, 4.1))
    _arrow(ax, (places["o"], gates + 0.6), (places["o"] + 0.95, 3.55))
    _operation(ax, places["o"] + 1.2, 3.76, TIMES)
    _arrow(ax, (places["o"] + 1.54, 3.76), (13.2, 3.76))
    ax.text(13.4, memory, "new c", va="center", fontsize=9)
    ax.text(13.4, 3.76, "new h", va="center", fontsize=9)
    listed = ", ".join(f"{name} ({GATES[name]}, {functions[name]})" for name in places)
    figure.set_label(
        f"An LSTM cell that reads {inputs} numbers into a state of {hidden}. Gates {listed}. The "
        "memory c is multiplied by f, then i times g is added; the new state h is o times tanh of "
        "the new c."
    )
    return figure


def attention_from(weights: Tensor, pixels: Tensor, grid: tuple[int, int], asked: int) -> Figure:
    """Where one patch looks: the picture, and beside it the weight of every patch for patch `asked`
    (framed).

    `weights` (patches, patches) as softmax gives them, `pixels` (3, H, W) in [0, 1], `grid` the
    patches down and across.
    """
    figure, axes = plt.subplots(1, 2, figsize=(6.2, 2.9), width_ratios=(1, 1.25))
    height, width = pixels.shape[1] / grid[0], pixels.shape[2] / grid[1]
    row, column = divmod(asked, grid[1])
    show_image(axes[0], pixels)
    shown = weights[asked].view(grid).cpu().numpy()
    extent = (-0.5, pixels.shape[2] - 0.5, pixels.shape[1] - 0.5, -0.5)
    image = axes[1].imshow(shown, vmin=0, extent=extent)
    for ax in axes:
        corner = (column * width - 0.5, row * height - 0.5)
        ax.add_patch(Rectangle(corner, width, height, fill=False, ec=ORANGE, lw=2.5))
        ax.axis("off")
    figure.colorbar(image, ax=axes[1], shrink=0.85, label="weight")
    down, across = divmod(int(shown.argmax()), grid[1])
    figure.set_label(
        f"A picture, and the weights with which the patch in row {row}, column {column} takes from "
        f"all {shown.size} patches: most, {shown.max():.2f}, from row {down}, column {across}."
    )
    return figure


def picture_as_sequence(pixels: Tensor, sequence: Tensor, steps: Sequence[int] = (5, 16)) -> Figure:
    """A picture (3, H, W), in [0, 1], beside the sequence (H, 3 * W) that a network reads, with
    some of the steps marked in both.
    """
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.5), width_ratios=(1, 3))
    show_image(axes[0], pixels)
    axes[1].imshow(sequence.cpu().numpy(), cmap="gray", aspect="auto")
    for step, color in zip(steps, (ORANGE, BLUE), strict=False):
        for ax, right in ((axes[0], pixels.shape[2]), (axes[1], sequence.shape[1])):
            ax.add_patch(Rectangle((-0.5, step - 0.5), right, 1, fill=False, ec=color, lw=2))
    axes[0].set_title("picture", fontsize=10)
    axes[1].set_title("sequence: red, green and blue side by side", fontsize=10)
    axes[1].set(xlabel="number in the step", ylabel="step")
    axes[1].grid(False)
    listed = " and ".join(map(str, steps))
    figure.set_label(
        f"A picture of {pixels.shape[1]} rows, and the same as a sequence of {len(sequence)} steps "
        f"of {sequence.shape[1]} numbers, in grey; rows {listed} are framed in both."
    )
    return figure
