"""Lesson 08's benchmark: steps of the ladder, a training that goes on, costs, the search."""

import itertools
import json
from dataclasses import asdict, replace

import pytest
import torch
from torch import nn

from benchmarks.data import SOURCE_AUGMENT
from benchmarks.harness import Run
from benchmarks.lesson_08 import goals, least, measures, report, search, share, steps
from benchmarks.lesson_08.ladder import FAST, LADDER, SOURCE, Change, as_trained, settings_of
from benchmarks.lesson_08.networks import NETWORKS, EarlyPooling, PooledHead
from benchmarks.lesson_08.plan import Goal, Plan
from benchmarks.lesson_08.training import Images, LadderTraining, train
from course_utils.data import load_splits
from course_utils.lessons.lesson_08.fast import Recipe
from tests.helpers import raises

NARROW = (4, 8, 8)
LITTLE = FAST.change(widths=NARROW, batch_size=24, epochs=2)
WHOLE = Images(whole=True, held_out=0.1)
SHORT = Plan(
    whole=WHOLE,
    seeds=(0, 1, 2),
    source=SOURCE.change(widths=NARROW),
    steps=2,
    rounds=1,
    fast=LITTLE,
    ladder=(
        Change("source", "the source's", {"widths": NARROW}),
        Change("quick", "only quicker", {"fused": True}, only_speed=True),
        Change("batch", "larger", {"batch_size": 24}, {"adam": [1e-3, 1e-2]}),
        Change("memory", "aside", {"loader": False}, aside=True),
    ),
    ladder_images=40,
    ladder_epochs=1,
    most_epochs=2,
)


@pytest.fixture
def splits(pictures):
    return load_splits(pictures, augment=SOURCE_AUGMENT)


def little(settings):
    """The same, in an instant; the source's batch size stays, which its loop is known by."""
    size = settings.recipe.batch_size
    return settings.change(epochs=2, widths=NARROW, batch_size=size if size == 32 else 24)


def test_every_step_changes_what_it_says():
    names = [change.name for change in LADDER]
    assert len(set(names)) == len(names) and settings_of("source", {}) == SOURCE
    before = SOURCE
    for change in LADDER[1:]:
        now = settings_of(change.name, {})
        assert now != before, change.name
        before = before if change.aside else now
    assert settings_of("batch", {"batch": {"adam": 0.5}}).adam == 0.5
    assert settings_of("one-cycle", {}).network == "early pooling"  # not the aside's before it
    assert as_trained("source", {}, 3).recipe.bfloat16
    assert not as_trained("float32", {}, 3).recipe.bfloat16
    speeds = {c.name for c in LADDER if as_trained(c.name, {}, 3) == as_trained("batch", {}, 3)}
    assert speeds == {"batch", "fused", "bfloat16"}
    with pytest.raises(ValueError, match="no step 'x': there is source, batch"):
        settings_of("x", {})


def test_every_step_trains(splits):
    for change in LADDER:
        training = LadderTraining(splits, little(settings_of(change.name, {})), 0)
        before = [p.detach().clone() for p in training.model.parameters() if p.requires_grad]
        assert torch.tensor(training.run_epoch()).isfinite(), change.name
        after = [p for p in training.model.parameters() if p.requires_grad]
        for old, new in zip(before, after, strict=True):
            assert new.ndim == 1 or not torch.equal(old, new), change.name


def test_networks_of_the_ladder():
    images = torch.randn(2, 3, 32, 32)
    for name, network in NETWORKS.items():
        assert network(7, NARROW)(images).shape == (2, 7), name
    without = NETWORKS["no BatchNorm"](10, NARROW).modules()
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in without)
    models = PooledHead(10, NARROW), EarlyPooling(10, NARROW)
    first, second = ([p.shape for p in m.parameters() if p.ndim == 4] for m in models)
    assert first == second


def test_random_start_is_another_start_of_the_same_network(splits):
    identity, random = (
        LadderTraining(splits, LITTLE.change(network=name), 0).model
        for name in ("fast", "fast, random start")
    )
    convs = [p.ndim == 4 for p in identity.groups.parameters()]
    pairs = zip(identity.groups.parameters(), random.groups.parameters(), strict=True)
    assert sum(convs) == 6
    assert [not torch.equal(one, other) for one, other in pairs] == convs
    assert torch.equal(identity.whiten.weight, random.whiten.weight)


def test_a_training_goes_on_where_it_stopped(make_run, splits, tmp_path):
    settings, images = LITTLE.change(average=0.9, epochs=1.5), WHOLE
    run = replace(make_run(), checkpoint=tmp_path / "whole.pt")
    splits = images.splits(run.dataset)
    whole = train(run, images, "whole", 1, settings)
    assert len(whole["loss"]) == 2 and 0 <= whole["test_accuracy_mirrored"] <= 1
    training = LadderTraining(splits, settings, 1)
    found = {"loss": [training.run_epoch()], "epochs": [1.0], "setup": 2.0}
    run = replace(run, checkpoint=tmp_path / "part.pt")
    training.save(run.checkpoint, found)
    part = train(run, images, "part", 1, settings)
    assert part["loss"] == whole["loss"] and part["setup"] == 2
    assert part["test_accuracy"] == whole["test_accuracy"]


def test_kinds_of_epochs():
    same = Recipe(epochs=3.5, bias_epochs=9, small_size=0)
    assert measures.kinds_of_epochs(same) == {(False, True): (0, 3.5)}
    found = measures.kinds_of_epochs(Recipe(epochs=6.5, bias_epochs=2, small_size=24))
    assert found == {(True, True): (0, 2.0), (True, False): (2, 1.0), (False, False): (3, 3.5)}


def test_flops_are_those_of_the_multiply_adds(splits):
    source = measures.step_flops(LadderTraining(splits, SOURCE.change(epochs=1), 0)) / 32
    assert source == pytest.approx(3 * 2 * 166.6e6, rel=0.02)

    def of(**changes):
        return measures.step_flops(LadderTraining(splits, LITTLE.change(**changes), 0))

    learning, fixed = of(epochs=2), of(epochs=2, bias_epochs=0)
    assert fixed < learning and of(epochs=4) == pytest.approx((learning + fixed) / 2)
    assert of(epochs=2, small_size=24) < 0.8 * learning
    assert learning < of(epochs=2, muon_rate=0.1, widths=(8, 8, 8))


def test_fitting_epochs_pay_for_what_steps_take(splits, monkeypatch):
    speeds = itertools.cycle([1.0, 1.0, 5.0, 1.0, 0.1])  # the median counts
    monkeypatch.setattr(measures, "source_step", lambda training, steps: next(speeds))
    monkeypatch.setattr(measures, "time_steps", lambda training, first: 0.2 if first < 2 else 0.1)
    source_epoch = 4  # batches of 32 from 108 images; of 24 there are as many
    budget = (1.6 + 0.4 * 2.5 + 0.01) / source_epoch  # two epochs at 0.8, then 0.4 each

    def fitting(budget, most=30):
        return measures.fitting_epochs(splits, SHORT.source, LITTLE, budget, 2, most)

    assert fitting(budget) == 4.5 and fitting(0.001) == 1.0 and fitting(100, most=7) == 7


def test_finalists():
    tried = {label: {"val_accuracy": 0.3 + i / 100} for i, label in enumerate(search.VARIANTS)}
    tried |= {"SGD": {"val_accuracy": 0.49}, "Muon, rate 0.12": {"val_accuracy": 0.5}}
    assert search.finalists(tried) == search.OPTIMIZERS  # no variant helped
    tried["24 pixels first"]["val_accuracy"] = 0.6
    small, base = {"muon_rate": 0.12, "small_size": 24}, {"muon_rate": 0.12}
    assert search.finalists(tried) == {"24 pixels first": small, "Muon, rate 0.12": base}
    tried["widths 32, 160, 160"]["val_accuracy"] = 0.7
    tried["widths 48, 192, 192"]["val_accuracy"] = 0.65
    together = {**small, "widths": (32, 160, 160)}
    best = {"widths 32, 160, 160": {"muon_rate": 0.12, "widths": (32, 160, 160)}}
    both = {"widths 32, 160, 160 and 24 pixels first": together}
    assert search.finalists(tried) == best | both
    tried["Muon, rate 0.24"]["val_accuracy"] = 0.66
    all_three = "widths 32, 160, 160 and Muon, rate 0.24 and 24 pixels first"
    faster = {all_three: {**together, "muon_rate": 0.24}}
    assert search.finalists(tried) == best | both | faster
    tried["Muon, rate 0.24"]["val_accuracy"] = 0.8
    assert next(iter(search.finalists(tried))) == "Muon, rate 0.24"


def test_settings_come_back_from_their_record():
    settings = FAST.change(widths=(8, 16, 16), epochs=6.5)
    finals = {"a": {"settings": asdict(settings), "val_accuracy": 0.5}}
    finals = json.loads(json.dumps(finals))
    assert goals.winner(finals) == ("a", settings)
    del finals["a"]["settings"]["recipe"]["skips"]  # as records had it before there were skips
    assert goals.winner(finals) == ("a", settings)


def test_shares_of_a_step_add_up(splits):
    shares = measures.profile_step(LadderTraining(splits, LITTLE, 0))
    assert sum(shares.values()) == pytest.approx(1) and shares["convolution, backward"] > 0
    assert measures.matrix_product(torch.float32, side=8, tries=1) > 0
    assert measures.convolution(torch.bfloat16, images=2, channels=4, side=5, tries=1) > 0


def test_all_parts_make_a_report(make_run, monkeypatch):
    monkeypatch.setattr(search, "fitting_epochs", lambda *arguments: 1.5)
    for module in (goals, search, share, steps):
        monkeypatch.setattr(module, "use_all_cores", lambda: None)
    monkeypatch.setattr(share, "WIDER", (("widths", (8, 8, 12)),))
    candidates = {
        "optimizers": {"SGD": {"muon_rate": 0.0}, "Muon": {"muon_rate": 0.1}},
        "variants": {"wide": {"widths": (8, 8, 8)}, "Muon, faster": {"muon_rate": 0.2}},
    }
    found = search.search(make_run(), SHORT, **candidates)
    assert set(found["search"]) == {"SGD", "Muon", "wide", "Muon, faster"}
    found |= search.finals(make_run(**found), SHORT, **candidates)
    assert 2 <= len(found["finals"]) <= 3
    found |= search.asides(make_run(**found), SHORT)
    assert all(len(one) == 2 for one in found["asides"]["val_accuracy"].values())
    found |= goals.source(make_run(), SHORT)
    aims = {"fortieth": Goal(1 / 40, 1.5)}
    aims["eighth"] = Goal(1 / 8, 1.5, (("skips", True), ("average", 0.9)), timed=1)
    for name in aims:
        found |= goals.goal(make_run(**found), name, SHORT, aims)
    assert found["eighth"]["settings"]["recipe"]["skips"] and found["eighth"]["flops"] > 0
    keys = ("cost", "drift", "test_accuracy_mirrored")
    assert [len(found["eighth"][key]) for key in keys] == [1, 1, 3]
    assert found["fortieth"]["finalist"] in found["finals"]
    found |= share.share(make_run(), SHORT, side=8, images=2)
    found |= steps.costs(make_run(), SHORT) | steps.ladder(make_run(), SHORT)
    assert found["costs"]["images"]["source"]["flops"] == pytest.approx(1)
    ladder = found["ladder"]["rungs"]
    assert [len(step.get("test_accuracy", ())) for step in ladder] == [3, 0, 3, 3]
    assert set(found["ladder"]["searched"]["batch"]) == {"0.001", "0.01"}
    text = report.section(json.loads(json.dumps(found)), "pictures")
    assert "| 2 | only quicker |" in text and "aside: aside" in text
    assert "one eighth, 0.1250" in text and "skips, average 0.9" in text
    assert "time in: pooling" in text and "random start" in text


def test_a_part_needs_those_before_it(make_run):
    with raises(FileNotFoundError, "'search' is not in record.json: run that part first"):
        search.finals(make_run(), SHORT)
    with raises(FileNotFoundError, "'finals' is not in record.json: run that part first"):
        goals.goal(make_run(), "fifth", SHORT)


def test_the_least_time_comes_from_the_shortest_training_that_is_clear_of_the_goal(
    pictures, tmp_path
):
    recipe = Recipe(widths=NARROW, batch_size=24, bfloat16=True)
    plan = least.Plan(recipe, epochs=(1.0, 2.0), seeds=(0, 1), held_out=0.1, steps=1)
    plan = replace(plan, source=SHORT.source)
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
