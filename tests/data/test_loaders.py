"""Loaders of splits."""

import random

import pytest
import torch

from course_utils.data import denormalize, load_splits, make_loaders
from tests.helpers import raises


def labels_of(loader):
    return [labels.tolist() for _, labels in loader]


def flat(loader):
    return torch.cat([labels for _, labels in loader]).tolist()


def test_loaders_batch_everything_once(few_shapes):
    splits = load_splits("shapes", train_size=70)
    loaders = make_loaders(splits, 32)
    assert [len(labels) for labels in labels_of(loaders.train)] == [32, 32, 6]
    images, labels = next(iter(loaders.train))
    assert (images.shape, images.dtype) == ((32, 3, 32, 32), torch.float32)
    assert (labels.shape, labels.dtype) == ((32,), torch.int64)
    assert flat(loaders.val) == splits.val.targets.tolist()
    assert flat(loaders.test) == splits.test.targets.tolist()


def test_training_batches_are_shuffled_by_the_seed(few_shapes):
    splits = load_splits("shapes")
    first, again, other = (make_loaders(splits, 50, seed=seed).train for seed in (0, 0, 1))
    epochs = [labels_of(first), labels_of(first)]
    assert epochs == [labels_of(again), labels_of(again)]
    assert epochs[0] != epochs[1]
    assert epochs[0] != labels_of(other)
    assert flat(other) != splits.train.targets.tolist()


def test_measuring_does_not_disturb_training(few_shapes):
    loaders = make_loaders(load_splits("shapes"), 50)
    before = torch.get_rng_state()
    labels_of(loaders.val)
    labels_of(loaders.test)
    labels_of(loaders.train)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("batch_size", [0, -5])
def test_a_batch_has_at_least_one_image(few_shapes, batch_size):
    with raises(ValueError, f"batch_size is {batch_size}: give at least 1"):
        make_loaders(load_splits("shapes"), batch_size)


def noisy(image):
    """Random augmentation, by torch and by Python, at the module's level: a worker process may have
    to pickle it.
    """
    return image.roll(random.randrange(8), dims=2) + torch.randint_like(image, 3)


def test_workers_load_the_same_batches(few_shapes):
    splits = load_splits("shapes", train_size=100, augment=noisy)
    alone, helped, again = (make_loaders(splits, 50, num_workers=number) for number in (0, 2, 2))
    for name in ("val", "test"):
        for left, right in zip(getattr(alone, name), getattr(helped, name), strict=True):
            assert torch.equal(left[0], right[0])
            assert torch.equal(left[1], right[1])
    first, second = list(helped.train), list(again.train)
    assert sorted(flat(first)) == sorted(splits.train.targets.tolist())
    assert all(torch.equal(left[0], right[0]) for left, right in zip(first, second, strict=True))


def test_denormalize_gives_back_what_was_loaded(few_shapes):
    splits = load_splits("shapes")
    images = torch.stack([image for image, _ in splits.val])
    before = images.clone()
    back = denormalize(images, splits.mean, splits.std)
    assert torch.equal((back * 255).round().to(torch.uint8), splits.val.data)
    assert torch.equal(images, before)
    assert torch.equal(
        denormalize(images, torch.tensor(splits.mean), torch.tensor(splits.std)), back
    )
