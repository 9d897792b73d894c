"""Wrong answers to lesson 02's exercises: (exercise, answer, a part of the hint that it should
get).
"""

import math

from torch import nn


def fold(weight, bias, mean, std, *, sign=-1, scaled=True):
    pixels = weight.shape[1] // 3
    mean, std = mean.repeat_interleave(pixels), std.repeat_interleave(pixels)
    new_weight = weight / std
    return new_weight, bias + sign * ((new_weight if scaled else weight) @ mean)


def multiplied(weight, bias, mean, std):
    return weight * std.repeat_interleave(weight.shape[1] // 3), bias


def channels_last(weight, bias, mean, std):
    return weight / std.repeat(weight.shape[1] // 3), bias


def valley(lr):
    """A loss that is lowest, 2, at a rate of 1e-5."""
    return 2 + 0.25 * (math.log10(lr) + 5) ** 2


LINEAR = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
DEEP = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 3))
WRONG = [
    ("02.fold", multiplied, "divided by it"),
    ("02.fold", channels_last, "Flatten puts all of red first"),
    ("02.fold", lambda w, b, m, s: (w / s.mean(), b), "the std of its pixel's channel"),
    ("02.fold", lambda w, b, m, s: (fold(w, b, m, s)[0], b), "take away what the mean adds"),
    ("02.fold", lambda *a: fold(*a, sign=1), "moves the wrong way"),
    ("02.fold", lambda *a: fold(*a, scaled=False), "use the new weight for the bias"),
    (
        "02.fold",
        lambda w, b, m, s: (fold(w, b, m, s)[0], b - m.sum()),
        "over all pixels",
    ),
    ("02.fold", lambda *a: fold(*a)[0], "Return two tensors"),
    ("02.rate", 0.01 / 65535, "divide by its square"),
    ("02.rate", 0.01 * 65535**2, "divide, not multiply"),
    ("02.rate", 0.01 / 255**2, "the rate for 8 bits"),
    ("02.rate", 0.01 / 65536**2, "the largest is 65535"),
    ("02.rate", 0.01, "is not it"),
    ("02.rate", -1.0, "above 0"),
    ("02.rate", "0.01", "Give a number"),
    ("02.adam", (valley, ..., ...), "Replace the dots by a number"),
    ("02.adam", (valley, 1e-5, 2.5), "a fresh run has loss 2.000, not 2.500"),
    ("02.adam", (valley, 1e-4, 2.25), "At a tenth of that rate the loss is 2.000"),
    ("02.adam", (valley, 1e-6, 2.25), "At ten times of that rate the loss is 2.000"),
    ("02.adam", (lambda lr: 1 / 0, 1e-5, 2.0), "stopped with ZeroDivisionError"),
    ("02.further", (LINEAR, 1.9, 1.914), "at most 1.884 is wanted"),
    ("02.further", (DEEP, 1.7, 1.914), "Flatten, Linear, ReLU, Linear: one Linear"),
    ("02.further", (LINEAR, ..., 1.914), "Replace the dots by a number"),
    ("02.further", (..., 1.7, 1.914), "give an nn.Module first"),
]
