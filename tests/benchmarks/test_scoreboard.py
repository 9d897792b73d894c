"""The scoreboard's column for photographs is what the records give."""

import pytest

from benchmarks.harness import read_json
from benchmarks.house.scoreboard import RECORD, assemble, of_run


def test_the_committed_column_is_what_the_records_give():
    assert read_json(RECORD) == assemble()


def test_a_row_says_of_what_it_is_the_mean():
    row = assemble()["VGG-style CNN"]
    assert row["accuracy"] == pytest.approx(0.818, abs=0.001)
    assert (row["images"], row["epochs"], row["seeds"]) == (50_000, 30, 3)


def test_a_lesson_that_was_run_on_photographs_gives_its_rows():
    rows = of_run("00_training_loop.cifar10")
    assert list(rows) == ["linear classifier", "small network"]
    assert all((row["images"], row["seeds"]) == (45_000, 1) for row in rows.values())
    assert 0.1 < rows["linear classifier"]["accuracy"] < rows["small network"]["accuracy"]


def test_the_residual_network_has_its_own_record():
    row = assemble()["ResNet-20"]
    assert row["accuracy"] == pytest.approx(0.9136, abs=0.0005)
    assert (row["images"], row["epochs"], row["seeds"]) == (45_000, 60, 3)
