"""What `sanity_check` of lesson 07 looks for in the images and labels of a training, its validation
and its test.
"""

import math
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from course_utils.data import Split, denormalize, normalization, without_chance

IMAGES, EXAMPLES = 1000, 200  # images looked at in each split; as many are needed for statistics


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
    size = loader.batch_size or 1
    batches = list(islice(loader, -(-IMAGES // size)))
    if not batches:
        raise ValueError(f"the {name} loader has no images: there is nothing to check")
    images, labels = (torch.cat(values)[:IMAGES] for values in zip(*batches, strict=True))
    return Part(name, loader.dataset, images, labels, _plain_items(loader.dataset, len(images)))


def _plain_items(dataset: Dataset, number: int) -> Tensor:
    """The first images of a data set without its augmentation, if it has one that can be taken off."""
    if isinstance(dataset, Split):
        dataset = Split(dataset.data, dataset.targets, without_chance(dataset.transform))
    return torch.stack([dataset[index][0] for index in range(min(number, len(dataset)))])


def check_data(parts: list[Part]) -> Iterator[Finding]:
    train, *others = parts
    for part in parts:
        if not torch.isfinite(part.images).all():
            yield Finding(
                "not finite",
                f"{part.name} images hold nan or infinity: look at them before anything else",
            )
            return
    yield from _check_scale(train, others)
    for part in others:
        first = range(min(8, len(part.dataset)))
        if any(not torch.equal(part.dataset[i][0], part.dataset[i][0]) for i in first):
            yield Finding(
                "augmented evaluation",
                f"a {part.name} image is another one each time it is read: augment training images only",
            )
    yield from _check_duplicates(parts)
    yield from _check_labels(train, others[0])


def _check_scale(train: Part, others: list[Part]) -> Iterator[Finding]:
    low, high, spread = train.plain.min().item(), train.plain.max().item(), train.plain.std().item()
    if not 0.3 < spread < 3:
        looks = (
            "bytes"
            if high > 30
            else "pixels from 0 to 1"
            if low >= 0 and high <= 1
            else "another scale"
        )
        yield Finding(
            "not normalised",
            f"training pixels go from {low:.3g} to {high:.3g}, with standard deviation {spread:.3g}, like {looks}: "
            "subtract the mean and divide by the standard deviation",
        )
    mean, std = train.plain.mean(dim=(0, 2, 3)), train.plain.std(dim=(0, 2, 3)).clamp(min=1e-6)
    for part in others:
        shift = ((part.plain.mean(dim=(0, 2, 3)) - mean) / std).abs().max().item()
        ratio = (part.plain.std(dim=(0, 2, 3)) / std).log().abs().max().exp().item()
        if _red_over_blue(train) * _red_over_blue(part) < 0:
            yield Finding(
                "channels swapped",
                f"red is above blue in one of training and {part.name} images, and below in the other: RGB and BGR?",
            )
        elif shift > 0.5 or ratio > 1.5:
            yield Finding(
                "scaled differently",
                f"{part.name} images lie {shift:.2g} deviations from training images, their spread differs by "
                f"{ratio:.2g} times: normalise all splits with the same numbers",
            )


def _red_over_blue(part: Part) -> int:
    """1 or -1 if red is clearly above or below blue in the mean over images, 0 if that is not
    clear.
    """
    images = part.plain
    if images.shape[1] != 3 or len(images) < EXAMPLES:
        return 0
    images = denormalize(images, *normalization(getattr(part.dataset, "transform", None)))
    difference = (images[:, 0] - images[:, 2]).mean(dim=(1, 2))  # (N,)
    errors = difference.mean() / (difference.std() / math.sqrt(len(images))).clamp(min=1e-9)
    return int(errors.sign()) if errors.abs() > 5 else 0


def _check_duplicates(parts: list[Part]) -> Iterator[Finding]:
    prints = [_fingerprints(part.dataset) for part in parts]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        if common := len(prints[one] & prints[other]):
            yield Finding(
                "duplicates",
                f"{common} images are in both {parts[one].name} and {parts[other].name}: "
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
    elif errors_above_chance(train.images, train.labels, val.images, val.labels) < 3:
        labels = torch.tensor([int(train.dataset[index][1]) for index in range(len(train.plain))])
        lost = errors_above_chance(train.plain, labels, val.images, val.labels) >= 3
        yield Finding(
            "augmentation changes labels" if lost else "labels do not fit",
            "the training images' labels say nothing about validation images that look alike: "
            + (
                "they do without the augmentation, so look at what it makes"
                if lost
                else "look at images with labels"
            ),
        )


def errors_above_chance(images: Tensor, labels: Tensor, queries: Tensor, answers: Tensor) -> float:
    """By how many standard errors the nearest of `images` predicts the label of `queries` better
    than chance does.

    Images are compared at 16 x 16 pixels, each minus its mean and divided by its length.
    """
    small = [F.adaptive_avg_pool2d(batch, 16).flatten(1) for batch in (images, queries)]
    small = [F.normalize(batch - batch.mean(dim=1, keepdim=True)) for batch in small]  # (N, 768)
    hits = (labels[(small[1] @ small[0].T).argmax(dim=1)] == answers).float().mean().item()
    classes = int(max(labels.max(), answers.max())) + 1
    shares = [values.bincount(minlength=classes) / len(values) for values in (labels, answers)]
    chance = (shares[0] * shares[1]).sum().item()
    return (hits - chance) / math.sqrt(max(chance * (1 - chance), 1e-9) / len(answers))
