"""Checkers of lesson 07, diagnosis."""

import math
from numbers import Integral

from torch import Tensor

from course_utils.exercises import exercise, plain, require
from course_utils.lessons.judging import as_number, call, calls, number_or_none, returned
from course_utils.lessons.lesson_07.broken import WARD, drawn, wrong_places

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


SHARES = {"none": 0.0, "three in ten": 0.3}


def measure_again(answer: tuple) -> dict:
    """The learner's (function share -> accuracy, two accuracies), and the function called anew."""
    measure, *stated = answer
    facts = {"stated": dict(zip(SHARES, stated, strict=True))}
    if all(number_or_none(value) is not None for value in stated):
        facts["again"] = {name: call(measure, share) for name, share in SHARES.items()}
    return facts


@exercise("07.noise", measure_again)
def judge_noise(facts) -> None:
    """Two validation accuracies, from 0 to 1, that a fresh run confirms within half a point."""
    stated = {name: as_number(value) for name, value in facts["stated"].items()}
    for value in stated.values():
        require(0 <= value <= 1, f"You say {value:g}: an accuracy lies between 0 and 1.")
    again = {
        name: as_number(returned(facts["again"][name]), verb="Return") for name in facts["stated"]
    }
    none, some = (abs(stated[name] - again[name]) <= 0.005 for name in SHARES)
    swapped = abs(stated["none"] - again["three in ten"]) <= 0.005
    require(none or not swapped, "You mixed them up: the first is measure(0.0).")
    for name, right in zip(SHARES, (none, some), strict=True):
        require(
            right,
            f"For a share of wrong labels of {SHARES[name]} you say {stated[name]:.1%}; a fresh run "
            f"has {again[name]:.1%}.",
        )


# If the diagnosis were right, this would be seen.
SIGNS = {
    "softmax": "every output would be a probability, or the loss could not get below its floor",
    "labels": "some pictures from the training loader would bear a wrong name",
    "zero_grad": "a second backward pass would find the first one's gradients: look at p.grad after "
    "optimizer.zero_grad()",
    "rate": "another rate would cure it: compare optimizer.param_groups[0]['lr'] with learning_rate",
    "eval": "a picture alone would get other logits than in company, in evaluation mode",
    "frozen": "most weights would be as they were at the start: count what the optimizer was given",
    "scale": "mean and standard deviation of the pixels would differ between the loaders",
}


@exercise("07.seventh")
def judge_seventh(answer) -> None:
    """(seed, diagnosis): the fault of the patient that this seed draws, one of WARD."""
    two = isinstance(answer, list) and len(answer) == 2
    require(two, "Give a pair: the seed, and your diagnosis as text.")
    seed, diagnosis = answer
    require(diagnosis is not None, "No diagnosis yet: replace the dots.")
    require(isinstance(seed, Integral), "The first of the pair is the seed, a whole number.")
    require(diagnosis in WARD, f"{diagnosis!r} is none of {', '.join(WARD)}.")
    require(
        diagnosis == drawn(int(seed)),
        f"It is not {diagnosis!r}. If it were, {SIGNS.get(diagnosis, '')}. Is that so?",
    )


TARGET = 0.5  # of the pictures named


def named_pictures(answer: tuple) -> dict:
    """The learner's (seed, number of training pictures, their indices)."""
    seed, number, indices = answer
    if isinstance(indices, Tensor):
        indices = indices.tolist()
    return {"seed": seed, "number": number, "indices": plain(indices)}


@exercise("07.wrong_labels", named_pictures)
def judge_wrong_labels(facts) -> None:
    """As many indices as there are wrong labels, TARGET of which lead to one."""
    wrong = set(wrong_places(facts["number"], facts["seed"]).tolist())
    indices = facts["indices"]
    require(isinstance(indices, list), "Give a list of indices, or a tensor of them.")
    require(
        all(isinstance(index, int) and 0 <= index < facts["number"] for index in indices),
        f"Each index is a whole number from 0 to {facts['number'] - 1}.",
    )
    require(len(set(indices)) == len(indices), "Some index stands there twice: name each once.")
    require(
        len(indices) == len(wrong),
        f"You name {len(indices)} pictures: exactly {len(wrong)} are wanted.",
    )
    found = len(wrong & set(indices)) / len(wrong)
    require(found >= TARGET, f"{found:.1%} of those you name are wrong: {TARGET:.0%} are wanted.")
