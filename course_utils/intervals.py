"""A mean over seeds with its 95 % t-interval (Student 1908), paired to compare two things."""

import math
from collections.abc import Sequence

import torch

# How many standard errors to either side hold the true mean in 95 % of all cases, by the number of
# seeds minus 1, from 1 to 10.
T_95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """(mean, low, high): the 95 % t-interval of the mean of independent values, one a seed.

    A single value says nothing of its spread: its interval is infinite. That of more than 11 is a
    little too wide.

    Raises:
        ValueError: if there is no value.
    """
    if len(values) == 0:
        raise ValueError("no values: an interval needs one for each seed")
    numbers = torch.as_tensor(values, dtype=torch.float64)
    mean = numbers.mean().item()
    if len(numbers) == 1:
        return mean, -math.inf, math.inf
    quantile = T_95[min(len(numbers) - 1, len(T_95)) - 1]
    half = quantile * numbers.std().item() / math.sqrt(len(numbers))
    return mean, mean - half, mean + half


def paired(first: Sequence[float], second: Sequence[float]) -> tuple[float, float, float]:
    """(mean, low, high) of first - second, seed by seed: what both owe to a seed cancels out.

    Raises:
        ValueError: if the seeds are not as many, or none.
    """
    return interval([a - b for a, b in zip(first, second, strict=True)])
