"""Looks inside a network."""

import pytest
import torch
from torch import nn

from course_utils.models import VGG, ResNet
from course_utils.probes import (
    dead_shares,
    grad_cam,
    gradient_sizes,
    layer_outputs,
    multiply_adds,
    receptive_field,
    row_gradients,
)


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


def test_multiply_adds_by_hand():
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Flatten(), nn.Linear(4 * 8 * 8, 10))
    assert multiply_adds(model, (3, 8, 8)) == 8 * 8 * 4 * 3 * 9 + 256 * 10
    assert multiply_adds(VGG()) == 65_980_928


def test_receptive_field_of_the_source_network():
    layers = [layer for block in VGG().features for layer in block]
    assert [receptive_field(layers)[i] for i in (0, 4, 9, 14)] == [(3, 1), (6, 2), (16, 4), (36, 8)]


def test_receptive_field_with_stride_and_dilation():
    assert receptive_field([nn.Conv2d(1, 1, 3, stride=2), nn.Conv2d(1, 1, 3, dilation=2)])[-1] == (
        11,
        2,
    )
    assert receptive_field([nn.ReLU()]) == [(1, 1)]
    with pytest.raises(
        ValueError, match=r"a window of 3x5 is not square: the receptive field has no one size"
    ):
        receptive_field([nn.Conv2d(1, 1, (3, 5))])


def test_gradient_sizes_of_one_convolution_by_hand():
    model = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.Flatten())
    nn.init.zeros_(model[0].weight)
    sizes = gradient_sizes(model, torch.full((3, 1, 1, 1), 4.0), torch.tensor([0, 0, 0]))
    assert sizes == {
        "0": pytest.approx(2.0)
    }  # equal logits: the gradient is 4 (p - 1) = -2 and 4 p = 2


def test_gradient_sizes_leave_no_trace():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 3), nn.Dropout(0.0), nn.Flatten()
    ).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    sizes = gradient_sizes(model, torch.rand(4, 3, 5, 5), torch.tensor([0, 1, 0, 1]))
    assert list(sizes) == ["0", "2"] and all(size > 0 for size in sizes.values())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model.training and all(p.grad is None for p in model.parameters())


def test_gradient_sizes_see_what_float32_cannot_square():
    model = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.Flatten())
    nn.init.zeros_(model[0].weight)
    (size,) = gradient_sizes(model, torch.full((1, 1, 1, 1), 1e-30), torch.tensor([0])).values()
    assert size == pytest.approx(0.5e-30)


def test_dead_shares_by_hand():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 2, 1), nn.Flatten()
    )
    model.append(nn.Linear(2 * 2 * 2, 3))
    with torch.no_grad():
        model[0].bias.copy_(torch.tensor([-100.0, 100, -100, -100]))
    images = torch.rand(5, 3, 4, 4)
    shares = dead_shares(model.train(), images)
    assert shares["3"] == 0.75
    assert shares["0"] == 0  # pixels are not negative either
    assert "0" not in dead_shares(
        model, images - 0.5
    )  # what has negative numbers is no output of a ReLU
    assert model.training and not any(layer._forward_pre_hooks for layer in model)
    with pytest.raises(RuntimeError):
        dead_shares(model, torch.ones(1, 4, 4, 4))
    assert not any(layer._forward_pre_hooks for layer in model)


def test_dead_shares_see_functional_relu():
    model = ResNet(8, 4)
    nn.init.constant_(model.stages[0][0].norm1.bias, -100)
    assert dead_shares(model, torch.randn(4, 3, 8, 8))["stages.0.0.conv2"] == 1


def test_grad_cam_of_a_resnet_is_its_weighted_sum_of_maps():
    torch.manual_seed(0)
    model = ResNet(8, 4)
    images, classes = torch.randn(3, 3, 16, 16), torch.tensor([0, 4, 9])
    heat = grad_cam(model, model.stages, images, classes)
    assert (
        heat.shape == (3, 16, 16) and heat.min() >= 0 and heat.max() <= 1 and not heat.requires_grad
    )
    with torch.no_grad():
        maps = model.eval().stages(model.stem(images))
        sums = torch.einsum("nchw,nc->nhw", maps, model.head.weight[classes]).relu()
    sums = nn.functional.interpolate(sums[:, None], size=(16, 16), mode="bilinear")[:, 0]
    expected = sums / sums.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)
    assert torch.allclose(heat, expected, atol=1e-4)


def test_grad_cam_leaves_nothing_behind():
    model = ResNet(8, 4).train()
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():  # as in an evaluation
        grad_cam(model, model.stages, images, torch.tensor([0, 1]))
    assert model.training and not images.requires_grad
    assert all(p.grad is None for p in model.parameters()) and not model.stages._forward_hooks
    assert torch.equal(model.stem[1].num_batches_tracked, torch.tensor(0))


def test_grad_cam_is_zero_where_nothing_speaks_for_the_class():
    model = ResNet(8, 4)
    nn.init.constant_(model.head.weight, -1)
    assert not grad_cam(model, model.stages, torch.randn(2, 3, 16, 16), torch.tensor([0, 1])).any()


def test_row_gradients_by_hand():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False))
    nn.init.zeros_(model[1].weight)
    model[1].weight.data[0] = torch.tensor(
        [1.0, 3.0, 0.0, 0.0]
    )  # the second of two rows has no say
    images = torch.zeros(5, 1, 2, 2, requires_grad=True)
    rows = row_gradients(model, images, torch.zeros(5, dtype=torch.long))
    # Equal logits: each image's gradient is (p - 1) (w0 - w1) / 5, that is 0.1 and 0.3 in size.
    assert rows == [pytest.approx(((0.1**2 + 0.3**2) / 2) ** 0.5), 0.0]
    assert images.grad is None


def test_row_gradients_leave_no_trace():
    model = nn.Sequential(
        nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2 * 4 * 3, 2)
    ).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    rows = row_gradients(model, torch.rand(4, 3, 6, 5), torch.tensor([0, 1, 0, 1]))
    assert len(rows) == 6 and all(row > 0 for row in rows)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model.training and all(p.grad is None for p in model.parameters())
