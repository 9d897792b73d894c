"""What layers give, looked at while images pass."""

import pytest
import torch
from torch import nn

from course_utils.lessons.hooks import layer_outputs


def test_layer_outputs_in_order_and_untouched_by_later_layers():
    torch.manual_seed(0)
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
