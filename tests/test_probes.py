"""Looks inside a network."""

import pytest
import torch
from torch import nn

from course_utils.models import VGG
from course_utils.probes import layer_outputs, multiply_adds, receptive_field


def test_layer_outputs_in_order_and_untouched_by_later_layers():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(inplace=True))
    images = torch.randn(4, 2)
    outputs = layer_outputs(model, images)
    assert list(outputs) == ["0", "1"]
    assert torch.equal(outputs["0"], model[0](images).detach())
    assert outputs["0"].min() < 0 <= outputs["1"].min()


def test_layer_outputs_leave_mode_and_hooks_as_they_were():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    images = torch.ones(1, 2)
    outputs = layer_outputs(model, images)
    assert torch.equal(outputs["0"], outputs["1"])
    assert model.training and not outputs["1"].requires_grad
    with pytest.raises(RuntimeError):
        layer_outputs(model, torch.ones(1, 3))
    assert not any(layer._forward_hooks for layer in model)


def test_multiply_adds_by_hand():
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Flatten(), nn.Linear(4 * 8 * 8, 10))
    assert multiply_adds(model, (3, 8, 8)) == 8 * 8 * 4 * 3 * 9 + 256 * 10
    assert multiply_adds(VGG()) == 65_980_928


def test_receptive_field_of_the_source_network():
    layers = [layer for block in VGG().features for layer in block]
    assert [receptive_field(layers)[i] for i in (0, 4, 9, 14)] == [(3, 1), (6, 2), (16, 4), (36, 8)]


def test_receptive_field_with_stride_and_dilation():
    assert receptive_field([nn.Conv2d(1, 1, 3, stride=2), nn.Conv2d(1, 1, 3, dilation=2)])[-1] == (11, 2)
    assert receptive_field([nn.ReLU()]) == [(1, 1)]
    with pytest.raises(ValueError, match=r"a window of 3x5 is not square: the receptive field has no one size"):
        receptive_field([nn.Conv2d(1, 1, (3, 5))])
