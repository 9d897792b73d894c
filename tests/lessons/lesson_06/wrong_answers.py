"""Wrong answers to lesson 06's exercises: (exercise, answer, a part of the hint that it should
get).
"""

from functools import partial

import torch.nn.functional as F
from torch import nn


def changed(block, *, zero=(), new=None, forward=None):
    """A block with some of its numbers set to zero, or otherwise changed."""
    for name in zero:
        block.state_dict()[name].zero_()
    if new is not None:
        block.norm2 = new
    if forward is not None:
        block.forward = forward


def arranged(block, maps, *, first=F.relu, second=F.relu, after=None, skip=True):
    """Pre-activation; each option makes one mistake."""
    branch = block.conv1(first(block.norm1(maps)))
    branch = block.conv2(second(block.norm2(branch)))
    total = maps + branch if skip else branch
    return after(total) if after else total


def of_2015(block, maps):
    return maps + block.norm2(block.conv2(F.relu(block.norm1(block.conv1(maps)))))


def as_it_is(x):
    return x


def losses(zero):
    return 1.2 if zero else 1.5


def network(width=8):
    return nn.Linear(width, 10)


WRONG = [
    ("06.make_identity", lambda block: None, "Nothing in the block has changed yet"),
    ("06.make_identity", lambda block: nn.Identity(), "You return another module"),
    ("06.make_identity", partial(changed, zero=["norm2.weight"]), "its bias still adds something"),
    (
        "06.make_identity",
        partial(changed, zero=["conv2.weight", "norm2.bias"]),
        "You changed 2 layers (conv2, norm2)",
    ),
    ("06.make_identity", partial(changed, zero=["conv2.weight"]), "what comes last in the branch"),
    ("06.make_identity", partial(changed, zero=["norm2.bias"]), "After your change of norm2"),
    ("06.make_identity", partial(changed, new=nn.Identity()), "has other layers now"),
    (
        "06.make_identity",
        partial(changed, zero=["norm2.bias"], forward=lambda maps: maps),
        "in another way",
    ),
    ("06.pre_activation", lambda block, maps: None, "is still empty"),
    ("06.pre_activation", lambda block, maps: maps[:1], "has shape (1, 4, 6, 6)"),
    ("06.pre_activation", partial(arranged, skip=False), "That is the branch alone"),
    ("06.pre_activation", partial(arranged, after=F.relu), "A ReLU still follows the sum"),
    ("06.pre_activation", lambda block, maps: block(maps), "That is the block of 2015"),
    ("06.pre_activation", of_2015, "Only the last ReLU is gone"),
    ("06.pre_activation", partial(arranged, second=as_it_is), "The second ReLU is missing"),
    ("06.pre_activation", partial(arranged, first=as_it_is), "The first ReLU is missing"),
    ("06.pre_activation", lambda block, maps: 2 * maps, "the numbers are not"),
    ("06.zero_start", (losses, ..., ...), "Replace the dots by a number."),
    ("06.zero_start", (losses, 1.2, 1.5), "You mixed them up"),
    ("06.zero_start", (losses, 1.4, 1.2), "start as usual you say 1.40; a fresh run has 1.50"),
    ("06.zero_start", (losses, 1.5, 1.0), "start as identities you say 1.00"),
    ("06.zero_start", (lambda zero: None, 1.5, 1.2), "returns nothing yet"),
    ("06.smaller", (None, 0.7, 0.7), "give an nn.Module first"),
    ("06.smaller", (network(9_999), 0.7, 0.7), "at most 90,000 are wanted"),
    ("06.smaller", (network(), 0.6, 0.7), "at least 66.5% are wanted"),
]
