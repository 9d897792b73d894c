"""Wrong answers to lesson 03's exercises: (exercise, answer, a part of the hint that it should
get).
"""

import torch.nn.functional as F
from torch import nn


def half(make):
    """Made-up accuracies of three ways to halve a map."""
    return {"MaxPool2d": 0.7, "AvgPool2d": 0.5, "Conv2d": 0.6}[type(make()).__name__]


WRONG = [
    ("03.same_padding", lambda k: 1, "two pixels to each side"),
    ("03.same_padding", lambda k: k - 1 if k != 3 else 1, "half of what the window takes away"),
    ("03.same_padding", lambda k: (k - 1) // 2, "For kernel 4 you say 1: then 8 pixels become 7"),
    ("03.same_padding", lambda k: (k - 1) / 2, "a padding is a whole number"),
    ("03.same_padding", lambda k: k // 2 + 1, "Kernel 3 needs padding 1"),
    ("03.conv_layer", lambda x, w, b: F.conv2d(x, w), "Only the bias is missing"),
    (
        "03.conv_layer",
        lambda x, w, b: F.conv2d(x[:, :1], w[:, :1], b),
        "the first input channel only",
    ),
    ("03.conv_layer", lambda x, w, b: F.conv2d(x, w, 3 * b), "once for each input channel"),
    ("03.conv_layer", lambda x, w, b: F.conv2d(x, w, b, padding=1), "has shape (2, 4, 6, 5)"),
    ("03.conv_layer", lambda x, w, b: F.conv2d(x, w.flip(2, 3), b), "the numbers are not"),
    ("03.halving", (half, ..., ..., ...), "Replace the dots by a number"),
    ("03.halving", (half, 0.7, 0.6, 0.5), "For average you say 60.0%; a fresh run has 50.0%"),
    ("03.halving", (half, 70, 50, 60), "between 0 and 1"),
    ("03.halving", (lambda make: 1 / 0, 0.7, 0.5, 0.6), "stopped with ZeroDivisionError"),
    ("03.a_tenth", (nn.Linear(3072, 400), 0.9, 0.7), "at most 945,796 are wanted"),
    ("03.a_tenth", (nn.Linear(10, 10), 0.5, 0.7), "at least 66.5% are wanted"),
    ("03.a_tenth", (..., 0.7, 0.7), "give an nn.Module first"),
]
