"""Lesson 09's benchmark: equal costs, the best rate, clipping."""

import math

import pytest

from benchmarks.lesson_09 import rows
from benchmarks.lesson_09.rows import Plan
from benchmarks.training import end_of

TINY = Plan(
    seeds=(0, 1),
    batch_size=10,
    images=20,
    epochs=1,
    lrs=(1e-3, 1e-2),
    search_images=20,
    search_epochs=1,
    clipping_lrs=(1e-3,),
    clipping_images=20,
    steps=3,
    last=2,
    blanks=(0, 28),
    gradient_images=4,
    pairs=(("LSTM", "rows"), ("LSTM", "columns")),
)


def test_networks_cost_the_same():
    costs = rows.costs().values()
    assert all(one["parameters"] == pytest.approx(117_002, rel=0.01) for one in costs)
    assert all(one["multiply_adds"] == pytest.approx(3_671_296, rel=0.01) for one in costs)


def test_a_training_that_diverged_ends_at_the_ceiling():
    ceiling = 2 * math.log(10)
    assert end_of([1.0], 100, 10) == end_of([1e9] * 100, 100, 10) == ceiling
    assert end_of([9.0] * 90 + [1.0] * 10, 100, 10) == 1.0


def test_columns_are_read_at_the_best_rate_for_rows(make_run):
    found = rows.search(make_run(), TINY)
    searched = found["search"]["LSTM"]
    assert set(searched) == {"rows"} and set(searched["rows"]["val_accuracy"]) == {"0.001", "0.01"}
    earlier = {"LSTM": {"rows": {"rate": 1e-2}}}
    trained = rows.training(make_run(search=earlier), TINY)["training"]["LSTM"]
    assert trained["columns"]["rate"] == 1e-2
    assert len(trained["rows"]["test_accuracy"]) == 2
    assert [len(of_seed) for of_seed in trained["rows"]["blanked_accuracy"]] == [2, 2]
    assert len(trained["rows"]["row_gradients_end"][0]) == 32


def test_clipping_is_tried_with_both_optimizers(make_run):
    found = rows.clipping(make_run(), TINY)["clipping"]
    assert set(found) == {"ReLU, SGD", "ReLU, Adam", "LSTM, SGD", "LSTM, Adam"}
    assert [len(of_seed) for of_seed in found["LSTM, SGD"]["clipped"]] == [1, 1]
