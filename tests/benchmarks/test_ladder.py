"""The rungs of lesson 08's benchmark: each changes what it says, and trains; a ladder may be
climbed in parts.
"""

import importlib

import pytest
import torch
from torch import nn

from tests.benchmarks.cost_helpers import small

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("cost_folder")


def test_every_rung_changes_what_it_says():
    from ladder import LADDER, Settings, as_trained, settings_of

    names = [rung.name for rung in LADDER]
    assert len(set(names)) == len(names) and settings_of("source", {}) == Settings()
    before = Settings()
    for rung in LADDER[1:]:
        now = settings_of(rung.name, {})
        assert now != before, rung.name
        assert (
            rung.only_speed == (as_trained(rung.name, {}, 3) == as_trained("batch", {}, 3))
            or rung.name == "batch"
        )
        before = before if rung.aside else now
    assert settings_of("batch", {"batch": {"adam": 0.5}}).adam == 0.5
    assert (
        settings_of("one-cycle", {}).network == "early pooling"
    )  # not that of the aside before it
    assert (
        not as_trained("float32", {}, 3).recipe.bfloat16
        and as_trained("source", {}, 3).recipe.bfloat16
    )
    with pytest.raises(ValueError, match="no rung 'x': there is source, batch"):
        settings_of("x", {})


def test_random_start_is_another_start_of_the_same_network(cost_splits):
    from ladder import FAST, Climb

    identity, random = (
        Climb(cost_splits, small(FAST).change(network=name), 0, CPU).model
        for name in ("fast", "fast, random start")
    )
    convs = [p.ndim == 4 for p in identity.groups.parameters()]
    assert sum(convs) == 6
    pairs = zip(identity.groups.parameters(), random.groups.parameters(), strict=True)
    assert [not torch.equal(one, other) for one, other in pairs] == convs
    assert torch.equal(identity.whiten.weight, random.whiten.weight)


def test_every_rung_trains(cost_splits):
    from ladder import LADDER, Climb, settings_of

    for rung in LADDER:
        training = Climb(cost_splits, small(settings_of(rung.name, {})), 0, CPU)
        before = [p.detach().clone() for p in training.model.parameters() if p.requires_grad]
        assert torch.tensor(training.run_epoch()).isfinite(), rung.name
        after = [p for p in training.model.parameters() if p.requires_grad]
        assert all(
            not torch.equal(old, new)
            for old, new in zip(before, after, strict=True)
            if new.ndim > 1
        ), rung.name


def test_ladder_networks():
    from ladder import NETWORKS, EarlyPooling, PooledHead

    images = torch.randn(2, 3, 32, 32)
    for name, network in NETWORKS.items():
        assert network(7)(images).shape == (2, 7), name
    assert not any(
        isinstance(layer, nn.BatchNorm2d) for layer in NETWORKS["no BatchNorm"](10).modules()
    )
    convolutions = [
        [p.shape for p in model.parameters() if p.ndim == 4]
        for model in (PooledHead(10), EarlyPooling(10))
    ]
    assert convolutions[0] == convolutions[1]


def test_a_ladder_stops_when_its_time_is_over(cost_folder, monkeypatch, capsys):
    parts = importlib.import_module("ladder_parts")
    monkeypatch.setattr(parts, "LIMIT", -1)
    with pytest.raises(SystemExit, match="the search is not over, call again"):
        parts.ladder(cost_folder)
    monkeypatch.setattr(parts, "LADDER", parts.LADDER[:1])
    with pytest.raises(SystemExit, match="no seed is whole yet"):
        parts.ladder(cost_folder)
    assert "ladder: 3 seeds to go, call again" in capsys.readouterr().out
