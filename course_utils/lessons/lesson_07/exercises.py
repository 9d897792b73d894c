"""Checkers of lesson 07, diagnosis."""

import math

import torch

from course_utils.exercises import exercise, require

DISEASES = {1: "labels", 2: "rate", 3: "eval", 4: "softmax", 5: "leak"}
NAMES = ("softmax", "labels", "zero_grad", "rate", "eval", "leak")
HINTS = {
    1: "Loss, loop and rate are in order, or the batch could not be learned by heart. So what is wrong is in the data.",
    2: "Dead channels, and the same answer for all: what throws the weights that far?",
    3: "An answer that depends on the other images of the batch: which mode is the network in?",
    4: "The loss has a floor, and the network learns all the same. Exercise 1 has that number.",
    5: "A test that is much better than validation, not worse: where has the network seen its images?",
}


@exercise("07.floor")
def check_floor(answer) -> None:
    """A function classes -> the smallest cross-entropy of a softmax's outputs."""
    value = answer(10)
    require(
        value is not None and value is not ...,
        "Your function returns nothing yet: replace the dots.",
    )
    values = {classes: float(answer(classes)) for classes in (2, 10, 1000)}

    def gives(formula) -> bool:
        return all(abs(values[classes] - formula(classes)) < 1e-4 for classes in values)

    require(
        not gives(math.log),
        "That is the loss of knowing nothing. Here the network is right, and sure.",
    )
    require(
        not gives(lambda classes: 0.0),
        "0 is the floor without the first softmax. With it no logit is above 1.",
    )
    require(
        not gives(lambda classes: math.e / (math.e + classes - 1)),
        "That is the right class's probability. The loss is its logarithm, with a minus.",
    )
    require(
        not gives(lambda classes: -math.log(math.e / (math.e + classes))),
        "One class is right and the others are wrong: how many others are there?",
    )
    require(
        not gives(lambda classes: -math.log(1 / (1 + (classes - 1) / math.e)) / math.log(2)),
        "Cross-entropy takes the natural logarithm, not that of base 2.",
    )
    require(
        gives(lambda classes: -math.log(math.e / (math.e + classes - 1))),
        f"For 10 classes you say {values[10]:.3f}: the logits are 1 and nine times 0. What is their softmax?",
    )


@exercise("07.leaked")
def check_leaked(answer) -> None:
    """A function (train, test) -> how many test images, or their mirror images, are training
    images.
    """
    generator = torch.Generator().manual_seed(0)
    train = torch.randint(0, 256, (20, 3, 4, 4), generator=generator, dtype=torch.uint8)
    test = torch.randint(0, 256, (9, 3, 4, 4), generator=generator, dtype=torch.uint8)
    test[0], test[1], test[7], test[2] = train[3], train[3], train[3], train[7]
    test[4] = train[5].flip(-1)
    test[5] = train[6].flip(-2)  # upside down: another image
    test[6] = train[8].flip(0)  # other colours: another image
    train[9] = torch.cat(
        [train[9][..., :2], train[9][..., :2].flip(-1)], dim=-1
    )  # its own mirror image
    test[8] = train[9]
    value = answer(train.clone(), test.clone())
    require(
        value is not None and value is not ...,
        "Your function returns nothing yet: replace the dots.",
    )
    require(
        isinstance(value, (int, torch.Tensor)) and not isinstance(value, bool),
        "Return a number: how many test images.",
    )
    value = int(value)
    require(value != 5, "You find the exact copies. A mirrored copy was trained on as well.")
    require(
        value != 2, "You find the mirrored copies only. Count those that are not mirrored, too."
    )
    require(
        value != 4,
        "Count test images: each counts, even if several are copies of one training image.",
    )
    require(
        value != 7,
        "One too many: count each test image once, and mirror left and right only (the last axis).",
    )
    require(
        value == 6,
        f"You find {value} of 9, there are 6: compare the bytes of each image, plain and mirrored.",
    )


@exercise("07.diseases")
def check_diseases(answer) -> None:
    """A dictionary from five patients to their diseases."""
    require(
        isinstance(answer, dict),
        "Give a dictionary, {1: ..., 2: ...}, with a name for each patient.",
    )
    require(
        set(answer) == set(DISEASES),
        "Give an answer for each of the patients 1 to 5, and no other.",
    )
    empty = [number for number, name in answer.items() if name is ... or name is None]
    require(not empty, f"Patient {empty[0] if empty else ''} has no answer yet: replace the dots.")
    for number, name in answer.items():
        require(name in NAMES, f"Patient {number}: {name!r} is none of {', '.join(NAMES)}.")
    for number, name in DISEASES.items():
        require(
            answer[number] == name, f"Patient {number} is not {answer[number]!r}. {HINTS[number]}"
        )
