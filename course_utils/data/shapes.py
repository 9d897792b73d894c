"""Shapes, the built-in data set: ten things a child can name, drawn as 32x32 colour images.

A picture is painted in layers, from the back: blobs, bars and two lesser figures on a textured
ground, the figure's shadow, the figure with its detail and outline, a bar and a blob in front of
it; then light and noise fall on all of it. A layer is a colour and a cover: how much of each pixel
it takes, from 0 to 1. Figures are distances (see `figures`), which clamping makes covers.

Each picture has a hardness of its own, which scales everything that hides or distorts its figure:
most pictures are easy, a few are hard, as in life.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.data.figures import ARROWS, CLASSES, FIGURES

VERSION = 2  # raise it whenever the images change: published results depend on it
CHUNK = 250  # images drawn at once: they fit the processor's cache
PATTERNS, GRAINS = 256, 64  # textures and noises that a drawing has to choose from

HARDEST, SKEW = 1.2, 2.0  # a picture's hardness is HARDEST * u ** SKEW, u uniform from 0 to 1

# What a picture of hardness 1 has; shares and ranges fall to nothing at hardness 0. Lengths are
# pixels of a 32-pixel image, angles radians, and colours go from 0 to 1.
SPREAD, TURN = 4.0, 0.8  # how much a figure may differ from RADIUS and, to either side, from TILT
ASPECT, SHEAR = 0.35, 0.35
DARKER = 0.25  # share of figures that are darker than their ground
OUTLINED, HOLLOW = 0.5, 0.4  # shares of figures with an outline, and with nothing inside it
SHADOWS = 0.8  # share of figures that cast a shadow
CLUTTER, CLUTTERED = 5, 0.8  # blobs and bars behind the figure, and the share that is there
SMALL, PIECES = 0.9, 0.9  # shares with a small figure beside, and with a larger one half outside
COVERED = 0.8  # shares with a bar, and with a blob, in front of the figure
BAR, BLOB = 1.5, 3.2  # half the width of the widest bar, radius of the largest blob
TEXTURE = 0.16  # contrast of the ground's; a figure has two thirds of it
BLUR = 1.4  # how much wider than a pixel an edge may be
LIGHT = 0.22  # how much it may grow or fall from the middle to an edge, as a share
NOISE = 0.055  # largest standard deviation

# What every picture has.
RADIUS, TILT = 10.0, 0.25  # the mean figure's size, and the turn to either side
CONTRAST, MORE = 0.28, 0.4  # least difference in lightness to the ground; what easy pictures add
GROUND = 0.15  # how colourful a ground may be
TYPICAL = 0.5  # share of figures in their class's tint: the others have any colour

Layer = tuple[Tensor, Tensor]  # colour (N, 3, 1, 1) or (N, 3, size, size), cover (N, 1, size, size)


class Dice:
    """Random numbers for `number` images, always in the same order."""

    def __init__(self, number: int, seed: int):
        self.number, self.generator = number, torch.Generator().manual_seed(seed)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """(N, *shape), by default (N, 1, 1, 1)."""
        numbers = torch.rand(self.number, *(shape or (1, 1, 1)), generator=self.generator)
        return low + (high - low) * numbers

    def chance(self, share: float | Tensor) -> Tensor:
        """1.0 in that share of the cases, else 0.0: (N, 1, 1, 1)."""
        return (self.uniform(0, 1) < share).float()

    def pick(self, bank: Tensor) -> Tensor:
        """One entry of the bank for each image, at random."""
        return bank[torch.randint(len(bank), (self.number,), generator=self.generator)]

    def colour(self, lightness: Tensor | float, strength: float) -> Tensor:
        """A colour of any hue, up to `strength` away from grey: (N, 3, 1, 1)."""
        thirds = torch.tensor([0, 2.1, 4.2]).view(3, 1, 1)  # of a circle, one a channel
        hue = self.uniform(0, 2 * math.pi) + thirds
        return lightness + strength * self.uniform(0.3, 1) * hue.cos()


@dataclass(frozen=True)
class Canvas:
    """A chunk of pictures to paint, and what they have to choose from."""

    labels: Tensor  # (N,)
    classes: Sequence[str]
    size: int
    max_shift: float
    dice: Dice
    hard: Tensor  # (N, 1, 1, 1), how hard each picture is, from 0 to the difficulty
    patterns: Tensor  # (PATTERNS, 1, size, size), from about -1 to 1
    grains: Tensor  # (GRAINS, 3, size, size), of standard deviation 1

    @property
    def pixels(self) -> Tensor:
        """Where the pixels' centres are, in pixels of a 32-pixel image: (size,)."""
        return (torch.arange(self.size) + 0.5) * (32 / self.size) - 16

    def cover(self, distance: Tensor, softness: Tensor | float = 1.0) -> Tensor:
        """Distances in pixels, (N, size, size) -> covers, (N, 1, size, size)."""
        scale = self.size / 32 / softness
        return (0.5 - distance * scale).clamp_(0, 1)[:, None]


def draw(
    labels: Tensor,
    *,
    seed: int,
    classes: Sequence[str] = CLASSES,
    size: int = 32,
    max_shift: float = 6.0,
    difficulty: float = 1.0,
) -> Tensor:
    """Draw one image for each label: (N,) whole numbers -> (N, 3, size, size), uint8, RGB.

    Equal arguments give equal images (on one machine; another may round a pixel differently).
    `max_shift` is how far from the centre a figure may stand, in pixels of a 32-pixel image, along
    each axis. `difficulty` scales what hides and distorts it; 0: plain figures, plain ground.

    Raises:
        ValueError: if a class is unknown, or a label is not a number of one.
    """
    unknown = [name for name in classes if name not in FIGURES]
    if unknown:
        raise ValueError(f"no such shape: {unknown[0]!r}; there are {', '.join(FIGURES)}")
    if labels.numel() and not (labels.min() >= 0 and labels.max() < len(classes)):
        have = f"{len(classes)} classes have 0 to {len(classes) - 1}"
        raise ValueError(f"labels go from {labels.min()} to {labels.max()}: {have}")
    patterns, grains = _banks(size, seed << 20)
    images = torch.empty(len(labels), 3, size, size, dtype=torch.uint8)
    for number, start in enumerate(range(0, len(labels), CHUNK)):
        chunk = labels[start : start + CHUNK]
        # Each chunk has a seed of its own, so that it can be drawn without those before it.
        dice = Dice(len(chunk), (seed << 20) + 1 + number)
        hard = difficulty * HARDEST * dice.uniform(0, 1) ** SKEW
        canvas = Canvas(chunk, classes, size, max_shift, dice, hard, patterns, grains)
        images[start : start + CHUNK] = _paint(canvas)
    return images


def _banks(size: int, seed: int) -> tuple[Tensor, Tensor]:
    """Patterns (clouds, two thirds with stripes or checks on them) and grains, for all images."""
    dice, pixel = Dice(PATTERNS, seed), torch.arange(size) * (32 / size)
    coarse = dice.uniform(-1, 1, 1, 5, 5)
    clouds = F.interpolate(coarse, (size, size), mode="bicubic", align_corners=True)
    angle, frequency = dice.uniform(0, math.pi), 2 * math.pi / dice.uniform(4, 14)
    phase = dice.uniform(0, 2 * math.pi, 2, 1, 1)
    along = angle.cos() * pixel + angle.sin() * pixel[:, None]
    across = angle.cos() * pixel[:, None] - angle.sin() * pixel
    stripes = (along * frequency + phase[:, :1]).sin()
    checks = 1.5 * stripes * (across * frequency + phase[:, 1:]).sin()
    kind = dice.uniform(0, 3)
    waves = torch.where(kind < 1, stripes, torch.where(kind < 2, checks, 0.0))
    colours, greys = (
        torch.randn(GRAINS, channels, size, size, generator=dice.generator) for channels in (3, 1)
    )
    return 0.7 * clouds + 0.6 * waves, 0.5 * colours + 0.87 * greys


def _paint(canvas: Canvas) -> Tensor:
    """The finished pictures: (N, 3, size, size), uint8."""
    ground, paint, ink = _colours(canvas)
    image = ground + _texture(canvas, TEXTURE)
    behind = chain(_clutter(canvas), _others(canvas, paint))
    for colour, cover in chain(behind, _figure(canvas, paint, ink), _front(canvas)):
        image.lerp_(colour, cover)
    return _expose(canvas, image)


def _colours(canvas: Canvas) -> tuple[Tensor, Tensor, Tensor]:
    """Colours of the ground, of the figure and of its details: three of (N, 3, 1, 1)."""
    dice = canvas.dice
    gap = CONTRAST + MORE * (1 - canvas.hard).clamp(min=0) * dice.uniform(0.6, 1)
    dark = 0.15 + (0.7 - gap) * dice.uniform(0, 1)
    brighter = dice.chance(DARKER * canvas.hard) == 0
    lightness = torch.where(brighter, dark + gap, dark)
    ground = dice.colour(torch.where(brighter, dark, dark + gap), GROUND)
    tints = torch.tensor([FIGURES[name].tint for name in canvas.classes])
    tint = tints[canvas.labels][:, :, None, None]
    typical = lightness + 0.7 * (tint - tint.mean(dim=1, keepdim=True))
    paint = torch.where(dice.chance(TYPICAL) > 0, typical, dice.colour(lightness, 0.25))
    ink = dice.colour(torch.where(lightness > 0.5, lightness - 0.4, lightness + 0.4), 0.15)
    return ground, paint, ink


def _texture(canvas: Canvas, contrast: float) -> Tensor:
    strength = contrast * canvas.hard * canvas.dice.uniform(-1, 1, 3, 1, 1)
    return canvas.dice.pick(canvas.patterns) * strength


def _clutter(canvas: Canvas) -> Iterator[Layer]:
    """Blobs and bars, anywhere."""
    dice, pixels = canvas.dice, canvas.pixels
    for number in range(CLUTTER):
        x = pixels - dice.uniform(-16, 16, 1, 1)
        y = pixels[:, None] - dice.uniform(-16, 16, 1, 1)
        if number % 2:
            distance = _bar(dice, x, y, dice.uniform(2, 9, 1, 1), dice.uniform(0.6, 2, 1, 1))
        else:
            distance = (x * x + y * y).sqrt() - dice.uniform(1.2, 4, 1, 1)
        there = dice.chance(CLUTTERED * canvas.hard)
        yield dice.colour(dice.uniform(0.15, 0.9), 0.18), canvas.cover(distance) * there


def _bar(dice: Dice, x: Tensor, y: Tensor, length: Tensor | float, width: Tensor) -> Tensor:
    """The distance to a bar of any direction, given half its length and width."""
    angle = dice.uniform(0, math.pi, 1, 1)
    u, v = angle.cos() * x + angle.sin() * y, angle.cos() * y - angle.sin() * x
    return torch.maximum(u.abs() - length, v.abs() - width)


def _others(canvas: Canvas, paint: Tensor) -> Iterator[Layer]:
    """Two more of the ten figures: a small one, and one that lies mostly outside the picture."""
    dice = canvas.dice
    for share, away, sizes in ((SMALL, 13, (3.0, 4.8)), (PIECES, 18, (5, 8))):
        angle, radius = dice.uniform(0, 2 * math.pi, 1, 1), dice.uniform(*sizes, 1, 1)
        x, y = canvas.pixels - away * angle.cos(), canvas.pixels[:, None] - away * angle.sin()
        turn = dice.uniform(0, 2 * math.pi, 1, 1)
        u, v = turn.cos() * x + turn.sin() * y, turn.cos() * y - turn.sin() * x
        others, form = dice.pick(torch.arange(len(CLASSES))), dice.uniform(-1, 1, 1, 1)
        body, _ = _distances(CLASSES, others, u / radius, v / radius, form)
        there = dice.chance(share * canvas.hard)
        colour = dice.colour(dice.uniform(0.15, 0.9), 0.25)
        colour = torch.where(dice.chance(0.4) > 0, paint, colour)  # to look for one colour fails
        yield colour, canvas.cover(body * radius) * there


def _figure(canvas: Canvas, paint: Tensor, ink: Tensor) -> Iterator[Layer]:
    """The shadow, the figure, its detail and its outline."""
    dice, hard = canvas.dice, canvas.hard
    u, v, radius = _frame(canvas)
    form, soft = dice.uniform(-1, 1, 1, 1), 1 + BLUR * hard[:, 0] * dice.uniform(0, 1, 1, 1)
    away = dice.uniform(-0.3, 0.3, 2, 1, 1)
    shadow, _ = _distances(canvas.classes, canvas.labels, u - away[:, 0], v - away[:, 1], form)
    depth = dice.uniform(0.2, 0.6) * dice.chance(SHADOWS * hard)
    yield torch.zeros(1), canvas.cover(shadow * radius, soft + 1) * depth

    body, detail = _distances(canvas.classes, canvas.labels, u, v, form)
    hollow = dice.chance(HOLLOW * hard)
    outlined = torch.maximum(hollow, dice.chance(OUTLINED * hard))
    inside, detail_cover = canvas.cover(body * radius, soft), canvas.cover(detail * radius, soft)
    yield paint + _texture(canvas, 2 / 3 * TEXTURE), inside * (1 - hollow)
    ink = torch.where(hollow > 0, paint, ink)
    yield ink, inside * detail_cover
    half = dice.uniform(0.8, 1.3, 1, 1)  # of the outline's width
    yield ink, canvas.cover((body * radius + half).abs() - half, soft) * outlined


def _frame(canvas: Canvas) -> tuple[Tensor, Tensor, Tensor]:
    """Each pixel's x and y in its figure's frame, (N, size, size); the frame's unit in pixels."""
    dice, pixels = canvas.dice, canvas.pixels
    hard = canvas.hard[:, 0]
    shift = dice.uniform(-canvas.max_shift, canvas.max_shift, 2, 1, 1)
    x, y = pixels - shift[:, 0], -pixels[:, None] - shift[:, 1]
    tilt = dice.uniform(-1, 1, 1, 1) * (TILT + TURN * hard)
    radius = RADIUS + SPREAD * hard * dice.uniform(-1, 1, 1, 1)
    wider = (1 + ASPECT * hard * dice.uniform(-1, 1, 1, 1)).sqrt()
    u = (tilt.cos() * x + tilt.sin() * y) / (radius * wider)
    v = (tilt.cos() * y - tilt.sin() * x) * (wider / radius)
    u += SHEAR * hard * dice.uniform(-1, 1, 1, 1) * v
    if not set(canvas.classes) & set(ARROWS):
        u *= 1 - 2 * dice.chance(0.5)[:, 0]
    return u, v, radius


def _distances(
    classes: Sequence[str], labels: Tensor, u: Tensor, v: Tensor, form: Tensor
) -> tuple[Tensor, Tensor]:
    """The distances to each image's figure and to its detail: two of (N, size, size)."""
    body, detail = torch.empty_like(u), torch.full_like(u, 9.0)
    for label in labels.unique().tolist():
        chosen = (labels == label).nonzero()[:, 0]
        body[chosen], inner = FIGURES[classes[label]].distances(u[chosen], v[chosen], form[chosen])
        if inner is not None:
            detail[chosen] = inner
    return body, detail


def _front(canvas: Canvas) -> Iterator[Layer]:
    """A bar from edge to edge, and a blob: in front of the figure."""
    dice, hard = canvas.dice, canvas.hard
    for largest in (BAR, BLOB):
        x = canvas.pixels - dice.uniform(-8, 8, 1, 1)
        y = canvas.pixels[:, None] - dice.uniform(-8, 8, 1, 1)
        reach = 0.6 + largest * hard[:, 0] * dice.uniform(0, 1, 1, 1)
        there = dice.chance(COVERED * hard)
        far = (x * x + y * y).sqrt() - reach if largest == BLOB else _bar(dice, x, y, 50.0, reach)
        yield dice.colour(dice.uniform(0.15, 0.9), 0.18), canvas.cover(far) * there


def _expose(canvas: Canvas, image: Tensor) -> Tensor:
    """Light from one side, and noise."""
    dice, hard = canvas.dice, canvas.hard
    pixels = canvas.pixels / 16
    right, down = (LIGHT * hard * dice.uniform(-1, 1) for _ in range(2))
    image *= dice.uniform(0.9, 1.15) + right * pixels + down * pixels[:, None]
    image.addcmul_(dice.pick(canvas.grains), NOISE * hard * dice.uniform(0, 1))
    return image.mul_(255).round_().clamp_(0, 255).to(torch.uint8)
