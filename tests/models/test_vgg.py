"""The networks: shapes, sizes, parameters."""

import re

import pytest
import torch
from torch import nn

from course_utils.models import VGG, conv_block, count_parameters, he_init


def kinds(model):
    return [type(layer).__name__ for layer in model]


def test_the_default_is_the_source_tutorials_network():
    model = VGG()
    assert count_parameters(model) == 9_457_962
    assert model(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    assert model.features(torch.rand(2, 3, 32, 32)).shape == (2, 256, 4, 4)
    assert [tuple(p.shape) for p in model.classifier.parameters() if p.ndim == 2] == [
        (2048, 4096),
        (256, 2048),
        (10, 256),
    ]
    assert kinds(model.classifier) == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]


def test_a_block():
    block = conv_block(3, 16, 32)
    assert kinds(block) == ["Conv2d", "ReLU", "Conv2d", "ReLU", "MaxPool2d"]
    assert block(torch.rand(2, 3, 8, 10)).shape == (2, 32, 4, 5)
    assert block(torch.rand(2, 3, 9, 11)).shape == (2, 32, 4, 5)
    assert [tuple(p.shape) for p in block.parameters()] == [
        (16, 3, 3, 3),
        (16,),
        (32, 16, 3, 3),
        (32,),
    ]


def test_a_block_with_batch_normalisation_has_no_bias_before_it():
    block = conv_block(3, 4, 5, batch_norm=True)
    assert kinds(block) == [
        "Conv2d",
        "BatchNorm2d",
        "ReLU",
        "Conv2d",
        "BatchNorm2d",
        "ReLU",
        "MaxPool2d",
    ]
    assert [layer.num_features for layer in block if isinstance(layer, nn.BatchNorm2d)] == [4, 5]
    assert block[0].bias is block[3].bias is None
    assert block(torch.rand(2, 3, 8, 8)).shape == (2, 5, 4, 4)


def test_a_block_computes_what_it_says():
    block, images = conv_block(2, 3, 4), torch.rand(1, 2, 6, 6)
    first, second = block[0], block[2]
    maps = nn.functional.conv2d(images, first.weight, first.bias, padding=1).clamp(min=0)
    maps = nn.functional.conv2d(maps, second.weight, second.bias, padding=1).clamp(min=0)
    assert torch.allclose(block(images), maps.view(1, 4, 3, 2, 3, 2).amax((3, 5)), atol=1e-6)


@pytest.mark.parametrize("size", [8, 9, 32, 33, 40])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_other_networks(size, batch_norm):
    model = VGG(((4, 4), (6, 8), (8, 5)), (7,), num_classes=3, batch_norm=batch_norm, size=size)
    logits = model(torch.rand(2, 3, size, size))
    assert logits.shape == (2, 3)
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in model.modules()) == 6 * batch_norm


def test_a_network_without_hidden_layers():
    model = VGG(((2, 3),), ())
    assert kinds(model.classifier) == ["Linear"]
    assert model(torch.rand(1, 3, 32, 32)).shape == (1, 10)


def test_a_seed_fixes_the_weights():
    weights = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        weights.append(VGG(((2, 2),), (3,), size=4).classifier[0].weight)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(("number", "size"), [(0, 32), (6, 32), (1, 1)])
def test_too_many_blocks_or_none(number, size):
    message = f"{number} blocks on images of {size} pixels: "
    message += "each halves the image, take 1 or more that fit"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        VGG(((2, 2),) * number, (2,), size=size)


def test_as_many_blocks_as_fit():
    assert VGG(((2, 2),) * 5, (2,)).features(torch.rand(1, 3, 32, 32)).shape == (1, 2, 1, 1)


def test_parameters_are_counted_once_frozen_or_not():
    first, second = nn.Linear(3, 4), nn.Linear(4, 4)
    model = nn.Sequential(first, second, second, nn.BatchNorm1d(4))
    assert count_parameters(model) == 16 + 20 + 8  # the buffers of BatchNorm are not learned
    first.requires_grad_(False)
    assert count_parameters(model) == 44
    assert count_parameters(model, trainable_only=True) == 28
    assert count_parameters(nn.ReLU()) == 0


def test_he_init_keeps_the_size_of_what_flows_through():
    torch.manual_seed(0)
    images = torch.randn(64, 3, 32, 32)
    spread = {}
    for name, model in (("torch", VGG()), ("he", VGG().apply(he_init))):
        with torch.no_grad():
            spread[name] = model(images).std(dim=0).mean().item()
    assert spread["torch"] < 0.01
    assert 0.1 < spread["he"] < 10
    assert all(
        (layer.bias == 0).all()
        for layer in model.modules()
        if hasattr(layer, "kernel_size") and hasattr(layer, "bias")
    )


def test_he_init_leaves_other_layers_alone():
    norm = nn.BatchNorm2d(3)
    before = norm.weight.clone()
    nn.Sequential(norm, nn.ReLU()).apply(he_init)
    assert torch.equal(norm.weight, before)
    he_init(nn.Conv2d(3, 4, 3, bias=False))
