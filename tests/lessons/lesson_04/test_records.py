"""What lesson 04 says of its records on photographs, held against them."""

from course_utils.intervals import interval, paired
from course_utils.results import load_recorded

RECORD = load_recorded("04_transfer_learning.cifar10")
ARMS = RECORD["arms"]
PLATEAU = load_recorded("04_transfer_learning.cifar10-gpu-scratch")


def mean(arm, labels):
    return interval(ARMS[arm][str(labels)])[0]


def test_a_probe_on_five_labels_names_more_than_half_and_more_than_scratch_on_fifty():
    assert 0.51 < mean("probe", 5) < 0.6
    assert mean("scratch", 50) < mean("probe", 5) - 0.03


def test_fine_tuning_is_behind_the_probe_with_five_labels_and_ahead_with_500():
    assert paired(ARMS["fine_tuning"]["5"], ARMS["probe"]["5"])[2] < 0
    assert paired(ARMS["fine_tuning"]["500"], ARMS["probe"]["500"])[1] > 0


def test_with_500_labels_training_from_scratch_comes_near_the_probe():
    gaps = [mean("probe", labels) - mean("scratch", labels) for labels in (5, 500)]
    assert 0 < gaps[1] < 0.05 < gaps[0]


def test_normalisation_may_be_anothers_but_must_not_change_later():
    throughout, later = (
        {name: interval(values)[0] for name, values in RECORD["scaling"][way].items()}
        for way in ("throughout", "only later")
    )
    own = throughout["the weights' own"]
    assert abs(throughout["CIFAR-10's"] - own) < 0.01
    assert 0.08 < own - throughout["none, 0 to 1"] < 0.12
    assert later["none, 0 to 1"] < own / 2 and later["raw bytes"] < 0.13


def test_from_scratch_to_the_plateau_three_in_ten_by_ten_labels_and_four_in_five_by_500():
    found = {labels: interval(values)[0] for labels, values in PLATEAU["arms"]["scratch"].items()}
    assert 0.28 < found["10"] < 0.33 and 0.78 < found["500"] < 0.82
    assert max(one["gain_of_twice_the_steps"] for one in PLATEAU["by_labels"].values()) < 0.015
