"""The networks between the source's and the fast one, one change each."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.models import SourceResNet

Widths = tuple[int, int, int]


class PooledHead(SourceResNet):
    """The source's blocks, the mean over all places, one linear layer."""

    def __init__(self, num_classes: int, widths: Widths, in_channels: int = 3):
        super().__init__(num_classes, widths=widths, hidden=(1, 1))
        if in_channels != 3:
            self.blocks[0] = type(self.blocks[1])(in_channels, widths[0])
        self.classifier = nn.Linear(widths[-1], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        maps = images
        for block in self.blocks:
            maps = self.pool(block(maps))  # (N, width, 4, 4) at last
        return self.classifier(maps.mean(dim=(2, 3)))  # (N, num_classes)


class EarlyPooling(PooledHead):
    """The same, but a block is pooled behind its first convolution, and so is its skip."""

    def forward(self, images: Tensor) -> Tensor:
        maps = images
        for block in self.blocks:
            branch = F.relu(block.norm1(self.pool(block.conv1(maps))))
            maps = F.relu(block.skip(self.pool(maps)) + block.norm2(block.conv2(branch)))
        return self.classifier(maps.mean(dim=(2, 3)))


class Whitened(nn.Module):
    """A whitening layer, whose weights the training computes, in front of EarlyPooling."""

    def __init__(self, num_classes: int, widths: Widths):
        super().__init__()
        self.whiten = nn.Conv2d(3, 24, kernel_size=2)
        self.rest = EarlyPooling(num_classes, widths, in_channels=24)

    def forward(self, images: Tensor) -> Tensor:
        return self.rest(F.gelu(self.whiten(images)))


def without_batch_norm(num_classes: int, widths: Widths) -> nn.Module:
    """EarlyPooling, nothing in place of each BatchNorm."""
    model = EarlyPooling(num_classes, widths)
    for block in model.blocks:
        block.norm1 = nn.Identity()
        block.norm2 = nn.Identity()
    return model


NETWORKS = {
    "source": lambda num_classes, widths: SourceResNet(num_classes, widths=widths),
    "pooled head": PooledHead,
    "early pooling": EarlyPooling,
    "no BatchNorm": without_batch_norm,
    "whitened": Whitened,
}


def reset_convolutions(model: nn.Module) -> None:
    """Random first weights instead of the identity."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            layer.reset_parameters()


def set_filters(layer: nn.Conv2d, filters: Tensor) -> None:
    """Give a layer fixed weights."""
    with torch.no_grad():
        layer.weight.requires_grad_(False).copy_(filters)
