"""Lesson 04's lines with VGG16, which it runs only where torch's cache holds the weights: here with
a stand-in for the network.
"""

import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.models import VGG16_Weights

from tests.helpers import notebook


class StandIn(nn.Module):
    """VGG16's form: features, and a classifier whose last layer maps 4096 numbers to 1000."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Sequential(nn.Linear(3, 4096), nn.ReLU(), nn.Linear(4096, 1000))

    def forward(self, images):
        return self.classifier(self.features(images))


@pytest.fixture
def names():
    """What the lesson knows when it comes to VGG16, and what it asks torchvision for."""
    asked = []

    def network(weights=None):
        asked.append(weights)
        return StandIn()

    known = {"nn": nn, "torch": torch, "vgg16": network, "VGG16_Weights": VGG16_Weights}
    return known | {"asked": asked}


def cell_with(text):
    (cell,) = [c for c in notebook("04").cells if c.cell_type == "code" and text in c.source]
    return cell.source


def test_only_the_new_layer_learns(names):
    exec(cell_with("def vgg16_with_new_head"), names)
    model = names["vgg16_with_new_head"](7)
    assert names["asked"] == [VGG16_Weights.DEFAULT]
    learns = [name for name, p in model.named_parameters() if p.requires_grad]
    assert learns == ["classifier.2.weight", "classifier.2.bias"]
    assert not model.training
    assert model(torch.rand(2, 3, 8, 8)).shape == (2, 7)


@pytest.mark.parametrize("cached", [True, False])
def test_weights_in_the_cache_name_a_picture_and_nothing_is_fetched_without(
    names, cached, tmp_path, capsys
):
    exec(cell_with("def vgg16_with_new_head"), names)
    if cached:
        (tmp_path / "vgg16.pth").touch()
    picture = Image.new("RGB", (40, 32), "orange")
    names |= {
        "dataset": "shapes",
        "imagenet_file": lambda: tmp_path / "vgg16.pth",
        "open_dataset": lambda dataset, train: [(picture, 0)],
    }
    exec(cell_with('print("VGG16 says:"'), names)
    said = capsys.readouterr().out.splitlines()[-1]
    if cached:
        assert said.removeprefix("VGG16 says: ") in VGG16_Weights.DEFAULT.meta["categories"]
        assert names["asked"] == [VGG16_Weights.DEFAULT]
    else:
        assert said == "its weights are not in torch's cache: nothing is fetched here"
        assert names["asked"] == []
