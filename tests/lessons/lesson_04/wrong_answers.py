"""Wrong answers to lesson 04's exercises: (exercise, answer, a part of the hint that it should
get).
"""

import torch
from torch import nn


def class_means(features, labels):
    return torch.stack([features[labels == label].mean(dim=0) for label in range(3)])


def nearest_in_order(features, labels, queries):
    return torch.cdist(
        queries, torch.stack([f.mean(dim=0) for f in features.split([2, 3, 1])])
    ).argmin(dim=1)


def by_change(change):
    """An accuracy for each of the three changes of exercise 3."""
    return {"Grayscale": 0.5, "GaussianBlur": 0.6, "RandomVerticalFlip": 0.4}[type(change).__name__]


NETWORK = nn.Linear(2, 2)


WRONG = [
    ("04.learned_numbers", 512 * 37, "has a bias besides"),
    ("04.learned_numbers", 512 * 38, "not for each feature"),
    ("04.learned_numbers", 25088 * 37 + 37, "7 x 7 places"),
    ("04.learned_numbers", 5130, "here there are 37"),
    ("04.learned_numbers", 14_714_688 + 18_981, "they do not count"),
    ("04.learned_numbers", 37, "is not it"),
    ("04.learned_numbers", "18981", "Give a whole number: yours is a str."),
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
    ("04.changes", (by_change, 0.6, 0.5, 0.4), "For grey you say 60.0%; a fresh run has 50.0%"),
    ("04.changes", (by_change, 50, 60, 40), "an accuracy lies between 0 and 1"),
    ("04.changes", (by_change, 0.5, 0.6, ...), "Replace the dots by a number"),
    ("04.changes", (lambda change: None, 0.5, 0.6, 0.4), "returns nothing yet"),
    ("04.same_pictures", (0.8, 0.8, 0.7), "Give your network"),
    ("04.same_pictures", (NETWORK, 0.72, 0.7), "+2.0 points on the 70.0% to beat"),
    ("04.same_pictures", (NETWORK, 75.0, 0.7), "Give the accuracy from 0 to 1"),
]
