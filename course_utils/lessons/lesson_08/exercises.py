"""Checkers of lesson 08, fast training."""

import torch

from course_utils.exercises import exercise, require, require_tensor


def number(value: object) -> float:
    """The value as a number; NotYet if it is none."""
    require(
        value is not None and value is not ...,
        "Your function returns nothing yet: replace the dots.",
    )
    value = value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value
    require(isinstance(value, (int, float)) and not isinstance(value, bool), "Return a number.")
    return value


@exercise("08.rate_at")
def check_rate_at(answer) -> None:
    """A function (step, steps, peak, warmup) -> the learning rate of a triangle that begins and
    ends at 0.
    """

    def near(expected: float, *arguments: float) -> bool:
        return abs(number(answer(*arguments)) - expected) < 1e-9

    require(
        near(0, 0, 100, 0.4, 0.25),
        "At step 0 the rate is 0: this triangle begins at the very bottom.",
    )
    require(
        not near(0.4, 1, 100, 0.4, 0.25),
        "The peak is at step warmup * steps; yours is there after one step already.",
    )
    require(
        near(0.2, 25, 200, 0.4, 0.25),
        "Halfway up, at step 25 of 200 with warmup 0.25, the rate is half of the peak.",
    )
    require(near(0.4, 50, 200, 0.4, 0.25), "At step warmup * steps the rate is the peak.")
    require(
        near(0.2, 125, 200, 0.4, 0.25),
        "Halfway down, at step 125 of 200 with warmup 0.25, it is half of the peak.",
    )
    require(near(0, 200, 200, 0.4, 0.25), "At the last step the rate is 0.")
    require(
        near(0.45, 55, 100, 0.9, 0.1),
        "It is right for one triangle and not for another: use all four arguments.",
    )


@exercise("08.alternate")
def check_alternate(answer) -> None:
    """A function (images, first, epoch) -> the images as flips on alternate epochs show them."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(6, 3, 4, 4, generator=generator)
    first = torch.tensor([True, False, False, True, True, False])

    def expected(mirrored: torch.Tensor, axis: int = -1) -> torch.Tensor:
        return torch.stack(
            [im.flip(axis) if m else im for im, m in zip(images, mirrored, strict=True)]
        )

    given = images.clone(), first.clone()
    require_tensor(answer(*given, 0), (6, 3, 4, 4), "what you return")
    require(
        torch.equal(given[0], images), "You changed the images that you were given: make new ones."
    )
    values = [answer(*given, epoch) for epoch in range(4)]
    require(torch.equal(given[1], first), "You changed `first`: the next epoch needs it as it was.")
    require(
        not torch.equal(values[0], expected(first, -2)),
        "You turn the images upside down: mirror the last axis.",
    )
    require(
        not torch.equal(values[0], expected(~first)),
        "In epoch 0 those are mirrored for which `first` is True.",
    )
    require(
        torch.equal(values[0], expected(first)),
        "In epoch 0 exactly those of `first` are mirrored, left to right.",
    )
    require(
        not torch.equal(values[1], expected(first)),
        "Epoch 1 looks like epoch 0: now the other images are mirrored.",
    )
    require(
        torch.equal(values[1], expected(~first)),
        "In epoch 1 exactly the images that `first` leaves out are mirrored.",
    )
    require(
        torch.equal(values[2], expected(first)) and torch.equal(values[3], expected(~first)),
        "Epochs 0 and 1 are right. Epoch 2 is as epoch 0, epoch 3 as epoch 1, and so on.",
    )


@exercise("08.epochs_in_budget")
def check_epochs_in_budget(answer) -> None:
    """A function (operations, multiply_adds, images) -> how many whole epochs the operations pay
    for.
    """
    value = number(answer(6_600_000, 100, 1000))  # 11 epochs
    require(value != 66, "A step takes three forward passes: backward has two parts.")
    require(
        value != 33,
        "You forgot the passes backward: a step takes three forward passes, a multiply-add two operations.",
    )
    require(value != 22, "A multiply-add is two operations: one multiplication and one addition.")
    require(
        value == 11,
        f"6,600,000 operations, 100 multiply-adds and 1,000 images give 11 epochs, not {value}.",
    )
    value = number(answer(6_599_999, 100, 1000))
    require(value == 10, "One operation less, and the eleventh epoch is not paid for: round down.")
    require(number(answer(5, 100, 1000)) == 0, "A budget below one epoch pays for none.")
