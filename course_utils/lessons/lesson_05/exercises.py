"""Checkers of lesson 05, batch normalization."""

from copy import deepcopy

import torch
from torch import Tensor

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import (
    as_number,
    call,
    calls,
    close,
    require_tensor,
    returned,
    three_rates,
    unchanged,
)
from course_utils.lessons.lesson_00.exercises import judge_learning_rate

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


exercise("05.two_at_a_time", three_rates)(judge_learning_rate)


def adapted(answer: tuple) -> dict:
    """What (function, network, pictures without labels, network -> accuracy on the new pictures, its
    accuracy on the old ones) gives: the accuracies before and after, and whether what is learned has
    moved.
    """
    adapt, model, pictures, accuracy, clean = answer
    mine = deepcopy(model)
    result = call(adapt, mine, pictures.clone())
    pairs = zip(mine.parameters(), model.parameters(), strict=True)
    return {
        "error": result["error"],
        "moved": not all(torch.equal(p, q) for p, q in pairs),
        "before": accuracy(deepcopy(model)),
        "after": accuracy(mine),
        "clean": clean,
    }


@exercise("05.new_camera", adapted)
def judge_new_camera(facts) -> None:
    """A function (network, pictures without labels) that moves statistics alone, and wins back three
    quarters of what a new camera costs.
    """
    require(facts["error"] is None, f"Your code stopped with {facts['error']}")
    require(
        not facts["moved"],
        "A weight has moved. Without labels there is no loss to follow: leave the weights alone.",
    )
    before, after = as_number(facts["before"]), as_number(facts["after"])
    target = before + 0.75 * (as_number(facts["clean"]) - before)
    require(after != before, f"Nothing has changed: still {before:.1%} on the new pictures.")
    require(
        after >= target,
        f"{after:.1%} on the new pictures, after {before:.1%} before: {target:.1%} are wanted.",
    )
