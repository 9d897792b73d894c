"""Checkers of lesson 07, diagnosis."""

import math

import torch
from torch import Tensor

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import as_number, calls, returned

DISEASES = {1: "labels", 2: "rate", 3: "eval", 4: "softmax", 5: "leak"}
NAMES = ("softmax", "labels", "zero_grad", "rate", "eval", "leak")
HINTS = {
    1: "Loss, loop and rate are in order, or the batch could not be learned by heart. "
    "So what is wrong is in the data.",
    2: "Dead channels, and the same answer for all: what throws the weights that far?",
    3: "An answer that depends on the other images of the batch: which mode is the network in?",
    4: "The loss has a floor, and the network learns all the same. Exercise 1 has that number.",
    5: "A test that is much better than validation, not worse: "
    "where has the network seen its images?",
}


CLASSES = (2, 10, 1000)


@exercise("07.floor", calls(*((classes,) for classes in CLASSES)))
def judge_floor(results) -> None:
    """A function classes -> the smallest cross-entropy of a softmax's outputs."""
    values = [as_number(returned(result), verb="Return") for result in results]

    def gives(formula) -> bool:
        right = [formula(classes) for classes in CLASSES]
        return all(abs(a - b) < 1e-4 for a, b in zip(values, right, strict=True))

    def probability(classes: int) -> float:
        return math.e / (math.e + classes - 1)

    for wrong, hint in (
        (math.log, "That is the loss of knowing nothing. Here the network is right, and sure."),
        (
            lambda classes: 0.0,
            "0 is the floor without the first softmax. With it no logit is above 1.",
        ),
        (
            probability,
            "That is the right class's probability. The loss is its logarithm, with a minus.",
        ),
        (
            lambda classes: -math.log(probability(classes + 1)),
            "One class is right and the others are wrong: how many others are there?",
        ),
        (
            lambda classes: -math.log2(probability(classes)),
            "Cross-entropy takes the natural logarithm, not that of base 2.",
        ),
    ):
        require(not gives(wrong), hint)
    require(
        gives(lambda classes: -math.log(probability(classes))),
        f"For 10 classes you say {values[1]:.3f}: the logits are 1 and nine times 0. "
        "What is their softmax?",
    )


def leaking_images() -> tuple[Tensor, Tensor]:
    """20 training and 9 test images, 6 of which the training images hold, plain or mirrored."""
    generator = torch.Generator().manual_seed(0)
    train = torch.randint(0, 256, (20, 3, 4, 4), generator=generator, dtype=torch.uint8)
    test = torch.randint(0, 256, (9, 3, 4, 4), generator=generator, dtype=torch.uint8)
    test[0], test[1], test[7], test[2] = train[3], train[3], train[3], train[7]
    test[4] = train[5].flip(-1)
    test[5] = train[6].flip(-2)  # upside down: another image
    test[6] = train[8].flip(0)  # other colours: another image
    half = train[9][..., :2]
    train[9] = torch.cat([half, half.flip(-1)], dim=-1)  # its own mirror image
    test[8] = train[9]
    return train, test


@exercise("07.leaked", calls(leaking_images()))
def judge_leaked(results) -> None:
    """A function (train, test) -> how many test images, or their mirror images, are training
    images.
    """
    value = returned(results[0])
    number = as_number(value, verb="Return")
    require(number != 5, "You find the exact copies. A mirrored copy was trained on as well.")
    require(
        number != 2, "You find the mirrored copies only. Count those that are not mirrored, too."
    )
    require(
        number != 4,
        "Count test images: each counts, even if several are copies of one training image.",
    )
    require(
        number != 7,
        "One too many: count each test image once, and mirror left and right only (the last axis).",
    )
    require(
        number == 6,
        f"You find {number} of 9, there are 6: "
        "compare the bytes of each image, plain and mirrored.",
    )


@exercise("07.diseases")
def judge_diseases(answer) -> None:
    """A dictionary from five patients to their diseases."""
    require(
        isinstance(answer, dict),
        "Give a dictionary, {1: ..., 2: ...}, with a name for each patient.",
    )
    require(
        set(answer) == set(DISEASES),
        "Give an answer for each of the patients 1 to 5, and no other.",
    )
    empty = [number for number, name in answer.items() if name is None]
    require(not empty, f"Patient {empty[0] if empty else ''} has no answer yet: replace the dots.")
    for number, name in answer.items():
        require(name in NAMES, f"Patient {number}: {name!r} is none of {', '.join(NAMES)}.")
    for number, name in DISEASES.items():
        require(
            answer[number] == name, f"Patient {number} is not {answer[number]!r}. {HINTS[number]}"
        )
