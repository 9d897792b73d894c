"""Lesson 05's benchmark: batch normalisation."""

from dataclasses import replace

import torch
from torch import nn

from benchmarks.lesson_05 import batch_norm, forgotten, report
from benchmarks.lesson_05.batch_norm import GhostBatchNorm2d, Plan

TINY = Plan(
    seeds=(0, 1),
    images=40,
    steps=3,
    batch_size=8,
    last=2,
    lrs=(0.01, 1e9),
    deep_lrs=(0.01,),
    layers=3,
    sizes=(4, 8),
    epochs=1,
)


def test_ghost_batch_normalization_is_that_of_each_group():
    layer, plain = GhostBatchNorm2d(3, group=2), nn.BatchNorm2d(3)
    maps = torch.rand(5, 3, 4, 4)
    groups = [plain(maps[:2]), plain(maps[2:4]), plain(maps[4:])]
    assert torch.equal(layer(maps), torch.cat(groups))
    assert torch.equal(layer.running_var, plain.running_var)
    assert torch.equal(layer.eval()(maps), plain.eval()(maps))


def test_a_sweep_has_a_loss_and_a_growth_for_each_seed_and_rate(make_run):
    found = batch_norm.rates(make_run(), TINY)["rates"]
    assert found["setting"] == "recorded: pictures, 3 steps, 2 seeds"
    losses, growth = (found["no normalisation"][key] for key in ("losses", "growth"))
    assert [row[1] for row in losses] == [batch_norm.CEILING] * 2
    assert [row[1] for row in growth] == [0.0, 0.0] and all(row[0] > 0 for row in growth)
    assert set(batch_norm.STARTS) < set(batch_norm.depth(make_run(), TINY)["depth"])


def test_what_does_not_depend_on_the_groups_is_trained_once(make_run):
    found = batch_norm.small(make_run(), "small_groups", TINY)["small_groups"]
    assert found["sizes"] == [4, 8]
    assert all(first == second for first, second in found["group normalisation"])
    assert found["group normalisation"] != found["batch normalisation, recomputed"]


def test_each_normalisation_is_tried_at_every_rate_with_few_images_and_many(make_run):
    plan = replace(TINY, tuned_sizes=(4, 8), tuned_lrs=(0.001, 0.1))
    found = batch_norm.tuned(make_run(), plan)["tuned"]
    assert list(found) == ["4", "8"] and set(found["4"]) == set(batch_norm.NORMS[1:])
    assert set(found["8"]["group normalisation"]) == {"0.001", "0.1"}
    accuracies = found["8"]["group normalisation"]["0.1"]
    assert len(accuracies) == 2 and all(0 <= accuracy <= 1 for accuracy in accuracies)
    assert "| 4 | group normalisation | " in report.tuned(found)


def test_eval_is_forgotten_in_every_batch_size(make_run):
    plan = forgotten.Plan(seeds=(0,), images=40, epochs=1, batch_size=8)
    found = forgotten.forgotten(make_run(), plan)["forgotten"]
    assert set(found["batch 4"]) == {"shown", "afterwards"} and len(found["batch 4"]["shown"]) == 1
    assert found["evaluation mode"]["shown"] == found["evaluation mode"]["afterwards"]
