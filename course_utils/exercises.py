"""`check("00.softmax", answer)` says "correct", or "not yet" with a hint.

A checker has two halves. The first, `collect`, runs the learner's code and keeps what came back
as plain values: tensors, numbers, text, None, lists and dicts of them. The second, `judge`, gets
only those. So grading can run the first in a process of its own, carry its values over by
`torch.save` and `torch.load(..., weights_only=True)`, and keep the second out of a submission's
reach. Checkers lie with their lessons; one for a function names its inputs and decorates a judge::

    @exercise("00.softmax", calls((LOGITS,), (LARGE,)))
    def judge_softmax(results): ...  # one `call` for each tuple of arguments
"""

from collections.abc import Callable
from importlib import import_module
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

Plain = Tensor | bool | int | float | str | list | dict | None


class NotYet(Exception):
    """An answer is not right yet; the message is the hint."""


class Verdict(NamedTuple):
    """What `judge` says; `message` is "correct." or "not yet." and a hint."""

    correct: bool
    message: str


class Checker(NamedTuple):
    """The two halves: `collect(answer)` gives values, `judge(values)` raises NotYet or returns."""

    collect: Callable[[object], object]
    judge: Callable[[Plain], None]


CHECKERS: dict[str, Checker] = {}


# What notebooks and grading call


def check(exercise: str, answer: object) -> None:
    """Check an answer and print "correct", or "not yet" with a hint.

    `exercise` is the lesson's number and the exercise's name, as in "00.softmax". An error inside
    the answer's own code is reported as "not yet", so that a notebook runs on.

    Raises:
        ValueError: if there is no such exercise.
    """
    print(f"{exercise}: {judge(exercise, collect(exercise, answer)).message}")


def collect(exercise: str, answer: object) -> Plain:
    """The first half: run the answer's code and return what came back, errors included, as values
    that `torch.load(..., weights_only=True)` reads. Leaves the random state of the CPU as it was.

    Raises:
        ValueError: if there is no such exercise.
    """
    checker = _checker(exercise)
    with torch.random.fork_rng(devices=[]):
        try:
            return plain(checker.collect(answer))
        except Exception as error:  # whatever a learner's code may raise
            return {"error": described(error)}


def judge(exercise: str, collected: Plain) -> Verdict:
    """The second half: a verdict on what `collect` returned, wherever that ran. Values of any other
    type are refused unread, so that none of their code runs here.

    Raises:
        ValueError: if there is no such exercise.
    """
    checker = _checker(exercise)
    try:
        require(_is_plain(collected), "These are no plain values: judge what `collect` gives.")
        if type(collected) is dict and collected.get("error") is not None:
            raise NotYet(f"Your code stopped with {collected['error']}")
        with torch.random.fork_rng(devices=[]):
            checker.judge(collected)
    except NotYet as hint:
        return Verdict(False, f"not yet. {hint}")
    except Exception as error:  # values that no right answer gives, and no hint foresees
        problem = f"What came back cannot be compared ({described(error)})"
        return Verdict(False, f"not yet. {problem}: return what the exercise asks for.")
    return Verdict(True, "correct.")


def _checker(exercise: str) -> Checker:
    lesson = exercise.partition(".")[0]
    try:
        import_module(f"course_utils.lessons.lesson_{lesson}.exercises")
        return CHECKERS[exercise]
    except (ModuleNotFoundError, KeyError):
        of_lesson = [name for name in sorted(CHECKERS) if name.startswith(lesson + ".")]
        known = ", ".join(of_lesson) or "none in that lesson"
        raise ValueError(f"no exercise {exercise!r}: there is {known}") from None


def described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


# The first half


def plain(value: object) -> Plain:
    """`value` as plain values: tensors detached, copied, on the CPU; arrays as tensors, NumPy's
    numbers as Python's, tuples as lists, a starter's `...` as None. Of anything else only the name
    of its type is kept.
    """
    if value is None or value is ...:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return torch.from_numpy(value.copy())
    if isinstance(value, Tensor):
        return value.detach().as_subclass(Tensor).cpu().contiguous().clone()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {_key(key): plain(item) for key, item in value.items()}
    return {"type": "type" if isinstance(value, type) else type(value).__name__}


def _key(key: object) -> int | float | str:
    return plain(key) if isinstance(key, (Real, str)) else str(key)


def exercise(name: str, collect: Callable[[object], object] = plain) -> Callable:
    """Register the judge that this decorates, under a name such as "00.softmax", together with its
    first half. By default that takes the answer as it stands, a number for instance.
    """

    def register(judge: Callable[[Plain], None]) -> Callable[[Plain], None]:
        CHECKERS[name] = Checker(collect, judge)
        return judge

    return register


# The second half


def _is_plain(value: object) -> bool:
    """By exact type: a subclass could bring code along, `__eq__` for instance."""
    if type(value) is list:
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(type(key) in (int, float, str) and _is_plain(value[key]) for key in value)
    return value is None or type(value) in (bool, int, float, str, Tensor)


def require(condition: bool, hint: str) -> None:
    """Raise NotYet with `hint` unless `condition` holds."""
    if not condition:
        raise NotYet(hint)
