"""Checkers of lesson 01, data augmentation."""

import torch
import torch.nn.functional as F

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import (
    as_number,
    call,
    calls,
    close,
    judge_gain,
    judge_size,
    number_or_none,
    require_pair,
    require_tensor,
    returned,
    same,
    size_and_scores,
    unchanged,
)

IMAGE = torch.arange(1.0, 97.0).view(2, 6, 8)


@exercise("01.erase", calls((IMAGE, 1, 3, 3), (IMAGE, 4, 6, 3)))
def judge_erase(results) -> None:
    """A function (image, top, left, side) -> the image with a square of zeros."""
    inside, over_the_edge = results
    expected = IMAGE.clone()
    expected[:, 1:4, 3:6] = 0
    value = returned(inside)
    require_tensor(value, (2, 6, 8), "The result of your function")
    require(
        unchanged(inside, IMAGE, 1, 3, 3),
        "Your function changed the image that it was given: start with image.clone().",
    )
    erased = value == 0
    require(bool(erased.any()), "Nothing was erased: set the square to 0.")
    require(
        same(erased[0], erased[1]),
        "The channels differ: the square has to be erased in all of them.",
    )
    require(
        same(value[~erased], IMAGE[~erased]),
        "Outside the square the pixels should stay as they are.",
    )
    swapped = (expected[0, :, :6] == 0).T
    require(not same(erased[0, :, :6], swapped), "Rows and columns are swapped.")
    number = int(erased[0].sum())
    require(
        number == 9,
        f"A square of side 3 covers 9 pixels, yours {number}: from top up to top + side.",
    )
    require(
        same(value, expected),
        "The square is in the wrong place: (top, left) is its upper left corner.",
    )
    value = returned(over_the_edge)
    expected = IMAGE.clone()
    expected[:, 4:, 6:] = 0
    require_tensor(value, (2, 6, 8), "The image with a square that hangs over the edge")
    require(
        same(value, expected),
        "A square that hangs over the edge should be cut off there, not moved.",
    )


IMAGES = torch.arange(1.0, 217.0).view(3, 2, 6, 6)
LABELS = torch.tensor([0, 2, 1])
ARGUMENTS = (IMAGES, LABELS, 1, 2, 2, 3, 4)  # top, left, height, width, classes


@exercise("01.cutmix", calls(ARGUMENTS))
def judge_cutmix(results) -> None:
    """A function (images, labels, top, left, height, width, num_classes) -> images with a pasted
    window, labels.
    """
    value = returned(results[0])
    require_pair(value, "the new images", "the new labels")
    images, labels = value
    require_tensor(images, (3, 2, 6, 6), "The tensor of new images")
    require_tensor(labels, (3, 4), "The tensor of new labels")
    require(
        unchanged(results[0], *ARGUMENTS),
        "Your function changed the images that it was given: start with clone().",
    )
    expected, window = {}, (slice(None), slice(None), slice(1, 3), slice(2, 5))
    for shift in (1, -1):
        expected[shift] = IMAGES.clone()
        expected[shift][window] = IMAGES.roll(shift, dims=0)[window]
    require(
        not same(images, expected[-1]),
        "Your window comes from the image after it: roll by 1, not -1.",
    )
    require(
        same(images, expected[1]),
        "The new images are wrong: "
        "paste rows top to top + height and columns left to left + width.",
    )
    own, other = F.one_hot(LABELS, 4).double(), F.one_hot(LABELS.roll(1), 4).double()
    require(close(labels.sum(dim=1), torch.ones(3)), "The shares of a label should add up to 1.")
    share = 2 * 3 / 36
    require(
        not close(labels, share * own + (1 - share) * other),
        "The shares are exchanged: most pixels are still the image's own.",
    )
    require(
        close(labels, (1 - share) * own + share * other),
        "The images are right, the labels are not: "
        "the window's share of the pixels goes to the pasted image's class.",
    )


def shifts(answer) -> dict:
    """The learner's (function pixels -> accuracy, smallest shift, its accuracy), and the function
    called anew: without a shift, at that one, and a pixel before it.
    """
    measure, shift, accuracy = answer
    facts = {"shift": shift, "accuracy": accuracy}
    shift = number_or_none(shift)
    if shift is not None and shift > 0 and shift % 1 == 0:
        shift = int(shift)
        at = {"plain": 0, "again": shift, "before": shift - 1}
        facts |= {name: call(measure, pixels) for name, pixels in at.items()}
    return facts


@exercise("01.shift", shifts)
def judge_shift(facts) -> None:
    """The smallest shift that costs ten points of accuracy, and the accuracy there, within a point."""
    shift, accuracy = as_number(facts["shift"], whole=True), as_number(facts["accuracy"])
    require(shift > 0, "Without a shift nothing is lost: try 1 pixel, then 2, and so on.")
    require(accuracy <= 1, f"Give the accuracy from 0 to 1, not {accuracy:g}.")
    unshifted, again, before = (
        as_number(returned(facts[name]), verb="Return") for name in ("plain", "again", "before")
    )
    require(
        unshifted - again >= 0.1,
        f"{shift} pixels cost {100 * (unshifted - again):.1f} points: shift further.",
    )
    require(
        unshifted - before < 0.1,
        f"{shift - 1} pixels already cost {100 * (unshifted - before):.1f} points: "
        "look for the smallest shift.",
    )
    require(
        abs(again - accuracy) <= 0.01,
        f"At {shift} pixels a fresh run has accuracy {again:.3f}, not {accuracy:.3f}: "
        "run it and copy the number.",
    )


def few_pictures(answer) -> dict:
    """The learner's (network, its accuracy), then the lesson's (network, accuracy of its best arm):
    how many numbers each network learns, and both accuracies.
    """
    network, accuracy, lessons_network, best = answer
    lessons_own = sum(p.numel() for p in lessons_network.parameters())
    return size_and_scores((network, accuracy, best)) | {"limit": lessons_own}


@exercise("01.few_pictures", few_pictures)
def judge_few_pictures(facts) -> None:
    """The lesson's network, six points of validation accuracy above its best arm."""
    judge_size(facts, facts["limit"])
    judge_gain(facts, 6)
