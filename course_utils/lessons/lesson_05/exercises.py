"""Checkers of lesson 05, batch normalization."""

import torch
from torch import Tensor, nn

from course_utils.exercises import close, exercise, require, require_pair, require_tensor


@exercise("05.backward")
def check_backward(answer) -> None:
    """A function (maps, gradient by the normalised maps) -> the gradient by the maps, in training
    mode.
    """
    generator = torch.Generator().manual_seed(0)
    maps, upstream = 1 + torch.randn(2, 3, 4, 2, 3, generator=generator)
    maps = maps * torch.tensor([1.0, 3.0, 0.3, 0.01]).view(
        -1, 1, 1
    )  # the last channel's variance is near eps
    given, given_upstream = maps.clone(), upstream.clone()
    value = answer(given, given_upstream)
    require_tensor(value, (3, 4, 2, 3), "The gradient")
    require(
        torch.equal(given, maps) and torch.equal(given_upstream, upstream),
        "Your function changed what it was given: work on new tensors.",
    )

    def over(x: Tensor, axes: tuple[int, ...] = (0, 2, 3)) -> Tensor:
        return x.mean(dim=axes, keepdim=True)

    def formula(axes=(0, 2, 3), mean=True, variance=True, eps=1e-5, root=True) -> Tensor:
        centred = maps - over(maps, axes)
        deviation = (over(centred**2, axes) + eps).sqrt()
        normalised = centred / deviation
        found = (
            upstream
            - mean * over(upstream, axes)
            - variance * normalised * over(upstream * normalised, axes)
        )
        return found / deviation if root else found

    for wrong, hint in (
        (
            formula(mean=False, variance=False),
            "The mean and the variance depend on the maps too: two parts are missing.",
        ),
        (formula(variance=False), "The part that goes through the variance is missing."),
        (
            formula(mean=False),
            "The part that goes through the mean is missing: take away the mean of upstream.",
        ),
        (
            formula(root=False),
            "Divide by the root of (variance + eps) at the end: the normalising itself did.",
        ),
        (formula(eps=0), "Nearly: eps, 0.00001, is added to the variance before the root."),
        (formula(axes=(0,)), "Each channel has one mean, over images and places, dims 0, 2 and 3."),
        (
            formula(axes=(2, 3)),
            "The images of a batch share one mean for each channel: dims 0, 2 and 3.",
        ),
    ):
        require(not close(value, wrong), hint)
    require(
        close(value, formula(), tolerance=1e-4),
        "The numbers are wrong: (upstream - its mean - normalised * mean(upstream * normalised)) / root.",
    )


@exercise("05.batches_needed")
def check_batches_needed(answer) -> None:
    """After how many batches less than 1 % of the first statistics is left, if each keeps 0.99."""
    require(answer is not ... and answer is not None, "Replace the dots by a number.")
    require(isinstance(answer, int) and not isinstance(answer, bool), "Give a whole number.")
    require(answer != 44, "That is for 0.9, torch's default. Here each batch keeps 0.99.")
    require(answer not in (1, 2), "Here momentum is what each batch keeps, not what it brings.")
    require(answer != 458, "After 458 batches 1.002 % is left: one more.")
    require(answer <= 459, "That is enough, and more than is needed: give the smallest number.")
    require(
        answer == 459,
        f"0.99 to the power of {answer} is {0.99 ** max(answer, 0):.1%}: still too much.",
    )


def _norm_and_linear() -> tuple[nn.BatchNorm1d, nn.Linear, Tensor]:
    """Two layers of four features, in evaluation mode, with all numbers random, and five inputs (5,
    4).
    """
    generator = torch.Generator().manual_seed(0)
    norm, linear = nn.BatchNorm1d(4, eps=0.1).eval(), nn.Linear(4, 4)
    with torch.no_grad():
        for tensor in (
            norm.weight,
            norm.bias,
            norm.running_mean,
            norm.running_var,
            linear.weight,
            linear.bias,
        ):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
    return norm, linear, torch.rand(5, 4, generator=generator)


@exercise("05.fold_forwards")
def check_fold_forwards(answer) -> None:
    """A function (BatchNorm1d, Linear) -> weight and bias of one linear layer that computes both."""
    norm, linear, features = _norm_and_linear()
    weight, bias = linear.weight.detach().clone(), linear.bias.detach().clone()
    with torch.no_grad():
        expected = linear(norm(features))
        value = answer(norm, linear)
        require_pair(value, "the weight", "the bias")
        require_tensor(value[0], (4, 4), "The weight")
        require_tensor(value[1], (4,), "The bias")
        require(
            torch.equal(linear.weight, weight) and torch.equal(linear.bias, bias),
            "Your function changed the linear layer that it was given: return new tensors.",
        )
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        shift = norm.bias - norm.running_mean * scale
        require(
            not close(value[0], weight * scale[:, None]),
            "The weight is scaled along its outputs. The normalised numbers are its inputs, the last axis.",
        )
        for wrong, hint in (
            (
                norm.weight / norm.running_var.sqrt(),
                "eps is missing: it is added to the running variance.",
            ),
            (
                norm.weight / (norm.running_var + norm.eps),
                "Divide by the root of the variance, not by the variance.",
            ),
            (
                1 / (norm.running_var + norm.eps).sqrt(),
                "The normalisation's own weight (gamma) is missing.",
            ),
        ):
            require(not close(value[0], weight * wrong), hint)
        require(
            close(value[0], weight * scale),
            "The weight is wrong: linear.weight times scale, input by input.",
        )
        require(
            not close(value[1], bias),
            "The weight is right. The bias takes no part of the shift yet.",
        )
        require(
            not close(value[1], bias + shift),
            "The weight is right. The shift passes through the linear layer: multiply it by the weight first.",
        )
        require(
            not close(value[1], bias + value[0] @ shift),
            "The weight is right. The shift is not scaled again: use the old weight for the bias.",
        )
        require(
            close(features @ value[0].T + value[1], expected, tolerance=1e-4),
            "The weight is right, the bias is not: old bias + old weight @ (norm.bias - running_mean * scale).",
        )
