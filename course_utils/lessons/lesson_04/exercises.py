"""Checkers of lesson 04, transfer learning."""

import torch
from torchvision.transforms import v2

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import (
    as_number,
    call,
    calls,
    judge_gain,
    number_or_none,
    require_tensor,
    returned,
    same,
    size_and_scores,
    unchanged,
)


@exercise("04.learned_numbers")
def judge_learned_numbers(answer) -> None:
    """The parameters of one linear layer from 512 features to 37 classes: 512 * 37 + 37."""
    number = as_number(answer, whole=True)
    require(number != 512 * 37, "Those are the weights. Each class has a bias besides.")
    require(number != 512 * 37 + 512, "There is a bias for each class, not for each feature.")
    require(
        number not in (512 * 7 * 7 * 37, 512 * 7 * 7 * 37 + 37),
        "That is a layer on all 7 x 7 places. "
        "The mean over the places leaves one number for each map.",
    )
    require(number not in (5130, 512 * 10 + 37), "That has ten classes in it: here there are 37.")
    require(number < 14_000_000, "The convolutions are frozen: they do not count.")
    require(
        number == 512 * 37 + 37,
        f"{number} is not it: weights from 512 features to 37 classes, and the biases.",
    )


FEATURES = torch.tensor([[0.0, 0.0], [4.0, 0.0], [9.0, 0.0], [11.0, 0.0], [10.0, 3.0], [0.0, 40.0]])
LABELS = torch.tensor([0, 0, 1, 1, 1, 2])
MEANS = torch.tensor([[2.0, 0.0], [10.0, 1.0], [0.0, 40.0]])
QUERIES = torch.tensor([[1.0, 1.0], [6.4, 0.0], [8.0, 0.0], [3.0, 30.0]])
ORDER = torch.tensor([5, 2, 0, 3, 1, 4])


@exercise(
    "04.nearest_mean",
    calls((FEATURES, LABELS, QUERIES), (FEATURES[ORDER], LABELS[ORDER], QUERIES)),
)
def judge_nearest_mean(results) -> None:
    """A function (features, labels, queries) -> for each query, the class whose mean is nearest."""
    sorted_by_class, shuffled = results
    value = returned(sorted_by_class)
    require_tensor(value, (4,), "The result of your function")
    require(
        unchanged(sorted_by_class, FEATURES, LABELS, QUERIES),
        "Your function changed the features that it was given.",
    )
    require(
        not value.is_floating_point(),
        "Your function gives distances: give classes, whole numbers, with argmin.",
    )
    distances = torch.cdist(QUERIES, MEANS)
    nearest = distances.argmin(dim=1)
    require(
        not same(value, distances.argmax(dim=1)),
        "Those are the classes that are farthest: use argmin.",
    )
    single = torch.cdist(QUERIES, FEATURES).argmin(dim=1)
    require(
        not same(value, single),
        "You return the index of an image, not its class: average each class first.",
    )
    require(
        not same(value, LABELS[single]),
        "You answer with the class of the nearest image: average the features of each class first.",
    )
    product = (QUERIES @ MEANS.T).argmax(dim=1)
    require(
        not same(value, product),
        "A product favours means that are far out: use distances, as torch.cdist does.",
    )
    require(
        same(value, nearest),
        f"You answer {value.tolist()}, the nearest means are of classes {nearest.tolist()}.",
    )
    require(
        same(returned(shuffled), nearest),
        "With the images in another order the answers change: use labels.",
    )


CHANGES = {
    "grey": v2.Grayscale(3),
    "blurred": v2.GaussianBlur(5, sigma=1.0),
    "upside down": v2.RandomVerticalFlip(p=1),
}


def measure_again(answer: tuple) -> dict:
    """The learner's (function, three accuracies), and the function called anew with each change."""
    measure, *stated = answer
    facts = {"stated": dict(zip(CHANGES, stated, strict=True))}
    if all(number_or_none(value) is not None for value in stated):
        facts["again"] = {name: call(measure, change) for name, change in CHANGES.items()}
    return facts


@exercise("04.changes", measure_again)
def judge_changes(facts) -> None:
    """Three validation accuracies that a fresh run confirms within half a point."""
    accuracies = {name: as_number(value) for name, value in facts["stated"].items()}
    for name, stated in accuracies.items():
        require(stated <= 1, f"You say {stated:g}: an accuracy lies between 0 and 1.")
        again = as_number(returned(facts["again"][name]), verb="Return")
        require(
            abs(again - stated) <= 0.005,
            f"For {name} you say {stated:.1%}; a fresh run has {again:.1%}: did you mix them up?",
        )


@exercise("04.same_pictures", size_and_scores)
def judge_same_pictures(facts) -> None:
    """Three points more in validation than fine-tuning had, from the same pictures."""
    require("no network" not in facts, "Give your network, its accuracy, and the accuracy to beat.")
    judge_gain(facts, 3)
