"""The course's table: published rows of earlier lessons, this run's rows, the photographs' column."""

import json

import pytest
from torch import nn

from course_utils.lessons import scoreboard as module
from course_utils.lessons.scoreboard import score, scoreboard


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A folder of published results: a row of lesson 00, two of lesson 03."""
    monkeypatch.setattr(module, "PUBLISHED", tmp_path)
    monkeypatch.setattr(module, "CIFAR10", tmp_path / "none.json")
    row = {"accuracy": 0.5, "parameters": 1234, "multiply_adds": 56789}
    for lesson, names in (("00_loop", ["linear"]), ("03_cnn", ["small", "large"])):
        rows = dict.fromkeys(names, row)
        (tmp_path / f"{lesson}.json").write_text(json.dumps({"scoreboard": rows}))
    (tmp_path / "01_more.json").write_text("{}")
    return tmp_path


def test_a_score_counts_parameters_and_multiply_adds():
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10))
    expected = {"accuracy": 0.25, "parameters": 30730, "multiply_adds": 30720}
    assert score(model, 0.25) == expected


def test_only_earlier_lessons_are_shown(published):
    assert "linear" not in scoreboard("00_loop")
    assert "linear" in scoreboard("03_cnn")
    assert "small" not in scoreboard("03_cnn")
    assert [line[:2] for line in scoreboard("04_next").splitlines()] == ["  ", "00", "03", "03"]


def test_columns_line_up_and_the_rows_of_this_run_come_last(published):
    live = {"mine": {"accuracy": 0.875, "parameters": 10, "multiply_adds": 20}}
    lines = scoreboard("01_more", live).splitlines()
    assert lines == [
        "    model            Shapes  CIFAR-10  photos  parameters  multiply-adds",
        "00  linear            50.0%         -       -       1,234         56,789",
        "01  mine (this run)   87.5%         -       -          10             20",
    ]


def test_what_is_recorded_on_photographs_stands_beside(published, monkeypatch):
    recorded = published / "photos.txt"
    recorded.write_text('{"linear": {"accuracy": 0.391, "images": 45000}}')
    monkeypatch.setattr(module, "CIFAR10", recorded)
    assert "50.0%     39.1%  45,000" in scoreboard("01_more")


def test_a_run_on_other_pictures_has_a_column_of_its_own(published):
    live = {"mine": {"accuracy": 0.875, "parameters": 10, "multiply_adds": 20}}
    assert scoreboard("01_more", live, dataset="leaves").splitlines() == [
        "    model   Shapes  CIFAR-10  photos  leaves, this run  parameters  multiply-adds",
        "00  linear   50.0%         -       -                 -       1,234         56,789",
        "01  mine         -         -       -             87.5%          10             20",
    ]
    assert "leaves" not in scoreboard("01_more", dataset="leaves")  # nothing of this run yet


def test_published_rows_of_all_lessons_carry_their_record_on_photographs(published, monkeypatch):
    recorded = published / "photos.txt"
    recorded.write_text('{"linear": {"accuracy": 0.391, "epochs": 4}}')
    monkeypatch.setattr(module, "CIFAR10", recorded)
    rows = module.published_rows()
    assert [(row["lesson"], row["model"]) for row in rows] == [
        ("00", "linear"),
        ("03", "small"),
        ("03", "large"),
    ]
    assert rows[0]["cifar10"] == {"accuracy": 0.391, "epochs": 4}
    assert rows[1]["cifar10"] is None and rows[1]["parameters"] == 1234


def test_a_record_says_on_what_it_was_trained_as_far_as_it_has_one_number():
    record = {"accuracy": 0.5, "images": 45000, "epochs": 24, "seeds": 2}
    assert module.recorded_training(record) == "45,000 images, 24 epochs, 2 seeds"
    assert module.recorded_training(record | {"epochs": None, "seeds": 1}) == (
        "45,000 images, 1 seed"
    )
