"""95 % intervals over seeds, held against known quantiles and against chance."""

import pytest
import torch

from benchmarks.statistics import interval, paired, t_quantile
from benchmarks.tables import gain
from tests.helpers import raises


@pytest.mark.parametrize(
    ("degrees", "quantile"), [(1, 12.706), (2, 4.303), (11, 2.201), (30, 2.042), (1000, 1.962)]
)
def test_quantiles_are_those_of_the_tables(degrees, quantile):
    assert t_quantile(degrees) == pytest.approx(quantile, abs=0.001)


def test_an_interval_holds_the_mean_of_19_samples_in_20():
    samples = torch.randn(4000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    inside = [low < 0 < high for _, low, high in map(interval, samples.tolist())]
    assert sum(inside) / len(inside) == pytest.approx(0.95, abs=0.012)


def test_what_both_owe_to_a_seed_cancels_out():
    first, second = [0.9, 0.5, 0.7], [0.8, 0.4, 0.6]
    mean, low, high = paired(first, second)
    assert mean == pytest.approx(0.1) and high - low < 1e-6
    assert gain(first, second) == "+10.0 points (10.0 to 10.0)"
    _, low, high = interval(first)
    assert high - low > 0.9


def test_one_seed_has_no_interval():
    with raises(ValueError, "1 value: an interval needs at least two seeds"):
        interval([0.5])
    with raises(ValueError, "degrees is 0: an interval needs at least two seeds"):
        t_quantile(0)
    with pytest.raises(ValueError):
        paired([0.1, 0.2], [0.1])
