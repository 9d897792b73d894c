"""Wrong answers to lesson 10's exercises: (exercise, answer, a part of the hint that it should
get).
"""

from torch import nn


def by_share(share):
    """Made-up accuracies of three shares of the pictures."""
    return {0.25: 0.5, 0.5: 0.6, 1.0: 0.7}[share]


WRONG = [
    ("10.leaked", lambda train, test: None, "replace the dots"),
    ("10.leaked", lambda train, test: len(set(train) & set(test)), "One test picture of four"),
    (
        "10.leaked",
        lambda train, test: len(set(train) & set(test)) / len(test),
        "count test pictures, each on its own",
    ),
    (
        "10.leaked",
        lambda train, test: sum(one in train for one in test) / len(train),
        "divide by the number of test pictures",
    ),
    (
        "10.leaked",
        lambda train, test: sum(one in test for one in train) / len(test),
        "use a set",
    ),
    ("10.leaked", lambda train, test: 3.0, "you return 3: divide"),
    ("10.leaked", lambda train, test: 1 / 0, "stopped with ZeroDivisionError"),
    ("10.more_pictures", (by_share, ..., ..., ...), "Replace the dots by a number"),
    ("10.more_pictures", (by_share, 0.5, 0.7, 0.6), "For a half you say 70.0%; a fresh run has 60"),
    ("10.more_pictures", (by_share, 50, 60, 70), "between 0 and 1"),
    ("10.more_pictures", (lambda share: 1 / 0, 0.5, 0.6, 0.7), "stopped with ZeroDivisionError"),
    ("10.few_labels", (nn.Linear(2, 2), 0.75, 0.8), "reaches 75.0% in validation: at least 80.0%"),
    ("10.few_labels", (nn.Linear(2, 2), 83, 0.8), "Give the accuracy from 0 to 1"),
    ("10.few_labels", (..., 0.9, 0.8), "no nn.Module"),
]
