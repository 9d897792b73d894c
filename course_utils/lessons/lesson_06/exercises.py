"""Checkers of lesson 06, ResNet."""

import torch
from torch import Tensor, nn

from course_utils.exercises import close, exercise, require, require_tensor
from course_utils.models import ResidualBlock, count_parameters


def _used_block() -> ResidualBlock:
    """A block as training leaves it: no parameter and no running statistic is at its first value."""
    generator = torch.Generator().manual_seed(0)
    block = ResidualBlock(4, 4)
    for value in block.state_dict().values():
        if value.is_floating_point():
            value.copy_(0.5 + torch.rand(value.shape, generator=generator))
    return block


@exercise("06.make_identity")
def check_make_identity(answer) -> None:
    """A function that changes a residual block so that it returns its input, by changing one layer
    at most.
    """
    block, maps = _used_block(), torch.rand(3, 4, 6, 6, generator=torch.Generator().manual_seed(1))
    before = {name: value.clone() for name, value in block.state_dict().items()}
    given = answer(block)
    require(
        not isinstance(given, nn.Module) or given is block,
        "You return another module: change the block that you are given.",
    )
    require(
        list(block.state_dict()) == list(before),
        "The block has other layers now: change numbers, not layers.",
    )
    changed = {
        name for name, value in block.state_dict().items() if not torch.equal(value, before[name])
    }
    require(bool(changed), "Nothing in the block has changed yet: replace the dots.")
    require(
        isinstance(block.skip, nn.Identity) and "forward" not in vars(block),
        "The block computes in another way now: change numbers only.",
    )
    require(
        changed != {"norm2.weight"},
        "Nearly: the weight of the last BatchNorm is 0, but its bias still adds something to every pixel.",
    )
    layers = {name.partition(".")[0] for name in changed}
    require(
        len(layers) == 1,
        f"You changed {len(layers)} layers ({', '.join(sorted(layers))}): one is enough.",
    )
    with torch.no_grad():
        in_training = block.train()(maps)
        in_evaluation = block.eval()(maps)
    if close(in_training, maps) and not close(in_evaluation, maps):
        require(
            False,
            "Right in training mode only: in evaluation mode BatchNorm subtracts its running mean from 0.",
        )
    require(
        close(in_training, maps),
        f"After your change of {layers.pop()} the block still changes its input: what comes last in the branch?",
    )
    require(close(in_evaluation, maps), "Right in training mode, wrong in evaluation mode.")


@exercise("06.block_parameters")
def check_block_parameters(answer) -> None:
    """A function (in_channels, out_channels, stride) -> the parameters of a standard residual
    block.
    """
    value = answer(16, 16, 1)
    require(
        value is not None and value is not ..., "Your function gives nothing yet: replace the dots."
    )
    require(
        isinstance(value, int) and not isinstance(value, bool),
        f"Give a whole number; you give {value!r}.",
    )
    hints = {
        2
        * 9
        * 16
        * 16: "For (16, 16, 1) the two BatchNorms are missing: a weight and a bias for each channel.",
        2 * 9 * 16 * 16 + 2 * 16: "For (16, 16, 1) you count one BatchNorm: there are two.",
        2 * 9 * 16 * 16
        + 2 * 16
        + 4 * 16: "For (16, 16, 1): these convolutions have no bias, BatchNorm is behind them.",
        2 * 9 * 16 * 16
        + 4 * 16
        + 16 * 16
        + 32: "For (16, 16, 1) there is no projection: the shapes agree.",
    }
    right = count_parameters(ResidualBlock(16, 16))
    require(
        value == right, hints.get(value, f"For (16, 16, 1) you say {value}, and it is {right}.")
    )
    value, right = answer(16, 32, 2), count_parameters(ResidualBlock(16, 32, 2))
    hints = {
        right
        - 16 * 32
        - 64: "For (16, 32, 2) the shapes differ: the skip has a 1x1 convolution, and a BatchNorm.",
        right - 64: "For (16, 32, 2) the projection has a BatchNorm behind it, too.",
        right + 32: "For (16, 32, 2): the projection has no bias, BatchNorm is behind it.",
        right
        + 9 * 32 * 32
        - 9 * 16 * 32: "For (16, 32, 2): the first convolution reads 16 channels, not 32.",
    }
    require(
        value == right, hints.get(value, f"For (16, 32, 2) you say {value}, and it is {right}.")
    )
    value, right = answer(8, 8, 2), count_parameters(ResidualBlock(8, 8, 2))
    require(
        value == right,
        f"For (8, 8, 2) you say {value}, and it is {right}: stride 2 alone changes the shape, too.",
    )


@exercise("06.pad_skip")
def check_pad_skip(answer) -> None:
    """A function (maps, out_channels, stride) -> every stride-th pixel, with channels of zeros
    behind.
    """
    maps = torch.rand(2, 3, 8, 6, generator=torch.Generator().manual_seed(0)) + 1
    value = answer(maps.clone(), 5, 2)
    require_tensor(value, (2, 5, 4, 3), "pad_skip(maps, 5, 2) of maps (2, 3, 8, 6)")
    kept = maps[:, :, ::2, ::2]
    _check_kept(value, kept, maps)
    require(bool((value[:, 3:] == 0).all()), "The additional channels should hold zeros.")
    same = answer(maps.clone(), 3, 1)
    require_tensor(same, (2, 3, 8, 6), "pad_skip(maps, 3, 1) of maps (2, 3, 8, 6)")
    require(
        torch.equal(same, maps),
        "With stride 1 and as many channels, the maps should come out unchanged.",
    )
    require_tensor(
        answer(maps.clone(), 4, 3), (2, 4, 3, 2), "pad_skip(maps, 4, 3) of maps (2, 3, 8, 6)"
    )


def _check_kept(value: Tensor, kept: Tensor, maps: Tensor) -> None:
    """The first channels of `value` are `kept`; what is there instead is named if it is a common
    slip.
    """
    pooled = nn.functional.avg_pool2d(maps, 2)
    require(
        not close(value[:, -3:], kept), "The zeros are in front: the maps' own channels come first."
    )
    require(not close(value[:, 1:4], kept), "The zeros are on both sides: put all of them behind.")
    require(
        not close(value[:, :3], pooled), "You average the pixels: keep every second one as it is."
    )
    require(
        not close(value[:, :3], nn.functional.max_pool2d(maps, 2)),
        "You take the largest pixel: keep every second one.",
    )
    require(
        not close(value[:, :3], maps[:, :, 1::2, 1::2]),
        "You start at the second pixel: start at the first.",
    )
    require(
        not close(value[:, :3], maps[:, :, :4, :3]),
        "You cut out a corner: take every second pixel of all.",
    )
    require(
        close(value[:, :3], kept),
        "The shape is right, the kept pixels are not: maps[:, :, ::stride, ::stride].",
    )
