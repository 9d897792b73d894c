"""Drawings of residual networks: each reads the block or the network that it shows."""

from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch
from torch import nn
from torch.fx import Node, symbolic_trace

from course_utils.lessons.diagrams import INK, LAYER_COLORS, _arrow, _box, _stack
from course_utils.lessons.hooks import forward_hooks
from course_utils.plotting import COLORS

SKIP_COLORS = {"identity": COLORS[1], "projection": COLORS[2]}
STEP = 2.5  # from one box to the next
UNIT = 0.4  # inches


def _chain(node: Node) -> list[Node]:
    """What is computed between a block's input and `node`, in order."""
    found = []
    while node.op != "placeholder":
        found.append(node)
        node = node.args[0]
    return found[::-1]


def _describe(block: nn.Module, node: Node) -> tuple[str, str]:
    """A step's text and colour; an empty text for one that changes nothing."""
    if node.op != "call_module":
        return {"relu": "ReLU"}.get(node.target.__name__, node.target.__name__), INK
    layer = block.get_submodule(node.target)
    color = LAYER_COLORS.get(type(layer).__name__, INK)
    if isinstance(layer, nn.Conv2d):
        k, stride = layer.kernel_size[0], layer.stride[0]
        end = f"\nstride {stride}" if stride > 1 else ""
        return f"{k}x{k} conv\n{layer.in_channels} to {layer.out_channels}{end}", color
    names = {"BatchNorm2d": "BatchNorm", "Identity": ""}
    return names.get(type(layer).__name__, type(layer).__name__), color


def block_parts(block: nn.Module) -> dict[str, list[tuple[str, str]] | None]:
    """The steps of a block's "branch", of its "skip" (None without one) and "after" their sum, each
    as (text, colour); read from what its `forward` does.
    """
    nodes = list(symbolic_trace(block).graph.nodes)
    sums = [node for node in nodes if getattr(node.target, "__name__", "") in ("add", "iadd")]
    last = nodes[-1].args[0]
    if not sums:
        chains: dict[str, Any] = {"branch": _chain(last), "skip": None, "after": []}
    else:
        skip, branch = sorted((_chain(arm) for arm in sums[-1].args), key=len)
        after = nodes[nodes.index(sums[-1]) + 1 : -1]
        chains = {"branch": branch, "skip": skip, "after": after}
    described = {
        name: chain if chain is None else [_describe(block, node) for node in chain]
        for name, chain in chains.items()
    }
    return {
        name: steps if steps is None else [step for step in steps if step[0]]
        for name, steps in described.items()
    }


def _row(ax: Axes, x: float, y: float, steps: list[tuple[str, str]]) -> float:
    """Boxes from left to right, joined by arrows; the middle of the first is x, the next free x is
    returned.
    """
    for number, (text, color) in enumerate(steps):
        _box(ax, x, y, text, color, size=(2.0, 1.3))
        if number + 1 < len(steps):
            _arrow(ax, (x + 1.0, y), (x + STEP - 1.0, y))
        x += STEP
    return x


def residual_block(block: nn.Module) -> Figure:
    """A block from left to right, as its `forward` computes it: the branch below, what goes around
    it above.
    """
    parts = block_parts(block)
    branch, after = parts["branch"] or [], parts["after"] or []
    skip = parts["skip"]
    top, bottom = 2.3, 0.0
    figure, ax = plt.subplots()
    ax.text(0.0, bottom, "input", ha="center", va="center", fontsize=9, color=INK)
    _arrow(ax, (0.6, bottom), (1.5, bottom))
    x = _row(ax, 2.5, bottom, branch)
    if skip is not None:
        _arrow(ax, (x - 1.5, bottom), (x - 0.6, bottom))
        _around(ax, skip, 1.0, x - 0.2, top)
        ax.add_patch(Circle((x - 0.2, bottom), 0.38, fc="white", ec=INK, lw=1.6))
        ax.text(x - 0.2, bottom - 0.02, "+", ha="center", va="center", fontsize=14, color=INK)
        x += 2.3
        _arrow(ax, (x - 2.1, bottom), (x - 1.0 if after else x - 0.7, bottom))
        x = _row(ax, x, bottom, after)
    if after or skip is None:
        _arrow(ax, (x - 1.5, bottom), (x - 0.7, bottom))
    ax.text(x, bottom, "output", ha="center", va="center", fontsize=9, color=INK)
    height = top + 1.0 if skip is not None else 1.0
    ax.set(xlim=(-0.8, x + 0.9), ylim=(-0.9, height), aspect="equal")
    ax.axis("off")
    figure.set_size_inches(UNIT * (x + 1.7), max(UNIT * (height + 0.9), 1.6))
    listed = {name: ", ".join(t.replace("\n", " ") for t, _ in parts[name] or []) for name in parts}
    around = (
        "nothing goes around it" if skip is None else f"around it: {listed['skip'] or 'identity'}"
    )
    end = f"; then {listed['after']}" if after else ""
    figure.set_label(
        f"A block from input to output. Its branch: {listed['branch']}; {around}{end}."
    )
    return figure


def _around(ax: Axes, skip: list[tuple[str, str]], start: float, end: float, y: float) -> None:
    """The way around a branch, at height y: boxes for a projection, a bare line for an identity."""
    color = SKIP_COLORS["projection" if skip else "identity"]
    middle = (start + end) / 2
    ax.plot([start, start], [0, y], color=color, lw=2)
    left, right = middle - STEP * (len(skip) - 1) / 2, middle + STEP * (len(skip) - 1) / 2
    if skip:
        ax.plot([start, left - 1.0], [y, y], color=color, lw=2)
        _row(ax, left, y, skip)
        ax.plot([right + 1.0, end], [y, y], color=color, lw=2)
    else:
        ax.plot([start, end], [y, y], color=color, lw=2)
        ax.text(middle, y + 0.15, "identity", ha="center", va="bottom", fontsize=9, color=color)
    arrow = {"arrowstyle": "-|>", "mutation_scale": 13, "color": color, "lw": 2}
    ax.add_patch(FancyArrowPatch((end, y + 0.02), (end, 0.3), **arrow))


def kind_of_skip(block: nn.Module) -> str:
    """ "none", "identity" or "projection": what goes around a block."""
    skip = block_parts(block)["skip"]
    return "none" if skip is None else "projection" if skip else "identity"


def residual_network(model: nn.Module, image_shape: tuple[int, int, int] = (3, 32, 32)) -> Figure:
    """A network's blocks, in order, by the maps that each gives for one image, and what goes around
    each of them: an arc for every skip. A block is a module with a `conv2`.
    """
    blocks = {name: layer for name, layer in model.named_modules() if hasattr(layer, "conv2")}
    shapes: dict[str, tuple[int, ...]] = {}

    def keep(name: str, inputs: torch.Tensor, outputs: torch.Tensor) -> None:
        shapes[name] = tuple(outputs.shape[1:])

    training = model.training
    with forward_hooks(blocks, keep), torch.no_grad():
        model.eval()(torch.zeros(1, *image_shape, device=next(model.parameters()).device))
    model.train(training)
    figure, ax = plt.subplots()
    scale = 2.4 / image_shape[1] ** 0.75
    x = _stack(ax, 0.0, image_shape, INK, scale)[0] + 0.9
    before, counts = None, {"none": 0, "identity": 0, "projection": 0}
    for name, block in blocks.items():
        kind, shape = kind_of_skip(block), shapes[name]
        counts[kind] += 1
        width, _, _ = _stack(ax, x, shape, COLORS[0], scale)
        if kind != "none":
            dashes = {"ls": "--"} if kind == "projection" else {}
            arc = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=-0.6", "mutation_scale": 11}
            ends = (x - 0.45, 1.9), (x + width + 0.25, 1.9)
            ax.add_patch(FancyArrowPatch(*ends, color=SKIP_COLORS[kind], lw=2, **arc, **dashes))
        if shape != before:
            text = " x ".join(map(str, shape))
            ax.text(x, -1.75, text, ha="left", va="top", fontsize=9, color=INK)
        before = shape
        x += width + 0.75
    ax.text(0.0, -1.75, "image", fontsize=9, va="top", color=INK)
    for kind in ("identity", "projection"):
        style = "--" if kind == "projection" else "-"
        ax.plot([], [], style, color=SKIP_COLORS[kind], lw=2, label=f"{kind}: {counts[kind]}")
    ax.legend(fontsize=9, loc="upper right", ncols=2)
    ax.set(xlim=(-0.5, x + 0.2), ylim=(-2.4, 3.9), aspect="equal")
    ax.axis("off")
    width = min(0.45 * x + 0.5, 11)
    figure.set_size_inches(width, width * 6.3 / (x + 0.7))
    numbers = ", ".join(f"{count} with skip {kind}" for kind, count in counts.items() if count)
    sizes = ", ".join(dict.fromkeys(" x ".join(map(str, shape)) for shape in shapes.values()))
    figure.set_label(f"{len(blocks)} blocks from left to right, {numbers}; maps of {sizes}.")
    return figure
