"""Saved models: what a file must hold."""

import pytest
import torch
from click.testing import CliRunner

from course_utils.cli.commands import main
from course_utils.lessons.lesson_10.saved import build, load_model
from tests.helpers import raises


@pytest.fixture
def saved():
    """What lesson 10 saves, with random weights."""
    model = build("vgg_mini", 2)
    return {
        "network": "vgg_mini",
        "model": model.state_dict(),
        "classes": ["cat", "dog"],
        "size": 32,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.2, 0.2, 0.2],
    }


@pytest.mark.parametrize(("network", "width"), [("vgg_mini", 384), ("resnet18", 512)])
def test_a_network_is_a_body_that_makes_features_and_a_head(network, width):
    model = build(network, 3).eval()
    images = torch.rand(2, 3, 40, 32)
    assert model.body(images).shape == (2, width)
    assert torch.equal(model(images), model.head(model.body(images)))


def test_what_was_saved_is_read(saved, tmp_path):
    torch.save(saved, tmp_path / "model.pt")
    read = load_model(tmp_path / "model.pt")
    assert read.classes == ["cat", "dog"]
    weights = read.model.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in saved["model"].items())
    assert not read.model.training


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("classes"), "m.pt has no 'classes': give a model that lesson 10 saved"),
        (
            lambda s: s.update(network="vgg16"),
            "m.pt is for the network 'vgg16': only vgg_mini or resnet18 fit",
        ),
        (
            lambda s: s["model"].pop("head.bias"),
            'm.pt holds no weights of vgg_mini (Missing key(s) in state_dict: "head.bias"): '
            "save it again",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_refused(saved, tmp_path, change, message):
    change(saved)
    torch.save(saved, tmp_path / "m.pt")
    with raises(ValueError, message):
        load_model(tmp_path / "m.pt")


def test_a_file_that_is_not_there_is_named(tmp_path):
    done = CliRunner().invoke(main, ["predict", str(tmp_path / "none.pt"), "cat.jpg"])
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert "none.pt" in done.stderr
