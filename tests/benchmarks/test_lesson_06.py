"""Lesson 06's benchmark: depth and skips, four networks, the source's recipe."""

from dataclasses import replace

import torch
from torch import nn

from benchmarks.lesson_05.forgotten import accuracy_in_training_mode
from benchmarks.lesson_06 import comparison, degradation, source_recipe
from benchmarks.training import CEILING
from course_utils.models import ResNet

FEW = degradation.Plan(
    depths=(8,),
    width=2,
    image_size=8,
    seeds=(0, 1),
    steps=5,
    batch_size=8,
    every=5,
    lrs=(1e-3, 1e-2),
    search_steps=5,
    probe_images=8,
)


def test_each_arm_is_trained_at_its_best_rate(make_run):
    found = degradation.degradation(make_run(), FEW)
    assert len(found["arms"]) == 6 and found["train_images"] == 108
    arm = found["arms"]["depth 8, BN, identity"]
    assert arm["search_losses"][f"{arm['rate']:g}"] == min(arm["search_losses"].values())
    assert len(arm["loss"]) == 2 and all(ratio > 0 for ratio in arm["ratio_start"])


def test_a_training_that_diverges_stays_at_the_ceiling():
    images, labels = torch.rand(64, 3, 16, 16), torch.arange(64) % 10
    model = ResNet(8, 4)
    losses = degradation.train(model, images, labels, 1e-3, 3, seed=0, batch_size=64)
    assert len(losses) == 3 and all(0 < loss < CEILING for loss in losses)
    model.head.bias.data.fill_(float("inf"))
    losses = degradation.train(model, images, labels, 1e-3, 3, seed=0, batch_size=64)
    assert losses == [CEILING] * 3


def test_the_comparison_gives_all_networks_about_the_same_multiply_adds():
    plan = comparison.Plan()
    epochs = {name: plan.epochs_for("multiply_adds", name) for name in comparison.NETWORKS}
    assert epochs == {
        "source's CNN": 8,
        "source's CNN + BN": 8,
        "source's ResNet": 3,
        "ResNet-20": 13,
    }
    assert {plan.epochs_for("epochs", name) for name in comparison.NETWORKS} == {8}


def test_the_comparison_takes_each_networks_best_rate(make_run):
    plan = comparison.Plan(
        seeds=(0, 1),
        images=20,
        epochs=1,
        batch_size=10,
        lrs=(1e-4, 1e30),
        search_images=20,
        search_epochs=1,
        networks=("ResNet-20",),
    )
    searched = comparison.networks(make_run(), plan)["networks"]
    assert searched["ResNet-20"]["rate"] == 1e-4
    assert searched["ResNet-20"]["search_val_accuracy"]["1e+30"] == 0
    found = comparison.compare(make_run(networks=searched), "epochs", plan)["epochs"]
    assert len(found["ResNet-20"]["test_accuracy"]) == 2
    assert set(found["ResNet-20"]["test_accuracy_by_class"][0]) == {"cat", "ship"}


def test_evaluation_in_training_mode_counts_what_the_batches_own_statistics_give():
    model = nn.Sequential(nn.BatchNorm2d(1, affine=False), nn.Flatten(), nn.Linear(1, 2))
    model[2].weight.data = torch.tensor([[-1.0], [1.0]])
    model[2].bias.data.zero_()
    images = torch.tensor([1.0, 2.0, 11.0, 12.0]).view(4, 1, 1, 1)
    part = list(zip(images, [0, 1, 0, 1], strict=True))
    assert accuracy_in_training_mode(model, part, batch_size=2) == 1
    assert accuracy_in_training_mode(model, part, batch_size=4) == 0.5


def test_the_source_recipe_adds_epochs_to_what_is_trained(make_run):
    plan = source_recipe.Plan(epochs=1, batch_size=16, widths=(4, 8, 8), hidden=(8, 8))
    first = source_recipe.recipe(make_run(), plan)
    both = source_recipe.recipe(make_run(), replace(plan, epochs=2))
    whole = source_recipe.recipe(make_run(), replace(plan, epochs=2, draws=1))
    assert first["epochs"] == 1 and both["epochs"] == 2
    assert both["train_loss"][0] == first["train_loss"][0]
    assert both["train_loss"] == whole["train_loss"]  # however often it is looked at
    assert len(both["test_accuracy"]["proper"]) == len(both["last_batch_loss"]) == 2
    assert [len(draws) for draws in both["test_accuracy"]["source"]] == [2, 2]
