"""Checkers of lesson 03, the VGG-style CNN."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.exercises import (
    as_number,
    call,
    calls,
    close,
    exercise,
    kind,
    require,
    require_tensor,
    returned,
)
from course_utils.models import VGG, count_parameters


@exercise("03.same_padding", calls((3,), (5,), (1,), (4,)))
def judge_same_padding(results) -> None:
    """A function kernel -> the padding that keeps the size at stride 1, or None without one."""
    three, five, one, four = results
    value = returned(three)
    require(value is not None, "For kernel 3 your function gives nothing yet: replace the dots.")
    require(as_number(value) == 1, f"Kernel 3 needs padding 1, as in section 1; you say {value}.")
    require(
        not isinstance(value, float),
        f"Your function gives {value!r}: a padding is a whole number, so divide with //.",
    )
    value = returned(five)
    require(
        value != 1,
        "Padding 1 keeps the size for kernel 3 only: "
        "a kernel of 5 reaches two pixels to each side.",
    )
    require(value != 4, "Padding is added on both sides: half of what the window takes away.")
    require(value == 2, f"Kernel 5 needs padding 2; you say {value}.")
    value = returned(one)
    require(value == 0, f"Kernel 1 takes nothing away and needs no padding; you say {value}.")
    value = returned(four)
    if value is not None:
        size = 8 + 2 * as_number(value) - 4 + 1
        require(False, f"For kernel 4 you say {value}: then 8 pixels become {size}. Return None.")


GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.randn(2, 3, 6, 5, generator=GENERATOR)
WEIGHT = torch.randn(4, 3, 3, 3, generator=GENERATOR)
BIAS = torch.tensor([1.0, -2.0, 3.0, 0.5])


@exercise("03.conv_layer", calls((IMAGES, WEIGHT, BIAS)))
def judge_conv_layer(results) -> None:
    """A function (images, weight, bias) -> what F.conv2d gives, stride 1, no padding."""
    value = returned(results[0])
    require_tensor(value, (2, 4, 4, 3), "the result of your function")
    expected = F.conv2d(IMAGES, WEIGHT, BIAS)
    require(
        not close(value, F.conv2d(IMAGES, WEIGHT), 1e-4),
        "Only the bias is missing: one number for each output channel.",
    )
    first_channel = F.conv2d(IMAGES[:, :1], WEIGHT[:, :1], BIAS)
    require(
        not close(value, first_channel, 1e-4),
        "You use the first input channel only: add up over all of them.",
    )
    bias_each_time = expected + 2 * BIAS.view(1, -1, 1, 1)
    require(
        not close(value, bias_each_time, 1e-4),
        "The bias is added once for each input channel: add it once.",
    )
    require(
        close(value, expected, 1e-4),
        "The shape is right, the numbers are not: compare with F.conv2d.",
    )


def kernels(network: nn.Module) -> list[list[int]]:
    """The shapes of a network's kernels, convolution by convolution."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    return [list(layer.weight.shape) for layer in layers]


def describe_network(answer) -> dict:
    """What a network gives for two images, its number of parameters, the shapes of its kernels."""
    if not isinstance(answer, nn.Module):
        return {"no network": answer}
    with torch.no_grad():
        logits = call(answer, torch.zeros(2, 3, 32, 32))
    facts = {"parameters": count_parameters(answer), "kernels": kernels(answer)}
    return {"logits": logits} | facts


@exercise("03.small_network", describe_network)
def judge_small_network(facts) -> None:
    """A module for (N, 3, 32, 32) -> (N, 10) with the lesson's convolutions and under a tenth of
    its parameters.
    """
    if "no network" in facts:
        answer = facts["no network"]
        require(answer is not None, "Replace the dots by a network.")
        require(kind(answer) != "type", "That is a class: call it, to make a network.")
        require(False, f"That is a {kind(answer)}: give an nn.Module.")
    value = returned(facts["logits"])
    found = tuple(value.shape) if isinstance(value, Tensor) else f"a {kind(value)}"
    require(found == (2, 10), f"Two images give {found}: ten logits each are wanted, (2, 10).")
    with torch.device("meta"):  # shapes alone, no numbers
        full_network = VGG()
    own, limit = facts["parameters"], count_parameters(full_network) // 10
    require(
        own < limit,
        f"Your network learns {own:,} numbers: fewer than {limit:,} are wanted. "
        "Look at the first linear layer.",
    )
    require(
        facts["kernels"] == kernels(full_network),
        "Small enough, but the three blocks should stay as they are: "
        "shrink the linear layers only.",
    )
