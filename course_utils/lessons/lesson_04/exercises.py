"""Checkers of lesson 04, transfer learning."""

import torch
from torch import nn

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import (
    as_number,
    call,
    calls,
    require_tensor,
    returned,
    same,
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


def network() -> nn.Sequential:
    """Three convolutions, one of them inside a block of its own, with batch norm."""
    block = nn.Sequential(nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5), nn.ReLU())
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), block, nn.Conv2d(5, 6, 3)
    )


CONVOLUTIONS = [
    {"4.weight", "4.bias"},
    {"3.0.weight", "3.0.bias"},
    {"0.weight", "0.bias"},
]  # from the last on
NORMS = {"1.weight", "1.bias", "3.1.weight", "3.1.bias"}
EVERYTHING = NORMS.union(*CONVOLUTIONS)


def what_learns(answer, number: int, frozen: bool = False) -> dict:
    """The names of the parameters that learn after the call."""
    features = network().requires_grad_(not frozen)
    result = call(answer, features, number)
    names = [name for name, p in features.named_parameters() if p.requires_grad]
    return result | {"learns": names}


def freeze_networks(answer) -> list[dict]:
    """What learns with number 1, 2, 0, 3 and 4, and with 1 if all was frozen before."""
    results = [what_learns(answer, number) for number in (1, 2, 0, 3, 4)]
    return [*results, what_learns(answer, 1, frozen=True)]


@exercise("04.freeze_but_last", freeze_networks)
def judge_freeze_but_last(results) -> None:
    """A function (features, number) that freezes all but the last `number` convolutions."""
    one, two, none, three = (_learning(result) for result in results[:4])
    last, inner, first = CONVOLUTIONS
    require(one != EVERYTHING, "Everything still learns: set requires_grad to False first.")
    require(bool(one or two), "Nothing learns: thaw the last convolutions again.")
    require(one != first, "You thawed the first convolution: count from the end.")
    require("4.weight" in one, "The last convolution is frozen, but should learn.")
    require("4.bias" in one, "The last convolution's weight learns, its bias does not: thaw both.")
    require(
        not one & NORMS and not two & NORMS,
        "Batch norm still learns: all but convolutions is frozen.",
    )
    names = ", ".join(sorted(one))
    require(one == last, f"With number 1 there learns {names}: the last one only.")
    require(
        two == last | inner,
        "With number 2 the convolution inside the inner Sequential is missed: "
        "modules() finds it, children() does not.",
    )
    require(not none, "With number 0 nothing should learn: list[-0:] is the whole list.")
    everything = last | inner | first
    require(three == everything, "With number 3 all three convolutions should learn.")
    require(
        _learning(results[4]) == everything,
        "With number 4, more than there are, all convolutions should learn.",
    )
    require(
        _learning(results[5]) == last,
        "If all was frozen before, the last convolution has to be thawed.",
    )


def _learning(result: dict) -> set[str]:
    returned(result)
    return set(result["learns"])


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
    require_tensor(value, (4,), "the result of your function")
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
