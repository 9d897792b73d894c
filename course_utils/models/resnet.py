"""Residual networks (He et al. 2015): CIFAR-10's standard one, and the source tutorial's."""

import torch.nn.functional as F
from torch import Tensor, nn

SKIPS = ("none", "identity", "projection")


def make_skip(
    in_channels: int, out_channels: int, stride: int, skip: str, batch_norm: bool
) -> nn.Module | None:
    """What goes around a block, or None: (N, in, H, W) -> (N, out, H / stride, W / stride).

    "identity" is the input itself where input and output have one shape, else a projection.
    "projection" is a 1x1 convolution, and BatchNorm2d behind it if the network has any.

    Raises:
        ValueError: if `skip` is none of SKIPS.
    """
    if skip not in SKIPS:
        raise ValueError(f"skip is {skip!r}: give one of {', '.join(SKIPS)}")
    if skip == "none":
        return None
    if skip == "identity" and stride == 1 and in_channels == out_channels:
        return nn.Identity()
    projection = nn.Conv2d(
        in_channels, out_channels, kernel_size=1, stride=stride, bias=not batch_norm
    )
    if not batch_norm:
        return projection
    return nn.Sequential(projection, nn.BatchNorm2d(out_channels))


class ResidualBlock(nn.Module):
    """Two convolutions and a way around them: (N, in, H, W) -> (N, out, H / stride, W / stride).

    `skip` is one of SKIPS (see `make_skip`). Without `batch_norm` the convolutions have biases.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        *,
        skip: str = "identity",
        batch_norm: bool = True,
    ):
        super().__init__()
        norm = nn.BatchNorm2d if batch_norm else nn.Identity
        shape = {"kernel_size": 3, "padding": 1, "bias": not batch_norm}
        self.conv1 = nn.Conv2d(in_channels, out_channels, stride=stride, **shape)
        self.norm1 = norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, **shape)
        self.norm2 = norm(out_channels)
        self.skip = make_skip(in_channels, out_channels, stride, skip, batch_norm)

    def forward(self, maps: Tensor) -> Tensor:
        branch = F.relu(self.norm1(self.conv1(maps)))  # (N, out, H / stride, W / stride)
        branch = self.norm2(self.conv2(branch))  # the same
        if self.skip is not None:
            branch = self.skip(maps) + branch  # the same
        return F.relu(branch)


class ResNet(nn.Module):
    """He's network for small images (2015, section 4.2): (N, 3, H, W) -> (N, num_classes).

    A 3x3 convolution, three stages of (depth - 2) / 6 blocks each, with width, 2 width and 4 width
    channels, the second and the third halving the maps, then the mean of each map and one linear
    layer. The defaults are ResNet-20, 272,474 parameters; `depth` counts convolutions and the
    linear layer, without projections.

    Raises:
        ValueError: if `depth` is not 8, 14, 20, ..., or `skip` is none of SKIPS.
    """

    def __init__(
        self,
        depth: int = 20,
        width: int = 16,
        num_classes: int = 10,
        *,
        skip: str = "identity",
        batch_norm: bool = True,
    ):
        super().__init__()
        if depth < 8 or depth % 6 != 2:
            raise ValueError(f"depth is {depth}: give 6 n + 2, such as 8, 20 or 50")
        norm = nn.BatchNorm2d(width) if batch_norm else nn.Identity()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, kernel_size=3, padding=1, bias=not batch_norm), norm, nn.ReLU()
        )
        self.stages = nn.Sequential()
        channels = width
        for out_channels, stride in ((width, 1), (2 * width, 2), (4 * width, 2)):
            stage = nn.Sequential()
            for number in range((depth - 2) // 6):
                step = stride if number == 0 else 1
                stage.append(
                    ResidualBlock(channels, out_channels, step, skip=skip, batch_norm=batch_norm)
                )
                channels = out_channels
            self.stages.append(stage)
        self.head = nn.Linear(channels, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.stem(images)  # (N, 16, 32, 32) by default, from images of 32 pixels
        maps = self.stages(maps)  # (N, 64, 8, 8)
        features = maps.mean(dim=(2, 3))  # (N, 64)
        return self.head(features)  # (N, 10)


class SourceBlock(ResidualBlock):
    """The source tutorial's block: around each goes a 1x1 convolution, without BatchNorm2d, and
    the convolutions have biases, although BatchNorm2d follows: (N, in, H, W) -> (N, out, H, W).
    """

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__(in_channels, out_channels, skip="projection", batch_norm=False)
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.norm2 = nn.BatchNorm2d(out_channels)


class SourceResNet(nn.Module):
    """The source tutorial's network for images of 32 pixels: (N, 3, 32, 32) -> (N, num_classes).

    Three blocks, of `widths` channels, the maps halved by average pooling after each, then linear
    layers of `hidden` outputs before the last. With the defaults it has 10,633,674 parameters, 9.4
    million of them in the linear layers.
    """

    def __init__(
        self,
        num_classes: int = 10,
        *,
        widths: tuple[int, int, int] = (64, 128, 256),
        hidden: tuple[int, int] = (2048, 512),
    ):
        super().__init__()
        one, two, three = widths
        self.blocks = nn.ModuleList(
            [SourceBlock(3, one), SourceBlock(one, two), SourceBlock(two, three)]
        )
        self.pool = nn.AvgPool2d(kernel_size=2, stride=2)
        self.classifier = nn.Sequential(
            nn.Linear(three * 4 * 4, hidden[0]),
            nn.ReLU(),
            nn.Linear(hidden[0], hidden[1]),
            nn.ReLU(),
            nn.Linear(hidden[1], num_classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        maps = images  # (N, 3, 32, 32)
        for block in self.blocks:
            maps = self.pool(block(maps))  # (N, 64, 16, 16), (N, 128, 8, 8), (N, 256, 4, 4)
        features = maps.flatten(start_dim=1)  # (N, 4096)
        return self.classifier(features)  # (N, 10)
