"""Data for every lesson: three sources behind `load_splits`, the splits, channel statistics,
loaders.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from course_utils.data.datasets import Source, open_source
from course_utils.data.pictures import ImageFiles, resize_to_square
from course_utils.data.statistics import channel_stats
from course_utils.paths import DATA_DIR


class ImageDataset(Dataset):
    """Images with labels. Item `i` is (image, label): float (3, size, size), augmented and
    normalised, and an int.

    `images` holds the originals, uint8 (N, 3, H, W) or files, and `labels` (N,) int64, for whoever
    wants them whole.
    """

    def __init__(
        self,
        images: Tensor | ImageFiles,
        labels: Tensor,
        *,
        size: int = 32,
        augment: Callable[[Tensor], Tensor] | None = None,
        mean: Sequence[float] = (0, 0, 0),
        std: Sequence[float] = (1, 1, 1),
    ):
        self.images, self.labels, self.size, self.augment = images, labels, size, augment
        self.mean, self.std = torch.tensor(mean).view(3, 1, 1), torch.tensor(std).view(3, 1, 1)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = resize_to_square(self.images[index], self.size)
        if self.augment is not None:
            image = self.augment(
                image.clone()
            )  # a view: what an augmentation does in place would last
        if not image.is_floating_point():
            image = image.float() / 255
        return (image - self.mean) / self.std, int(self.labels[index])


@dataclass(frozen=True)
class Splits:
    """A data set, split. `train_plain` is `train` without augmentation. `mean` and `std` are those
    that were applied.

    `flip_safe` says whether a mirrored image keeps its label.
    """

    train: ImageDataset
    train_plain: ImageDataset
    val: ImageDataset
    test: ImageDataset
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    name: str
    flip_safe: bool

    def __str__(self) -> str:
        return (
            f"{self.name}: {len(self.train):,} training, {len(self.val):,} validation and {len(self.test):,} test "
            f"images of {self.train.size}x{self.train.size} pixels, {len(self.classes)} classes"
        )


class Loaders(NamedTuple):
    train: DataLoader
    val: DataLoader
    test: DataLoader


def load_splits(
    dataset: str | Path = "auto",
    *,
    augment: Callable[[Tensor], Tensor] | None = None,
    normalize: bool | tuple[Sequence[float], Sequence[float]] = True,
    size: int = 32,
    train_size: int = 0,
    val_fraction: float = 0.1,
    seed: int = 0,
    root: str | Path | None = None,
) -> Splits:
    """Load a data set and split it into training, validation and test images.

    `dataset` is "cifar10" (looked for in `root`, by default DATA_DIR), "shapes", "arrows" (a mirror
    pair of shapes), the path of an image folder (train/<class>/*, test/<class>/*), or "auto":
    CIFAR-10 if it is on disk, else Shapes. The validation images are taken from the training images
    first, then `train_size` of the rest (0: all). Both choices are seeded and keep the classes'
    proportions. `augment` maps uint8 (3, size, size) to the same or to floats in [0, 1], in
    training only. `normalize`: True (by the training images), False (stay in [0, 1]), or (mean,
    std).

    Raises:
        FileNotFoundError: if the data set is not on disk; the message says how to get it.
        ValueError: if an argument is out of range, or an image folder is not what it should be.
    """
    _check_arguments(size, train_size, val_fraction, normalize)
    source = open_source(dataset, Path(root).expanduser() if root else DATA_DIR, size)
    train, val = _choose(source, train_size, val_fraction, torch.Generator().manual_seed(seed))
    train_images, train_labels = source.read("train", train), source.train_labels[train]
    mean, std = _normalization(normalize, ImageDataset(train_images, train_labels, size=size))
    make = partial(ImageDataset, size=size, mean=mean, std=std)
    return Splits(
        train=make(train_images, train_labels, augment=augment),
        train_plain=make(train_images, train_labels),
        val=make(source.read("train", val), source.train_labels[val]),
        test=make(source.read("test", torch.arange(len(source.test_labels))), source.test_labels),
        classes=source.classes,
        mean=mean,
        std=std,
        name=source.name,
        flip_safe=source.flip_safe,
    )


def _check_arguments(
    size: int, train_size: int, val_fraction: float, normalize: bool | tuple
) -> None:
    if size < 2:  # torch fails to scale to one pixel
        raise ValueError(f"size is {size}: give the side of the images in pixels, at least 2")
    if train_size < 0:
        raise ValueError(f"train_size is {train_size}: give a number of images, or 0 for all")
    if not 0 < val_fraction < 1:
        raise ValueError(
            f"val_fraction is {val_fraction}: give a fraction between 0 and 1, for instance 0.1"
        )
    if isinstance(normalize, bool):
        return
    try:
        mean, std = normalize
        is_pair = len(mean) == len(std) == 3 and min(std) > 0
    except (TypeError, ValueError):
        is_pair = False
    if not is_pair:
        raise ValueError(
            f"normalize is {normalize!r}: give True, False or (mean, std), 3 numbers each, std above 0"
        )


def _choose(
    source: Source, train_size: int, val_fraction: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Which of the source's training images are for training, and which for validation."""
    labels = source.train_labels
    val, train = stratified_split(labels, round(val_fraction * len(labels)), generator)
    if train_size > len(train):
        has = f"{source.name} has {len(train)} training images"
        raise ValueError(f"train_size is {train_size}, but {has}: ask for fewer, or 0 for all")
    if train_size:
        train = train[stratified_split(labels[train], train_size, generator)[0]]
    for part, indices, way_out in (
        ("validation", val, "raise val_fraction"),
        ("training", train, "raise train_size or lower val_fraction"),
    ):
        for label in sorted(set(range(len(source.classes))) - set(labels[indices].tolist())):
            what = f"none of the {len(indices)} {part} images is of class {source.classes[label]!r}"
            raise ValueError(f"{what} of {source.name}: {way_out}, or add images")
    return train, val


def _normalization(
    normalize: bool | tuple[Sequence[float], Sequence[float]], train: ImageDataset
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The mean and the standard deviation to normalise with."""
    if normalize is False:
        return (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    if normalize is True:
        normalize = channel_stats(train)
        if normalize[1].min() < 1e-6:  # rounding: equal numbers may give 1e-8 instead of 0
            raise ValueError(
                "a channel has the same value in all training images: use normalize=False"
            )
    mean, std = (tuple(float(value) for value in values) for values in normalize)
    return mean, std


def stratified_split(
    labels: Tensor, number: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Choose `number` of (N,) labels at random, each class by its share: (indices chosen, the other
    indices), shuffled.

    What rounding leaves over goes to the classes with the largest remainders.

    Raises:
        ValueError: if there are fewer labels than `number`.
    """
    if not 0 <= number <= len(labels):
        raise ValueError(f"cannot choose {number} of {len(labels)} images")
    shares = (
        labels.bincount() * number
    )  # whole numbers, counted in 1 / N of an image: nothing is rounded
    quotas, remainders = shares // max(len(labels), 1), shares % max(len(labels), 1)
    quotas[remainders.argsort(descending=True, stable=True)[: number - int(quotas.sum())]] += 1
    shuffled = torch.randperm(len(labels), generator=generator)
    chosen = torch.zeros(len(labels), dtype=torch.bool)
    for label, quota in enumerate(quotas.tolist()):
        of_label = shuffled[labels[shuffled] == label]
        chosen[of_label[:quota]] = True
    # In the order so far, the class whose quota was full first makes up the first of the others:
    # shuffle again.
    shuffled = torch.randperm(len(labels), generator=generator)
    return shuffled[chosen[shuffled]], shuffled[~chosen[shuffled]]


def make_loaders(
    splits: Splits, batch_size: int, *, num_workers: int = 0, seed: int = 0
) -> Loaders:
    """Loaders of (images, labels): (N, 3, H, W) float and (N,) int64. Training batches are
    shuffled, by `seed`.

    Raises:
        ValueError: if `batch_size` is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}: give at least 1")
    common = {"num_workers": num_workers, "pin_memory": torch.cuda.is_available()}
    # Each loader draws from a generator of its own, so that measuring does not disturb the
    # randomness of training. The training loader's workers start anew each epoch, seeded by it:
    # only thus can a training be resumed exactly.
    generators = [torch.Generator().manual_seed(seed) for _ in range(3)]
    train = DataLoader(splits.train, batch_size, shuffle=True, generator=generators[0], **common)
    # Evaluation keeps no gradients, so larger batches fit and waste less time on the way.
    val, test = (
        DataLoader(
            part,
            max(batch_size, 250),
            generator=generator,
            persistent_workers=num_workers > 0,
            **common,
        )
        for part, generator in zip((splits.val, splits.test), generators[1:], strict=True)
    )
    return Loaders(train, val, test)
