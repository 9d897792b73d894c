"""Statistics of images, and choices that keep the classes' shares."""

import pytest
import torch

from course_utils.data import (
    CIFAR10_MEAN,
    CIFAR10_STD,
    channel_stats,
    denormalize,
    stratified_split,
)
from tests.helpers import raises


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("counts", "number", "quotas"),
    [
        ([10, 10, 10], 6, [2, 2, 2]),
        ([20, 10, 30], 6, [2, 1, 3]),
        (
            [5, 3, 2],
            5,
            [3, 1, 1],
        ),  # shares 2.5, 1.5 and 1: of equal remainders the first class gets the image
        ([7, 7, 7], 10, [4, 3, 3]),
        ([3, 0, 9], 4, [1, 0, 3]),
        ([1, 99], 10, [0, 10]),
        ([4, 4], 0, [0, 0]),
        ([4, 4], 8, [4, 4]),
        ([2313, 5397], 3995, [1199, 2796]),  # shares 1198.5 and 2796.5 exactly; in float32 not
    ],
)
def test_each_class_gets_its_share(counts, number, quotas):
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    chosen, others = stratified_split(labels, number, generator())
    assert len(chosen) == number
    assert labels[chosen].bincount(minlength=len(counts)).tolist() == quotas
    assert torch.equal(torch.cat([chosen, others]).sort().values, torch.arange(len(labels)))


def test_a_split_is_random_and_seeded():
    labels = torch.arange(300) % 3
    split = [stratified_split(labels, 90, generator(seed)) for seed in (0, 0, 1)]
    assert all(torch.equal(a, b) for a, b in zip(split[0], split[1], strict=True))
    assert all(set(a.tolist()) != set(b.tolist()) for a, b in zip(split[0], split[2], strict=True))


def test_both_parts_are_shuffled():
    labels = torch.arange(3).repeat_interleave(100)
    for part in stratified_split(labels, 150, generator()):
        assert not torch.equal(part, part.sort().values)
        assert labels[part[:30]].bincount(minlength=3).min() > 0


def test_every_image_can_be_chosen():
    labels = torch.tensor([0] * 5 + [1] * 5)
    seen = {int(i) for seed in range(40) for i in stratified_split(labels, 2, generator(seed))[0]}
    assert seen == set(range(10))


@pytest.mark.parametrize("number", [-1, 11])
def test_more_than_there_is_cannot_be_chosen(number):
    with raises(ValueError, f"cannot choose {number} of 10 images"):
        stratified_split(torch.arange(10), number, generator())


@pytest.mark.parametrize(
    ("counts", "number", "quotas"),
    [
        ([10, 10, 10], 6, [2, 2, 2]),  # no class is short: as without at_least
        ([99, 1], 10, [9, 1]),
        ([50, 30, 1, 1], 9, [4, 3, 1, 1]),
        ([50, 0, 3], 5, [4, 0, 1]),
        ([5, 5, 5], 2, [1, 1, 0]),  # more cannot be had
    ],
)
def test_each_class_can_be_given_one(counts, number, quotas):
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    chosen, others = stratified_split(labels, number, generator(), at_least=1)
    assert labels[chosen].bincount(minlength=len(counts)).tolist() == quotas
    assert len(others) == len(labels) - number


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float64])
def test_channel_statistics_are_those_of_the_stack(dtype):
    images = torch.randint(0, 256, (50, 3, 9, 7), generator=generator())
    images = images.to(torch.uint8) if dtype == torch.uint8 else (images / 255 * 0.3 + 5).to(dtype)
    mean, std = channel_stats([(image, 0) for image in images])
    whole = images.double() / (255 if dtype == torch.uint8 else 1)
    assert mean.shape == std.shape == (3,)
    assert mean.dtype == std.dtype == torch.float64
    assert (mean - whole.mean((0, 2, 3))).abs().max() < 1e-9
    assert (std - whole.std((0, 2, 3), correction=0)).abs().max() < 1e-9


def test_channel_statistics_of_images_of_unlike_sizes():
    images = [torch.rand(2, height, 5, generator=generator(height)) for height in (1, 4, 30)]
    mean, std = channel_stats((image, "any label") for image in images)
    pixels = torch.cat(
        [image.double().flatten(1) for image in images], dim=1
    )  # each pixel counts once
    assert (mean - pixels.mean(1)).abs().max() < 1e-9
    assert (std - pixels.std(1, correction=0)).abs().max() < 1e-9


def test_channel_statistics_of_equal_pixels():
    mean, std = channel_stats(
        [(torch.full((3, 3, 5), 13, dtype=torch.uint8), 0)]
    )  # rounding: variance -4e-19
    assert mean.tolist() == pytest.approx([13 / 255] * 3)
    assert std.tolist() == pytest.approx([0] * 3, abs=1e-7)  # and no root of a negative number


def test_channel_statistics_of_nothing():
    with raises(ValueError, "no images: channel statistics need at least one"):
        channel_stats([])


@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 3, 4, 5), (6, 2, 3, 4, 5)])
def test_denormalize_is_the_inverse(shape):
    images = torch.rand(shape, generator=generator())
    mean, std = torch.tensor(CIFAR10_MEAN).view(3, 1, 1), torch.tensor(CIFAR10_STD).view(3, 1, 1)
    back = denormalize((images - mean) / std, CIFAR10_MEAN, CIFAR10_STD)
    assert back.dtype == torch.float32
    assert torch.allclose(back, images, atol=1e-6)
