"""Checkers of lesson 06, ResNet."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import (
    as_number,
    call,
    calls,
    close,
    require_tensor,
    returned,
    same,
)
from course_utils.models import ResidualBlock, count_parameters


def used_block() -> ResidualBlock:
    """A block as training leaves it: no parameter, no running statistic is at its first value."""
    generator = torch.Generator().manual_seed(0)
    block = ResidualBlock(4, 4)
    for value in block.state_dict().values():
        if value.is_floating_point():
            value.copy_(0.5 + torch.rand(value.shape, generator=generator))
    return block


def change_block(answer) -> dict:
    """The block's numbers after the function, and whether it is still the same kind of block."""
    block, given = used_block(), []
    result = call(lambda block: given.append(answer(block)), block)
    return result | {
        "another": any(isinstance(v, nn.Module) and v is not block for v in given),
        "other_code": not isinstance(block.skip, nn.Identity) or "forward" in vars(block),
        "numbers": block.state_dict(),
    }


@exercise("06.make_identity", change_block)
def judge_make_identity(result) -> None:
    """A function that changes a residual block so that it returns its input, by changing one layer
    at most.
    """
    require(
        not result["another"],
        "You return another module: change the block that you are given.",
    )
    block, numbers = used_block(), result["numbers"]
    before = block.state_dict()
    require(
        list(numbers) == list(before)
        and all(numbers[name].shape == before[name].shape for name in before),
        "The block has other layers now: change numbers, not layers.",
    )
    changed = {name for name in before if not same(numbers[name], before[name])}
    require(bool(changed), "Nothing in the block has changed yet: replace the dots.")
    require(not result["other_code"], "The block computes in another way now: change numbers only.")
    require(
        changed != {"norm2.weight"},
        "Nearly: the weight of the last BatchNorm is 0, "
        "but its bias still adds something to every pixel.",
    )
    layers = sorted({name.partition(".")[0] for name in changed})
    require(
        len(layers) == 1,
        f"You changed {len(layers)} layers ({', '.join(layers)}): one is enough.",
    )
    block.load_state_dict(numbers)
    maps = torch.rand(3, 4, 6, 6, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        in_training = close(block.train()(maps), maps)
        in_evaluation = close(block.eval()(maps), maps)
    require(
        in_evaluation or not in_training,
        "Right in training mode only: in evaluation mode BatchNorm subtracts its running mean "
        "from 0.",
    )
    require(
        in_training,
        f"After your change of {layers[0]} the block still changes its input: "
        "what comes last in the branch?",
    )


@exercise("06.block_parameters", calls((16, 16, 1), (16, 32, 2), (8, 8, 2)))
def judge_block_parameters(results) -> None:
    """A function (in_channels, out_channels, stride) -> the parameters of a standard residual
    block.
    """
    equal, wider, smaller = results
    value = returned(equal)
    require(value is not None, "Your function gives nothing yet: replace the dots.")
    convolutions, right = 2 * 9 * 16 * 16, count_parameters(ResidualBlock(16, 16))
    hints = {
        convolutions: " the two BatchNorms are missing: a weight and a bias for each channel.",
        convolutions + 2 * 16: " you count one BatchNorm: there are two.",
        right + 2 * 16: ": these convolutions have no bias, BatchNorm is behind them.",
        right + 16 * 16 + 32: " there is no projection: the shapes agree.",
    }
    _require_count(value, right, "(16, 16, 1)", hints)
    right = count_parameters(ResidualBlock(16, 32, 2))
    bare = right - 16 * 32 - 64
    hints = {
        bare: " the shapes differ: the skip has a 1x1 convolution, and a BatchNorm.",
        right - 64: " the projection has a BatchNorm behind it, too.",
        right + 32: ": the projection has no bias, BatchNorm is behind it.",
        right + 9 * 32 * 16: ": the first convolution reads 16 channels, not 32.",
    }
    _require_count(returned(wider), right, "(16, 32, 2)", hints)
    value, right = as_number(returned(smaller)), count_parameters(ResidualBlock(8, 8, 2))
    require(
        value == right,
        f"For (8, 8, 2) you say {value}, and it is {right}: stride 2 alone changes the shape, too.",
    )


def _require_count(value, right: int, block: str, hints: dict[int, str]) -> None:
    """`hints` says what is wrong with a count, as the end of a sentence."""
    number = as_number(value, whole=True)
    hint = hints.get(number, f" you say {number}, and it is {right}.")
    require(number == right, f"For {block}{hint}")


MAPS = torch.rand(2, 3, 8, 6, generator=torch.Generator().manual_seed(0)) + 1


@exercise("06.pad_skip", calls((MAPS, 5, 2), (MAPS, 3, 1), (MAPS, 4, 3)))
def judge_pad_skip(results) -> None:
    """A function (maps, out_channels, stride) -> every stride-th pixel, with channels of zeros
    behind.
    """
    value, unpadded, third = results
    value = returned(value)
    require_tensor(value, (2, 5, 4, 3), "pad_skip(maps, 5, 2) of maps (2, 3, 8, 6)")
    _require_kept(value, MAPS[:, :, ::2, ::2])
    require(bool((value[:, 3:] == 0).all()), "The additional channels should hold zeros.")
    value = returned(unpadded)
    require_tensor(value, (2, 3, 8, 6), "pad_skip(maps, 3, 1) of maps (2, 3, 8, 6)")
    require(
        same(value, MAPS),
        "With stride 1 and as many channels, the maps should come out unchanged.",
    )
    what = "pad_skip(maps, 4, 3) of maps (2, 3, 8, 6)"
    require_tensor(returned(third), (2, 4, 3, 2), what)


def _require_kept(value: Tensor, kept: Tensor) -> None:
    """The first channels of `value` are `kept`; what is there instead is named if it is a common
    slip.
    """
    first = value[:, :3]
    for found, wrong, hint in (
        (value[:, -3:], kept, "The zeros are in front: the maps' own channels come first."),
        (value[:, 1:4], kept, "The zeros are on both sides: put all of them behind."),
        (first, F.avg_pool2d(MAPS, 2), "You average the pixels: keep every second one as it is."),
        (first, F.max_pool2d(MAPS, 2), "You take the largest pixel: keep every second one."),
        (first, MAPS[:, :, 1::2, 1::2], "You start at the second pixel: start at the first."),
        (first, MAPS[:, :, :4, :3], "You cut out a corner: take every second pixel of all."),
    ):
        require(not close(found, wrong), hint)
    require(
        close(first, kept),
        "The shape is right, the kept pixels are not: maps[:, :, ::stride, ::stride].",
    )
