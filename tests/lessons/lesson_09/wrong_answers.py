"""Wrong answers to lesson 09's exercises: (exercise, answer, a part of the hint that it should
get).
"""

import math
from functools import partial

import torch


def read_patches(images, side, *, order=(0, 2, 4, 1, 3, 5)):
    """The solution; another order of the axes is a mistake."""
    n, c, height, width = images.shape
    cut = images.reshape(n, c, height // side, side, width // side, side)
    return cut.permute(*order).reshape(n, -1, c * side * side)


def gate(steps):
    return 0.5 ** (1 / steps)


def logit(p):
    return math.log(p / (1 - p))


def ends(states, lengths, *, shift=-1):
    return states[torch.arange(len(states)), (lengths + shift).clamp(max=states.shape[1] - 1)]


WRONG = [
    (
        "09.read_patches",
        partial(read_patches, order=(0, 4, 2, 1, 3, 5)),
        "from top to bottom first",
    ),
    (
        "09.read_patches",
        lambda x, s: x.reshape(len(x), -1, x.shape[1] * s * s),
        "no square of pixels",
    ),
    (
        "09.read_patches",
        partial(read_patches, order=(0, 2, 4, 3, 5, 1)),
        "channels first, then rows",
    ),
    (
        "09.read_patches",
        partial(read_patches, order=(0, 2, 4, 1, 5, 3)),
        "channels first, then rows",
    ),
    (
        "09.read_patches",
        partial(read_patches, order=(0, 2, 5, 1, 3, 4)),
        "holds pixels of other patches",
    ),
    ("09.read_patches", lambda x, s: read_patches(x, s).flatten(1), "has shape (2, 72)"),
    (
        "09.read_patches",
        lambda x, s: read_patches(x, 2),
        "for images (1, 1, 6, 6) and side 3 has shape (1, 9, 4)",
    ),
    ("09.read_patches", lambda x, s: read_patches(x.add_(1), s), "changed the images"),
    ("09.forget_bias", gate(31), "That is the gate"),
    ("09.forget_bias", 0, "31 steps leave (1/2) ** 31"),
    ("09.forget_bias", -logit(gate(31)), "The sign"),
    ("09.forget_bias", logit(gate(32)), "31 steps, not 32"),
    ("09.forget_bias", 2, "With 2.000 the gate is 0.8808, and 0.020 is left"),
    ("09.forget_bias", 1e9, "1.000 is left"),
    ("09.forget_bias", "3.8", "Give a number"),
    ("09.last_states", lambda s, n: s[:, -1], "come from reading padding"),
    ("09.last_states", partial(ends, shift=0), "One step too far"),
    ("09.last_states", partial(ends, shift=-2), "One step too early"),
    ("09.last_states", lambda s, n: s[0, n - 1], "all states from the first sequence"),
    ("09.last_states", lambda s, n: s[:, n - 1], "has shape (3, 3, 2)"),
    (
        "09.last_states",
        lambda s, n: torch.stack([a[:k].mean(0) for a, k in zip(s, n, strict=True)]),
        "the mean",
    ),
    ("09.last_states", lambda s, n: ends(s, n) + 1, "step length - 1"),
    ("09.last_states", lambda s, n: ends(s.add_(1), n), "changed the states"),
]
