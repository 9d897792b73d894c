"""What is done to each image: pipelines of torchvision transforms, and `Split`, which applies them."""

import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Subset, random_split
from torchvision import transforms as v1
from torchvision.datasets import CIFAR10
from torchvision.models import VGG16_Weights
from torchvision.transforms import v2

from course_utils.data import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Shapes,
    Split,
    load_splits,
    normalization,
)
from tests.helpers import raises

TO_FLOAT = v2.ToDtype(torch.float32, scale=True)
NORMALIZE = v2.Normalize(IMAGENET_MEAN, IMAGENET_STD)
PETS = {part: {"ant": 12, "bee": 12} for part in ("train", "test")}


def stacked(dataset):
    return torch.stack([dataset[index][0] for index in range(len(dataset))])


def names(transform):
    return [type(step).__name__ for step in transform.transforms]


# The pipeline


def test_the_pipeline_prints(few_shapes):
    augment = v2.Compose([v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip()])
    splits = load_splits("shapes", augment=augment)
    lines = [line.strip() for line in str(splits.train.transform).splitlines()]
    assert lines[:2] == ["Compose(", "ToImage()"]
    assert lines[2].startswith("Compose(")
    assert lines[3].startswith("RandomCrop(size=(32, 32), padding=[4, 4, 4, 4]")
    assert lines[4:7] == ["RandomHorizontalFlip(p=0.5)", ")", "ToDtype(scale=True)"]
    assert lines[7].startswith(f"Normalize(mean={list(splits.mean)}, std={list(splits.std)}")
    for part in (splits.train_plain, splits.val, splits.test):
        assert names(part.transform) == ["ToImage", "ToDtype", "Normalize"]


def test_pictures_are_scaled_and_cut_where_needed(few_shapes, make_folder):
    assert names(load_splits("shapes", size=16).val.transform)[:2] == ["ToImage", "Resize"]
    assert names(load_splits(make_folder(PETS)).val.transform)[:3] == [
        "ToImage",
        "Resize",
        "CenterCrop",
    ]


@pytest.mark.parametrize("size", [2, 16, 32, 48])
def test_size(few_shapes, make_folder, size):
    for dataset in ("shapes", make_folder(PETS, name=f"pets {size}")):
        splits = load_splits(dataset, size=size)
        for part in (splits.train, splits.train_plain, splits.val, splits.test):
            image, label = part[0]
            assert image.shape == (3, size, size) and image.dtype == torch.float32
            assert type(label) is int and type(image) is torch.Tensor
    assert f"of {size}x{size} pixels" in str(splits)


@pytest.mark.parametrize("size", [32, 20])
def test_the_pipeline_makes_the_items_of_the_pictures(few_shapes, make_folder, size):
    splits = load_splits("shapes", size=size)
    dataset = Shapes(train=False, transform=splits.test.transform)
    assert torch.equal(stacked(Subset(splits.test, range(30))), stacked(Subset(dataset, range(30))))
    folder = make_folder(PETS, size=(size, size + 6))
    splits = load_splits(folder, size=size)
    pictures = [splits.test.transform(Image.open(path)) for path in folder.glob("test/*/*.png")]
    found = {image.numpy().tobytes() for image, _ in splits.test}
    assert found == {picture.numpy().tobytes() for picture in pictures}


def test_the_same_pipeline_gives_what_cifar10_gives(cifar10):
    splits = load_splits("cifar10", root=cifar10[0])
    dataset = CIFAR10(cifar10[0], train=False, transform=splits.test.transform)
    for index in range(len(dataset)):
        assert torch.equal(splits.test[index][0], dataset[index][0])
        assert splits.test[index][1] == dataset[index][1]


def test_images_are_normalised_by_the_training_images_own_statistics(few_shapes):
    plain = load_splits("shapes", train_size=100, transform=TO_FLOAT)
    splits = load_splits("shapes", train_size=100)
    images = stacked(plain.train)
    assert (plain.mean, plain.std) == ((0, 0, 0), (1, 1, 1))
    assert images.dtype == torch.float32
    assert 0 <= images.min() < images.max() <= 1
    mean, std = images.double().mean((0, 2, 3)), images.double().std((0, 2, 3), correction=0)
    assert torch.tensor(splits.mean, dtype=torch.float64).sub(mean).abs().max() < 1e-9
    assert torch.tensor(splits.std, dtype=torch.float64).sub(std).abs().max() < 1e-9
    for part in ("train", "val", "test", "train_plain"):
        expected = (stacked(getattr(plain, part)).permute(0, 2, 3, 1) - mean) / std
        found = stacked(getattr(splits, part)).permute(0, 2, 3, 1).double()
        assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("transform", "mean", "std"),
    [
        (v2.Compose([TO_FLOAT, NORMALIZE]), IMAGENET_MEAN, IMAGENET_STD),
        (
            v2.Compose([TO_FLOAT, v2.Normalize([0.1] * 3, [0.2] * 3), v2.Compose([NORMALIZE])]),
            IMAGENET_MEAN,
            IMAGENET_STD,
        ),
        (
            nn.Sequential(
                v1.ConvertImageDtype(torch.float32), v1.Normalize(IMAGENET_MEAN, [1.0] * 3)
            ),
            IMAGENET_MEAN,
            (1, 1, 1),
        ),
        (VGG16_Weights.IMAGENET1K_V1.transforms(), IMAGENET_MEAN, IMAGENET_STD),
        (TO_FLOAT, (0, 0, 0), (1, 1, 1)),
        (lambda image: image / 255, (0, 0, 0), (1, 1, 1)),
    ],
)
def test_a_transform_stands_for_what_follows_augment(few_shapes, transform, mean, std):
    splits = load_splits("shapes", transform=transform, train_size=20)
    assert (splits.mean, splits.std) == (tuple(mean), tuple(std))
    assert all(type(value) is float for value in splits.mean + splits.std)
    for part in (splits.train, splits.val):
        assert torch.equal(part[3][0], transform(part.data[3]))
    side = part[3][0].shape[-1]
    assert f"of {side}x{side} pixels" in str(splits)


def test_a_channel_of_one_value_cannot_be_normalised(tmp_path):
    for part in ("train", "test"):
        for name in ("ant", "bee"):
            (tmp_path / part / name).mkdir(parents=True)
            for index in range(5):
                Image.new("L", (9, 9), 250).save(tmp_path / part / name / f"{index}.png")
    message = (
        "a channel has the same value in all training images, so its deviation is 0: give a "
        "transform, for instance v2.ToDtype(torch.float32, scale=True)"
    )
    for size in (20, 32):
        with raises(ValueError, message):
            load_splits(tmp_path, size=size)  # at 20 pixels, rounding makes their deviation 4e-8
    plain = load_splits(tmp_path, transform=TO_FLOAT)
    assert plain.train[0][0].unique().tolist() == [pytest.approx(250 / 255)]


# Augmentation


def test_only_training_images_are_augmented(few_shapes):
    seen = []

    def augment(image):
        seen.append((image.shape, image.dtype))
        return 255 - image

    splits = load_splits("shapes", augment=augment, transform=TO_FLOAT, size=16)
    plain = load_splits("shapes", transform=TO_FLOAT, size=16)
    str(splits)
    assert seen == []  # statistics are of the images as they are
    assert torch.allclose(splits.train[5][0], 1 - plain.train[5][0])
    assert seen == [((3, 16, 16), torch.uint8)]
    for part in ("train_plain", "val", "test"):
        assert torch.equal(getattr(splits, part)[5][0], getattr(plain, part)[5][0])
    assert len(seen) == 1
    assert torch.equal(splits.train.data, splits.train_plain.data)
    assert load_splits("shapes", augment=augment).mean == load_splits("shapes").mean
    assert len(seen) == 1


def test_an_augmentation_may_give_floats(few_shapes):
    splits = load_splits("shapes", augment=TO_FLOAT)
    assert torch.equal(splits.train[0][0], splits.train_plain[0][0])


def half_floats(image):
    """Bytes or floats, by the picture: a loader gets both in one batch."""
    return image / 255 if image[0, 0, 0] % 2 else image


def test_an_augmentation_may_give_floats_for_some(few_shapes):
    splits = load_splits("shapes", augment=half_floats)
    images, _ = next(iter(DataLoader(splits.train, 50)))
    assert torch.allclose(images, stacked(splits.train_plain)[:50], atol=1e-6)


def test_what_is_done_in_place_does_not_last(few_shapes):
    splits = load_splits("shapes", augment=lambda image: image.zero_())
    before = splits.train.data.clone()
    splits.train[0]
    next(iter(DataLoader(splits.train, 50)))
    list(splits.train)
    assert torch.equal(splits.train.data, before)
    identity = Split(before.clone(), splits.train.targets)
    identity[0][0].zero_()
    assert torch.equal(identity.data, before)


@pytest.mark.parametrize(
    "augment",
    [
        v2.Compose([v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip()]),
        v1.Compose([v1.RandomCrop(32, padding=4), v1.RandomHorizontalFlip(), v1.ColorJitter(0.5)]),
        nn.Sequential(v2.RandomErasing(p=1.0), v2.RandomRotation(20)),
        v2.RandomApply([v2.CenterCrop(32), v2.GaussianBlur(3)], p=0.5),
        v2.TrivialAugmentWide(),
        lambda image: torch.randint_like(image, 256),
    ],
)
def test_a_batch_is_what_its_images_are_one_by_one(few_shapes, augment):
    splits = load_splits("shapes", augment=augment, train_size=40)
    torch.manual_seed(0)
    batch, labels = next(iter(DataLoader(splits.train, 40, generator=torch.Generator())))
    torch.manual_seed(0)
    assert torch.equal(batch, stacked(splits.train))
    torch.manual_seed(0)
    assert torch.equal(batch, torch.stack([image for image, _ in splits.train]))
    assert labels.tolist() == splits.train.targets.tolist()
    by_hand = v2.Compose([augment, *splits.train_plain.transform.transforms[1:]])
    torch.manual_seed(0)
    assert torch.equal(batch, torch.stack([by_hand(image) for image in splits.train.data]))
    assert not torch.equal(stacked(splits.train), batch)  # drawn anew each time


def test_chance_after_the_normalisation_is_drawn_for_each_image():
    data = torch.full((20, 3, 8, 8), 100, dtype=torch.uint8)
    last = v2.Compose([TO_FLOAT, NORMALIZE, v2.RandomErasing(p=1.0)])
    split = Split(data, torch.zeros(20, dtype=torch.long), last)
    assert len({image.numpy().tobytes() for image, _ in split.__getitems__(range(20))}) > 5


# Split


def split(number=12, transform=TO_FLOAT):
    data = torch.arange(number * 3 * 32 * 32).remainder(251).to(torch.uint8).view(-1, 3, 32, 32)
    return Split(data, torch.arange(number) % 5, transform)


def test_a_split_is_a_data_set():
    dataset = split()
    assert len(dataset) == 12
    image, target = dataset[7]
    assert torch.equal(image, TO_FLOAT(dataset.data[7])) and target == 2 and type(target) is int
    assert torch.equal(dataset[-1][0], dataset[11][0])
    assert torch.equal(dataset[np.int64(3)][0], dataset[torch.tensor(3)][0])
    for index in (12, -13):
        with pytest.raises(IndexError):
            dataset[index]
    assert torch.equal(Split(dataset.data, dataset.targets)[7][0], dataset.data[7])


def test_parts_of_a_split():
    dataset = split()
    assert torch.equal(Subset(dataset, [5, 2])[1][0], dataset[2][0])
    parts = random_split(dataset, [9, 3], generator=torch.Generator().manual_seed(0))
    images, labels = next(iter(DataLoader(parts[0], 9)))
    assert torch.equal(images, torch.stack([dataset[i][0] for i in parts[0].indices]))
    assert labels.tolist() == dataset.targets[parts[0].indices].tolist()


def test_a_split_can_be_pickled():
    dataset = split(transform=v2.Compose([v2.RandomCrop(32), TO_FLOAT, NORMALIZE]))
    copy = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(copy[4][0], dataset[4][0])
    assert str(copy.transform) == str(dataset.transform)


def test_data_targets_and_transform_can_be_set_anew():
    dataset = split()
    dataset.transform = v2.Compose([TO_FLOAT, NORMALIZE])
    assert torch.equal(dataset[0][0], NORMALIZE(TO_FLOAT(dataset.data[0])))
    dataset.data, dataset.targets = dataset.data[:4].flip(0), dataset.targets[:4]
    assert len(dataset) == 4
    assert torch.equal(dataset[3][0], NORMALIZE(TO_FLOAT(split().data[0])))


# Reading a pipeline


def test_the_normalisation_of_no_pipeline():
    assert normalization(None) == ((0, 0, 0), (1, 1, 1))
    assert normalization(NORMALIZE) == (IMAGENET_MEAN, IMAGENET_STD)
