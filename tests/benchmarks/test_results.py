"""RESULTS.md is what its generator makes from the records."""

import json

import pytest

from benchmarks import tables
from benchmarks.results import results, with_scoreboard
from benchmarks.tables import gain, recorded
from course_utils.paths import ROOT
from course_utils.results import RECORDED_DIR
from tests.helpers import raises


def test_results_md_is_up_to_date():
    text = (ROOT / "RESULTS.md").read_text(encoding="utf-8")
    assert text == results(), "run `make results`"


def test_the_scoreboard_in_the_readme_is_up_to_date():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text == with_scoreboard(text), "run `make results`"


def test_the_scoreboard_replaces_what_stands_between_its_marks():
    text = "before\n<!-- scoreboard -->\nold\n<!-- end of the scoreboard -->\nafter\n"
    lines = with_scoreboard(text).splitlines()
    assert lines[0] == "before" and lines[-1] == "after" and "old" not in lines
    assert lines[2] == "|  | Model | Shapes | CIFAR-10 | Parameters | Multiply-adds |"
    assert any(line.startswith("| 00 | linear classifier | ") for line in lines)


def test_a_readme_without_the_marks_is_refused():
    with raises(ValueError, "0 blocks <!-- scoreboard --> in README.md, expected 1"):
        with_scoreboard("no table")


def test_every_record_names_no_machine_and_no_seconds():
    files = list(RECORDED_DIR.glob("*.json"))
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "/home" not in text and "seconds" not in text


def test_a_table_wants_a_record_with_all_that_it_shows(monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "RECORDED_DIR", tmp_path)
    with raises(FileNotFoundError, "no record 99_test.{dataset} with a, b"):
        recorded("99_test.{dataset}", "a", "b")
    path = tmp_path / "99_test.cifar10.json"
    path.write_text(json.dumps({"a": 1}), encoding="utf-8")
    with raises(FileNotFoundError, "no record 99_test.{dataset} with a, b"):
        recorded("99_test.{dataset}", "a", "b")
    assert recorded("99_test.{dataset}", "a") == ({"a": 1}, "CIFAR-10")


@pytest.mark.parametrize(
    ("losses", "expected"), [([[2.0, 1.0, 9.0]], "0.3"), ([[2.3, 2.3, 9.0]], "none")]
)
def test_the_largest_rate_is_one_at_which_all_seeds_train(losses, expected):
    assert tables.largest_lr(tables.torch.tensor(losses), [0.1, 0.3, 1.0], 2.3) == expected


def test_a_gain_is_printed_with_its_interval_in_points():
    assert gain([0.9, 0.5, 0.7], [0.8, 0.4, 0.6]) == "+10.0 points (10.0 to 10.0)"
