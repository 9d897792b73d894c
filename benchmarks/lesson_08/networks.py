"""The networks between the source's and the fast one, one change each."""

import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.models import SourceResNet

Widths = tuple[int, int, int]


class PooledHead(SourceResNet):
    """The source's blocks, the mean over all places, one linear layer."""

    def __init__(self, num_classes: int, widths: Widths):
        super().__init__(num_classes, widths=widths, hidden=(1, 1))
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
}
