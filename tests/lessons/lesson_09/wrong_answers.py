"""Wrong answers to lesson 09's exercises: (exercise, answer, a part of the hint that it should
get).
"""

import math
from functools import partial

import torch
from torch import nn


def gate(steps):
    return 0.5 ** (1 / steps)


def logit(p):
    return math.log(p / (1 - p))


def ends(states, lengths, *, shift=-1):
    return states[torch.arange(len(states)), (lengths + shift).clamp(max=states.shape[1] - 1)]


def losses(mean):
    return 1.5 if mean else 2.0


def network(width=8):
    return nn.Linear(width, 10)


WRONG = [
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
    ("09.mean_state", (losses, 1.5, 2.0), "You mixed them up"),
    ("09.mean_state", (losses, 2.1, 1.5), "For the last state you say 2.10"),
    ("09.mean_state", (losses, 2.0, 1.7), "For the mean of all states you say 1.70"),
    ("09.mean_state", (losses, ..., ...), "Replace the dots by a number"),
    ("09.mean_state", (lambda mean: None, 2.0, 1.5), "Your function returns nothing yet"),
    ("09.reader", (network(12_000), 0.7, 0.5), "at most 117,002 are wanted"),
    ("09.reader", (nn.Sequential(nn.Conv2d(3, 4, 3)), 0.7, 0.5), "do without convolutions"),
    ("09.reader", (network(), 0.53, 0.5), "+3.0 points on the 50.0% to beat: +8.0 are wanted"),
    ("09.reader", (network(), 70, 0.5), "Give the accuracy from 0 to 1"),
    ("09.reader", (..., 0.7, 0.5), "give an nn.Module first"),
]
