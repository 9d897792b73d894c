"""Seeds, devices and the places where files live. Imports nothing else of the course."""

import math
import random
from collections.abc import Callable

import torch


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
        name = (
            "cuda"
            if torch.cuda.is_available()
            else "mps"
            if torch.backends.mps.is_available()
            else "cpu"
        )
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # "meta" is refused too: it holds no numbers
    except (
        RuntimeError,
        AssertionError,
        TypeError,
        ImportError,
    ):  # NotImplementedError is a RuntimeError
        raise ValueError(
            f"device is {name!r}, which this machine does not have: use 'auto' or 'cpu'"
        ) from None
    return device


def check_parameters(
    *,
    dataset: str = "auto",
    epochs: int = 1,
    batch_size: int = 1,
    learning_rate: float = 1.0,
    train_size: int = 0,
    seed: int = 0,
    runs: int = 1,
    device: str = "auto",
    output_dir: str = "",
    positive: dict[str, int | float] | None = None,
) -> None:
    """Check a lesson's parameters: their types (papermill may pass text for a number) and their
    ranges.

    `positive` holds the lesson's own parameters that must be above 0, by name; one that is a whole
    number by its default is given as `int`.

    Raises:
        ValueError: naming the first parameter that is wrong, its value, and what it should be.
    """
    whole = {"epochs": epochs, "batch_size": batch_size, "runs": runs}
    _check(whole, int, lambda value: value >= 1, "a whole number, at least 1")
    _check(
        {"train_size": train_size, "seed": seed},
        int,
        lambda value: value >= 0,
        "a whole number, at least 0",
    )
    above_zero = {"learning_rate": learning_rate, **(positive or {})}
    _check(above_zero, (int, float), lambda value: 0 < value < math.inf, "a number above 0")
    _check(
        {"dataset": dataset, "device": device},
        str,
        lambda value: value != "",
        "text, for instance 'auto'",
    )
    _check(
        {"output_dir": output_dir},
        str,
        lambda value: True,
        "the path of a folder, or '' for the default",
    )


def _check(
    values: dict[str, object], kind: type | tuple, fits: Callable[[object], bool], wanted: str
) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, kind) or not fits(value):
            raise ValueError(f"parameter {name} is {value!r}: give {wanted}")
