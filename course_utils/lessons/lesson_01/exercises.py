"""Checkers of lesson 01, data augmentation."""

import torch
import torch.nn.functional as F

from course_utils.exercises import close, exercise, require, require_pair, require_tensor


@exercise("01.number_of_pictures")
def check_number_of_pictures(answer) -> None:
    """How many pictures a window of 28 in 32 pixels makes, mirrored or not: 5 * 5 * 2."""
    require(answer is not ... and answer is not None, "Replace the dots by a number.")
    require(isinstance(answer, int) and not isinstance(answer, bool), "Give a whole number.")
    require(
        answer not in (16, 32),
        "32 - 28 is how far the window can move: it has one place more than that.",
    )
    require(
        answer not in (5, 10), "The window moves along both axes: multiply the places of the two."
    )
    require(answer != 25, "Those are the windows: each may be mirrored or not.")
    require(answer != 100, "Only left and right are exchanged, not up and down.")
    require(answer != 162, "That is padding 4 and a window of 32: here it is 28, without padding.")
    require(answer == 50, f"{answer} is not it: count the places along one axis first.")


@exercise("01.erase")
def check_erase(answer) -> None:
    """A function (image, top, left, side) -> the image with a square of zeros."""
    image = torch.arange(1.0, 97.0).view(2, 6, 8)
    expected = image.clone()
    expected[:, 1:4, 3:6] = 0
    given = image.clone()
    value = answer(given, 1, 3, 3)
    require_tensor(value, (2, 6, 8), "the result of your function")
    require(
        torch.equal(given, image),
        "Your function changed the image that it was given: start with image.clone().",
    )
    erased = value == 0
    require(bool(erased.any()), "Nothing was erased: set the square to 0.")
    require(
        torch.equal(erased[0], erased[1]),
        "The channels differ: the square has to be erased in all of them.",
    )
    require(
        torch.equal(value[~erased], image[~erased]),
        "Outside the square the pixels should stay as they are.",
    )
    require(
        not torch.equal(erased[0, :, :6], (expected[0, :, :6] == 0).T),
        "Rows and columns are swapped.",
    )
    number = int(erased[0].sum())
    require(
        number == 9,
        f"A square of side 3 covers 9 pixels, yours {number}: from top up to top + side.",
    )
    require(
        torch.equal(value, expected),
        "The square is in the wrong place: (top, left) is its upper left corner.",
    )
    value = answer(image.clone(), 4, 6, 3)
    expected = image.clone()
    expected[:, 4:, 6:] = 0
    require_tensor(value, (2, 6, 8), "the image with a square that hangs over the edge")
    require(
        torch.equal(value, expected),
        "A square that hangs over the edge should be cut off there, not moved.",
    )


@exercise("01.cutmix")
def check_cutmix(answer) -> None:
    """A function (images, labels, top, left, height, width, num_classes) -> images with a pasted
    window, labels.
    """
    images = torch.arange(1.0, 217.0).view(3, 2, 6, 6)
    labels, window = torch.tensor([0, 2, 1]), (slice(None), slice(None), slice(1, 3), slice(2, 5))
    given = images.clone()
    value = answer(given, labels.clone(), 1, 2, 2, 3, 4)
    require_pair(value, "the new images", "the new labels")
    require_tensor(value[0], (3, 2, 6, 6), "the tensor of new images")
    require_tensor(value[1], (3, 4), "the tensor of new labels")
    require(
        torch.equal(given, images),
        "Your function changed the images that it was given: start with clone().",
    )
    expected = {}
    for shift in (1, -1):
        expected[shift] = images.clone()
        expected[shift][window] = images.roll(shift, dims=0)[window]
    require(
        not torch.equal(value[0], expected[-1]),
        "Your window comes from the image after it: roll by 1, not -1.",
    )
    require(
        torch.equal(value[0], expected[1]),
        "The new images are wrong: paste rows top to top + height and columns left to left + width.",
    )
    own, other = F.one_hot(labels, 4).double(), F.one_hot(labels.roll(1), 4).double()
    require(close(value[1].sum(dim=1), torch.ones(3)), "The shares of a label should add up to 1.")
    share = 2 * 3 / 36
    require(
        not close(value[1], share * own + (1 - share) * other),
        "The shares are exchanged: most pixels are still the image's own.",
    )
    require(
        close(value[1], (1 - share) * own + share * other),
        "The images are right, the labels are not: the window's share of the pixels goes to the pasted image's class.",
    )
