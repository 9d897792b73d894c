"""Checkers of lesson 03, the VGG-style CNN."""

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises import close, exercise, require, require_tensor
from course_utils.models import VGG, count_parameters


@exercise("03.same_padding")
def check_same_padding(answer) -> None:
    """A function kernel -> the padding that keeps the size at stride 1, or None if there is none."""
    value = answer(3)
    require(
        value is not None and value is not ...,
        "For kernel 3 your function gives nothing yet: replace the dots.",
    )
    require(value == 1, f"Kernel 3 needs padding 1, as in section 1; you say {value}.")
    require(
        isinstance(value, int),
        f"Your function gives {value!r}: a padding is a whole number, so divide with //.",
    )
    value = answer(5)
    require(
        value != 1,
        "Padding 1 keeps the size for kernel 3 only: a kernel of 5 reaches two pixels to each side.",
    )
    require(value != 4, "Padding is added on both sides: half of what the window takes away.")
    require(value == 2, f"Kernel 5 needs padding 2; you say {value}.")
    require(
        answer(1) == 0, f"Kernel 1 takes nothing away and needs no padding; you say {answer(1)}."
    )
    value = answer(4)
    require(
        value is None,
        f"For kernel 4 you say {value}: then 8 pixels become {8 + 2 * (value or 0) - 4 + 1}. Return None.",
    )


@exercise("03.conv_layer")
def check_conv_layer(answer) -> None:
    """A function (images, weight, bias) -> what F.conv2d gives, stride 1, no padding."""
    generator = torch.Generator().manual_seed(0)
    images, weight = (
        torch.randn(*shape, generator=generator) for shape in ((2, 3, 6, 5), (4, 3, 3, 3))
    )
    bias = torch.tensor([1.0, -2.0, 3.0, 0.5])
    value = answer(images.clone(), weight.clone(), bias.clone())
    require_tensor(value, (2, 4, 4, 3), "the result of your function")
    expected = F.conv2d(images, weight, bias)
    require(
        not close(value, F.conv2d(images, weight), 1e-4),
        "Only the bias is missing: one number for each output channel.",
    )
    first_channel = F.conv2d(images[:, :1], weight[:, :1], bias)
    require(
        not close(value, first_channel, 1e-4),
        "You use the first input channel only: add up over all of them.",
    )
    bias_each_time = expected + 2 * bias.view(1, -1, 1, 1)
    require(
        not close(value, bias_each_time, 1e-4),
        "The bias is added once for each input channel: add it once.",
    )
    require(
        close(value, expected, 1e-4),
        "The shape is right, the numbers are not: compare with F.conv2d.",
    )


@exercise("03.small_network")
def check_small_network(answer) -> None:
    """A module for (N, 3, 32, 32) -> (N, 10) with the lesson's convolutions and under a tenth of
    its parameters.
    """
    require(answer is not ... and answer is not None, "Replace the dots by a network.")
    require(not isinstance(answer, type), "That is a class: call it, to make a network.")
    require(isinstance(answer, nn.Module), f"That is a {type(answer).__name__}: give an nn.Module.")
    with torch.no_grad():
        shape = tuple(answer(torch.zeros(2, 3, 32, 32)).shape)
    require(shape == (2, 10), f"Two images give {shape}: ten logits each are wanted, (2, 10).")
    own, limit = count_parameters(answer), count_parameters(VGG()) // 10
    require(
        own < limit,
        f"Your network learns {own:,} numbers: fewer than {limit:,} are wanted. Look at the first linear layer.",
    )
    kernels = [
        tuple(layer.weight.shape) for layer in answer.modules() if isinstance(layer, nn.Conv2d)
    ]
    wanted = [
        tuple(layer.weight.shape) for layer in VGG().modules() if isinstance(layer, nn.Conv2d)
    ]
    require(
        kernels == wanted,
        "Small enough, but the three blocks should stay as they are: shrink the linear layers only.",
    )
