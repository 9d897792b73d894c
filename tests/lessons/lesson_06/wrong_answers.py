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


def block_parameters(
    i, o, s, *, norms=4, bias=0, project=lambda i, o, s: s != 1 or i != o, skip_norm=2, reads=None
):
    """The parameters of a residual block; each option makes one mistake."""
    skip = i * o + skip_norm * o if project(i, o, s) else 0
    return 9 * (i if reads is None else o) * o + 9 * o * o + bias * o + norms * o + skip


def pad_skip(maps, channels, s, *, before=0, kept=None):
    kept = maps[:, :, ::s, ::s] if kept is None else kept(maps)
    return F.pad(kept, (0, 0, 0, 0, before, channels - maps.shape[1] - before))


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
    ("06.block_parameters", lambda i, o, s: None, "gives nothing yet"),
    ("06.block_parameters", lambda i, o, s: 4672.5, "Give a whole number: yours is 4672.5."),
    ("06.block_parameters", partial(block_parameters, norms=0), "the two BatchNorms are missing"),
    ("06.block_parameters", partial(block_parameters, norms=2), "you count one BatchNorm"),
    ("06.block_parameters", partial(block_parameters, bias=2), "have no bias"),
    (
        "06.block_parameters",
        partial(block_parameters, project=lambda *a: True),
        "there is no projection",
    ),
    (
        "06.block_parameters",
        partial(block_parameters, project=lambda *a: False),
        "the shapes differ",
    ),
    ("06.block_parameters", partial(block_parameters, skip_norm=0), "has a BatchNorm behind it"),
    ("06.block_parameters", partial(block_parameters, skip_norm=3), "the projection has no bias"),
    ("06.block_parameters", partial(block_parameters, reads="out"), "reads 16 channels, not 32"),
    (
        "06.block_parameters",
        partial(block_parameters, project=lambda i, o, s: i != o),
        "stride 2 alone changes",
    ),
    ("06.block_parameters", lambda i, o, s: 1, "you say 1, and it is 4672"),
    ("06.pad_skip", lambda maps, channels, s: maps, "has shape (2, 3, 8, 6)"),
    ("06.pad_skip", partial(pad_skip, before=2), "The zeros are in front"),
    ("06.pad_skip", partial(pad_skip, before=1), "The zeros are on both sides"),
    (
        "06.pad_skip",
        partial(pad_skip, kept=lambda maps: F.avg_pool2d(maps, 2)),
        "You average the pixels",
    ),
    (
        "06.pad_skip",
        partial(pad_skip, kept=lambda maps: F.max_pool2d(maps, 2)),
        "the largest pixel",
    ),
    (
        "06.pad_skip",
        partial(pad_skip, kept=lambda maps: maps[:, :, 1::2, 1::2]),
        "start at the first",
    ),
    (
        "06.pad_skip",
        partial(pad_skip, kept=lambda maps: maps[:, :, :4, :3]),
        "You cut out a corner",
    ),
    (
        "06.pad_skip",
        partial(pad_skip, kept=lambda maps: 2 * maps[:, :, ::2, ::2]),
        "the kept pixels are not",
    ),
    (
        "06.pad_skip",
        lambda maps, channels, s: pad_skip(maps, channels, 2),
        "has shape (2, 3, 4, 3)",
    ),
    (
        "06.pad_skip",
        lambda maps, c, s: maps[:, :, ::s, ::s].repeat(1, 2, 1, 1)[:, :c],
        "should hold zeros",
    ),
]
