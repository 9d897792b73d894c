"""Looks inside a network."""

from contextlib import nullcontext

import pytest
import torch
from torch import nn

from course_utils.models import VGG
from course_utils.probes import evaluation_mode, gradient_rms, multiply_adds


@pytest.mark.parametrize("error", [None, KeyError])
def test_after_evaluation_mode_each_layer_has_the_mode_that_it_had(error):
    model = nn.Sequential(nn.Dropout(), nn.BatchNorm2d(2).eval())
    with pytest.raises(error) if error else nullcontext(), evaluation_mode(model):
        assert not any(module.training for module in model.modules())
        if error:
            raise error
    assert [module.training for module in model.modules()] == [True, True, False]


def test_multiply_adds_by_hand():
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Flatten(), nn.Linear(4 * 8 * 8, 10))
    assert multiply_adds(model, (3, 8, 8)) == 8 * 8 * 4 * 3 * 9 + 256 * 10
    assert multiply_adds(VGG()) == 65_980_928


def test_gradient_rms_of_one_convolution_by_hand():
    model = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.Flatten())
    nn.init.zeros_(model[0].weight)
    sizes = gradient_rms(model, torch.full((3, 1, 1, 1), 4.0), torch.tensor([0, 0, 0]))
    assert sizes == {
        "0": pytest.approx(2.0)
    }  # equal logits: the gradient is 4 (p - 1) = -2 and 4 p = 2


def test_gradient_rms_leave_no_trace():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 3), nn.Dropout(0.0), nn.Flatten()
    ).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    sizes = gradient_rms(model, torch.rand(4, 3, 5, 5), torch.tensor([0, 1, 0, 1]))
    assert list(sizes) == ["0", "2"] and all(size > 0 for size in sizes.values())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model.training and all(p.grad is None for p in model.parameters())


def test_gradient_rms_see_what_float32_cannot_square():
    model = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.Flatten())
    nn.init.zeros_(model[0].weight)
    (size,) = gradient_rms(model, torch.full((1, 1, 1, 1), 1e-30), torch.tensor([0])).values()
    assert size == pytest.approx(0.5e-30)
