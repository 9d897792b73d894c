"""What several seeds say: means with 95 % t-intervals, paired where two things are compared."""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

# 97.5 % quantiles of Student's t for 1 to 10 degrees of freedom.
T_QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


def t_quantile(degrees: int) -> float:
    """The 97.5 % quantile of Student's t: from the table up to 10 degrees of freedom, above that by
    the expansion of Cornish and Fisher, exact to 0.001.

    Raises:
        ValueError: if `degrees` is below 1.
    """
    if degrees < 1:
        raise ValueError(f"degrees is {degrees}: an interval needs at least two seeds")
    if degrees <= len(T_QUANTILES):
        return T_QUANTILES[degrees - 1]
    z = NormalDist().inv_cdf(0.975)
    first = (z**3 + z) / (4 * degrees)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
    return z + first + second + third


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """(mean, low, high): the 95 % t-interval of the mean of independent values, one a seed.

    Raises:
        ValueError: if there are fewer than two.
    """
    if len(values) < 2:
        raise ValueError(f"{len(values)} value: an interval needs at least two seeds")
    mean = fmean(values)
    half = t_quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return mean, mean - half, mean + half


def paired(first: Sequence[float], second: Sequence[float]) -> tuple[float, float, float]:
    """(mean, low, high) of first - second, seed by seed: what both owe to a seed cancels out.

    Raises:
        ValueError: if the seeds are not as many, or fewer than two.
    """
    return interval([a - b for a, b in zip(first, second, strict=True)])
