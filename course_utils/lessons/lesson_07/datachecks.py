"""What `sanity_check` of lesson 07 looks for in the images and labels of a training, its validation
and its test.
"""

import math
from collections.abc import Iterator
from hashlib import blake2b
from itertools import combinations, islice
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from course_utils.data import Split, denormalize, normalization
from course_utils.data.transforms import BATCHABLE, compose, steps

IMAGES = 1000  # looked at in each split
EXAMPLES = 200  # needed for statistics


class Finding(NamedTuple):
    """A fault: its short name, and a line that says what was measured and what to do."""

    fault: str
    message: str


class Part(NamedTuple):
    """The first images of one split: as the loader gives them, and without augmentation, in the
    data set's order.
    """

    name: str
    dataset: Dataset
    images: Tensor
    labels: Tensor
    plain: Tensor


def first_images(name: str, loader: DataLoader) -> Part:
    """What `check_data` looks at in one split.

    Raises:
        ValueError: if the loader has no images.
    """
    number = math.ceil(IMAGES / (loader.batch_size or 1))
    batches = list(islice(loader, number))
    if not batches:
        raise ValueError(f"the {name} loader has no images: there is nothing to check")
    images = torch.cat([images for images, _ in batches])[:IMAGES]
    labels = torch.cat([labels for _, labels in batches])[:IMAGES]
    plain = _plain_items(loader.dataset, len(images))
    return Part(name, loader.dataset, images, labels, plain)


def _plain_items(dataset: Dataset, number: int) -> Tensor:
    """The first images of a data set without what may draw random numbers, where that can be told."""
    if isinstance(dataset, Split):
        plain = compose(step for step in steps(dataset.transform) if type(step) in BATCHABLE)
        dataset = Split(dataset.data, dataset.targets, plain)
    return torch.stack([dataset[index][0] for index in range(min(number, len(dataset)))])


def check_data(parts: list[Part]) -> Iterator[Finding]:
    """Faults of the images and labels of training, validation and test, given in this order."""
    train, *others = parts
    for part in parts:
        if not torch.isfinite(part.images).all():
            yield Finding(
                "not finite",
                f"{part.name} images hold nan or infinity: look at them before anything else",
            )
            return
    yield from _check_scale(train)
    for part in others:
        yield from _check_same_scale(train, part)
    for part in others:
        if _changes_when_read_again(part.dataset):
            yield Finding(
                "augmented evaluation",
                f"a {part.name} image is another one each time it is read: "
                "augment training images only",
            )
    yield from _check_duplicates(parts)
    yield from _check_labels(train, others[0])


def _changes_when_read_again(dataset: Dataset, number: int = 8) -> bool:
    for index in range(min(number, len(dataset))):
        first, _ = dataset[index]
        again, _ = dataset[index]
        if not torch.equal(first, again):
            return True
    return False


def _check_scale(train: Part) -> Iterator[Finding]:
    low, high = train.plain.min().item(), train.plain.max().item()
    std = train.plain.std().item()
    if 0.3 < std < 3:
        return
    if high > 30:
        looks = "bytes"
    elif low >= 0 and high <= 1:
        looks = "pixels from 0 to 1"
    else:
        looks = "another scale"
    yield Finding(
        "not normalised",
        f"training pixels go from {low:.3g} to {high:.3g}, with standard deviation {std:.3g}, "
        f"like {looks}: subtract the mean and divide by the standard deviation",
    )


def _check_same_scale(train: Part, part: Part) -> Iterator[Finding]:
    mean = train.plain.mean(dim=(0, 2, 3))  # (C,)
    std = train.plain.std(dim=(0, 2, 3)).clamp(min=1e-6)  # (C,)
    shifts = (part.plain.mean(dim=(0, 2, 3)) - mean) / std
    ratios = part.plain.std(dim=(0, 2, 3)) / std
    shift = shifts.abs().max().item()
    ratio = ratios.log().abs().max().exp().item()
    if _red_over_blue(train) * _red_over_blue(part) < 0:
        yield Finding(
            "channels swapped",
            f"red is above blue in one of training and {part.name} images, and below in the other: "
            "RGB and BGR?",
        )
    elif shift > 0.5 or ratio > 1.5:
        yield Finding(
            "scaled differently",
            f"{part.name} images lie {shift:.2g} deviations from training images, their spread "
            f"differs by {ratio:.2g} times: normalise all splits with the same numbers",
        )


def _red_over_blue(part: Part) -> int:
    """1 or -1 if red is clearly above or below blue in the mean over images, 0 if that is not
    clear.
    """
    images = part.plain
    if images.shape[1] != 3 or len(images) < EXAMPLES:
        return 0
    images = denormalize(images, *normalization(getattr(part.dataset, "transform", None)))
    differences = (images[:, 0] - images[:, 2]).mean(dim=(1, 2))  # (N,)
    standard_error = differences.std() / math.sqrt(len(images))
    errors = differences.mean() / standard_error.clamp(min=1e-9)
    return int(errors.sign()) if errors.abs() > 5 else 0


def _check_duplicates(parts: list[Part]) -> Iterator[Finding]:
    prints = {part.name: _fingerprints(part.dataset) for part in parts}
    for one, other in combinations(prints, 2):
        common = prints[one] & prints[other]
        if common:
            yield Finding(
                "duplicates",
                f"{len(common)} images are in both {one} and {other}: "
                "take them out of one, or the score flatters",
            )


def _fingerprints(dataset: Dataset) -> set[bytes]:
    """A short code for each image's pixels, as they are kept if the data set keeps them."""
    whole = (dataset[index][0] for index in range(len(dataset)))
    images = dataset.data if isinstance(dataset, Split) else whole
    return {blake2b(image.cpu().contiguous().numpy(), digest_size=16).digest() for image in images}


def _check_labels(train: Part, val: Part) -> Iterator[Finding]:
    if min(len(train.images), len(val.images)) < EXAMPLES:
        return
    same = (train.labels[1:] == train.labels[:-1]).float().mean().item()
    chance = (train.labels.bincount() / len(train.labels)).square().sum().item()
    if same > 0.5 + chance / 2:
        yield Finding(
            "sorted by class",
            f"{same:.0%} of neighbouring training images are of one class: shuffle the loader",
        )
        return
    if errors_above_chance(train.images, train.labels, val.images, val.labels) >= 3:
        return
    plain_labels = torch.tensor([int(train.dataset[i][1]) for i in range(len(train.plain))])
    if errors_above_chance(train.plain, plain_labels, val.images, val.labels) >= 3:
        fault = "augmentation changes labels"
        advice = "they do without the augmentation, so look at what it makes"
    else:
        fault = "labels do not fit"
        advice = "look at images with labels"
    yield Finding(
        fault,
        "the training images' labels say nothing about validation images that look alike: "
        + advice,
    )


def errors_above_chance(
    images: Tensor, labels: Tensor, queries: Tensor, query_labels: Tensor
) -> float:
    """By how many standard errors the nearest of `images` predicts the label of `queries` better
    than chance does.

    Images are compared at 16 x 16 pixels, each minus its mean and divided by its length.
    """
    similarity = _comparable(queries) @ _comparable(images).T  # (queries, images)
    predictions = labels[similarity.argmax(dim=1)]
    accuracy = (predictions == query_labels).float().mean().item()
    classes = int(max(labels.max(), query_labels.max())) + 1
    shares = labels.bincount(minlength=classes) / len(labels)
    query_shares = query_labels.bincount(minlength=classes) / len(query_labels)
    chance = (shares * query_shares).sum().item()
    variance = max(chance * (1 - chance), 1e-9)
    return (accuracy - chance) / math.sqrt(variance / len(query_labels))


def _comparable(images: Tensor) -> Tensor:
    """(N, C, H, W) -> (N, C * 256), of mean 0 and length 1."""
    small = F.adaptive_avg_pool2d(images, 16).flatten(1)
    return F.normalize(small - small.mean(dim=1, keepdim=True))
