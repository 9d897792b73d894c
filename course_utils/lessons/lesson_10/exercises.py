"""Checkers of lesson 10, a project of one's own."""

import math

from torch import nn

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import (
    as_number,
    call,
    calls,
    judge_accuracy,
    number_or_none,
    returned,
)

TRAIN = ["a", "b", "b", "c", "d"]


@exercise(
    "10.leaked", calls((TRAIN, ["b", "x", "y", "z"]), (TRAIN, ["a", "a", "x"]), (TRAIN, ["x"]))
)
def judge_leaked(results) -> None:
    """A function of two lists of fingerprints: which share of the second lies in the first."""
    one, twice, none = (as_number(returned(result), verb="Return") for result in results)
    require(one <= 1, f"One test picture of four has leaked; you return {one:g}: divide.")
    require(
        not math.isclose(one, 1 / 5),
        "One test picture of four has leaked; you return 0.2: divide by the number of test pictures.",
    )
    require(
        not math.isclose(one, 1 / 2),
        "A training picture that is there twice makes one test picture leak, not two: use a set.",
    )
    require(math.isclose(one, 1 / 4), f"One test picture of four has leaked; you return {one:g}.")
    require(
        math.isclose(twice, 2 / 3),
        f"Two test pictures of three, equal ones, have leaked; you return {twice:.3g}: "
        "count test pictures, each on its own.",
    )
    require(none == 0, f"Nothing has leaked in the last case; you return {none:g}.")


SHARES = {"a quarter": 0.25, "a half": 0.5, "all": 1.0}


def measure_again(answer: tuple) -> dict:
    """The learner's (function of a share, three accuracies), and the function called anew."""
    measure, *stated = answer
    facts = {"stated": dict(zip(SHARES, stated, strict=True))}
    if all(number_or_none(value) is not None for value in stated):
        facts["again"] = {name: call(measure, share) for name, share in SHARES.items()}
    return facts


@exercise("10.more_pictures", measure_again)
def judge_more_pictures(facts) -> None:
    """Three validation accuracies that a fresh run confirms within half a point."""
    for name, value in facts["stated"].items():
        stated = as_number(value)
        require(stated <= 1, f"You say {stated:g}: an accuracy lies between 0 and 1.")
        again = as_number(returned(facts["again"][name]), verb="Return")
        require(
            abs(again - stated) <= 0.005,
            f"For {name} you say {stated:.1%}; a fresh run has {again:.1%}: did you mix them up?",
        )


def model_and_scores(answer: tuple) -> dict:
    """The learner's (model, its accuracy, the accuracy to reach), as numbers."""
    model, accuracy, reference = answer
    known = {"accuracy": accuracy, "reference": reference}
    return known if isinstance(model, nn.Module) else known | {"no network": model}


@exercise("10.few_labels", model_and_scores)
def judge_few_labels(facts) -> None:
    """No less than the probe on all training pictures in validation."""
    require("no network" not in facts, "The first of the three is no nn.Module: give your model.")
    accuracy = as_number(facts["accuracy"])
    require(accuracy <= 1, f"Give the accuracy from 0 to 1, not {accuracy:g}.")
    judge_accuracy(facts, 1)
