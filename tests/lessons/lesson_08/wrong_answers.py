"""Wrong answers to lesson 08's exercises: (exercise, answer, a part of the hint that it should
get).
"""

from functools import partial


def triangle(step, steps, peak, warmup, *, start=0.0, turn=None, end=0.0):
    """The solution; each option makes one mistake."""
    turn, done = warmup if turn is None else turn, step / steps
    return peak * (
        start + (1 - start) * done / turn
        if done < turn
        else end + (1 - end) * (1 - done) / (1 - turn)
    )


def accuracies(factor):
    return 0.6 if factor == 1 else 0.5


WRONG = [
    ("08.rate_at", partial(triangle, start=0.2), "begins at the very bottom"),
    ("08.rate_at", lambda step, steps, peak, warmup: peak * min(step, 1), "after one step already"),
    ("08.rate_at", partial(triangle, turn=0.2), "Halfway up"),
    ("08.rate_at", partial(triangle, end=0.5), "Halfway down"),
    ("08.rate_at", lambda *a: None, "returns nothing yet"),
    ("08.rate_at", lambda *a: "0.1", "Return a number"),
    ("08.epochs_in_budget", lambda o, m, n: o // (m * n), "three forward passes"),
    ("08.epochs_in_budget", lambda o, m, n: o // (2 * m * n), "passes backward"),
    ("08.epochs_in_budget", lambda o, m, n: o // (3 * m * n), "two operations"),
    ("08.epochs_in_budget", lambda o, m, n: o / (6 * m * n), "round down"),
    ("08.epochs_in_budget", lambda o, m, n: max(1, o // (6 * m * n)), "pays for none"),
    ("08.larger_batches", (accuracies, ..., ...), "Replace the dots by a number."),
    ("08.larger_batches", (accuracies, 0.5, 0.6), "You mixed them up"),
    ("08.larger_batches", (accuracies, 0.6, 0.55), "twice the rate you say 0.550; a fresh run has"),
    ("08.larger_batches", (accuracies, 0.7, 0.5), "the rate kept you say 0.700"),
    ("08.larger_batches", (accuracies, 60.0, 50.0), "from 0 to 1, not 60"),
    ("08.larger_batches", (lambda factor: None, 0.6, 0.5), "returns nothing yet"),
    ("08.half_the_work", (..., 1e12, 0.9, 2e12), "Replace the dots"),
    ("08.half_the_work", (88.0, 1e12, 0.9, 2e12), "from 0 to 1, not 88"),
    ("08.half_the_work", (0.88, 1e8, 0.9, 2e12), "count all images of all epochs"),
    ("08.half_the_work", (0.9, 1.2e12, 0.9, 2e12), "60% of the fast recipe's operations"),
    ("08.half_the_work", (0.8, 1e12, 0.9, 2e12), "at least 87.3% are wanted"),
]
