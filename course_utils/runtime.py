"""Seeds, devices, and the check of a lesson's parameters."""

import ast
import random
from typing import Any

import torch

from course_utils.ranges import wanted


def seed_everything(seed: int) -> None:
    """Seed Python's and torch's random generators (torch's on every device).

    Equal seeds give equal results on one machine with one number of threads, and nowhere else:
    another processor or thread count adds floating-point numbers in another order.

    Raises:
        ValueError: if `seed` is not a whole number from 0 to 2**32 - 1.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed!r}: give a whole number from 0 to {2**32 - 1}")
    random.seed(seed)
    torch.manual_seed(seed)


def pick_device(name: str = "auto") -> torch.device:
    """The device to compute on: "auto" takes a CUDA GPU, else Apple's "mps", else the CPU.

    Raises:
        ValueError: if `name` is no device of torch's, or one that this machine does not have.
    """
    if name == "auto":
        without_cuda = "mps" if torch.backends.mps.is_available() else "cpu"
        name = "cuda" if torch.cuda.is_available() else without_cuda
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # "meta" is refused too: it holds no numbers
    except (RuntimeError, AssertionError, TypeError, ImportError):
        raise ValueError(
            f"device is {name!r}, which this machine does not have: use 'auto' or 'cpu'"
        ) from None
    return device


def check_parameters(namespace: dict[str, Any]) -> None:
    """Check a lesson's parameters: `check_parameters(globals())`, right after their cell.

    Types are those that the parameters cell declares (papermill may pass text for a number), ranges
    follow from the names: see `course_utils.ranges`.

    Raises:
        ValueError: naming the first parameter that is wrong, its value, and what it should be.
    """
    declared = _annotations(namespace)
    if not declared:
        raise ValueError("there are no parameters yet: run the cell that sets them first")
    for name, annotation in declared.items():
        kind = getattr(annotation, "__name__", str(annotation))
        if name in namespace and (instead := wanted(name, kind, namespace[name])):
            raise ValueError(f"parameter {name} is {namespace[name]!r}: give {instead}")


def _annotations(namespace: dict[str, Any]) -> dict[str, Any]:
    """The annotated names of a notebook or script; types, or their text.

    From Python 3.14 on `__annotations__` is not among the globals. A script then has a function
    that makes it. A notebook has one too, but IPython compiles each statement alone, so that it
    knows only the last: there the cells that were run are read.
    """
    if "__annotations__" in namespace:
        return namespace["__annotations__"]
    if "In" in namespace:
        return _annotated_in(namespace["In"])
    annotate = namespace.get("__annotate__")
    return annotate(1) if annotate else {}  # 1: the types themselves


def _annotated_in(cells: list[str]) -> dict[str, str]:
    found = {}
    for source in cells:
        try:
            statements = ast.parse(source).body
        except SyntaxError:  # a cell that failed
            continue
        for node in statements:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found[node.target.id] = ast.unparse(node.annotation)
    return found
