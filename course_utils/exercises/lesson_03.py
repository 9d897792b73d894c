"""Checkers of lesson 03, the VGG-style CNN."""

import torch
from torch import nn

from course_utils.exercises.mechanism import exercise, require
from course_utils.models import VGG, count_parameters


@exercise("03.map_size")
def check_map_size(answer) -> None:
    """A function (size, kernel, stride, padding) -> the side of the feature map."""
    value = answer(5, 3, 1, 0)
    require(
        value is not None and value is not ...,
        "Your function returns nothing yet: replace the dots, and return the size.",
    )
    require(isinstance(value, int), f"Your function gives {value!r}: a size is a whole number, so divide with //.")
    require(value != 2, "A 3-pixel window fits into 5 pixels at 3 places, not 2: add 1.")
    require(value == 3, f"5 pixels, kernel 3, stride 1, no padding: the window fits at 3 places, you say {value}.")
    value = answer(5, 3, 1, 1)
    require(value != 4, "Padding adds pixels on both sides: 2 * padding.")
    require(value == 5, f"5 pixels, kernel 3, stride 1, padding 1: the size stays 5, you say {value}.")
    value = answer(32, 4, 2, 1)
    require(
        value == 16,
        f"32 pixels, kernel 4, stride 2, padding 1 give 16, you say {value}: divide by the stride, then add 1.",
    )


@exercise("03.conv_parameters")
def check_conv_parameters(answer) -> None:
    """A function (in_channels, out_channels, kernel) -> how many numbers a convolution learns."""
    value = answer(3, 16, 3)
    require(
        value is not None and value is not ...,
        "Your function returns nothing yet: replace the dots, and return the number.",
    )
    require(value != 432, "Those are the weights: each of the 16 kernels also has a bias.")
    require(value != 435, "One bias for each kernel, that is for each output channel, not for each input channel.")
    require(
        value not in (160, 144), "Each kernel covers all input channels: its size is in_channels x kernel x kernel."
    )
    require(value == 448, f"3 channels in, 16 out, kernel 3: 448 numbers, you say {value}.")
    expected = count_parameters(nn.Conv2d(8, 4, 5))
    require(
        answer(8, 4, 5) == expected, f"8 channels in, 4 out, kernel 5: {expected} numbers, you say {answer(8, 4, 5)}."
    )


@exercise("03.small_network")
def check_small_network(answer) -> None:
    """A module for (N, 3, 32, 32) -> (N, 10) with the lesson's convolutions and under a tenth of its parameters."""
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
    kernels = [tuple(layer.weight.shape) for layer in answer.modules() if isinstance(layer, nn.Conv2d)]
    wanted = [tuple(layer.weight.shape) for layer in VGG().modules() if isinstance(layer, nn.Conv2d)]
    require(
        kernels == wanted, "Small enough, but the three blocks should stay as they are: shrink the linear layers only."
    )
