"""Checkers of lesson 06, ResNet."""

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import (
    as_number,
    call,
    close,
    judge_accuracy,
    judge_size,
    number_or_none,
    require_tensor,
    returned,
    same,
    size_and_scores,
)
from course_utils.models import ResidualBlock


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


MAPS = torch.randn(3, 4, 6, 6, generator=torch.Generator().manual_seed(1))


def signed_block() -> ResidualBlock:
    """A used block whose convolutions have weights of both signs, so that each ReLU matters."""
    block = used_block().eval()
    with torch.no_grad():
        block.conv1.weight -= 1.0
        block.conv2.weight -= 1.0
    return block


def rearranged(answer) -> dict:
    """What the learner's function gives for a block and maps, some of them negative."""
    return call(answer, signed_block(), MAPS.clone())


@exercise("06.pre_activation", rearranged)
def judge_pre_activation(result) -> None:
    """A function (block, maps) -> the output in the order of 2016: normalise, ReLU, convolve,
    twice, and add the maps.
    """
    value, block = returned(result), signed_block()
    require_tensor(value, tuple(MAPS.shape), "pre_activation(block, maps)")
    with torch.no_grad():
        branch = block.conv1(F.relu(block.norm1(MAPS)))
        without_second = block.conv2(block.norm2(branch))
        branch = block.conv2(F.relu(block.norm2(branch)))
        first = block.conv1(block.norm1(MAPS))
        without_first = block.conv2(F.relu(block.norm2(first)))
        of_2015 = block.norm2(block.conv2(F.relu(block.norm1(block.conv1(MAPS)))))
    hints = (
        (branch, "That is the branch alone: add the maps."),
        (F.relu(MAPS + branch), "A ReLU still follows the sum: the way around should stay free."),
        (F.relu(MAPS + of_2015), "That is the block of 2015: normalise before each convolution."),
        (MAPS + of_2015, "Only the last ReLU is gone: normalise before each convolution."),
        (MAPS + without_second, "The second ReLU is missing, between norm2 and conv2."),
        (MAPS + without_first, "The first ReLU is missing, between norm1 and conv1."),
    )
    for wrong, hint in hints:
        require(not close(value, wrong), hint)
    require(
        close(value, MAPS + branch),
        "The shape is right, the numbers are not: norm1, ReLU, conv1, norm2, ReLU, conv2, then the "
        "sum.",
    )


STARTS = {"as usual": False, "as identities": True}


def measure_again(answer) -> dict:
    """The learner's (function, two losses), and the function called anew for each start."""
    measure, *stated = answer
    facts = {"stated": dict(zip(STARTS, stated, strict=True))}
    if all(number_or_none(value) is not None for value in stated):
        facts["again"] = {name: call(measure, zero) for name, zero in STARTS.items()}
    return facts


@exercise("06.zero_start", measure_again)
def judge_zero_start(facts) -> None:
    """Two training losses that a fresh run confirms within 0.02."""
    stated = {name: as_number(value) for name, value in facts["stated"].items()}
    again = {
        name: as_number(returned(facts["again"][name]), verb="Return") for name in facts["stated"]
    }
    usual, zeroed = (abs(stated[name] - again[name]) <= 0.02 for name in STARTS)
    swapped = abs(stated["as usual"] - again["as identities"]) <= 0.02
    require(usual or not swapped, "You mixed them up: the first is measure(False).")
    for name, right in zip(STARTS, (usual, zeroed), strict=True):
        require(
            right,
            f"For blocks that start {name} you say {stated[name]:.2f}; a fresh run has "
            f"{again[name]:.2f}.",
        )


MOST = 90_000  # a third of ResNet-20's parameters


@exercise("06.smaller", size_and_scores)
def judge_smaller(facts) -> None:
    """A network of at most MOST parameters with 95 % of ResNet-20's accuracy."""
    judge_size(facts, MOST)
    judge_accuracy(facts, 0.95)
