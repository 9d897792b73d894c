"""Drawings of residual networks: they read the block or the network that they show."""

import pytest
import torch
from matplotlib import pyplot as plt
from torchvision.models.resnet import BasicBlock, Bottleneck

from course_utils.lessons.lesson_06.drawings import (
    block_parts,
    kind_of_skip,
    residual_block,
    residual_network,
)
from course_utils.models import ResidualBlock, ResNet, SourceResNet

BLOCKS = {
    "plain": lambda: ResidualBlock(16, 16, skip="none"),
    "identity": lambda: ResidualBlock(16, 16),
    "projection": lambda: ResidualBlock(16, 32, 2),
    "bottleneck": lambda: Bottleneck(256, 64),
    "the source's": lambda: SourceResNet().blocks[1],
}


def words(steps):
    return [text.split("\n")[0] for text, _ in steps]


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_fits_on_a_page_and_describes_itself(name):
    figure = residual_block(BLOCKS[name]())
    width, height = figure.get_size_inches()
    assert 2 < width <= 12
    assert 1.5 < height <= 8
    assert figure.get_label().startswith("A block from input to output.")
    figure.canvas.draw()
    plt.close(figure)


def test_a_block_is_read_from_its_forward():
    parts = block_parts(ResidualBlock(16, 32, 2))
    assert words(parts["branch"]) == ["3x3 conv", "BatchNorm", "ReLU", "3x3 conv", "BatchNorm"]
    assert words(parts["skip"]) == ["1x1 conv", "BatchNorm"]
    assert parts["skip"][0][0] == "1x1 conv\n16 to 32\nstride 2"
    assert words(parts["after"]) == ["ReLU"]


def test_a_plain_block_has_nothing_around_it():
    parts = block_parts(ResidualBlock(4, 4, skip="none", batch_norm=False))
    assert parts["skip"] is None
    assert words(parts["branch"]) == ["3x3 conv", "ReLU", "3x3 conv", "ReLU"]


def test_torchvision_blocks_are_read_too():
    assert kind_of_skip(BasicBlock(8, 8)) == "identity"
    steps = words(block_parts(Bottleneck(256, 64))["branch"])
    assert [step for step in steps if "conv" in step] == ["1x1 conv", "3x3 conv", "1x1 conv"]


@pytest.mark.parametrize(
    ("skip", "counts"),
    [
        ("identity", "7 with skip identity, 2 with skip projection"),
        ("projection", "9 with skip projection"),
        ("none", "9 with skip none"),
    ],
)
def test_a_network_is_drawn_with_its_skips(skip, counts):
    figure = residual_network(ResNet(width=4, skip=skip))
    assert f"9 blocks from left to right, {counts}; maps of 4 x 32 x 32" in figure.get_label()
    assert max(figure.get_size_inches()) <= 12
    plt.close(figure)


def test_drawing_a_network_changes_nothing_about_it():
    model = ResNet(8, 4).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    plt.close(residual_network(model))
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(layer._forward_hooks for layer in model.modules())
