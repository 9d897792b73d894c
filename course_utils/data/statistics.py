"""Statistics of images, and a normalisation undone."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)
CIFAR10_STD = (0.2470, 0.2435, 0.2616)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def channel_stats(dataset: Iterable[tuple[Tensor, int]]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel over all pixels of all images, in one pass: two
    of (C,), float64.

    The images, (C, H, W), may differ in size; uint8 counts as 0 to 1. The deviation is the
    population's (divided by the number of pixels), as the published values of CIFAR-10 are.

    Raises:
        ValueError: if there is no image.
    """
    total, squares, pixels = 0.0, 0.0, 0
    for image, _ in dataset:
        values = image.flatten(start_dim=1).double()  # (C, H * W)
        if not image.is_floating_point():
            values = values / 255
        total = total + values.sum(dim=1)
        squares = squares + (values * values).sum(dim=1)
        pixels += values.shape[1]
    if pixels == 0:
        raise ValueError("no images: channel statistics need at least one")
    mean = total / pixels
    return mean, (squares / pixels - mean**2).clamp(min=0).sqrt()


def denormalize(images: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Undo a normalisation: (..., C, H, W) -> the same shape, images * std + mean."""
    mean, std = (
        torch.as_tensor(values, dtype=images.dtype, device=images.device) for values in (mean, std)
    )
    return images * std.view(-1, 1, 1) + mean.view(-1, 1, 1)
