"""Checkers of lesson 08, fast training."""

import torch

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import as_number, calls, require_tensor, returned, same

RATES_AT = (  # step, steps, peak, warmup
    (0, 100, 0.4, 0.25),
    (1, 100, 0.4, 0.25),
    (25, 200, 0.4, 0.25),
    (50, 200, 0.4, 0.25),
    (125, 200, 0.4, 0.25),
    (200, 200, 0.4, 0.25),
    (55, 100, 0.9, 0.1),
)


@exercise("08.rate_at", calls(*RATES_AT))
def judge_rate_at(results) -> None:
    """A function (step, steps, peak, warmup) -> the learning rate of a triangle that begins and
    ends at 0.
    """
    by_step = {step: result for (step, *_), result in zip(RATES_AT, results, strict=True)}

    def near(expected: float, step: int) -> bool:
        return abs(as_number(returned(by_step[step]), verb="Return") - expected) < 1e-9

    require(near(0, 0), "At step 0 the rate is 0: this triangle begins at the very bottom.")
    require(
        not near(0.4, 1),
        "The peak is at step warmup * steps; yours is there after one step already.",
    )
    require(
        near(0.2, 25),
        "Halfway up, at step 25 of 200 with warmup 0.25, the rate is half of the peak.",
    )
    require(near(0.4, 50), "At step warmup * steps the rate is the peak.")
    require(
        near(0.2, 125),
        "Halfway down, at step 125 of 200 with warmup 0.25, it is half of the peak.",
    )
    require(near(0, 200), "At the last step the rate is 0.")
    require(
        near(0.45, 55),
        "It is right for one triangle and not for another: use all four arguments.",
    )


IMAGES = torch.rand(6, 3, 4, 4, generator=torch.Generator().manual_seed(0))
FIRST = torch.tensor([True, False, False, True, True, False])


def flipped(chosen: torch.Tensor, axis: int = -1) -> torch.Tensor:
    """The images, the chosen ones mirrored."""
    return torch.where(chosen.view(-1, 1, 1, 1), IMAGES.flip(axis), IMAGES)


@exercise("08.alternate", calls(*((IMAGES, FIRST, epoch) for epoch in range(4))))
def judge_alternate(results) -> None:
    """A function (images, first, epoch) -> the images as flips on alternate epochs show them."""
    require_tensor(returned(results[0]), (6, 3, 4, 4), "what you return")
    values = [returned(result) for result in results]
    images, first, _ = zip(*(result["arguments"] for result in results), strict=True)
    require(
        all(same(given, IMAGES) for given in images),
        "You changed the images that you were given: make new ones.",
    )
    require(
        all(same(given, FIRST) for given in first),
        "You changed `first`: the next epoch needs it as it was.",
    )
    require(
        not same(values[0], flipped(FIRST, -2)),
        "You turn the images upside down: mirror the last axis.",
    )
    require(
        not same(values[0], flipped(~FIRST)),
        "In epoch 0 those are mirrored for which `first` is True.",
    )
    require(
        same(values[0], flipped(FIRST)),
        "In epoch 0 exactly those of `first` are mirrored, left to right.",
    )
    require(
        not same(values[1], flipped(FIRST)),
        "Epoch 1 looks like epoch 0: now the other images are mirrored.",
    )
    require(
        same(values[1], flipped(~FIRST)),
        "In epoch 1 exactly the images that `first` leaves out are mirrored.",
    )
    require(
        same(values[2], flipped(FIRST)) and same(values[3], flipped(~FIRST)),
        "Epochs 0 and 1 are right. Epoch 2 is as epoch 0, epoch 3 as epoch 1, and so on.",
    )


# (operations, multiply-adds, images); 6,600,000 operations are 11 epochs
BUDGETS = ((6_600_000, 100, 1000), (6_599_999, 100, 1000), (5, 100, 1000))


@exercise("08.epochs_in_budget", calls(*BUDGETS))
def judge_epochs_in_budget(results) -> None:
    """A function (operations, multiply_adds, images) -> how many whole epochs the operations pay
    for.
    """
    exact, one_less, tiny = results
    epochs = as_number(returned(exact), verb="Return")
    require(epochs != 66, "A step takes three forward passes: backward has two parts.")
    require(
        epochs != 33,
        "You forgot the passes backward: a step takes three forward passes, "
        "a multiply-add two operations.",
    )
    require(epochs != 22, "A multiply-add is two operations: one multiplication and one addition.")
    require(
        epochs == 11,
        f"6,600,000 operations, 100 multiply-adds and 1,000 images give 11 epochs, not {epochs}.",
    )
    require(
        as_number(returned(one_less), verb="Return") == 10,
        "One operation less, and the eleventh epoch is not paid for: round down.",
    )
    require(
        as_number(returned(tiny), verb="Return") == 0, "A budget below one epoch pays for none."
    )
