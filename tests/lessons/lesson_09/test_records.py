"""What lesson 09 says of its record, and that the record agrees with its prose."""

import re

import pytest
from matplotlib import pyplot as plt

from course_utils.cli.claims import read_claims
from course_utils.lessons.lesson_09 import records
from course_utils.paths import ROOT
from course_utils.results import load_recorded

RECORD = load_recorded("09_rnn.cifar10")
PRESETS = {"smoke", "laptop", "full"}
LESSONS = {path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
FACTS = records.recorded_facts(RECORD)


@pytest.mark.parametrize("fact", FACTS)
def test_the_record_lies_in_the_band_of_its_sentence(fact):
    claims = read_claims(ROOT / "notebooks" / "claims.yaml", LESSONS, PRESETS)
    low, high = claims["09_rnn", fact, "shapes", "laptop"]
    assert low <= FACTS[fact] <= high


def test_every_sentence_on_the_record_has_its_fact():
    text = (ROOT / "notebooks" / "09_rnn.ipynb").read_text(encoding="utf-8")
    named = set(re.findall(r"<!-- claim: 09_rnn\.(recorded_\w+) -->", text))
    assert named == set(FACTS)


def test_a_sentence_gives_the_interval_of_pairs(capsys):
    records.say(RECORD, "CNN, permuted")
    said = capsys.readouterr().out
    form = r"CNN, permuted over rows: -\d+\.\d points, 95 % interval -?[\d.]+ to -?[\d.]+, 3 seeds"
    assert re.fullmatch(form, said.strip())


def test_the_plot_describes_every_network():
    figure = records.plot_accuracies(RECORD)
    for name in records.NETWORKS:
        assert f"{name} " in figure.get_label()
    assert "CNN permuted" in figure.get_label()
    plt.close(figure)


def test_the_networks_compared_cost_the_same():
    costs = RECORD["costs"].values()
    assert all(one["multiply_adds"] == pytest.approx(3_671_296, rel=0.01) for one in costs)
