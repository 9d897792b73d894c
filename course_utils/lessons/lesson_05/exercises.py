"""Checkers of lesson 05, batch normalization."""

import torch
from torch import Tensor, nn

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import (
    as_number,
    call,
    calls,
    close,
    require_pair,
    require_tensor,
    returned,
    same,
    unchanged,
)

GENERATOR = torch.Generator().manual_seed(0)
MAPS, UPSTREAM = 1 + torch.randn(2, 3, 4, 2, 3, generator=GENERATOR)
# The last channel's variance is near eps.
MAPS = MAPS * torch.tensor([1.0, 3.0, 0.3, 0.01]).view(-1, 1, 1)


def over(x: Tensor, axes: tuple[int, ...] = (0, 2, 3)) -> Tensor:
    return x.mean(dim=axes, keepdim=True)


def gradient(axes=(0, 2, 3), mean=True, variance=True, eps=1e-5, root=True) -> Tensor:
    """The gradient by the maps; each option makes one mistake."""
    centred = MAPS - over(MAPS, axes)
    deviation = (over(centred**2, axes) + eps).sqrt()
    normalised = centred / deviation
    found = UPSTREAM - mean * over(UPSTREAM, axes)
    found = found - variance * normalised * over(UPSTREAM * normalised, axes)
    return found / deviation if root else found


@exercise("05.backward", calls((MAPS, UPSTREAM)))
def judge_backward(results) -> None:
    """A function (maps, gradient by the normalised maps) -> the gradient by the maps, in training
    mode.
    """
    value = returned(results[0])
    require_tensor(value, (3, 4, 2, 3), "The gradient")
    require(
        unchanged(results[0], MAPS, UPSTREAM),
        "Your function changed what it was given: work on new tensors.",
    )
    for wrong, hint in (
        (
            gradient(mean=False, variance=False),
            "The mean and the variance depend on the maps too: two parts are missing.",
        ),
        (gradient(variance=False), "The part that goes through the variance is missing."),
        (
            gradient(mean=False),
            "The part that goes through the mean is missing: take away the mean of upstream.",
        ),
        (
            gradient(root=False),
            "Divide by the root of (variance + eps) at the end: the normalising itself did.",
        ),
        (gradient(eps=0), "Nearly: eps, 0.00001, is added to the variance before the root."),
        (
            gradient(axes=(0,)),
            "Each channel has one mean, over images and places, dims 0, 2 and 3.",
        ),
        (
            gradient(axes=(2, 3)),
            "The images of a batch share one mean for each channel: dims 0, 2 and 3.",
        ),
    ):
        require(not close(value, wrong), hint)
    require(
        close(value, gradient(), tolerance=1e-4),
        "The numbers are wrong: "
        "(upstream - its mean - normalised * mean(upstream * normalised)) / root.",
    )


@exercise("05.batches_needed")
def judge_batches_needed(answer) -> None:
    """After how many batches less than 1 % of the first statistics is left, if each keeps 0.99."""
    number = as_number(answer, whole=True)
    require(number != 44, "That is for 0.9, torch's default. Here each batch keeps 0.99.")
    require(number not in (1, 2), "Here momentum is what each batch keeps, not what it brings.")
    require(number != 458, "After 458 batches 1.002 % is left: one more.")
    require(number <= 459, "That is enough, and more than is needed: give the smallest number.")
    require(
        number == 459,
        f"0.99 to the power of {number} is {0.99 ** max(number, 0):.1%}: still too much.",
    )


def norm_and_linear() -> tuple[nn.BatchNorm1d, nn.Linear]:
    """Two layers of four features, in evaluation mode, with all numbers random."""
    generator = torch.Generator().manual_seed(0)
    norm, linear = nn.BatchNorm1d(4, eps=0.1).eval(), nn.Linear(4, 4)
    with torch.no_grad():
        for tensor in (*norm.parameters(), *norm.buffers(), *linear.parameters()):
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
    return norm, linear


def fold_layers(answer) -> dict:
    """What the function returns, and the linear layer's numbers after it."""
    norm, linear = norm_and_linear()
    with torch.no_grad():
        result = call(answer, norm, linear)
    return result | {"weight": linear.weight, "bias": linear.bias}


@exercise("05.fold_forwards", fold_layers)
@torch.no_grad()
def judge_fold_forwards(result) -> None:
    """A function (BatchNorm1d, Linear) -> weight and bias of a linear layer that computes both."""
    value = returned(result)
    require_pair(value, "the weight", "the bias")
    weight, bias = value
    require_tensor(weight, (4, 4), "The weight")
    require_tensor(bias, (4,), "The bias")
    norm, linear = norm_and_linear()
    require(
        same(result["weight"], linear.weight) and same(result["bias"], linear.bias),
        "Your function changed the linear layer that it was given: return new tensors.",
    )
    variance = norm.running_var + norm.eps
    scale = norm.weight / variance.sqrt()
    shift = norm.bias - norm.running_mean * scale
    for wrong, hint in (
        (
            linear.weight * scale[:, None],
            "The weight is scaled along its outputs. "
            "The normalised numbers are its inputs, the last axis.",
        ),
        (
            linear.weight * norm.weight / norm.running_var.sqrt(),
            "eps is missing: it is added to the running variance.",
        ),
        (
            linear.weight * norm.weight / variance,
            "Divide by the root of the variance, not by the variance.",
        ),
        (
            linear.weight / variance.sqrt(),
            "The normalisation's own weight (gamma) is missing.",
        ),
    ):
        require(not close(weight, wrong), hint)
    require(
        close(weight, linear.weight * scale),
        "The weight is wrong: linear.weight times scale, input by input.",
    )
    for wrong, hint in (
        (linear.bias, "The bias takes no part of the shift yet."),
        (
            linear.bias + shift,
            "The shift passes through the linear layer: multiply it by the weight first.",
        ),
        (
            linear.bias + weight.float() @ shift,
            "The shift is not scaled again: use the old weight for the bias.",
        ),
    ):
        require(not close(bias, wrong), f"The weight is right. {hint}")
    require(
        close(bias, linear.bias + linear.weight @ shift, tolerance=1e-4),
        "The weight is right, the bias is not: "
        "old bias + old weight @ (norm.bias - running_mean * scale).",
    )
