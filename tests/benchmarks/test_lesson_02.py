"""Lesson 02's benchmark: four inputs."""

import math

import pytest
import torch

from benchmarks.lesson_02 import scaling
from benchmarks.lesson_02.scaling import Plan, decades, own_statistics, summary

TINY = Plan(seeds=(0, 1), images=40, steps=3, batch_size=8, last=2)


def test_learning_rates_come_two_to_a_factor_of_ten():
    assert decades(-3, -1) == [0.001, 0.003, 0.01, 0.03, 0.1]


def test_a_sweep_tries_every_input_at_every_rate(make_run):
    name = "SGD, linear classifier"
    found = scaling.sweep(make_run(), name, TINY, ([1e-9, 1e-8], [1e-4, 1e-3, 1e-2]))
    assert list(found[name]) == list(scaling.INPUTS) and found["steps"] == 3
    for one, swept in found[name].items():
        number = 2 if one == "raw bytes" else 3
        assert [len(row) for row in swept["losses"]] == [number] * 2
        assert len(swept["curve"]) == 3 and swept["best_rate"] in swept["rates"]


def test_a_rate_trains_if_its_loss_ends_below_chance():
    plan = Plan(steps=2, last=1, margin=0.1)
    falls = [2.3, 2.0]
    stays = [2.3, 2.25]
    diverged = [2.3]
    found = summary(plan, [0.1, 1.0, 10.0], [[stays, falls, diverged], [stays, falls, diverged]])
    assert found["largest_rate"] == [1.0, 1.0] and found["best_rate"] == 1.0
    assert found["curve"] == pytest.approx([2.3, 2.0])
    assert found["losses"][0][2] == 2 * math.log(10)


def test_own_statistics_are_those_of_each_image():
    images = torch.randint(0, 256, (3, 3, 4, 4), dtype=torch.uint8)
    means, stds = own_statistics(images)
    assert means[1] == pytest.approx((images[1].double() / 255).mean(dim=(1, 2)))
    assert stds[2] == pytest.approx((images[2].double() / 255).std(dim=(1, 2), correction=0))


def test_statistics_are_those_of_all_training_images(make_run):
    numbers = scaling.statistics(make_run())["statistics"]
    assert numbers["images"] == 120 and len(numbers["wrong_std"]) == 3
