"""The residual networks: sizes, skips, equality with torch's and torchvision's own, and what is
refused.
"""

import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.models.resnet import BasicBlock

from course_utils.models import ResidualBlock, ResNet, SourceBlock, SourceResNet, count_parameters
from course_utils.models.resnet import SKIPS, make_skip
from course_utils.probes import multiply_adds


def test_the_source_network_has_the_source_numbers():
    model = SourceResNet()
    assert count_parameters(model) == 10_633_674
    assert multiply_adds(model) == 166_597_632
    assert model(torch.rand(2, 3, 32, 32)).shape == (2, 10)
    narrow = SourceResNet(3, widths=(2, 3, 4), hidden=(6, 5))
    assert narrow(torch.rand(2, 3, 32, 32)).shape == (2, 3)
    assert [tuple(p.shape) for p in narrow.classifier.parameters() if p.ndim == 2] == [
        (6, 64),
        (5, 6),
        (3, 5),
    ]
    assert [tuple(p.shape) for p in model.classifier.parameters() if p.ndim == 2] == [
        (2048, 4096),
        (512, 2048),
        (10, 512),
    ]


def test_a_source_block_computes_what_it_says():
    block, maps = SourceBlock(2, 5).eval(), torch.rand(2, 2, 6, 6)
    branch = block.norm2(block.conv2(F.relu(block.norm1(block.conv1(maps)))))
    skip = torch.einsum(
        "oi,nihw->nohw", block.skip.weight[:, :, 0, 0], maps
    ) + block.skip.bias.view(-1, 1, 1)
    assert torch.allclose(block(maps), (branch + skip).clamp(min=0), atol=1e-6)
    assert isinstance(SourceBlock(4, 4).skip, nn.Conv2d)  # everywhere, also where shapes agree


def test_resnet_20():
    model = ResNet()
    assert count_parameters(model) == 272_474
    assert multiply_adds(model) == 40_813_184
    layers = [
        m
        for m in model.modules()
        if isinstance(m, (nn.Conv2d, nn.Linear)) and getattr(m, "kernel_size", 0) != (1, 1)
    ]
    assert len(layers) == 20
    projections = [m for m in model.modules() if getattr(m, "kernel_size", 0) == (1, 1)]
    assert [(m.in_channels, m.out_channels, m.stride) for m in projections] == [
        (16, 32, (2, 2)),
        (32, 64, (2, 2)),
    ]


@pytest.mark.parametrize("depth", [8, 14, 50])
@pytest.mark.parametrize("skip", SKIPS)
@pytest.mark.parametrize("batch_norm", [True, False])
def test_other_resnets(depth, skip, batch_norm):
    model = ResNet(depth, 4, num_classes=3, skip=skip, batch_norm=batch_norm)
    model(torch.rand(4, 3, 9, 10)).sum().backward()
    assert model.stages(model.stem(torch.rand(1, 3, 16, 16))).shape == (1, 16, 4, 4)
    assert all(parameter.grad is not None for parameter in model.parameters())
    kinds = [type(m) for m in model.modules()]
    assert (nn.BatchNorm2d in kinds) == batch_norm
    projections = sum(getattr(m, "kernel_size", 0) == (1, 1) for m in model.modules())
    assert projections == {"none": 0, "identity": 2, "projection": (depth - 2) // 2}[skip]
    assert all((m.bias is None) == batch_norm for m in model.modules() if isinstance(m, nn.Conv2d))


@pytest.mark.parametrize("depth", [-4, 2, 7, 9, 18, 21])
def test_a_depth_that_does_not_fit(depth):
    with pytest.raises(
        ValueError, match=f"^depth is {depth}: give 6 n \\+ 2, such as 8, 20 or 50$"
    ):
        ResNet(depth)


def test_an_unknown_skip():
    message = "skip is 'highway': give one of none, identity, projection"
    for make in (lambda: ResNet(8, skip="highway"), lambda: make_skip(2, 2, 1, "highway", True)):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            make()


@pytest.mark.parametrize(("channels", "stride"), [((4, 4), 1), ((4, 8), 2), ((4, 4), 2)])
@pytest.mark.parametrize("training", [True, False])
def test_the_block_is_torchvisions(channels, stride, training):
    ours = ResidualBlock(*channels, stride).train(training)
    theirs = BasicBlock(
        *channels, stride, getattr(ours.skip, "append", None) and nn.Sequential(*ours.skip)
    )
    for mine, other in (("conv1", "conv1"), ("norm1", "bn1"), ("conv2", "conv2"), ("norm2", "bn2")):
        setattr(theirs, other, getattr(ours, mine))
    theirs.train(training)
    maps = torch.randn(3, channels[0], 8, 8)
    assert torch.equal(ours(maps), theirs(maps))


def test_kinds_of_skip():
    assert make_skip(4, 8, 2, "none", True) is None
    assert isinstance(make_skip(4, 4, 1, "identity", True), nn.Identity)
    assert [type(m) for m in make_skip(4, 4, 1, "projection", True)] == [nn.Conv2d, nn.BatchNorm2d]
    assert isinstance(make_skip(4, 4, 2, "identity", False), nn.Conv2d)
    assert make_skip(4, 8, 2, "identity", False)(torch.rand(1, 4, 9, 9)).shape == (1, 8, 5, 5)


def test_what_the_skip_does_to_a_block_whose_branch_is_dead():
    maps = torch.rand(2, 3, 5, 5)
    for skip, expected in (("identity", maps), ("none", torch.zeros_like(maps))):
        block = ResidualBlock(3, 3, skip=skip)
        nn.init.zeros_(block.norm2.weight)
        assert torch.equal(block(maps), expected)


def test_a_seed_fixes_the_weights():
    weights = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        weights.append(ResNet(8, 2).stages[0][0].conv1.weight)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_torchvision_can_look_inside():
    wanted = ["stages.0.0.norm2", "stages.0.0.add", "stages.0.0.relu_1"]
    found = create_feature_extractor(ResNet(8, 4).eval(), return_nodes=wanted)(
        torch.rand(1, 3, 16, 16)
    )
    assert torch.equal(found["stages.0.0.add"].clamp(min=0), found["stages.0.0.relu_1"])
    assert found["stages.0.0.norm2"].shape == (1, 4, 16, 16)
