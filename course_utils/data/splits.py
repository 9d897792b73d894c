"""Data sets split for training, validation and testing, prepared once, and their loaders."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.datasets import VisionDataset
from torchvision.transforms import v2

from course_utils.data.datasets import PictureFolder, open_dataset, open_folder
from course_utils.data.preparation import Prepared, preparation, prepare_images
from course_utils.data.statistics import channel_stats, stratified_split
from course_utils.data.transforms import BATCHABLE, Transform, apply, compose, normalization, steps
from course_utils.paths import DATASETS


class Split(Dataset[tuple[Tensor, int]]):
    """Images with labels and a transform: item `i` is what that makes of `data[i]`, and an int.

    `data` is uint8 (N, 3, H, W), or a sequence of N images (3, H, W), and `targets` int64 (N,).
    What of the transform draws no chance is applied to a whole batch at once, with the same result
    as image by image. `data`, `targets` and `transform` may be set anew.
    """

    def __init__(
        self, data: Tensor | Prepared, targets: Tensor, transform: Transform | None = None
    ):
        self.data, self.targets = data, targets
        self.transform = transform

    @property
    def transform(self) -> Transform | None:
        return self._transform

    @transform.setter
    def transform(self, transform: Transform | None) -> None:
        self._transform = transform
        # The images are tensors already: without the wrapper, torchvision is faster.
        self._steps = [step for step in steps(transform) if type(step) is not v2.ToImage]
        single = [i for i, step in enumerate(self._steps) if type(step) not in BATCHABLE]
        first, end = (single[0], single[-1] + 1) if single else (len(self._steps),) * 2
        self._before, self._single = self._steps[:first], self._steps[first:end]
        self._after = self._steps[end:]

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = self.data[index].clone()  # what a transform does in place does not last
        return apply(self._steps, image), int(self.targets[index])

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Tensor, int]]:
        """Several items at once: what DataLoader asks for."""
        chosen = list(indices)
        if isinstance(self.data, Tensor):
            batch = self.data[chosen]  # a copy
        else:
            batch = torch.stack([self.data[index] for index in chosen])
        images = list(apply(self._before, batch))
        if self._single:
            images = self._finish([apply(self._single, image) for image in images])
        return list(zip(images, self.targets[chosen].tolist(), strict=True))

    def _finish(self, images: list[Any]) -> list[Tensor]:
        if not self._after:
            return images
        if len({(image.shape, image.dtype) for image in images}) == 1:
            return list(apply(self._after, torch.stack(images)))
        return [apply(self._after, image) for image in images]

    def __iter__(self) -> Iterator[tuple[Tensor, int]]:
        for start in range(0, len(self), 500):
            yield from self.__getitems__(range(start, min(start + 500, len(self))))


@dataclass(frozen=True)
class Splits:
    """A data set, split. `train_plain` is `train` without augmentation; `mean` and `std` are those
    that were applied; `flip_safe` says whether a mirrored image keeps its label.
    """

    train: Split
    train_plain: Split
    val: Split
    test: Split
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    name: str
    flip_safe: bool

    def __str__(self) -> str:
        height, width = self.train_plain[0][0].shape[-2:]
        parts = f"{len(self.train):,} training, {len(self.val):,} validation and {len(self.test):,}"
        form = f"{height}x{width} pixels, {len(self.classes)} classes"
        return f"{self.name}: {parts} test images of {form}"


class Loaders(NamedTuple):
    train: DataLoader
    val: DataLoader
    test: DataLoader


def load_splits(
    dataset: str | Path = "auto",
    *,
    augment: Transform | None = None,
    transform: Transform | None = None,
    size: int = 32,
    train_size: int = 0,
    val_fraction: float = 0.1,
    seed: int = 0,
    root: str | Path | None = None,
) -> Splits:
    """Load a data set and split it into training, validation and test images.

    `dataset`, `root` and `seed` are those of `open_dataset`: "auto", "cifar10", "shapes", "arrows",
    or the path of a folder of pictures, which may hold a `val/` too. Without one the validation
    images are taken from the training images first; then at most `train_size` of the rest are
    chosen (0: all). All choices are seeded and keep the classes' proportions.

    The pipeline of each split, `splits.train.transform` and so on, is ToImage, Resize and
    CenterCrop where the pictures are not `size` by `size`, `augment` (in training only), ToDtype,
    and Normalize with the training images' own numbers. `augment` maps uint8 (3, size, size) to
    the same or to floats in [0, 1]. A given `transform` stands for what follows `augment`; `mean`
    and `std` are then those of its last Normalize, else 0 and 1.

    Raises:
        FileNotFoundError: if the data set is not on disk; the message says how to get it.
        ValueError: if an argument is out of range, or a folder is not what it should be.
    """
    _check_arguments(size, train_size, val_fraction)
    name, parts = _open(dataset, root, size, seed)
    classes = tuple(parts["train"].classes)
    indices = _choose(name, parts, train_size, val_fraction, torch.Generator().manual_seed(seed))
    sources = {split: parts.get(split, parts["train"]) for split in indices}
    targets = {split: torch.tensor(sources[split].targets)[indices[split]] for split in indices}
    prepare = preparation(parts["train"], size)
    data = prepare_images(sources, indices, prepare, size)
    if transform is None:
        to_float = v2.ToDtype(torch.float32, scale=True)
        mean, std = _own_numbers(Split(data["train"], targets["train"], to_float))
        transform = v2.Compose([to_float, v2.Normalize(mean, std)])
    mean, std = normalization(transform)
    plain = compose([*prepare, *steps(transform)])
    augmented = compose([*prepare, augment, *steps(transform)]) if augment else plain
    return Splits(
        train=Split(data["train"], targets["train"], augmented),
        train_plain=Split(data["train"], targets["train"], plain),
        val=Split(data["val"], targets["val"], plain),
        test=Split(data["test"], targets["test"], plain),
        classes=classes,
        mean=mean,
        std=std,
        name=name,
        flip_safe=getattr(parts["train"], "flip_safe", True),
    )


def _own_numbers(train: Split) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of the training images."""
    mean, std = channel_stats(train)
    if std.min() < 1e-6:  # rounding: equal numbers may give 1e-8 instead of 0
        raise ValueError(
            "a channel has the same value in all training images, so its deviation is 0: give a "
            "transform, for instance v2.ToDtype(torch.float32, scale=True)"
        )
    return tuple(mean.tolist()), tuple(std.tolist())


def _check_arguments(size: int, train_size: int, val_fraction: float) -> None:
    if size < 2:  # torch fails to scale to one pixel
        raise ValueError(f"size is {size}: give the side of the images in pixels, at least 2")
    if train_size < 0:
        raise ValueError(f"train_size is {train_size}: give a number of images, or 0 for all")
    if not 0 < val_fraction < 1:
        raise ValueError(
            f"val_fraction is {val_fraction}: give a fraction between 0 and 1, for instance 0.1"
        )


def _open(
    dataset: str | Path, root: str | Path | None, size: int, seed: int
) -> tuple[str, dict[str, VisionDataset]]:
    """The data set's name, and its parts: "train", "test", and "val" if a folder has one."""
    if dataset in DATASETS:
        train = open_dataset(dataset, train=True, root=root)
        name = type(train).__name__.lower()
        return name, {"train": train, "test": open_dataset(name, train=False, root=root)}
    parts = open_folder(dataset, size=size, seed=seed)
    name = Path(dataset).expanduser().resolve().name
    return f"{name}-folder" if name in DATASETS else name, dict(parts)  # results are kept by name


def _choose(
    name: str,
    parts: dict[str, VisionDataset],
    train_size: int,
    val_fraction: float,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """Which images of the parts are for training, validation and testing."""
    labels, classes = torch.tensor(parts["train"].targets), parts["train"].classes
    if 0 < train_size < len(classes):
        raise ValueError(
            f"train_size is {train_size}, but {name} has {len(classes)} classes: "
            f"give at least {len(classes)}, or 0 for all"
        )
    if "val" in parts:
        val, train = _order(parts["val"]), stratified_split(labels, 0, generator)[1]
    else:
        number = min(max(round(val_fraction * len(labels)), len(classes)), len(labels))
        val, train = stratified_split(labels, number, generator, at_least=1)
        _check_classes(name, classes, {"validation": labels[val], "training": labels[train]})
    if train_size:
        number = min(train_size, len(train))
        train = train[stratified_split(labels[train], number, generator, at_least=1)[0]]
    return {"train": train, "val": val, "test": _order(parts["test"])}


def _order(part: VisionDataset) -> Tensor:
    """Pictures of a folder come sorted by class; whoever looks at the first few test images, or at
    one batch, wants a mixture.
    """
    number = len(part.targets)
    if isinstance(part, PictureFolder):
        return torch.randperm(number, generator=torch.Generator().manual_seed(0))
    return torch.arange(number)


def _check_classes(name: str, classes: Sequence[str], parts: dict[str, Tensor]) -> None:
    for part, found in parts.items():
        for label in sorted(set(range(len(classes))) - set(found.tolist())):
            raise ValueError(
                f"none of the {len(found)} {part} images is of class {classes[label]!r} of {name}: "
                "add images of it, or lower val_fraction"
            )


def make_loaders(
    splits: Splits, batch_size: int, *, num_workers: int = 0, seed: int = 0
) -> Loaders:
    """Loaders of (images, labels): (N, 3, H, W) float, (N,) int64; training is shuffled by `seed`.

    Raises:
        ValueError: if `batch_size` is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}: give at least 1")
    make = partial(DataLoader, num_workers=num_workers, pin_memory=torch.cuda.is_available())
    # Each loader draws from a generator of its own, so that measuring does not disturb the
    # randomness of training. The training loader's workers start anew each epoch, seeded by it:
    # only thus can a training be resumed exactly.
    generators = [torch.Generator().manual_seed(seed) for _ in range(3)]
    train = make(splits.train, batch_size, shuffle=True, generator=generators[0])
    # Evaluation keeps no gradients, so larger batches fit and waste less time on the way.
    measure = partial(make, batch_size=max(batch_size, 250), persistent_workers=num_workers > 0)
    val = measure(splits.val, generator=generators[1])
    test = measure(splits.test, generator=generators[2])
    return Loaders(train, val, test)
