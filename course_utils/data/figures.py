"""The figures of Shapes: ten things that a child can name, and a pair of arrows.

Every figure is a signed distance function: a formula that gives, for each point of the plane, its
distance to the outline, negative inside; clamped over one pixel, that gives smooth edges. It holds
nothing but arithmetic, roots and comparisons, which every processor rounds in the same way: images
depend neither on the number of threads nor on the order of the work.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

# Coordinates, (n, height, width) each, and a form, (n, 1, 1) -> two signed distances: of the body,
# and of a detail painted over the body in another colour, or None. x goes to the right, y up, and
# the figure lies within a radius of about 1. The form, from -1 to 1, is what varies within a class:
# no two houses are alike.
Distances = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor | None]]


class Figure(NamedTuple):
    """What is drawn for a class: half of its figures in this tint (red, green, blue), the others in
    any colour.
    """

    distances: Distances
    tint: tuple[float, float, float]


def _disc(x: Tensor, y: Tensor, radius: Tensor | float) -> Tensor:
    return (x * x + y * y).sqrt() - radius


def _box(x: Tensor, y: Tensor, half_width: Tensor | float, half_height: Tensor | float) -> Tensor:
    return torch.maximum(x.abs() - half_width, y.abs() - half_height)


def _roof(x: Tensor, y: Tensor, bottom: float, height: float, half_width: float) -> Tensor:
    """An isosceles triangle that stands on its base."""
    length = math.hypot(height, half_width)
    slope = x.abs() * (height / length) + (y - bottom - height) * (half_width / length)
    return torch.maximum(bottom - y, slope)


def _mirror(x: Tensor, y: Tensor, angle: float) -> tuple[Tensor, Tensor]:
    """Fold the plane along a line through 0, `angle` to the right of the upward axis."""
    across, along = math.cos(angle), -math.sin(angle)
    beyond = (across * x + along * y).clamp(min=0)
    return x - 2 * across * beyond, y - 2 * along * beyond


def _circle(x: Tensor, y: Tensor, form: Tensor) -> tuple[Tensor, None]:
    return _disc(x, y, 0.86), None


def _square(x: Tensor, y: Tensor, form: Tensor) -> tuple[Tensor, None]:
    return _box(x, y, 0.75, 0.75), None


def _triangle(x: Tensor, y: Tensor, form: Tensor) -> tuple[Tensor, None]:
    return _roof(x, y, -0.65, 1.6, 0.95), None


def _star(x: Tensor, y: Tensor, form: Tensor) -> tuple[Tensor, None]:
    """Five points, sharp or blunt: folded until half of one point is left."""
    u, v = _mirror(x.abs(), y, math.pi / 5)
    u, v = _mirror(-u, v, math.pi / 5)
    inner = 0.43 + 0.05 * form
    across, along = inner * math.sin(math.pi / 5), inner * math.cos(math.pi / 5)
    height = 1.05 - along  # from the inner corner to the tip
    length = (across * across + height * height).sqrt()
    return (u.abs() - across) * (height / length) + (v - along) * (across / length), None


def _heart(x: Tensor, y: Tensor, form: Tensor) -> tuple[Tensor, None]:
    """A square that stands on its corner, and two discs on its upper sides."""
    side, root = 0.58, math.sqrt(0.5)
    u, v = root * (x.abs() + y + 0.2), root * (y - x.abs() + 0.2)
    return torch.minimum(_box(u, v, side, side), _disc(u - side, v, side)), None


def _moon(x: Tensor, y: Tensor, form: Tensor) -> tuple[Tensor, None]:
    """A crescent, thin or thick."""
    cut = _disc(x - 0.46 - 0.08 * form, y - 0.1, 0.78)
    return torch.maximum(_disc(x + 0.05, y, 0.95), -cut), None


def _flower(x: Tensor, y: Tensor, form: Tensor) -> tuple[Tensor, Tensor]:
    """Six petals, slim or full, around a heart."""
    u, v = _mirror(x.abs(), y.abs(), math.pi / 6)
    petal, heart = _disc(u, v - 0.63, 0.32 + 0.03 * form), _disc(x, y, 0.36 + 0.05 * form)
    return torch.minimum(petal, heart), heart


def _house(x: Tensor, y: Tensor, form: Tensor) -> tuple[Tensor, Tensor]:
    walls, door = _box(x, y + 0.35, 0.64, 0.55), _box(x - 0.3 * form, y + 0.58, 0.17, 0.32)
    return torch.minimum(walls, _roof(x, y, 0.05, 0.85, 0.92)), door


def _fish(x: Tensor, y: Tensor, form: Tensor) -> tuple[Tensor, Tensor]:
    """A lens of two discs, slim or round, with a tail on the right and an eye."""
    lift = 0.5 - 0.08 * form
    body = _disc(x + 0.2, y.abs() + lift, 0.97)
    return torch.minimum(body, _roof(y, 1 - x, 0.0, 0.75, 0.6)), _disc(x + 0.6, y - 0.1, 0.14)


def _tree(x: Tensor, y: Tensor, form: Tensor) -> tuple[Tensor, Tensor]:
    """A fir, or a round crown where the form is positive."""
    fir = torch.minimum(_roof(x, y, -0.55, 1.0, 0.8), _roof(x, y, 0.05, 0.95, 0.6))
    crown = torch.minimum(_disc(x.abs() - 0.26, y - 0.05, 0.46), _disc(x, y - 0.5, 0.46))
    trunk = _box(x, y + 0.65, 0.17, 0.35)
    return torch.minimum(torch.where(form > 0, crown, fir), trunk), trunk


def _arrow_left(x: Tensor, y: Tensor, form: Tensor) -> tuple[Tensor, None]:
    head, shaft = _roof(y, -x, 0.1, 0.9, 0.7), _box(x - 0.4, y, 0.55, 0.22 + 0.04 * form)
    return torch.minimum(head, shaft), None


def _arrow_right(x: Tensor, y: Tensor, form: Tensor) -> tuple[Tensor, None]:
    return _arrow_left(-x, y, form)


FIGURES = {
    "circle": Figure(_circle, (1.0, 0.6, 0.2)),
    "square": Figure(_square, (0.3, 0.9, 0.9)),
    "triangle": Figure(_triangle, (0.7, 0.4, 1.0)),
    "star": Figure(_star, (1.0, 0.85, 0.2)),
    "heart": Figure(_heart, (1.0, 0.25, 0.35)),
    "moon": Figure(_moon, (0.95, 0.9, 0.65)),
    "flower": Figure(_flower, (1.0, 0.5, 0.85)),
    "house": Figure(_house, (0.85, 0.5, 0.35)),
    "fish": Figure(_fish, (0.3, 0.55, 1.0)),
    "tree": Figure(_tree, (0.35, 0.8, 0.3)),
    "arrow left": Figure(_arrow_left, (0.8, 0.8, 0.8)),
    "arrow right": Figure(_arrow_right, (0.8, 0.8, 0.8)),
}
CLASSES = tuple(FIGURES)[:10]
ARROWS = tuple(FIGURES)[10:]  # a mirror pair: flipping one gives the other
