"""Wrong answers to lesson 03's exercises: (exercise, answer, a part of the hint that it should
get).
"""

import torch.nn.functional as F
from torch import nn

from course_utils.models import VGG

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
    ("03.small_network", VGG(), "Look at the first linear layer"),
    (
        "03.small_network",
        VGG(blocks=((8, 8), (8, 8), (8, 8)), hidden=(16,)),
        "the three blocks should stay",
    ),
    ("03.small_network", VGG, "call it"),
    ("03.small_network", VGG(hidden=(64,), num_classes=7), "(2, 7)"),
    ("03.small_network", nn.Flatten, "call it"),
]
