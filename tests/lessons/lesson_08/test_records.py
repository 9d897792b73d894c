"""What lesson 08 says of its records, and that the records agree with its prose."""

import re
from itertools import pairwise

import pytest

from course_utils.cli.claims import read_claims
from course_utils.lessons.lesson_08 import records
from course_utils.paths import ROOT
from course_utils.results import load_recorded

LADDER = load_recorded("08_fast_training.cifar10-gpu")
TIMED = load_recorded("08_fast_training.cifar10")
FACTS = records.facts(LADDER, TIMED)
TEXT = (ROOT / "notebooks" / "08_fast_training.ipynb").read_text(encoding="utf-8")
NAMED = set(re.findall(r"<!-- claim: 08_fast_training\.recorded\.(\w+) -->", TEXT))
PRESETS = {"smoke", "laptop", "full"}
LESSONS = {path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}


@pytest.mark.parametrize("fact", sorted(NAMED))
def test_a_record_lies_in_the_band_of_its_sentence(fact):
    claims = read_claims(ROOT / "notebooks" / "claims.yaml", LESSONS, PRESETS)
    low, high = claims["08_fast_training", f"recorded.{fact}", "shapes", "laptop"]
    assert low <= FACTS[fact] <= high


def test_a_change_is_printed_with_the_interval_of_its_pairs():
    first = {"name": "flip", "operations": 1.0, "test_accuracy": {"0": 0.52, "1": 0.56}}
    second = {"name": "none", "operations": 2.0, "test_accuracy": {"1": 0.5, "0": 0.5, "2": 0.9}}
    change = records.compare(first, second)
    assert str(change) == "flip: +4.0 points, 95 % interval -21.4 to 29.4, 2 seeds"
    assert change.operations == 0.5


def test_one_seed_gets_no_interval():
    first = {"name": "a", "operations": 1.0, "test_accuracy": {"0": 0.52}}
    second = {"name": "b", "operations": 1.0, "test_accuracy": {"0": 0.5, "1": 0.9}}
    assert str(records.compare(first, second)) == "a: +2.0 points, 1 seed, so no interval"


def differences(arm, other):
    """Which settings two arms of the record have otherwise; the rate may follow what changes."""
    recipes = {**arm["arm"], **arm["arm"]["recipe"]}, {**other["arm"], **other["arm"]["recipe"]}
    rates = {"recipe", "adam", "learning_rate"}
    return {key for key in recipes[0] if recipes[0][key] != recipes[1][key]} - rates


def test_a_control_differs_in_one_thing_from_what_it_is_held_against():
    arms = {arm["name"]: arm for arm in (*LADDER["rungs"], *LADDER["controls"])}
    for name, rung in records.CONTROLS.items():
        assert len(differences(arms[name], arms[rung])) == 1, name


def test_a_rung_differs_in_one_thing_from_the_one_before():
    rungs = LADDER["rungs"]
    several = {
        rung["name"]: changed
        for before, rung in pairwise(rungs)
        if len(changed := differences(rung, before)) > 1
    }
    assert several == {}


def test_the_goals_are_printed_with_what_they_were_missed_by(capsys):
    records.print_goals(LADDER)
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == (
        "0.055 of the operations, 8.2 epochs: 91.2%, wanted 92.0%, missed by 0.8; "
        "mirrored 92.1%; 11 recipes tried"
    )
    assert last.startswith("test accuracy in evaluation mode, means of 3 seeds, bfloat16;")
