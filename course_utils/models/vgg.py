"""A small network of the VGG kind (Simonyan and Zisserman 2014), built in lesson 03."""

from collections.abc import Sequence

from torch import Tensor, nn


def conv_block(
    in_channels: int, hidden_channels: int, out_channels: int, *, batch_norm: bool = False
) -> nn.Sequential:
    """Two 3x3 convolutions with ReLU, 2x2 max pooling: (N, in, H, W) -> (N, out, H / 2, W / 2)."""
    layers: list[nn.Module] = []
    for before, after in ((in_channels, hidden_channels), (hidden_channels, out_channels)):
        layers.append(nn.Conv2d(before, after, kernel_size=3, padding=1, bias=not batch_norm))
        if batch_norm:
            layers.append(nn.BatchNorm2d(after))
        layers.append(nn.ReLU())
    return nn.Sequential(*layers, nn.MaxPool2d(kernel_size=2, stride=2))


def he_init(layer: nn.Module) -> None:
    """Weights as deep ReLU networks want them (He et al. 2015), biases 0, in place: for
    `model.apply(he_init)`. What flows through keeps its size; with torch's own first weights it
    shrinks from layer to layer, and training begins slowly or not at all.
    """
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


class VGG(nn.Module):
    """Convolution blocks, then linear layers: images (N, 3, size, size) -> logits (N, num_classes).

    Each pair in `blocks` gives the widths of a block's two convolutions; each block halves the
    image. `hidden` gives the widths of the linear layers before the last. The defaults are the
    source tutorial's network, 9,457,962 parameters. `batch_norm` puts a BatchNorm2d after each
    convolution (Ioffe and Szegedy 2015).

    Raises:
        ValueError: if there is no block, or so many that no pixel of an image of `size` is left.
    """

    def __init__(
        self,
        blocks: Sequence[tuple[int, int]] = ((16, 32), (64, 128), (128, 256)),
        hidden: Sequence[int] = (2048, 256),
        num_classes: int = 10,
        *,
        batch_norm: bool = False,
        size: int = 32,
    ):
        super().__init__()
        side = size // 2 ** len(blocks)
        if not blocks or side < 1:
            what = f"{len(blocks)} blocks on images of {size} pixels"
            raise ValueError(f"{what}: each halves the image, take 1 or more that fit")
        self.features = nn.Sequential()
        channels = 3
        for hidden_channels, out_channels in blocks:
            block = conv_block(channels, hidden_channels, out_channels, batch_norm=batch_norm)
            self.features.append(block)
            channels = out_channels
        self.classifier = nn.Sequential()
        width = channels * side * side
        for out_width in hidden:
            self.classifier.append(nn.Linear(width, out_width))
            self.classifier.append(nn.ReLU())
            width = out_width
        self.classifier.append(nn.Linear(width, num_classes))

    def forward(self, images: Tensor) -> Tensor:
        maps = self.features(images)  # (N, 256, 4, 4) by default
        features = maps.flatten(start_dim=1)  # (N, 4096)
        return self.classifier(features)  # (N, 10)
