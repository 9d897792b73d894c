"""Checkers of lesson 08, fast training."""

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import as_number, call, calls, number_or_none, returned

RATES_AT = (  # step, steps, peak, warmup
    (0, 100, 0.4, 0.25),
    (1, 100, 0.4, 0.25),
    (25, 200, 0.4, 0.25),
    (50, 200, 0.4, 0.25),
    (125, 200, 0.4, 0.25),
    (200, 200, 0.4, 0.25),
    (55, 100, 0.9, 0.1),
)


@exercise("08.rate_at", calls(*RATES_AT))
def judge_rate_at(results) -> None:
    """A function (step, steps, peak, warmup) -> the learning rate of a triangle that begins and
    ends at 0.
    """
    by_step = {step: result for (step, *_), result in zip(RATES_AT, results, strict=True)}

    def near(expected: float, step: int) -> bool:
        return abs(as_number(returned(by_step[step]), verb="Return") - expected) < 1e-9

    require(near(0, 0), "At step 0 the rate is 0: this triangle begins at the very bottom.")
    require(
        not near(0.4, 1),
        "The peak is at step warmup * steps; yours is there after one step already.",
    )
    require(
        near(0.2, 25),
        "Halfway up, at step 25 of 200 with warmup 0.25, the rate is half of the peak.",
    )
    require(near(0.4, 50), "At step warmup * steps the rate is the peak.")
    require(
        near(0.2, 125),
        "Halfway down, at step 125 of 200 with warmup 0.25, it is half of the peak.",
    )
    require(near(0, 200), "At the last step the rate is 0.")
    require(
        near(0.45, 55),
        "It is right for one triangle and not for another: use all four arguments.",
    )


# (operations, multiply-adds, images); 6,600,000 operations are 11 epochs
BUDGETS = ((6_600_000, 100, 1000), (6_599_999, 100, 1000), (5, 100, 1000))


@exercise("08.epochs_in_budget", calls(*BUDGETS))
def judge_epochs_in_budget(results) -> None:
    """A function (operations, multiply_adds, images) -> how many whole epochs the operations pay
    for.
    """
    exact, one_less, tiny = results
    epochs = as_number(returned(exact), verb="Return")
    require(epochs != 66, "A step takes three forward passes: backward has two parts.")
    require(
        epochs != 33,
        "You forgot the passes backward: a step takes three forward passes, "
        "a multiply-add two operations.",
    )
    require(epochs != 22, "A multiply-add is two operations: one multiplication and one addition.")
    require(
        epochs == 11,
        f"6,600,000 operations, 100 multiply-adds and 1,000 images give 11 epochs, not {epochs}.",
    )
    require(
        as_number(returned(one_less), verb="Return") == 10,
        "One operation less, and the eleventh epoch is not paid for: round down.",
    )
    require(
        as_number(returned(tiny), verb="Return") == 0, "A budget below one epoch pays for none."
    )


BATCHES = {"the rate kept": 1, "twice the rate": 2}  # by which factor the rate is multiplied


def measure_again(answer) -> dict:
    """The learner's (function of a factor -> accuracy, two accuracies), and the function called
    anew for each factor.
    """
    measure, *stated = answer
    facts = {"stated": dict(zip(BATCHES, stated, strict=True))}
    if all(number_or_none(value) is not None for value in stated):
        facts["again"] = {name: call(measure, factor) for name, factor in BATCHES.items()}
    return facts


@exercise("08.larger_batches", measure_again)
def judge_larger_batches(facts) -> None:
    """Two validation accuracies that a fresh run confirms within a point."""
    stated = {name: as_number(value) for name, value in facts["stated"].items()}
    for value in stated.values():
        require(value <= 1, f"Give accuracies from 0 to 1, not {value:g}.")
    again = {
        name: as_number(returned(result), verb="Return") for name, result in facts["again"].items()
    }
    kept, twice = stated.values()
    near = {name: abs(stated[name] - again[name]) <= 0.01 for name in BATCHES}
    fresh_kept, fresh_twice = again.values()
    swapped = abs(kept - fresh_twice) <= 0.01 and abs(twice - fresh_kept) <= 0.01
    require(all(near.values()) or not swapped, "You mixed them up: the first is measure(1).")
    for name, right in near.items():
        require(
            right,
            f"With {name} you say {stated[name]:.3f}; a fresh run has {again[name]:.3f}.",
        )


NAMES = ("accuracy", "operations", "reference", "reference_operations")


@exercise("08.half_the_work", lambda answer: dict(zip(NAMES, answer, strict=True)))
def judge_half_the_work(facts) -> None:
    """97 % of a reference's validation accuracy for half of its operations."""
    accuracy, operations, reference, most = (as_number(facts[name]) for name in NAMES)
    require(accuracy <= 1, f"Give the accuracy from 0 to 1, not {accuracy:g}.")
    share = operations / most
    require(
        share > 0.01,
        f"Your training has {share:.2%} of the operations: count all images of all epochs, "
        "not one image.",
    )
    require(
        share <= 0.5,
        f"Your training has {share:.0%} of the fast recipe's operations: at most half are wanted.",
    )
    require(
        accuracy >= 0.97 * reference,
        f"{accuracy:.1%} in validation for {share:.0%} of the operations: "
        f"at least {0.97 * reference:.1%} are wanted.",
    )
