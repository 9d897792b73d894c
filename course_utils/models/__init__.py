"""The networks that the lessons build."""

from torch import nn

from course_utils.models.resnet import ResidualBlock, ResNet, SourceBlock, SourceResNet
from course_utils.models.vgg import VGG, conv_block, he_init


def count_parameters(model: nn.Module, *, trainable_only: bool = False) -> int:
    """How many numbers a model has, shared ones once; `trainable_only`: without frozen ones."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not trainable_only)
