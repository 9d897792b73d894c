"""Wrong answers to lesson 04's exercises: (exercise, answer, a part of the hint that it should
get).
"""

from functools import partial

import torch
from torch import nn


def freeze_but_last(
    features,
    number,
    *,
    freeze=True,
    thaw=True,
    deep=True,
    first=False,
    minus=False,
    weight=True,
    bias=True,
    norms=False,
):
    """The solution; each option makes one mistake."""
    features.requires_grad_(not freeze)
    layers = [
        one
        for one in (features.modules() if deep else features.children())
        if isinstance(one, nn.Conv2d)
    ]
    chosen = (
        layers[:number]
        if first
        else layers[-number:]
        if minus
        else layers[max(0, len(layers) - number) :]
    )
    for layer in chosen if thaw else ():
        layer.weight.requires_grad_(weight)
        layer.bias.requires_grad_(bias)
    for layer in features.modules() if norms else ():
        if isinstance(layer, nn.BatchNorm2d):
            layer.requires_grad_(True)


def freeze_the_others(features, number):
    layers = [layer for layer in features.modules() if isinstance(layer, nn.Conv2d)]
    kept = {id(p) for layer in layers[max(0, len(layers) - number) :] for p in layer.parameters()}
    for parameter in features.parameters():
        if id(parameter) not in kept:
            parameter.requires_grad_(False)


def class_means(features, labels):
    return torch.stack([features[labels == label].mean(dim=0) for label in range(3)])


def nearest_in_order(features, labels, queries):
    return torch.cdist(
        queries, torch.stack([f.mean(dim=0) for f in features.split([2, 3, 1])])
    ).argmin(dim=1)


WRONG = [
    ("04.learned_numbers", 512 * 37, "has a bias besides"),
    ("04.learned_numbers", 512 * 38, "not for each feature"),
    ("04.learned_numbers", 25088 * 37 + 37, "7 x 7 places"),
    ("04.learned_numbers", 5130, "here there are 37"),
    ("04.learned_numbers", 14_714_688 + 18_981, "they do not count"),
    ("04.learned_numbers", 37, "is not it"),
    ("04.learned_numbers", "18981", "Give a whole number: yours is a str."),
    ("04.freeze_but_last", partial(freeze_but_last, freeze=False), "Everything still learns"),
    ("04.freeze_but_last", partial(freeze_but_last, thaw=False), "Nothing learns"),
    ("04.freeze_but_last", partial(freeze_but_last, first=True), "count from the end"),
    (
        "04.freeze_but_last",
        partial(freeze_but_last, weight=False),
        "The last convolution is frozen",
    ),
    ("04.freeze_but_last", partial(freeze_but_last, bias=False), "its bias does not"),
    ("04.freeze_but_last", partial(freeze_but_last, norms=True), "Batch norm still learns"),
    (
        "04.freeze_but_last",
        partial(freeze_but_last, deep=False),
        "inside the inner Sequential is missed",
    ),
    ("04.freeze_but_last", partial(freeze_but_last, minus=True), "list[-0:]"),
    ("04.freeze_but_last", lambda f, n: freeze_but_last(f, n + 1), "the last one only"),
    ("04.freeze_but_last", lambda f, n: freeze_but_last(f, min(n, 2)), "With number 3"),
    ("04.freeze_but_last", lambda f, n: freeze_but_last(f, n % 4), "more than there are"),
    ("04.freeze_but_last", freeze_the_others, "If all was frozen before"),
    (
        "04.nearest_mean",
        lambda f, y, q: torch.cdist(q, class_means(f, y)).argmax(dim=1),
        "use argmin",
    ),
    ("04.nearest_mean", lambda f, y, q: torch.cdist(q, f).argmin(dim=1), "the index of an image"),
    (
        "04.nearest_mean",
        lambda f, y, q: y[torch.cdist(q, f).argmin(dim=1)],
        "the class of the nearest image",
    ),
    (
        "04.nearest_mean",
        lambda f, y, q: (q @ class_means(f, y).T).argmax(dim=1),
        "favours means that are far out",
    ),
    ("04.nearest_mean", lambda f, y, q: torch.cdist(q, class_means(f, y)), "has shape (4, 3)"),
    (
        "04.nearest_mean",
        lambda f, y, q: torch.cdist(q, class_means(f, y)).amin(dim=1),
        "Your function gives distances",
    ),
    (
        "04.nearest_mean",
        lambda f, y, q: torch.zeros(4, dtype=torch.long),
        "the nearest means are of classes",
    ),
    (
        "04.nearest_mean",
        lambda f, y, q: torch.cdist(q, class_means(f.add_(1), y)).argmin(1),
        "changed the features",
    ),
    ("04.nearest_mean", nearest_in_order, "in another order"),
]
