"""Statistics of images, a normalisation undone, and a choice that keeps the classes' shares."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)
CIFAR10_STD = (0.2470, 0.2435, 0.2616)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def channel_stats(dataset: Iterable[tuple[Tensor, int]]) -> tuple[Tensor, Tensor]:
    """Each channel's mean and standard deviation over all images, in one pass: (C,), float64.

    The images, (C, H, W), may differ in size; uint8 counts as 0 to 1. The deviation is the
    population's (divided by the number of pixels), as the published values of CIFAR-10 are.

    Raises:
        ValueError: if there is no image.
    """
    total, squares, pixels = 0.0, 0.0, 0  # floats at first, tensors from the first image on
    for image, _ in dataset:
        values = image.flatten(start_dim=1).double()  # (C, H * W)
        if not image.is_floating_point():
            values = values / 255
        total = total + values.sum(dim=1)  # type: ignore[assignment]
        squares = squares + (values * values).sum(dim=1)  # type: ignore[assignment]
        pixels += values.shape[1]
    if pixels == 0:
        raise ValueError("no images: channel statistics need at least one")
    mean = total / pixels
    return mean, (squares / pixels - mean**2).clamp(min=0).sqrt()  # type: ignore


def denormalize(
    images: Tensor, mean: Sequence[float] | Tensor, std: Sequence[float] | Tensor
) -> Tensor:
    """Undo a normalisation: (..., C, H, W) -> the same shape, images * std + mean."""
    mean, std = (
        torch.as_tensor(values, dtype=images.dtype, device=images.device) for values in (mean, std)
    )
    return images * std.view(-1, 1, 1) + mean.view(-1, 1, 1)  # type: ignore[union-attr]


def stratified_split(
    labels: Tensor, number: int, generator: torch.Generator, *, at_least: int = 0
) -> tuple[Tensor, Tensor]:
    """Choose `number` of (N,) labels, each class by its share: shuffled indices, chosen and others.

    What rounding leaves over goes to the classes with the largest remainders. A class whose share
    is below `at_least` gets so many nevertheless, if it has them, from those with the most.

    Raises:
        ValueError: if there are fewer labels than `number`.
    """
    if not 0 <= number <= len(labels):
        raise ValueError(f"cannot choose {number} of {len(labels)} images")
    counts, total = labels.bincount(), max(len(labels), 1)
    shares = counts * number  # whole numbers, counted in 1 / N of an image: nothing is rounded
    quotas, remainders = shares // total, shares % total
    quotas[remainders.argsort(descending=True, stable=True)[: number - int(quotas.sum())]] += 1
    least = counts.clamp(max=at_least)
    while (quotas < least).any() and (quotas > least).any():
        quotas[(quotas - least).argmin()] += 1
        quotas[(quotas - least).argmax()] -= 1
    shuffled = torch.randperm(len(labels), generator=generator)
    chosen = torch.zeros(len(labels), dtype=torch.bool)
    for label, quota in enumerate(quotas.tolist()):
        of_label = shuffled[labels[shuffled] == label]
        chosen[of_label[:quota]] = True
    # In the order so far, the class whose quota was full first makes up the first of the others:
    # shuffle again.
    shuffled = torch.randperm(len(labels), generator=generator)
    return shuffled[chosen[shuffled]], shuffled[~chosen[shuffled]]
