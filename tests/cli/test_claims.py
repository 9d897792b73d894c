"""Claims: those of the published run hold, and what is no claim is refused."""

import json
import math
import re
from pathlib import Path

import click
import pytest

from course_utils.cli.claims import check_claims, read_claims
from course_utils.cli.notebooks import find_lessons
from course_utils.cli.run import Request, run_lessons
from course_utils.paths import ROOT

NOTEBOOKS = ROOT / "notebooks"
LESSONS = [path.stem for path in find_lessons(NOTEBOOKS)]


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_the_published_run_measured_keeps_the_claims(lesson):
    results = Path(NOTEBOOKS, "results", f"{lesson}.json")
    assert results.exists(), f"run `python -m course_utils publish --force {lesson}`"
    measured = json.loads(results.read_text(encoding="utf-8"))
    assert measured["dataset"] == "shapes"
    claims = read_claims(NOTEBOOKS / "claims.yaml", set(LESSONS), {"smoke", "laptop", "full"})
    verdicts = check_claims(claims, lesson, "laptop", measured)
    assert [verdict.broken for verdict in verdicts if verdict.broken] == []
    assert verdicts, "no claim on this lesson"


def changed(results, metric, value):
    """The results with another value under a dotted path."""
    name, _, below = metric.partition(".")
    return {**results, name: changed(results[name], below, value) if below else value}


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_claim_that_does_not_hold_is_seen_to_fail_and_no_other(lesson):
    measured = json.loads(Path(NOTEBOOKS, "results", f"{lesson}.json").read_text(encoding="utf-8"))
    claims = read_claims(NOTEBOOKS / "claims.yaml", set(LESSONS), {"smoke", "laptop", "full"})
    for key, (low, high) in claims.items():
        if key[0] == lesson and key[2:] == ("shapes", "laptop"):
            assert (low, high) != (0, 1) or "accuracy" not in key[1], "such a claim cannot fail"
            for wrong in (math.nextafter(low, -math.inf), math.nextafter(high, math.inf), None):
                verdicts = check_claims(claims, lesson, "laptop", changed(measured, key[1], wrong))
                broken = [verdict.claim for verdict in verdicts if verdict.broken]
                assert broken == [".".join(key)]


def test_claims_are_not_checked_when_a_parameter_was_given(course, tmp_path, fake, capsys):
    request = Request(("0",), "smoke", overrides=(("epochs", "2"),))
    assert run_lessons(course, tmp_path / "runs", request) == 0
    assert "not checked (-p)" in capsys.readouterr().out


def test_a_claim_on_a_lesson_without_results_fails(course, tmp_path, fake, capsys):
    assert run_lessons(course, tmp_path / "runs", Request(("1",), "smoke")) == 1
    assert (
        capsys.readouterr().err
        == "01_bad.test_accuracy.shapes.smoke: the lesson recorded no results\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: {b: [0, 1]}", "a.b: wants four levels: lesson, metric, data set, preset"),
        ("a: {b: {c: {smoke: [0, 1]}}}", "a.b.c.smoke: no such lesson: a"),
        (
            "00_good: {b: {c: {smok: [0, 1]}}}",
            "00_good.b.c.smok: no such preset: smok; there are laptop, smoke",
        ),
        ("00_good: {b: {c: {smoke: 1}}}", "00_good.b.c.smoke: 1 is no band: write [low, high]"),
        (
            "00_good: {b: {c: {smoke: [0, x]}}}",
            "00_good.b.c.smoke: [0, 'x'] is no band: write [low, high]",
        ),
        (
            "00_good: {b: {c: {smoke: [2, 1]}}}",
            "00_good.b.c.smoke: [2, 1] is no band: low is above high",
        ),
    ],
)
def test_claims_that_do_not_fit_are_refused(tmp_path, text, message):
    (tmp_path / "claims.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(click.ClickException) as error:
        read_claims(tmp_path / "claims.yaml", {"00_good"}, {"smoke", "laptop"})
    assert error.value.message == f"claims.yaml: {message}"


@pytest.mark.parametrize(
    ("value", "held"),
    [(0.6, True), (1, True), (0.59, False), (1.01, False), (True, False), ("0.7", False)],
)
def test_bands_include_their_edges_and_numbers_only(value, held):
    band = {("00_good", "accuracy", "shapes", "smoke"): (0.6, 1)}
    results = {"accuracy": value, "dataset": "shapes"}
    (verdict,) = check_claims(band, "00_good", "smoke", results)
    assert (verdict.broken == "") == held


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_claim_named_in_prose_is_one_of_its_lesson_and_has_a_band(lesson):
    text = Path(NOTEBOOKS, f"{lesson}.ipynb").read_text(encoding="utf-8")
    claims = read_claims(NOTEBOOKS / "claims.yaml", set(LESSONS), {"smoke", "laptop", "full"})
    banded = {f"{its_lesson}.{metric}" for its_lesson, metric, _, _ in claims}
    for name in re.findall(r"<!-- claim: (.+?) -->", text):
        assert name in banded
        assert name.startswith(f"{lesson}.")
