"""Test-time augmentation, from lesson 08."""

from torch import Tensor, nn


class Mirrored(nn.Module):
    """The mean of a model's logits for images and for their mirror images: (N, 3, H, W) -> (N,
    num_classes).
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        return (self.model(images) + self.model(images.flip(-1))) / 2  # (N, num_classes)
