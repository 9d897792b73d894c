"""Checkers of lesson 04, transfer learning."""

import torch
from torch import nn

from course_utils.exercises import exercise, require, require_tensor


@exercise("04.learned_numbers")
def check_learned_numbers(answer) -> None:
    """The parameters of one linear layer from 512 features to 37 classes: 512 * 37 + 37."""
    require(answer is not ... and answer is not None, "Replace the dots by a number.")
    require(isinstance(answer, int) and not isinstance(answer, bool), "Give a whole number.")
    require(answer != 512 * 37, "Those are the weights. Each class has a bias besides.")
    require(answer != 512 * 37 + 512, "There is a bias for each class, not for each feature.")
    require(
        answer not in (512 * 7 * 7 * 37, 512 * 7 * 7 * 37 + 37),
        "That is a layer on all 7 x 7 places. The mean over the places leaves one number for each map.",
    )
    require(answer not in (5130, 512 * 10 + 37), "That has ten classes in it: here there are 37.")
    require(answer < 14_000_000, "The convolutions are frozen: they do not count.")
    require(
        answer == 512 * 37 + 37,
        f"{answer} is not it: weights from 512 features to 37 classes, and the biases.",
    )


def _network() -> nn.Sequential:
    """Three convolutions, one of them inside a block of its own, with batch norm."""
    block = nn.Sequential(nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5), nn.ReLU())
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), block, nn.Conv2d(5, 6, 3)
    )


def _trainable(features: nn.Module) -> set[str]:
    return {name for name, parameter in features.named_parameters() if parameter.requires_grad}


@exercise("04.freeze_but_last")
def check_freeze_but_last(answer) -> None:
    """A function (features, number) that freezes all but the last `number` convolutions."""
    order = [
        {"4.weight", "4.bias"},
        {"3.0.weight", "3.0.bias"},
        {"0.weight", "0.bias"},
    ]  # from the last on
    norms = {"1.weight", "1.bias", "3.1.weight", "3.1.bias"}
    found = {}
    for number in (1, 2, 0, 3):
        features = _network()
        answer(features, number)
        found[number] = _trainable(features)
    require(
        found[1] != _trainable(_network()),
        "Everything still learns: set requires_grad to False first.",
    )
    require(bool(found[1] or found[2]), "Nothing learns: thaw the last convolutions again.")
    require(found[1] != order[2], "You thawed the first convolution: count from the end.")
    require("4.weight" in found[1], "The last convolution is frozen, but should learn.")
    require(
        "4.bias" in found[1], "The last convolution's weight learns, its bias does not: thaw both."
    )
    require(
        not found[1] & norms and not found[2] & norms,
        "Batch norm still learns: all but convolutions is frozen.",
    )
    require(
        found[1] == order[0],
        f"With number 1 there learns {', '.join(sorted(found[1]))}: the last one only.",
    )
    require(
        found[2] == order[0] | order[1],
        "With number 2 the convolution inside the inner Sequential is missed: modules() finds it, children() does not.",
    )
    require(not found[0], "With number 0 nothing should learn: list[-0:] is the whole list.")
    require(found[3] == set().union(*order), "With number 3 all three convolutions should learn.")
    features = _network()
    answer(features, 4)
    require(
        _trainable(features) == found[3],
        "With number 4, more than there are, all convolutions should learn.",
    )
    frozen = _network().requires_grad_(False)
    answer(frozen, 1)
    require(
        _trainable(frozen) == order[0],
        "If all was frozen before, the last convolution has to be thawed.",
    )


@exercise("04.nearest_mean")
def check_nearest_mean(answer) -> None:
    """A function (features, labels, queries) -> for each query, the class whose mean is nearest."""
    features = torch.tensor(
        [[0.0, 0.0], [4.0, 0.0], [9.0, 0.0], [11.0, 0.0], [10.0, 3.0], [0.0, 40.0]]
    )
    labels = torch.tensor([0, 0, 1, 1, 1, 2])  # means (2, 0), (10, 1), (0, 40)
    queries = torch.tensor([[1.0, 1.0], [6.4, 0.0], [8.0, 0.0], [3.0, 30.0]])
    given = features.clone()
    value = answer(given, labels.clone(), queries.clone())
    require_tensor(value, (4,), "the result of your function")
    require(torch.equal(given, features), "Your function changed the features that it was given.")
    require(
        not value.is_floating_point(),
        "Your function gives distances: give classes, whole numbers, with argmin.",
    )
    means = torch.tensor([[2.0, 0.0], [10.0, 1.0], [0.0, 40.0]])
    distances = torch.cdist(queries, means)
    require(
        not torch.equal(value, distances.argmax(dim=1)),
        "Those are the classes that are farthest: use argmin.",
    )
    single = torch.cdist(queries, features).argmin(dim=1)
    require(
        not torch.equal(value, single),
        "You return the index of an image, not its class: average each class first.",
    )
    require(
        not torch.equal(value, labels[single]),
        "You answer with the class of the nearest image: average the features of each class first.",
    )
    product = (queries @ means.T).argmax(dim=1)
    require(
        not torch.equal(value, product),
        "A product favours means that are far out: use distances, as torch.cdist does.",
    )
    require(
        torch.equal(value, distances.argmin(dim=1)),
        f"You answer {value.tolist()}, the nearest means are of classes {distances.argmin(dim=1).tolist()}.",
    )
    order = torch.tensor([5, 2, 0, 3, 1, 4])
    again = answer(features[order], labels[order], queries.clone())
    require(
        torch.equal(again, distances.argmin(dim=1)),
        "With the images in another order the answers change: use labels.",
    )
