"""What lesson 05 says of its records, held against them."""

import pytest
import torch

from course_utils.results import load_recorded

RECORD = load_recorded("05_batch_normalization.cifar10")
NORMS = ("no normalisation", "batch normalisation")


def means(part, name, key="losses"):
    values = RECORD[part][name]
    return torch.tensor(values[key] if isinstance(values, dict) else values).mean(dim=0)


def largest_rate(name):
    """The largest rate at which every seed ends below the loss of knowing nothing."""
    worst = torch.tensor(RECORD["rates"][name]["losses"]).max(dim=0).values
    good = (worst < RECORD["rates"]["chance"] - 0.1).tolist()
    return max(lr for lr, trains in zip(RECORD["rates"]["rates"], good, strict=True) if trains)


def test_with_batch_normalisation_rates_train_that_are_ten_times_as_large():
    without, with_it = map(largest_rate, NORMS)
    assert with_it / without == pytest.approx(10)


def test_its_best_loss_is_lower_in_every_seed():
    without, with_it = (torch.tensor(RECORD["rates"][name]["losses"]) for name in NORMS)
    best = with_it[:, means("rates", NORMS[1]).argmin()]
    assert (best < without.min(dim=1).values).all()


def test_weights_grow_by_less_than_a_fifth_where_it_trains_and_much_where_it_fails():
    rates, growth = RECORD["rates"]["rates"], means("rates", NORMS[1], "growth").tolist()
    grown = dict(zip(rates, growth, strict=True))
    assert max(grown[lr] for lr in rates if lr <= 1) < 1.2
    assert grown[10.0] > 5 and largest_rate(NORMS[1]) < 10


def test_statistics_of_two_pictures_cost_three_or_four_points():
    with_it, without = means("small_groups", NORMS[1]), means("small_groups", NORMS[0])
    assert RECORD["small_groups"]["sizes"][0] == 2
    assert 0.03 < with_it[-1] - with_it[0] < 0.05
    assert abs(with_it[0] - without[0]) < 0.01


def test_a_forgotten_eval_costs_most_one_at_a_time_and_sorted():
    shown = {
        name: sum(found["shown"]) / len(found["shown"])
        for name, found in RECORD["forgotten"].items()
        if name != "setting"
    }
    worst = max(shown["batch 1"], shown["sorted, 32"])
    assert worst < shown["batch 4"] < shown["evaluation mode"] < shown["batch 32"] + 0.01


def test_a_forgotten_eval_costs_twenty_points_one_at_a_time_and_thirty_sorted():
    shown = {
        name: sum(found["shown"]) / len(found["shown"])
        for name, found in RECORD["forgotten"].items()
        if name != "setting"
    }
    right = shown["evaluation mode"]
    assert right - shown["batch 1"] == pytest.approx(0.2, abs=0.03)
    assert right - shown["sorted, 32"] == pytest.approx(0.3, abs=0.03)


def test_group_normalisation_is_level_with_none_in_a_short_training():
    groups, none = means("small_groups", "group normalisation"), means("small_groups", NORMS[0])
    assert abs(groups - none).max() < 0.01
