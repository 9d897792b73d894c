"""`check("00.softmax", answer)` says "correct", or "not yet" with a hint.

A checker has two halves. The first, `collect`, runs the learner's code and keeps what came back
as plain values: tensors, numbers, text, None, lists and dicts of them. The second, `judge`, gets
only those. So grading can run the first in a process of its own, carry its values over by
`torch.save` and `torch.load(..., weights_only=True)`, and keep the second out of a submission's
reach. Checkers lie with their lessons; one for a function names its inputs and decorates a judge:

    @exercise("00.softmax", calls((LOGITS,), (LARGE,)))
    def judge_softmax(results): ...  # one `call` for each tuple of arguments
"""

import math
from collections.abc import Callable
from copy import deepcopy
from importlib import import_module
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

Plain = Tensor | bool | int | float | str | list | dict | None

NOTHING_YET = "Your function returns nothing yet: replace the dots."


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
            return {"error": _described(error)}


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
        problem = f"What came back cannot be compared ({_described(error)})"
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


def _described(error: Exception) -> str:
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


def call(function: Callable, *arguments: object) -> dict[str, Plain]:
    """Call the learner's function: the "value" that it returned, the "error" that it raised, or
    None, and the "arguments" as they are afterwards.
    """
    result = {"value": None, "error": None}
    try:
        result["value"] = plain(function(*arguments))
    except Exception as error:  # whatever a learner's code may raise
        result["error"] = _described(error)
    return result | {"arguments": plain(arguments)}


def calls(*inputs: tuple) -> Callable[[Callable], list[dict[str, Plain]]]:
    """A first half: call the learner's function on copies of each of these tuples of arguments."""
    return lambda function: [call(function, *deepcopy(arguments)) for arguments in inputs]


def size_and_scores(answer: tuple) -> dict:
    """A first half for (network, its accuracy, the accuracy to be held against): how many numbers the
    network learns, and both accuracies.
    """
    model, accuracy, reference = answer
    if not isinstance(model, nn.Module):
        return {"no network": model}
    own = sum(p.numel() for p in model.parameters())
    return {"parameters": own, "accuracy": accuracy, "reference": reference}


def three_rates(answer: tuple) -> dict:
    """A first half for (function rate -> loss, best rate, its loss): both numbers, and the
    function called anew at that rate, at a tenth and at ten times of it.
    """
    measure, rate, loss = answer
    facts = {"rate": rate, "loss": loss}
    if isinstance(plain(rate), (int, float)):
        factors = {"again": 1, "a tenth": 0.1, "ten times": 10}
        facts |= {name: call(measure, factor * rate) for name, factor in factors.items()}
    return facts


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


def kind(value: Plain) -> str:
    """The name of the type that a value had before it was collected."""
    known = type(value) is dict and list(value) == ["type"]
    return value["type"] if known else type(value).__name__


def returned(result: dict[str, Plain]) -> Plain:
    """The value of a `call`; NotYet if it raised an error instead."""
    require(result["error"] is None, f"Your code stopped with {result['error']}")
    return result["value"]


def unchanged(result: dict[str, Plain], *arguments: Plain) -> bool:
    """Whether a `call` left its arguments, tensors or numbers, as they were."""
    pairs = zip(result["arguments"], arguments, strict=True)
    return all(same(torch.as_tensor(a), torch.as_tensor(b)) for a, b in pairs)


def as_number(value: Plain, *, verb: str = "Give", whole: bool = False) -> int | float:
    """The value as a number, also if it is a tensor with a single one; NotYet if it is none, or is
    not `whole` where it should be.
    """
    require(value is not None, NOTHING_YET if verb == "Return" else "Replace the dots by a number.")
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    asked = f"{verb} a {'whole ' if whole else ''}number"
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    require(is_number, f"{asked}: yours is a {kind(value)}.")
    require(not math.isnan(value), f"{asked}: yours is nan.")
    require(not whole or value % 1 == 0, f"{asked}: yours is {value}.")
    return int(value) if whole else value


def require_tensor(value: Plain, shape: tuple[int, ...], what: str) -> None:
    """Raise NotYet unless `value` is a tensor of `shape`; a starter cell's `...` or None counts as
    not begun.
    """
    require(value is not None, f"{what} is still empty: replace the dots by your code.")
    require(isinstance(value, Tensor), f"{what} is a {kind(value)}: it should be a tensor.")
    found = tuple(value.shape)
    require(found == shape, f"{what} has shape {found}: it should be {shape}.")


def require_pair(value: Plain, first: str, second: str) -> None:
    """Raise NotYet unless a function gave two things; `first` and `second` say in words which."""
    require(value is not None, NOTHING_YET)
    two = isinstance(value, list) and len(value) == 2
    require(two, f"Return two tensors: {first} and {second}.")


def judge_size(facts: dict, limit: int) -> None:
    """NotYet if there is no network, or if it has more parameters than `limit`."""
    if "no network" in facts:
        require(False, f"That is a {kind(facts['no network'])}: give an nn.Module first.")
    own = as_number(facts["parameters"])
    require(own <= limit, f"Your network learns {own:,} numbers: at most {limit:,} are wanted.")


def judge_accuracy(facts: dict, share: float) -> None:
    """NotYet if the accuracy is below that share of the reference."""
    accuracy, target = as_number(facts["accuracy"]), share * as_number(facts["reference"])
    require(
        accuracy >= target,
        f"Your network reaches {accuracy:.1%} in validation: at least {target:.1%} are wanted.",
    )


def same(value: Tensor, expected: Tensor) -> bool:
    """Whether two tensors have the same shape and the same numbers, of whatever type."""
    return torch.equal(value.double(), expected.double())


def close(value: Tensor, expected: Tensor, tolerance: float = 1e-5) -> bool:
    """Whether two tensors of equal shape agree to within `tolerance`, relative or absolute."""
    return value.shape == expected.shape and torch.allclose(
        value.double(), expected.double(), rtol=tolerance, atol=tolerance
    )
