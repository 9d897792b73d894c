"""Checkers of lesson 03, the VGG-style CNN."""

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises import exercise, plain, require
from course_utils.lessons.judging import (
    as_number,
    call,
    calls,
    close,
    judge_accuracy,
    judge_size,
    require_tensor,
    returned,
    size_and_scores,
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


HALVES = {
    "max": lambda: nn.MaxPool2d(2),
    "average": lambda: nn.AvgPool2d(2),
    "stride": lambda: nn.Conv2d(32, 32, 3, stride=2, padding=1),
}


def measure_again(answer) -> dict:
    """The learner's (function, three accuracies), and the function called anew for each way."""
    measure, *stated = answer
    facts = {"stated": dict(zip(HALVES, stated, strict=True))}
    if all(isinstance(plain(value), (int, float)) for value in stated):
        facts["again"] = {name: call(measure, halve) for name, halve in HALVES.items()}
    return facts


@exercise("03.halving", measure_again)
def judge_halving(facts) -> None:
    """Three validation accuracies that a fresh run confirms within half a point."""
    for name, value in facts["stated"].items():
        stated = as_number(value)
        require(stated <= 1, f"You say {stated:g}: an accuracy lies between 0 and 1.")
        again = as_number(returned(facts["again"][name]), verb="Return")
        require(
            abs(again - stated) <= 0.005,
            f"For {name} you say {stated:.1%}; a fresh run has {again:.1%}: did you mix them up?",
        )


@exercise("03.a_tenth", size_and_scores)
def judge_a_tenth(facts) -> None:
    """Less than a tenth of the lesson's parameters and 95 % of its accuracy."""
    with torch.device("meta"):  # shapes alone, no numbers
        limit = count_parameters(VGG()) // 10
    judge_size(facts, limit)
    judge_accuracy(facts, 0.95)
