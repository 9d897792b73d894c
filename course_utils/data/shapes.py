"""Shapes, the built-in data set: ten things a child can name, drawn from code as 32x32 colour
images.

Every figure is a signed distance function: a formula that gives, for each point of the plane, its
distance to the outline, negative inside. Clamping that distance over one pixel gives smooth edges
at any size.
"""

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

VERSION = 1  # raise it whenever the images change: published results depend on it
CLASSES = (
    "circle",
    "square",
    "triangle",
    "star",
    "heart",
    "moon",
    "flower",
    "house",
    "fish",
    "tree",
)
ARROWS = ("arrow left", "arrow right")  # a mirror pair: flipping one gives the other

# The colour that half of a class's figures have, as red, green, blue; the others have any colour.
TINTS = {
    "circle": (1.0, 0.6, 0.2), "square": (0.3, 0.9, 0.9), "triangle": (0.7, 0.4, 1.0), "star": (1.0, 0.9, 0.2),
    "heart": (1.0, 0.2, 0.3), "moon": (0.9, 0.9, 0.7), "flower": (1.0, 0.5, 0.9), "house": (0.8, 0.5, 0.35),
    "fish": (0.3, 0.5, 1.0), "tree": (0.3, 0.85, 0.3), "arrow left": (0.8, 0.8, 0.8), "arrow right": (0.8, 0.8, 0.8),
}  # fmt: skip

# A figure maps coordinates (x to the right, y up, the figure within a radius of about 1) to two
# signed distances: its body, and a detail painted over the body in another colour.
Figure = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def _disc(x: Tensor, y: Tensor, cx: float, cy: float, radius: float) -> Tensor:
    return torch.hypot(x - cx, y - cy) - radius


def _box(
    x: Tensor, y: Tensor, cx: float, cy: float, half_width: float, half_height: float
) -> Tensor:
    return torch.maximum((x - cx).abs() - half_width, (y - cy).abs() - half_height)


def _roof(x: Tensor, y: Tensor, bottom: float, top: float, half_width: float) -> Tensor:
    """An isosceles triangle that stands on its base."""
    height = top - bottom
    slope = (x.abs() * height + (y - bottom) * half_width - half_width * height) / math.hypot(
        height, half_width
    )
    return torch.maximum(bottom - y, slope)


def _petals(x: Tensor, y: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """Fold the plane into one of `number` equal sectors, whose middle is the upward axis: (along,
    across).
    """
    sector = 2 * math.pi / number
    angle = torch.remainder(torch.atan2(x, y) + sector / 2, sector) - sector / 2
    radius = torch.hypot(x, y)
    return radius * angle.cos(), (radius * angle.sin()).abs()


def _nothing(x: Tensor) -> Tensor:
    return torch.full_like(x, 9.0)


def _circle(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return _disc(x, y, 0, 0, 0.85), _nothing(x)


def _square(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return _box(x, y, 0, 0, 0.75, 0.75), _nothing(x)


def _triangle(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return _roof(x, y, -0.65, 0.95, 0.95), _nothing(x)


def _star(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    along, across = _petals(x, y, 5)
    inner_along, inner_across = 0.42 * math.cos(math.pi / 5), 0.42 * math.sin(math.pi / 5)
    edge = (1.05 - inner_along, inner_across)  # from the inner corner to the tip, whose across is 0
    distance = ((along - inner_along) * edge[1] + (across - inner_across) * edge[0]) / math.hypot(
        *edge
    )
    return distance, _nothing(x)


def _heart(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    # half the side of a square that stands on its corner; two discs sit on its upper sides
    side = 0.58
    u, v = (x + y + 0.2) / math.sqrt(2), (y - x + 0.2) / math.sqrt(2)
    square = _box(u, v, 0, 0, side, side)
    discs = torch.minimum(_disc(u, v, side, 0, side), _disc(u, v, 0, side, side))
    return torch.minimum(square, discs), _nothing(x)


def _moon(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return torch.maximum(_disc(x, y, -0.1, 0, 0.95), -_disc(x, y, 0.4, 0.1, 0.75)), _nothing(x)


def _flower(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    along, across = _petals(x, y, 6)
    heart = _disc(x, y, 0, 0, 0.36)
    return torch.minimum(_disc(along, across, 0.62, 0, 0.34), heart), heart


def _house(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    walls = _box(x, y, 0, -0.4, 0.62, 0.5)
    return torch.minimum(walls, _roof(x, y, 0.05, 0.9, 0.9)), _box(x, y, 0.18, -0.6, 0.18, 0.3)


def _fish(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    body = torch.maximum(
        _disc(x, y, -0.2, 0.55, 0.97), _disc(x, y, -0.2, -0.55, 0.97)
    )  # a lens of two discs
    tail = _roof(y, 1 - x, 0.0, 0.75, 0.6)
    return torch.minimum(body, tail), _disc(x, y, -0.6, 0.1, 0.13)


def _tree(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    leaves = torch.minimum(_roof(x, y, -0.55, 0.45, 0.8), _roof(x, y, 0.05, 1.0, 0.58))
    trunk = _box(x, y, 0, -0.75, 0.17, 0.25)
    return torch.minimum(leaves, trunk), trunk


def _arrow_left(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return torch.minimum(_roof(y, -x, 0.1, 1.0, 0.7), _box(x, y, 0.4, 0, 0.55, 0.22)), _nothing(x)


def _arrow_right(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    return _arrow_left(-x, y)


FIGURES: dict[str, Figure] = {
    "circle": _circle, "square": _square, "triangle": _triangle, "star": _star, "heart": _heart,
    "moon": _moon, "flower": _flower, "house": _house, "fish": _fish, "tree": _tree,
    "arrow left": _arrow_left, "arrow right": _arrow_right,
}  # fmt: skip


def draw(
    labels: Tensor,
    *,
    seed: int,
    classes: Sequence[str] = CLASSES,
    size: int = 32,
    max_shift: float = 5.0,
    difficulty: float = 1.0,
) -> Tensor:
    """Draw one image for each label: (N,) whole numbers -> (N, 3, size, size), uint8, RGB.

    Equal arguments give equal images (on one machine; another may round a pixel differently).
    `max_shift` is how far from the centre a figure may stand, in pixels of a 32-pixel image, along
    each axis. `difficulty` scales what hides the figure, texture and noise; 0 is plain figures on a
    plain ground.

    Raises:
        ValueError: if a class is unknown, or a label is not a number of one.
    """
    unknown = [name for name in classes if name not in FIGURES]
    if unknown:
        raise ValueError(f"no such shape: {unknown[0]!r}; there are {', '.join(FIGURES)}")
    if labels.numel() and not (labels.min() >= 0 and labels.max() < len(classes)):
        raise ValueError(
            f"labels go from {labels.min()} to {labels.max()}: {len(classes)} classes have 0 to {len(classes) - 1}"
        )
    generator = torch.Generator().manual_seed(seed)
    images = torch.empty(len(labels), 3, size, size, dtype=torch.uint8)
    for start in range(0, len(labels), 1000):  # bounds the memory that the drawing takes
        chunk = labels[start : start + 1000]
        images[start : start + 1000] = _draw_chunk(
            chunk, generator, classes, size, max_shift, difficulty
        )
    return images


def _draw_chunk(
    labels: Tensor,
    generator: torch.Generator,
    classes: Sequence[str],
    size: int,
    max_shift: float,
    difficulty: float,
) -> Tensor:
    def uniform(low: float, high: float, *shape: int) -> Tensor:
        """Random numbers of shape (N, *shape), by default (N, 1, 1, 1)."""
        return low + (high - low) * torch.rand(
            len(labels), *(shape or (1, 1, 1)), generator=generator
        )

    mirrored = not any(name in ARROWS for name in classes)
    body, detail = _cover(labels, classes, *_coordinates(uniform, size, max_shift, mirrored))
    ground, paint = _colours(uniform, torch.tensor([TINTS[name] for name in classes])[labels])
    ground = ground + 0.13 * difficulty * _texture(uniform, size)
    paint = paint + 0.06 * difficulty * _texture(uniform, size)
    image = ground + body * (paint - ground) + detail * 0.75 * (uniform(0.1, 0.9, 3, 1, 1) - paint)
    image = image * uniform(0.65, 1.1) + uniform(-0.05, 0.1)  # exposure
    image = image + 0.04 * difficulty * torch.randn(image.shape, generator=generator)
    return (image.clamp(0, 1) * 255).round().to(torch.uint8)


def _coordinates(
    uniform: Callable[..., Tensor], size: int, max_shift: float, mirrored: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Every pixel in its figure's own frame: x and y, (N, size, size), and the frame's unit in
    pixels, (N, 1, 1).
    """
    pixel = (torch.arange(size) + 0.5) * (32 / size) - 16
    x, y = (
        pixel - uniform(-max_shift, max_shift, 1, 1),
        -pixel[:, None] - uniform(-max_shift, max_shift, 1, 1),
    )
    tilt, radius = uniform(-0.35, 0.35, 1, 1), uniform(8.0, 12.0, 1, 1)
    u, v = (tilt.cos() * x + tilt.sin() * y) / radius, (tilt.cos() * y - tilt.sin() * x) / radius
    if mirrored:
        u = u * torch.where(uniform(0, 1, 1, 1) < 0.5, -1.0, 1.0)
    return u, v, radius * (size / 32)


def _cover(
    labels: Tensor, classes: Sequence[str], u: Tensor, v: Tensor, unit: Tensor
) -> tuple[Tensor, Tensor]:
    """How much of each pixel the figure's body and its detail cover, from 0 to 1: two of (N, 1,
    size, size).
    """
    distances = torch.empty(2, *u.shape)
    for label in labels.unique().tolist():
        chosen = labels == label
        distances[:, chosen] = torch.stack(FIGURES[classes[label]](u[chosen], v[chosen]))
    body, detail = (0.5 - distances * unit).clamp(0, 1)[:, :, None]
    return body, detail * body


def _colours(uniform: Callable[..., Tensor], typical: Tensor) -> tuple[Tensor, Tensor]:
    """A colour for the ground and one for the figure: two of (N, 3, 1, 1). `typical` (N, 3) are the
    classes' tints.
    """
    tint = typical[:, :, None, None] + uniform(-0.1, 0.1, 3, 1, 1)
    tint = torch.where(uniform(0, 1) < 0.5, tint, uniform(0.3, 1, 3, 1, 1)).clamp(min=0.1)
    ground_tint = uniform(0.45, 1, 3, 1, 1)
    tint, ground_tint = (
        tint / tint.mean(dim=1, keepdim=True),
        ground_tint / ground_tint.mean(dim=1, keepdim=True),
    )
    dark, light = uniform(0.1, 0.35), uniform(0.5, 0.85)
    brighter = (
        uniform(0, 1) < 0.7
    )  # the others are darker than their ground: to look for brightness alone fails
    return torch.where(brighter, dark, light) * ground_tint, torch.where(
        brighter, light, dark
    ) * tint


def _texture(uniform: Callable[..., Tensor], size: int) -> Tensor:
    """Stripes in one direction and clouds: (N, 3, size, size), from about -2 to 2."""
    pixel = torch.arange(size) * (32 / size)
    angle, period, phase = uniform(0, math.pi), uniform(4, 20), uniform(0, 2 * math.pi)
    stripes = torch.sin(
        2 * math.pi * (angle.cos() * pixel + angle.sin() * pixel[:, None]) / period + phase
    )
    clouds = F.interpolate(
        uniform(-1, 1, 3, 5, 5), size=(size, size), mode="bilinear", align_corners=True
    )
    return uniform(0, 1) * stripes * uniform(0.3, 1, 3, 1, 1) + clouds
