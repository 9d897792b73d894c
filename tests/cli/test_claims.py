"""The results of the published run against the claims that the lessons make."""

import json
import re
from pathlib import Path

import pytest

from course_utils.cli.claims import check_claims, read_claims
from course_utils.cli.notebooks import find_lessons
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
    held, broken = check_claims(claims, lesson, "laptop", measured)
    assert broken == []
    assert held, "no claim on this lesson"


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_claim_named_in_prose_is_one_of_its_lesson_and_has_a_band(lesson):
    text = Path(NOTEBOOKS, f"{lesson}.ipynb").read_text(encoding="utf-8")
    claims = read_claims(NOTEBOOKS / "claims.yaml", set(LESSONS), {"smoke", "laptop", "full"})
    banded = {f"{its_lesson}.{metric}" for its_lesson, metric, _, _ in claims}
    for name in re.findall(r"<!-- claim: (.+?) -->", text):
        assert name in banded
        assert name.startswith(f"{lesson}.")
