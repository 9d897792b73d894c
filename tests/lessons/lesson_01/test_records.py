"""What lesson 01 says of its records, held against them."""

import pytest
import torch

from course_utils.intervals import interval, paired
from course_utils.results import load_recorded

RECORDS = {n: load_recorded(f"01_data_augmentation.cifar10-gpu-{n}") for n in ("1k", "5k", "45k")}


def accuracies(number, arm):
    return RECORDS[number]["arms"][arm]["test_accuracy"]


def validated(arm):
    """Validation accuracy by epoch, of the 5,000 photographs."""
    by_seed = RECORDS["5k"]["arms"][arm]["val_accuracy_by_epoch"]
    return torch.tensor(by_seed).mean(dim=0)


@pytest.mark.parametrize("number", RECORDS)
def test_crop_and_flip_gain_four_to_seven_points_and_padding_16_costs_three_to_eight(number):
    gain, low, _ = paired(accuracies(number, "crop_flip"), accuracies(number, "none"))
    assert 0.04 < gain < 0.075 and low > 0
    loss, _, high = paired(accuracies(number, "crop_flip_padding_16"), accuracies(number, "none"))
    assert -0.08 < loss < -0.03 and high < 0


def test_the_crop_adds_to_the_flip_where_there_are_5000_photographs_and_not_where_there_are_all():
    mean, low, _ = paired(accuracies("5k", "crop_flip"), accuracies("5k", "flip"))
    assert 0.04 < mean < 0.05 and low > 0
    _, low, high = paired(accuracies("45k", "crop_flip"), accuracies("45k", "flip"))
    assert low < 0 < high


def test_crop_and_flip_is_behind_at_first_and_padding_16_throughout():
    none = validated("none")
    assert validated("crop_flip")[4] < none[4] - 0.05
    assert (validated("crop_flip_padding_16") < none).all()


def test_with_padding_16_the_gap_is_smallest():
    gaps = {
        name: interval(arm["train_accuracy"])[0] - interval(arm["test_accuracy"])[0]
        for name, arm in RECORDS["5k"]["arms"].items()
    }
    assert min(gaps, key=gaps.get) == "crop_flip_padding_16"
    assert 0.025 < gaps["crop_flip_padding_16"] < 0.035


def test_all_networks_of_a_record_had_the_same_seeds():
    for record in RECORDS.values():
        seeds = [arm["seed"] for arm in record["arms"].values()]
        assert seeds == [list(range(record["seeds"]))] * len(seeds)
