"""The benchmark of the recurrent networks: equal costs, what it keeps, where a training ends, the
best rate.
"""

import pytest

from tests.helpers import script

pytestmark = pytest.mark.usefixtures("benchmarks_are_importable")


def test_rnn_compares_at_equal_cost():
    costs = script("rnn").costs().values()
    assert all(abs(one["parameters"] / 117_002 - 1) < 0.01 for one in costs)
    assert all(abs(one["multiply_adds"] / 3_671_296 - 1) < 0.01 for one in costs)


def test_rnn_keeps_what_is_done(monkeypatch, tmp_path):
    benchmark, calls = script("rnn"), []
    monkeypatch.setattr(benchmark, "KEPT", tmp_path / "kept")

    def measure(task, kept):
        calls.append(kept.name)
        return {"losses": [1.0]}

    task = ("clipping", "ReLU, SGD", "not clipped", 0.001, 0)
    assert (
        benchmark.keep_task(task, measure)
        == benchmark.keep_task(task, measure)
        == (task, {"losses": [1.0]})
    )
    assert calls == ["clipping_ReLU_SGD_not_clipped_0.001_0.json"]
    assert [path.name for path in benchmark.KEPT.iterdir()] == calls


def test_rnn_puts_a_training_that_diverged_at_the_ceiling():
    benchmark = script("rnn")
    assert benchmark.end_of([1.0]) == benchmark.end_of([1e9] * benchmark.STEPS) == benchmark.CEILING
    assert benchmark.end_of([9.0] * (benchmark.STEPS - 10) + [1.0] * 10) == 1.0


def test_rnn_takes_the_best_rate_for_columns_too(monkeypatch):
    benchmark = script("rnn")
    rates = {
        rate: 0.1 + index / 10 for index, rate in enumerate(benchmark.RATES)
    }  # the last is the best

    def found(measure, tasks, folder):
        return {
            task: {"val_accuracy_by_epoch": [0.0, rates[task[3]]], "test_accuracy": task[4]}
            for task in tasks
        }

    monkeypatch.setattr(benchmark, "in_two_processes", found)
    trained = benchmark.training("folder")
    assert trained["LSTM"]["columns"] == {
        "rate": benchmark.RATES[-1], "test_accuracy": [0, 1, 2], "val_accuracy_by_epoch": [[0.0, 0.4]] * 3
    }  # fmt: skip
    assert set(trained["CNN"]) == {"rows", "permuted"} and set(trained["tanh"]) == {"rows"}
