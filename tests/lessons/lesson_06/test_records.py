"""What lesson 06 says of its records, and that the records agree with its prose."""

import re

import pytest

from course_utils.cli.claims import read_claims
from course_utils.lessons.lesson_06 import records
from course_utils.paths import ROOT
from course_utils.results import load_recorded

NAMES = ("depth", "comparison", "recipe", "standard")
RECORDS = [load_recorded(f"06_resnet.cifar10-gpu-{name}") for name in NAMES]
PRESETS = {"smoke", "laptop", "full"}
LESSONS = {path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
FACTS = records.recorded_facts(*RECORDS)


@pytest.mark.parametrize("fact", FACTS)
def test_a_record_lies_in_the_band_of_its_sentence(fact):
    claims = read_claims(ROOT / "notebooks" / "claims.yaml", LESSONS, PRESETS)
    low, high = claims["06_resnet", fact, "shapes", "laptop"]
    assert low <= FACTS[fact] <= high


def test_every_sentence_on_a_record_has_its_fact():
    text = (ROOT / "notebooks" / "06_resnet.ipynb").read_text(encoding="utf-8")
    named = set(re.findall(r"<!-- claim: 06_resnet\.(recorded_\w+) -->", text))
    assert named == set(FACTS)


def test_a_sentence_gives_the_interval_of_pairs():
    said = records.sentence("flip", [0.52, 0.56], [0.50, 0.50], points=True)
    assert said == "flip: +4.0 points, 95 % interval -21.4 to 29.4, 2 seeds"


def test_one_seed_gets_no_interval():
    assert records.sentence("loss", [0.5], [0.25]) == "loss: +0.25, 1 seed, so no interval"


def test_arms_are_paired_by_the_seeds_that_both_have():
    assert records.common({0: 0.1, 1: 0.2, 2: 0.3}, {2: 0.5, 0: 0.4}) == ([0.1, 0.3], [0.4, 0.5])


def test_what_the_lesson_draws_of_its_records_describes_itself():
    depths, comparison, recipe, _ = RECORDS
    pairs = records.comparison_pairs(comparison)
    labels = [
        records.plot_depth(depths).get_label(),
        records.plot_differences(pairs).get_label(),
        records.plot_recipe(recipe).get_label(),
    ]
    assert "plain, at: 8 layers 0.43, 20 layers 0.29, 50 layers 0.64" in labels[0]
    assert "BatchNorm in the CNN +2.1" in labels[1]
    assert "source's CNN up to epoch 81, source's ResNet up to epoch 27" in labels[2]


def test_the_four_ways_are_told_at_the_epochs_that_all_seeds_have(capsys):
    records.say_ways(RECORDS[2])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["epoch", "5", "10", "15", "20", "25"]


def test_resnet_20_by_the_standard_recipe_is_told_with_its_twin(capsys):
    arms = [
        {"skip": skip, "seed": [0, 1], "epochs": 7, "test_accuracy": found}
        for skip, found in (("identity", [0.92, 0.94]), ("none", [0.90, 0.92]))
    ]
    records.say_standard({"arms": arms})
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("ResNet-20 on CIFAR-10, 7 epochs, 2 seeds: 93.0%, 95 % interval")
    assert second == "over its plain twin: +2.0 points, 95 % interval 2.0 to 2.0, 2 seeds"
