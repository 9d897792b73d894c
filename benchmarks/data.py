"""Images for benchmarks. What depends on the inside of the course's data sets stands here alone."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import torch
from torch import Tensor
from torchvision.transforms import v2

from course_utils.data import Split, load_splits

CROP_FLIP = v2.Compose([v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip()])
CROP_FLIP_NAME = "RandomCrop(32, padding=4), RandomHorizontalFlip"
SOURCE_AUGMENT = v2.Compose([v2.RandomCrop(32, padding=1), v2.RandomHorizontalFlip()])
Scale = tuple[Sequence[float], Sequence[float]]  # mean and std, of pixels from 0 to 1
RAW_BYTES: Scale = ((0.0,) * 3, (1 / 255,) * 3)
ZERO_TO_ONE: Scale = ((0.0,) * 3, (1.0,) * 3)

# A process reads a split once: seeds differ in first weights and order, not in the images.
splits_of = lru_cache(maxsize=3)(load_splits)


def images_of(part: Split) -> Tensor:
    """The images of a part of the splits, uint8 (N, 3, H, W), as they were before any transform."""
    return part.data if isinstance(part.data, Tensor) else torch.stack(list(part.data))


def labels_of(part: Split) -> Tensor:
    """The labels of a part of the splits, (N,) int64."""
    return part.targets


def rescaled(
    part: Split, mean: Sequence[float], std: Sequence[float], augment: Callable | None = None
) -> Split:
    """The images of a part, augmented if asked, on another scale."""
    to_scale = [v2.ToDtype(torch.float32, scale=True), v2.Normalize(list(mean), list(std))]
    before = [augment] if augment is not None else []
    return Split(images_of(part), labels_of(part), v2.Compose([*before, *to_scale]))


def scaled(images: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """uint8 (N, 3, H, W) -> (images / 255 - mean) / std."""
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (mean, std))
    return (images.float() / 255 - mean) / std


def permutation(number: int, seed: int) -> Tensor:
    return torch.randperm(number, generator=torch.Generator().manual_seed(seed))


def seeded_batches(
    images: Tensor, labels: Tensor, scale: Scale, *, batch_size: int, steps: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """So many training batches in an order by `seed`, pass after pass."""
    generator = torch.Generator().manual_seed(seed)
    passes = -(-steps * batch_size // len(labels))
    orders = [torch.randperm(len(labels), generator=generator) for _ in range(passes)]
    for chosen in torch.cat(orders).split(batch_size)[:steps]:
        yield scaled(images[chosen], *scale), labels[chosen]
