"""What the checkers of several lessons are made of: first halves that call the learner's code, and
questions that a judge asks of what came back (see `course_utils.exercises`).
"""

import math
from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor, nn

from course_utils.exercises import Plain, described, plain, require

NOTHING_YET = "Your function returns nothing yet: replace the dots."


# First halves


def call(function: Callable, *arguments: object) -> dict[str, Plain]:
    """Call the learner's function: the "value" that it returned, the "error" that it raised, or
    None, and the "arguments" as they are afterwards.
    """
    result = {"value": None, "error": None}
    try:
        result["value"] = plain(function(*arguments))
    except Exception as error:  # whatever a learner's code may raise
        result["error"] = described(error)
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


# For judges


def returned(result: dict[str, Plain]) -> Plain:
    """The value of a `call`; NotYet if it raised an error instead."""
    require(result["error"] is None, f"Your code stopped with {result['error']}")
    return result["value"]


def unchanged(result: dict[str, Plain], *arguments: Plain) -> bool:
    """Whether a `call` left its arguments, tensors or numbers, as they were."""
    pairs = zip(result["arguments"], arguments, strict=True)
    return all(same(torch.as_tensor(a), torch.as_tensor(b)) for a, b in pairs)


def kind(value: Plain) -> str:
    """The name of the type that a value had before it was collected."""
    known = type(value) is dict and list(value) == ["type"]
    return value["type"] if known else type(value).__name__


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
