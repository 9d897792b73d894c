"""`check("00.softmax", answer)` says "correct", or "not yet" with a hint; the checkers lie with
their lessons.
"""

from collections.abc import Callable
from importlib import import_module

import torch
from torch import Tensor

CHECKERS: dict[str, Callable[[object], None]] = {}


class NotYet(Exception):
    """An answer is not right yet; the message is the hint."""


def exercise(name: str) -> Callable:
    """Register a checker under a name such as "00.softmax". It returns for a right answer and
    raises NotYet else.
    """

    def register(checker: Callable[[object], None]) -> Callable[[object], None]:
        CHECKERS[name] = checker
        return checker

    return register


def require(condition: bool, hint: str) -> None:
    """Raise NotYet with `hint` unless `condition` holds."""
    if not condition:
        raise NotYet(hint)


def require_tensor(value: object, shape: tuple[int, ...], what: str) -> None:
    """Raise NotYet unless `value` is a tensor of `shape`; a starter cell's `...` or None counts as
    not begun.
    """
    require(
        value is not None and value is not ...,
        f"{what} is still empty: replace the dots by your code.",
    )
    require(
        isinstance(value, Tensor), f"{what} is a {type(value).__name__}: it should be a tensor."
    )
    require(
        tuple(value.shape) == shape, f"{what} has shape {tuple(value.shape)}: it should be {shape}."
    )


def require_pair(value: object, first: str, second: str) -> None:
    """Raise NotYet unless a function gave two things; `first` and `second` say in words which."""
    require(
        value is not None and value is not ...,
        "Your function returns nothing yet: replace the dots.",
    )
    require(
        isinstance(value, tuple) and len(value) == 2, f"Return two tensors: {first} and {second}."
    )


def close(value: Tensor, expected: Tensor, tolerance: float = 1e-5) -> bool:
    """Whether two tensors of equal shape agree to within `tolerance`, relative or absolute."""
    return torch.allclose(value.double(), expected.double(), rtol=tolerance, atol=tolerance)


def check(exercise: str, answer: object) -> None:
    """Check an answer and print "correct", or "not yet" with a hint.

    `exercise` is the lesson's number and the exercise's name, as in "00.softmax". An error inside
    the answer's own code is reported as "not yet", so that a notebook runs on.

    Raises:
        ValueError: if there is no such exercise.
    """
    lesson = exercise.partition(".")[0]
    try:
        import_module(f"course_utils.lessons.lesson_{lesson}.exercises")
        checker = CHECKERS[exercise]
    except (ModuleNotFoundError, KeyError):
        known = (
            ", ".join(name for name in sorted(CHECKERS) if name.startswith(lesson + "."))
            or "none in that lesson"
        )
        raise ValueError(f"no exercise {exercise!r}: there is {known}") from None
    try:
        checker(answer)
    except NotYet as hint:
        print(f"{exercise}: not yet. {hint}")
    except Exception as error:  # whatever a learner's code may raise
        print(f"{exercise}: not yet. Your code stopped with {type(error).__name__}: {error}")
    else:
        print(f"{exercise}: correct.")
