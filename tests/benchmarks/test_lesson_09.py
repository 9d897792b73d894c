"""Lesson 09's benchmark: equal costs, the best rate."""

import pytest

from benchmarks.lesson_09 import rows
from benchmarks.lesson_09.rows import Plan

TINY = Plan(
    seeds=(0, 1),
    batch_size=10,
    images=20,
    epochs=1,
    blanks=(0, 28),
    gradient_images=4,
    pairs=(("attention", "rows"), ("LSTM", "permuted")),
)


def test_networks_cost_the_same():
    costs = rows.costs().values()
    assert all(one["multiply_adds"] == pytest.approx(3_671_296, rel=0.01) for one in costs)
    assert all(one["parameters"] == pytest.approx(117_002, rel=0.06) for one in costs)


def test_each_network_is_trained_at_the_best_of_its_rates(make_run):
    found = rows.search(make_run(), TINY)["search"]
    assert set(found["LSTM"]) == {"permuted"}
    assert set(found["LSTM"]["permuted"]["val_accuracy"]) == {"0.001", "0.003", "0.01"}
    assert set(found["attention"]["rows"]["val_accuracy"]) == {"0.0003", "0.001", "0.003"}
    earlier = {"LSTM": {"permuted": {"rate": 1e-2}}, "attention": {"rows": {"rate": 1e-3}}}
    trained = rows.training(make_run(search=earlier), TINY)["training"]
    assert trained["LSTM"]["permuted"]["rate"] == 1e-2
    of_attention = trained["attention"]["rows"]
    assert len(of_attention["test_accuracy"]) == 2
    assert [len(of_seed) for of_seed in of_attention["blanked_accuracy"]] == [2, 2]
    assert len(of_attention["row_gradients_end"][0]) == 32
