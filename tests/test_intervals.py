"""95 % intervals over seeds, held against torch's own distribution and against chance."""

import math

import pytest
import torch
from torch.distributions import Normal, StudentT

from course_utils.intervals import T_95, interval, paired
from tests.helpers import raises


@pytest.mark.parametrize("degrees", range(1, 11))
def test_the_quantiles_leave_a_twentieth_of_students_t_outside(degrees):
    points = torch.linspace(-T_95[degrees - 1], T_95[degrees - 1], 20_001, dtype=torch.float64)
    density = StudentT(torch.tensor(float(degrees), dtype=torch.float64)).log_prob(points).exp()
    assert torch.trapezoid(density, points).item() == pytest.approx(0.95, abs=5e-5)


def test_an_interval_holds_the_mean_of_19_samples_in_20():
    samples = torch.randn(4000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    inside = [low < 0 < high for _, low, high in map(interval, samples.tolist())]
    assert sum(inside) / len(inside) == pytest.approx(0.95, abs=0.012)


def test_an_interval_of_many_seeds_is_at_most_a_seventh_too_wide():
    values = torch.arange(1000.0).tolist()
    _, low, high = interval(values)
    exact = 2 * Normal(0, 1).icdf(torch.tensor(0.975)) * torch.tensor(values).std() / 1000**0.5
    assert exact < high - low < exact * 8 / 7


def test_what_both_owe_to_a_seed_cancels_out():
    first, second = [0.9, 0.5, 0.7], [0.8, 0.4, 0.6]
    mean, low, high = paired(first, second)
    assert mean == pytest.approx(0.1) and high - low < 1e-6
    _, low, high = interval(first)
    assert high - low > 0.9


def test_one_seed_says_nothing_of_the_spread():
    assert interval([0.5]) == (0.5, -math.inf, math.inf)
    with raises(ValueError, "no values: an interval needs one for each seed"):
        interval([])
    with pytest.raises(ValueError):
        paired([0.1, 0.2], [0.1])
