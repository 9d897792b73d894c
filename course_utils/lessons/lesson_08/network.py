"""The network of lesson 08's fast recipe: few layers, pooled early, its first layer computed.

After Page, "How to train your ResNet" (2018), and Jordan (arXiv 2404.00498).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WHITENED = 24  # channels of the first layer: twelve filters and their negatives


def conv3x3(in_channels: int, out_channels: int) -> nn.Conv2d:
    """A 3x3 convolution whose first output channels begin as the input channels (Dirac)."""
    conv = nn.Conv2d(
        in_channels,
        out_channels,
        kernel_size=3,
        padding=1,
        bias=False,
    )
    nn.init.dirac_(conv.weight.data[:in_channels])
    return conv


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """BatchNorm that forgets soon, for there are few steps, and whose scale stays at 1."""
    norm = nn.BatchNorm2d(channels, momentum=0.4)
    norm.weight.requires_grad_(False)
    return norm


class ConvGroup(nn.Module):
    """Two convolutions, the first pooled: (N, in, H, W) -> (N, out, H / 2, W / 2).

    With `skip` there is a third, and a skip around the last two.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        skip: bool = False,
    ):
        super().__init__()
        self.skip = skip
        self.conv1 = conv3x3(in_channels, out_channels)
        self.norm1 = batch_norm(out_channels)
        self.conv2 = conv3x3(out_channels, out_channels)
        self.norm2 = batch_norm(out_channels)
        if skip:
            self.conv3 = conv3x3(out_channels, out_channels)
            self.norm3 = batch_norm(out_channels)

    def forward(self, maps: Tensor) -> Tensor:
        maps = self.conv1(maps)  # (N, out, H, W)
        maps = F.max_pool2d(maps, 2)  # (N, out, H / 2, W / 2), as all that follows
        maps = F.gelu(self.norm1(maps))
        branch = self.norm2(self.conv2(maps))
        if self.skip:
            branch = F.gelu(branch)
            branch = self.norm3(self.conv3(branch))
            branch = maps + branch
        return F.gelu(branch)


class FastNet(nn.Module):
    """A whitening layer, groups, one linear layer: (N, 3, H, W) -> (N, num_classes).

    There is a group for each of `widths`. Each halves the maps; 17 pixels are enough for three.
    With `use_bfloat16` convolutions and matrix products compute in bfloat16; the logits are
    float32 all the same.
    """

    def __init__(
        self,
        widths: tuple[int, ...],
        num_classes: int = 10,
        *,
        skips: bool = False,
        use_bfloat16: bool = False,
    ):
        super().__init__()
        self.use_bfloat16 = use_bfloat16
        self.whiten = nn.Conv2d(3, WHITENED, kernel_size=2)
        self.groups = nn.Sequential()
        channels = WHITENED
        for width in widths:
            self.groups.append(ConvGroup(channels, width, skip=skips))
            channels = width
        self.head = nn.Linear(channels, num_classes, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        images = images.contiguous(memory_format=torch.channels_last)
        device = images.device.type
        with torch.autocast(device, torch.bfloat16, enabled=self.use_bfloat16):
            maps = F.gelu(self.whiten(images))  # (N, 24, 31, 31) from 32 pixels
            maps = self.groups(maps)  # (N, width, 15, 15), then 7, then 3
            features = maps.amax(dim=(2, 3))  # (N, width)
            logits = self.head(features)  # (N, num_classes)
        return logits.float() / 9  # small at first


def whitening_filters(images: Tensor, size: int = 2) -> Tensor:
    """Filters that whiten the patches of normalised images: (N, C, H, W) -> (2 K, C, size, size).

    The first K = C * size * size filters have uncorrelated outputs of variance 1, the others are
    their negatives. A direction in which patches do not vary (grey pictures have equal channels)
    gives outputs near 0: 5e-4 keeps its variance away from 0.
    """
    patches = F.unfold(images, size)  # (N, K, places)
    patches = patches.transpose(1, 2).flatten(0, 1)  # (N * places, K)
    covariance = patches.T @ patches / len(patches)  # (K, K)
    variances, directions = torch.linalg.eigh(covariance)
    filters = (directions / (variances + 5e-4).sqrt()).T  # (K, K), one filter a row
    filters = filters.reshape(-1, images.shape[1], size, size)
    return torch.cat([filters, -filters])
