"""Lesson 08's benchmark: the settings that are timed, their networks, costs, the least time."""

import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from benchmarks.data import SOURCE_AUGMENT
from benchmarks.harness import Run
from benchmarks.lesson_08 import costs, least, measures, report
from benchmarks.lesson_08.ladder import CHANGES, FAST, SOURCE, timed_settings
from benchmarks.lesson_08.networks import NETWORKS, EarlyPooling, PooledHead
from benchmarks.lesson_08.training import TimedTraining
from course_utils.data import load_splits
from course_utils.lessons.lesson_08.fast import Recipe

NARROW = (4, 8, 8)
LITTLE = FAST.change(widths=NARROW, batch_size=24, epochs=2)
SMALL_SOURCE = SOURCE.change(widths=NARROW)
SHORT = costs.Plan(
    train_images=40,
    steps=2,
    rounds=1,
    source=SMALL_SOURCE,
    fast=LITTLE,
    wide=LITTLE.change(widths=(8, 8, 12)),
    side=8,
    images=2,
)


@pytest.fixture
def splits(pictures):
    return load_splits(pictures, augment=SOURCE_AUGMENT)


def little(settings):
    """The same, in an instant; the source's batch size stays, which its loop is known by."""
    size = settings.recipe.batch_size
    return settings.change(epochs=2, widths=NARROW, batch_size=size if size == 32 else 24)


def test_every_change_changes_what_is_trained():
    settings = timed_settings()
    assert list(settings) == [name for name, *_ in CHANGES] and settings["source"] == SOURCE
    assert len(set(settings.values())) == len(CHANGES)
    assert settings["memory"].recipe.bfloat16 and settings["memory"].network == "early pooling"


def test_all_that_is_timed_trains(splits):
    for name, settings in {**timed_settings(), "fast": FAST}.items():
        training = TimedTraining(splits, little(settings), 0)
        before = [p.detach().clone() for p in training.model.parameters() if p.requires_grad]
        assert torch.tensor(training.run_epoch()).isfinite(), name
        after = [p for p in training.model.parameters() if p.requires_grad]
        for old, new in zip(before, after, strict=True):
            assert new.ndim == 1 or not torch.equal(old, new), name


def test_networks_between_the_two():
    images = torch.randn(2, 3, 32, 32)
    for name, network in NETWORKS.items():
        assert network(7, NARROW)(images).shape == (2, 7), name
    without = NETWORKS["no BatchNorm"](10, NARROW).modules()
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in without)
    models = PooledHead(10, NARROW), EarlyPooling(10, NARROW)
    first, second = ([p.shape for p in m.parameters() if p.ndim == 4] for m in models)
    assert first == second


def test_flops_are_those_of_the_multiply_adds(splits):
    source = measures.step_flops(TimedTraining(splits, SOURCE.change(epochs=1), 0)) / 32
    assert source == pytest.approx(3 * 2 * 166.6e6, rel=0.02)

    def of(**changes):
        return measures.step_flops(TimedTraining(splits, LITTLE.change(**changes), 0))

    learning = of()
    assert of(bias_epochs=0) < learning < of(muon_rate=0.1, widths=(8, 8, 8))
    assert of(small_size=24) < 0.8 * learning


def test_the_median_of_the_rounds_counts(splits, monkeypatch):
    times = iter([1.0, 0.5, 1.0, 9.0, 2.0, 1.2])
    monkeypatch.setattr(measures, "source_step", lambda training, steps: next(times))
    monkeypatch.setattr(measures, "step_time", lambda training, steps: next(times))
    assert measures.over_source(None, None, 2, rounds=3) == 0.6


def test_shares_of_a_step_add_up(splits):
    shares = measures.profile_step(TimedTraining(splits, LITTLE, 0))
    assert sum(shares.values()) == pytest.approx(1) and shares["convolution, backward"] > 0
    assert measures.matrix_product(torch.float32, side=8, tries=1) > 0
    assert measures.convolution(torch.bfloat16, images=2, channels=4, side=5, tries=1) > 0


def test_both_parts_make_a_report(make_run, monkeypatch):
    monkeypatch.setattr(measures, "use_all_cores", lambda: None)
    found = costs.share(make_run(), SHORT) | costs.costs(make_run(), SHORT)
    assert found["costs"]["source"]["flops"] == pytest.approx(1)
    text = report.times(json.loads(json.dumps(found)), "pictures")
    assert "on pictures" in text and "| augmentation on tensors in memory | " in text
    assert "time in: pooling" in text


def test_the_least_time_comes_from_the_shortest_training_that_is_clear_of_the_goal(
    pictures, tmp_path
):
    recipe = Recipe(widths=NARROW, batch_size=24, bfloat16=True)
    plan = least.Plan(recipe, epochs=(1.0, 2.0), seeds=(0, 1), held_out=0.1, steps=1)
    plan = replace(plan, source=SMALL_SOURCE)
    run = Run(str(pictures), tmp_path, tmp_path / "record.json", workers=0)
    easy = least.search(run, replace(plan, wanted=0.0, margin=0.0))["search"]
    assert easy["chosen"] == 1.0 and list(easy["val_accuracy"]) == ["1"]
    hard = least.search(run, replace(plan, wanted=1.0, margin=0.1))
    assert hard["search"]["chosen"] == 2.0 and list(hard["search"]["val_accuracy"]) == ["1", "2"]

    (tmp_path / "record.json").write_text(json.dumps(hard))
    found = least.least(run, plan)["least"]
    assert found["epochs"] == 2.0 and found["precision"] == "bfloat16"
    assert len(found["cost"]) == 2 and min(found["cost"]) > 0
    assert all(0 <= accuracy <= 1 for accuracy in found["test_accuracy"])
