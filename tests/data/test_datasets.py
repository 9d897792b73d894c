"""Shapes and Arrows stand wherever CIFAR10 could: each test runs on all three."""

import inspect
import pickle
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Subset, random_split
from torchvision import transforms as v1
from torchvision.datasets import CIFAR10, VisionDataset
from torchvision.transforms import v2

from course_utils.data import Arrows, Shapes, datasets, open_dataset, shapes
from tests.helpers import raises

TO_FLOAT = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])


@pytest.fixture(params=[CIFAR10, Shapes, Arrows])
def kind(request, cifar10, few_shapes, tmp_path, monkeypatch):
    """The class; "data" is a folder that has CIFAR-10."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / CIFAR10.base_folder).rename(tmp_path / "cifar")
    (tmp_path / "data").mkdir()
    (tmp_path / "cifar").rename(tmp_path / "data" / CIFAR10.base_folder)
    return request.param


def test_the_signature_is_that_of_cifar10():
    expected = inspect.signature(CIFAR10).parameters
    for kind in (Shapes, Arrows):
        found = inspect.signature(kind).parameters
        assert list(found) == list(expected)
        defaults = {name: p.default for name, p in expected.items()} | {"root": None}
        assert {name: p.default for name, p in found.items()} == defaults


def test_attributes(kind):
    for train, number in ((True, 600), (False, 200)):
        dataset = kind("data", train)
        number = {600: 100, 200: 20}[number] if kind is CIFAR10 else number
        assert isinstance(dataset, VisionDataset)
        assert type(dataset.data) is np.ndarray and dataset.data.dtype == np.uint8
        assert dataset.data.shape == (number, 32, 32, 3) and len(dataset) == number
        assert dataset.data.flags.writeable
        assert type(dataset.targets) is list and len(dataset.targets) == number
        assert all(type(target) is int for target in dataset.targets)
        assert type(dataset.classes) is list
        assert dataset.class_to_idx == {name: i for i, name in enumerate(dataset.classes)}
        assert set(dataset.targets) == set(range(len(dataset.classes)))
        assert (dataset.root, dataset.train) == ("data", train)
        assert dataset.transform is dataset.target_transform is dataset.transforms is None


def test_repr(kind):
    dataset = kind("data", train=False, transform=v2.ToImage())
    assert repr(dataset) == (
        f"Dataset {kind.__name__}\n    Number of datapoints: {len(dataset)}\n"
        "    Root location: data\n    Split: Test\n    StandardTransform\nTransform: ToImage()"
    )


def test_an_item_is_a_picture_and_a_number(kind):
    dataset = kind("data", True, None, None, False)
    image, target = dataset[7]
    assert type(image) is Image.Image and (image.mode, image.size) == ("RGB", (32, 32))
    assert np.array_equal(np.asarray(image), dataset.data[7])
    assert type(target) is int and target == dataset.targets[7]
    assert np.array_equal(np.asarray(dataset[-1][0]), dataset.data[-1])
    with pytest.raises(IndexError):
        dataset[len(dataset)]


@pytest.mark.parametrize(
    "transform",
    [
        TO_FLOAT,
        v1.ToTensor(),
        v1.Compose(
            [v1.RandomCrop(32, padding=4), v1.ToTensor(), v1.Normalize([0.0] * 3, [1.0] * 3)]
        ),
        v2.Compose([v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip(), TO_FLOAT]),
    ],
)
def test_transforms_of_both_generations(kind, transform):
    dataset = kind("data", transform=transform, target_transform=lambda target: -target)
    image, target = dataset[3]
    assert image.shape == (3, 32, 32) and image.dtype == torch.float32
    assert 0 <= image.min() < image.max() <= 1
    assert target == -dataset.targets[3]


def test_transforms_see_what_they_see_with_cifar10(kind):
    exact = kind("data", transform=TO_FLOAT)
    expected = torch.from_numpy(exact.data[5]).permute(2, 0, 1) / 255
    assert torch.allclose(exact[5][0], expected)
    assert torch.equal(kind("data", transform=v1.ToTensor())[5][0], expected)


@pytest.mark.parametrize(
    "context",
    [
        "spawn",
        pytest.param("fork", marks=pytest.mark.skipif(sys.platform == "win32", reason="none")),
    ],
)
def test_loaders_with_workers(kind, context):
    if (kind, context) == (Arrows, "spawn"):
        pytest.skip("slow, and the code is that of Shapes")
    dataset = Subset(kind("data", transform=TO_FLOAT), range(40))
    options = {"batch_size": 16}
    alone = list(DataLoader(dataset, **options))
    helped = list(DataLoader(dataset, num_workers=1, multiprocessing_context=context, **options))
    for left, right in zip(alone, helped, strict=True):
        assert torch.equal(left[0], right[0]) and torch.equal(left[1], right[1])
        assert left[1].dtype == torch.int64


def test_parts(kind):
    dataset = kind("data", transform=TO_FLOAT)
    parts = random_split(dataset, [0.75, 0.25], generator=torch.Generator().manual_seed(0))
    assert sorted(i for part in parts for i in part.indices) == list(range(len(dataset)))
    assert torch.equal(Subset(dataset, [9, 4])[1][0], dataset[4][0])


def test_pickling_carries_the_pixels_once(kind):
    dataset = kind("data", transform=TO_FLOAT)
    number = len(dataset)
    content = pickle.dumps(dataset)
    assert number * 3072 < len(content) < 1.2 * number * 3072 + 20_000
    copy = pickle.loads(content)
    assert repr(copy) == repr(dataset) and copy.targets == dataset.targets
    assert torch.equal(copy[11][0], dataset[11][0])


def test_images_can_be_taken_out_and_changed(kind):
    dataset = kind("data")
    dataset.data, dataset.targets = dataset.data[:10], dataset.targets[:10]
    dataset.data[0] = 7
    assert len(dataset) == 10 and dataset[0][0].getextrema() == ((7, 7),) * 3
    assert kind("data")[0][0].getextrema() != ((7, 7),) * 3


# What Shapes and Arrows have of their own


def test_nothing_is_written_and_no_folder_needed(few_shapes, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for kind in (Shapes, Arrows):
        assert len(kind("./data", train=True, download=True)) == 600
        assert len(kind()) == 600 and kind().root is None
    assert list(tmp_path.iterdir()) == []


def test_images_are_drawn_once_a_process_and_each_data_set_has_its_own(few_shapes, monkeypatch):
    drawn = []
    draw = shapes.draw
    monkeypatch.setattr(
        shapes,
        "draw",
        lambda labels, **options: drawn.append(len(labels)) or draw(labels, **options),
    )
    first, second = Shapes(), Shapes()
    Shapes(train=False)
    Arrows()
    assert drawn == [600, 200, 600]
    first.data[:] = 0
    assert second.data.any() and Shapes().data.any()
    assert np.array_equal(pickle.loads(pickle.dumps(second)).data, second.data)
    assert drawn == [600, 200, 600]


def test_training_and_test_images_are_those_of_the_drawing(few_shapes):
    for kind, classes in ((Shapes, shapes.CLASSES), (Arrows, shapes.ARROWS)):
        for train, number, seed in ((True, 600, 0), (False, 200, 1)):
            dataset = kind(train=train)
            targets = torch.arange(number) % len(classes)
            assert dataset.targets == targets.tolist() and dataset.classes == list(classes)
            drawn = shapes.draw(targets, seed=seed, classes=classes)
            assert np.array_equal(dataset.data, drawn.permute(0, 2, 3, 1).numpy())


def test_only_shapes_keep_their_label_in_the_mirror():
    assert Shapes.flip_safe is True
    assert Arrows.flip_safe is False


def test_sizes():
    assert (datasets.SHAPES_TRAIN, datasets.SHAPES_TEST) == (20_000, 5_000)


# By name


@pytest.mark.parametrize("train", [True, False])
def test_a_data_set_by_its_name(few_shapes, cifar10, train):
    for name, kind in (("shapes", Shapes), ("arrows", Arrows), ("cifar10", CIFAR10)):
        dataset = open_dataset(name, train=train, transform=TO_FLOAT, root=str(cifar10[0]))
        assert type(dataset) is kind and dataset.train is train
        assert dataset[0][0].shape == (3, 32, 32)


def test_auto_says_once_which_it_takes(few_shapes, cifar10, tmp_path, capsys):
    for root, kind, line in (
        (
            cifar10[0],
            CIFAR10,
            "dataset 'auto': CIFAR-10 is on disk and is used (for the built-in images: dataset 'shapes')\n",
        ),
        (
            tmp_path / "empty",
            Shapes,
            "dataset 'auto': the built-in Shapes (for CIFAR-10, once: python -m course_utils data cifar10)\n",
        ),
    ):
        assert type(open_dataset("auto", train=True, root=root)) is kind
        assert type(open_dataset("auto", train=False, root=root)) is kind
        assert capsys.readouterr().out == line


@pytest.mark.parametrize("name", ["cifar-10", "Shapes", "no/such folder"])
def test_a_name_that_is_neither_ours_nor_a_folder(name):
    names = "'auto', 'cifar10', 'shapes', 'arrows'"
    message = f"dataset is {name!r}: neither one of {names} nor a folder that exists"
    with raises(FileNotFoundError, message):
        open_dataset(name, train=True)


@pytest.mark.parametrize("file", ["data_batch_3", "test_batch", "batches.meta"])
@pytest.mark.parametrize("name", ["cifar10", "auto"])
def test_cifar10_that_is_not_whole_is_refused(cifar10, file, name):
    root = cifar10[0]
    path = root / CIFAR10.base_folder / file
    path.write_bytes(path.read_bytes()[:-1])
    message = (
        f"CIFAR-10 is not whole in {root.name}/cifar-10-batches-py: "
        "run `python -m course_utils data cifar10`, or use dataset 'shapes'"
    )
    for _ in range(2):
        with raises(FileNotFoundError, message):
            open_dataset(name, train=file != "test_batch", root=root)
        path.unlink(missing_ok=True)


def test_a_root_in_the_home_folder(cifar10, monkeypatch):
    monkeypatch.setenv("HOME", str(cifar10[0]))
    monkeypatch.setenv("USERPROFILE", str(cifar10[0]))
    assert len(open_dataset("cifar10", train=False, root="~")) == 20
