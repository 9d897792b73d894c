"""Dead channels: counted by hand, and where a ReLU is no layer."""

import pytest
import torch
from torch import nn

from course_utils.lessons.lesson_07.probes import dead_channels
from course_utils.models import ResNet


def test_dead_channels_by_hand():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 2, 1), nn.Flatten()
    )
    model.append(nn.Linear(2 * 2 * 2, 3))
    with torch.no_grad():
        model[0].bias.copy_(torch.tensor([-100.0, 100, -100, -100]))
    images = torch.rand(5, 3, 4, 4)
    shares = dead_channels(model.train(), images)
    assert shares["3"] == 0.75
    assert shares["0"] == 0  # pixels are not negative either
    assert "0" not in dead_channels(
        model, images - 0.5
    )  # what has negative numbers is no output of a ReLU
    assert model.training and not any(layer._forward_hooks for layer in model)
    with pytest.raises(RuntimeError):
        dead_channels(model, torch.ones(1, 4, 4, 4))
    assert not any(layer._forward_hooks for layer in model)


def test_dead_channels_see_functional_relu():
    model = ResNet(8, 4)
    nn.init.constant_(model.stages[0][0].norm1.bias, -100)
    assert dead_channels(model, torch.randn(4, 3, 8, 8))["stages.0.0.conv2"] == 1
