"""What lesson 07 says of its record, and that the record agrees with its prose."""

import re

import pytest

from course_utils.cli.claims import read_claims
from course_utils.lessons.lesson_07 import records
from course_utils.paths import ROOT
from course_utils.results import load_recorded

RECORD = load_recorded("07_diagnosis.cifar10-gpu")
PRESETS = {"smoke", "laptop", "full"}
LESSONS = {path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
FACTS = records.recorded_facts(RECORD)
MADE_UP = {
    "faults": [
        {"fault": "leak", "kind": "report", "healthy": [0.5, 0.6], "faulty": [0.7, 0.7]},
        {"fault": "flip", "kind": "training", "healthy": [0.9, None], "faulty": [0.5, 0.4]},
    ]
}


@pytest.mark.parametrize("fact", FACTS)
def test_the_record_lies_in_the_band_of_its_sentence(fact):
    claims = read_claims(ROOT / "notebooks" / "claims.yaml", LESSONS, PRESETS)
    low, high = claims["07_diagnosis", fact, "shapes", "laptop"]
    assert low <= FACTS[fact] <= high


def test_every_sentence_on_the_record_has_its_fact():
    text = (ROOT / "notebooks" / "07_diagnosis.ipynb").read_text(encoding="utf-8")
    assert set(re.findall(r"<!-- claim: 07_diagnosis\.(recorded_\w+) -->", text)) == set(FACTS)


def test_a_cost_is_paired_by_seed_and_sorted():
    flip, leak = records.costs(MADE_UP)
    assert (flip.fault, flip.healthy, flip.faulty) == ("flip", 0.9, 0.5)
    assert flip.spread == pytest.approx([-0.4, -0.5])
    assert leak.changes == pytest.approx([0.2, 0.1])


def test_a_sentence_has_an_interval_only_where_there_are_seeds():
    flip, leak = records.costs(MADE_UP)
    assert records.sentence(flip) == "flip: 90.0 % -> 50.0 %, -40.0 points, 1 seed"
    said = "leak: 55.0 % -> 70.0 %, +15.0 points, 95 % interval -48.5 to 78.5, 2 seeds"
    assert records.sentence(leak) == said


def test_what_rounds_to_nothing_has_no_minus():
    assert [records.signed(x) for x in (-0.04, 0.04, -0.06, 3.75)] == [
        "+0.0",
        "+0.0",
        "-0.1",
        "+3.8",
    ]


def test_the_first_figure_describes_itself():
    label = records.plot_costs(MADE_UP).get_label()
    assert label.endswith("in points: flip -40.0; leak +15.0.")
