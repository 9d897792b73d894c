"""Sources, splits, statistics, loaders."""

import hashlib
import pickle
import random
from collections import Counter
from functools import partial

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR10

from course_utils.data import (
    CIFAR10_MEAN,
    CIFAR10_STD,
    IMAGENET_MEAN,
    IMAGENET_STD,
    ImageDataset,
    channel_stats,
    denormalize,
    load_splits,
    make_loaders,
    shapes,
    stratified_split,
)
from course_utils.data import datasets as sources
from course_utils.data.pictures import ImageFiles, load_images
from course_utils.paths import DATA_DIR
from tests.helpers import raises

TRAINING = {"ant": 20, "bee": 10, "cow": 30}
PETS = {"train": TRAINING, "test": {"ant": 4, "bee": 3, "cow": 5}}
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def keys(dataset):
    """Each image as its bytes: which pictures a split holds, whatever their order."""
    return [image.numpy().tobytes() for image in dataset.images]


@pytest.fixture
def few_shapes(monkeypatch):
    monkeypatch.setattr(sources, "SHAPES_TRAIN", 600)
    monkeypatch.setattr(sources, "SHAPES_TEST", 200)


# The split of labels


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


# Image folders


def test_a_folder_is_split_by_class(make_folder):
    folder = make_folder(PETS)
    splits = load_splits(folder)
    assert splits.classes == ("ant", "bee", "cow")
    assert splits.name == "pictures"
    assert splits.flip_safe is True
    for part, counts in (
        (splits.val, [2, 1, 3]),
        (splits.train, [18, 9, 27]),
        (splits.test, [4, 3, 5]),
    ):
        assert part.labels.dtype == torch.int64
        assert part.labels.bincount().tolist() == counts
        assert [
            round(float(image[0].float().mean()) / 40) for image in part.images
        ] == part.labels.tolist()
    assert len(set(keys(splits.train)) | set(keys(splits.val)) | set(keys(splits.test))) == 60 + 12
    assert (
        str(splits)
        == "pictures: 54 training, 6 validation and 12 test images of 32x32 pixels, 3 classes"
    )


def test_a_folder_given_as_text_or_in_the_home_folder(make_folder, tmp_path, monkeypatch):
    folder = make_folder(PETS, name="Tiere é")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert (
        keys(load_splits(str(folder)).train)
        == keys(load_splits("~/Tiere é").train)
        == keys(load_splits(folder).train)
    )


def test_no_split_is_sorted_by_class(make_folder):
    splits = load_splits(make_folder(PETS))
    for part in (splits.train, splits.val, splits.test):
        assert part.labels.tolist() != sorted(part.labels.tolist())


def test_a_subset_keeps_the_proportions_and_the_validation_images(make_folder):
    folder = make_folder(PETS)
    everything, few = load_splits(folder), load_splits(folder, train_size=12)
    assert few.train.labels.bincount().tolist() == [4, 2, 6]
    assert set(keys(few.train)) < set(keys(everything.train))
    assert keys(few.val) == keys(everything.val)
    assert keys(few.test) == keys(everything.test)
    assert len(load_splits(folder, train_size=54).train) == 54


def test_the_seed_chooses_training_and_validation_but_not_test_images(make_folder):
    folder = make_folder(PETS)
    first, again, other = (load_splits(folder, train_size=12, seed=seed) for seed in (0, 0, 1))
    for part in ("train", "train_plain", "val", "test"):
        assert keys(getattr(first, part)) == keys(getattr(again, part))
        assert torch.equal(getattr(first, part).labels, getattr(again, part).labels)
    assert set(keys(first.train)) != set(keys(other.train))
    assert set(keys(first.val)) != set(keys(other.val))
    assert keys(first.test) == keys(other.test)


def test_loading_leaves_the_global_random_numbers_alone(make_folder, few_shapes):
    folder = make_folder(PETS)
    before = torch.get_rng_state(), random.getstate()
    load_splits(folder)
    load_splits("shapes")
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]


def test_pictures_left_on_disk_make_the_same_splits(make_folder, monkeypatch):
    folder = make_folder(PETS)
    in_memory = load_splits(folder, train_size=12)
    monkeypatch.setattr(sources, "load_images", partial(load_images, memory=0))
    on_disk = load_splits(folder, train_size=12)
    assert isinstance(on_disk.train.images, ImageFiles)
    assert (on_disk.mean, on_disk.std) == (in_memory.mean, in_memory.std)
    for part in ("train", "val", "test"):
        for left, right in zip(getattr(in_memory, part), getattr(on_disk, part), strict=True):
            assert torch.equal(left[0], right[0])
            assert left[1] == right[1]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (
            {"test": {"ant": 1, "bee": 1}},
            "no folder {}/train: an image folder holds train/<class>/* and test/<class>/*",
        ),
        (
            {"train": TRAINING},
            "no folder {}/test: an image folder holds train/<class>/* and test/<class>/*",
        ),
        (
            {"train": TRAINING, "test": {"ant": 1, "bee": 1}},
            "class 'cow' of {} is in only one of train/ and test/: both need the same classes",
        ),
        (
            {"train": {"bee": 9, "cow": 9}, "test": {"ant": 1, "bee": 1, "cow": 1}},
            "class 'ant' of {} is in only one of train/ and test/: both need the same classes",
        ),
        (
            {"train": {"ant": 20}, "test": {"ant": 1}},
            "{} has one class, 'ant': a classifier needs at least two",
        ),
    ],
)
def test_a_folder_that_is_not_what_it_should_be(make_folder, counts, message):
    folder = make_folder(counts)
    with raises(ValueError, message.replace("{}", str(folder))):
        load_splits(folder)


@pytest.mark.parametrize("dataset", ["cifar-10", "Shapes", "no/such folder"])
def test_a_data_set_that_is_neither_name_nor_folder(dataset):
    names = "'auto', 'cifar10', 'shapes', 'arrows'"
    with raises(
        FileNotFoundError,
        f"dataset is {dataset!r}: neither one of {names} nor a folder that exists",
    ):
        load_splits(dataset)


@pytest.mark.parametrize("name", ["arrows", "shapes", "cifar10", "auto"])
def test_a_folder_called_like_one_of_ours_is_not_taken_for_it(make_folder, name):
    splits = load_splits(make_folder(PETS, name=name))
    assert splits.name == f"{name}-folder"  # results are kept by name
    assert splits.flip_safe is True


def test_a_bad_picture_is_named(make_folder):
    folder = make_folder(PETS)
    (folder / "train" / "bee" / "3.png").write_bytes(b"no picture")
    with raises(
        ValueError,
        f"cannot read the picture {folder / 'train' / 'bee' / '3.png'}: not a picture; repair it or remove it",
    ):
        load_splits(folder)


@pytest.mark.parametrize(
    ("training", "arguments", "message"),
    [
        (
            {"ant": 4, "bee": 4, "cow": 4},
            {},
            "none of the 1 validation images is of class 'bee' of pictures: raise val_fraction, or add images",
        ),
        (
            {"ant": 2, "bee": 2},
            {},
            "none of the 0 validation images is of class 'ant' of pictures: raise val_fraction, or add images",
        ),
        (
            {"ant": 50, "bee": 1},
            {},
            "none of the 5 validation images is of class 'bee' of pictures: raise val_fraction, or add images",
        ),
        (
            {"ant": 3, "bee": 1},
            {"val_fraction": 0.6},
            "none of the 2 validation images is of class 'bee' of pictures: raise val_fraction, or add images",
        ),
        (
            {"ant": 3, "bee": 1},
            {"val_fraction": 0.8},
            "none of the 1 training images is of class 'bee' of pictures: "
            "raise train_size or lower val_fraction, or add images",
        ),
        (
            TRAINING,
            {"train_size": 2},
            "none of the 2 training images is of class 'bee' of pictures: "
            "raise train_size or lower val_fraction, or add images",
        ),
        (
            TRAINING,
            {"train_size": 55},
            "train_size is 55, but pictures has 54 training images: ask for fewer, or 0 for all",
        ),
    ],
)
def test_too_few_images(make_folder, training, arguments, message):
    folder = make_folder({"train": training, "test": dict.fromkeys(training, 1)})
    with raises(ValueError, message):
        load_splits(folder, **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 1}, "size is 1: give the side of the images in pixels, at least 2"),
        ({"train_size": -1}, "train_size is -1: give a number of images, or 0 for all"),
        (
            {"val_fraction": 0},
            "val_fraction is 0: give a fraction between 0 and 1, for instance 0.1",
        ),
        (
            {"val_fraction": 1.0},
            "val_fraction is 1.0: give a fraction between 0 and 1, for instance 0.1",
        ),
        (
            {"val_fraction": float("nan")},
            "val_fraction is nan: give a fraction between 0 and 1, for instance 0.1",
        ),
        *(
            (
                {"normalize": bad},
                f"normalize is {bad!r}: give True, False or (mean, std), 3 numbers each, std above 0",
            )
            for bad in (
                None,
                1,
                "imagenet",
                (0.5, 0.5),
                ((0.5,), (0.5,)),
                ((0, 0, 0), (1, 0, 1)),
                ((0, 0, 0),),
                ((0, 0, 0), (1, 1)),
            )
        ),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_read(arguments, message, monkeypatch):
    monkeypatch.setattr("course_utils.data.splits.open_source", lambda *_: pytest.fail("read"))
    with raises(ValueError, message):
        load_splits("shapes", **arguments)


# Shapes


def test_shapes_are_balanced_in_every_split(few_shapes):
    splits = load_splits("shapes")
    assert (splits.name, splits.classes, splits.flip_safe) == ("shapes", shapes.CLASSES, True)
    for part, count in ((splits.train, 54), (splits.val, 6), (splits.test, 20)):
        assert part.labels.bincount().tolist() == [count] * 10
        assert len(part) == 10 * count
        assert part[0][0].shape == (3, 32, 32)
    assert load_splits("shapes", train_size=100).train.labels.bincount().tolist() == [10] * 10


def test_no_test_image_is_among_the_training_images(monkeypatch):
    monkeypatch.setattr(
        sources, "SHAPES_TRAIN", 1200
    )  # images are drawn by the thousand: equal seeds would show
    monkeypatch.setattr(sources, "SHAPES_TEST", 1000)
    splits = load_splits("shapes", normalize=False)
    assert len(set(keys(splits.train)) | set(keys(splits.val)) | set(keys(splits.test))) == 2200


def test_labels_stay_with_their_images(few_shapes):
    splits = load_splits("shapes", normalize=False)
    drawn = shapes.draw(torch.arange(600) % 10, seed=0)
    label_of = {image.numpy().tobytes(): index % 10 for index, image in enumerate(drawn)}
    for part in (splits.train, splits.val):
        assert [label_of[key] for key in keys(part)] == part.labels.tolist()


def test_shapes_are_drawn_once_and_handed_out_as_copies(few_shapes, monkeypatch):
    first = load_splits("shapes")
    before = [keys(part) for part in (first.train, first.val, first.test)]
    for part in (first.train, first.val, first.test):
        part.images.zero_()
    monkeypatch.setattr(shapes, "draw", lambda *_, **__: pytest.fail("drawn again"))
    second = load_splits("shapes")
    assert [keys(part) for part in (second.train, second.val, second.test)] == before


def test_arrows_are_not_flip_safe(few_shapes):
    splits = load_splits("arrows")
    assert (splits.name, splits.classes, splits.flip_safe) == (
        "arrows",
        ("arrow left", "arrow right"),
        False,
    )
    assert splits.train.labels.bincount().tolist() == [270, 270]
    assert splits.test.labels.bincount().tolist() == [100, 100]


# CIFAR-10


def test_auto_takes_shapes_where_there_is_no_cifar10(few_shapes, capsys):
    assert list(DATA_DIR.iterdir()) == []
    assert load_splits().name == "shapes"
    expected = "dataset 'auto': the built-in Shapes (for CIFAR-10, once: python -m course_utils data cifar10)\n"
    assert capsys.readouterr().out == expected


def test_only_auto_speaks(few_shapes, make_folder, capsys):
    load_splits("shapes")
    load_splits(make_folder(PETS))
    assert capsys.readouterr() == ("", "")


MISSING = (
    "CIFAR-10 is not whole in {}/cifar-10-batches-py: "
    "run `python -m course_utils data cifar10`, or use dataset 'shapes'"
)


def test_cifar10_is_never_downloaded(tmp_path):
    with raises(FileNotFoundError, MISSING.format(DATA_DIR.name)):
        load_splits("cifar10")
    with raises(FileNotFoundError, MISSING.format(tmp_path.name)):
        load_splits("cifar10", root=tmp_path)
    assert list(tmp_path.iterdir()) == list(DATA_DIR.iterdir()) == []


@pytest.fixture
def cifar10(tmp_path, monkeypatch):
    """CIFAR-10's files with 20 images in each of the six: (folder, {split: (pixels (N, 3072),
    labels)}).
    """
    draw = np.random.default_rng(0)
    folder = tmp_path / CIFAR10.base_folder
    folder.mkdir()
    parts, sums = {"train": ([], []), "test": ([], [])}, {}
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    for name in names:
        pixels, labels = (
            draw.integers(0, 256, (20, 3072), dtype=np.uint8),
            (np.arange(20) % 10).tolist(),
        )
        part = parts["test" if name == "test_batch" else "train"]
        part[0].append(pixels)
        part[1].extend(labels)
        content = pickle.dumps({"data": pixels, "labels": labels}, protocol=2)
        (folder / name).write_bytes(content)
        sums[name] = hashlib.md5(content, usedforsecurity=False).hexdigest()
    meta = pickle.dumps({"label_names": list(CLASSES)}, protocol=2)
    (folder / "batches.meta").write_bytes(meta)
    monkeypatch.setattr(CIFAR10, "train_list", [[name, sums[name]] for name in names[:5]])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    md5 = hashlib.md5(meta, usedforsecurity=False).hexdigest()
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": md5})
    return tmp_path, {
        split: (np.concatenate(pixels), labels) for split, (pixels, labels) in parts.items()
    }


def test_cifar10_is_read_pixel_for_pixel(cifar10):
    root, files = cifar10
    splits = load_splits("cifar10", root=root, normalize=False)
    assert (splits.name, splits.classes, splits.flip_safe) == ("cifar10", CLASSES, True)
    assert (splits.mean, splits.std) == ((0, 0, 0), (1, 1, 1))
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [90, 10, 20]
    pixels, labels = files["train"]
    label_of = {row.tobytes(): label for row, label in zip(pixels, labels, strict=True)}
    found = keys(splits.train) + keys(splits.val)
    assert Counter(found) == Counter(label_of.keys())
    assert [
        label_of[key] for key in found
    ] == splits.train.labels.tolist() + splits.val.labels.tolist()
    assert splits.val.labels.bincount().tolist() == [1] * 10
    pixels, labels = files["test"]
    assert keys(splits.test) == [row.tobytes() for row in pixels]
    assert splits.test.labels.tolist() == labels
    expected = torch.from_numpy(pixels[7].reshape(3, 32, 32)).float() / 255
    assert torch.equal(splits.test[7][0], expected)


def test_a_root_in_the_home_folder(cifar10, monkeypatch):
    monkeypatch.setenv("HOME", str(cifar10[0]))
    monkeypatch.setenv("USERPROFILE", str(cifar10[0]))
    assert len(load_splits("cifar10", root="~").test) == 20


def test_auto_takes_cifar10_where_it_is(cifar10, capsys):
    assert load_splits(root=str(cifar10[0])).name == "cifar10"
    expected = "dataset 'auto': CIFAR-10 is on disk and is used (for the built-in images: dataset 'shapes')\n"
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize("name", ["data_batch_3", "test_batch", "batches.meta"])
@pytest.mark.parametrize("dataset", ["cifar10", "auto"])
def test_cifar10_that_is_not_whole_is_refused(cifar10, name, dataset):
    root = cifar10[0]
    path = root / CIFAR10.base_folder / name
    path.write_bytes(path.read_bytes()[:-1])
    with raises(FileNotFoundError, MISSING.format(root.name)):
        load_splits(dataset, root=root)
    path.unlink()
    with raises(FileNotFoundError, MISSING.format(root.name)):
        load_splits(dataset, root=root)


# What is done to each image


def stacked(dataset):
    return torch.stack([dataset[index][0] for index in range(len(dataset))])


def test_images_are_normalised_by_the_training_images_own_statistics(few_shapes):
    plain = load_splits("shapes", train_size=100, normalize=False)
    splits = load_splits("shapes", train_size=100)
    images = stacked(plain.train)
    assert (plain.mean, plain.std) == ((0, 0, 0), (1, 1, 1))
    assert images.dtype == torch.float32
    assert 0 <= images.min() < images.max() <= 1
    mean, std = images.double().mean((0, 2, 3)), images.double().std((0, 2, 3), correction=0)
    assert torch.tensor(splits.mean, dtype=torch.float64).sub(mean).abs().max() < 1e-9
    assert torch.tensor(splits.std, dtype=torch.float64).sub(std).abs().max() < 1e-9
    normalised = stacked(splits.train)
    assert normalised.mean((0, 2, 3)).abs().max() < 1e-5
    assert (normalised.std((0, 2, 3)) - 1).abs().max() < 1e-4
    for part in ("val", "test", "train_plain"):
        expected = (stacked(getattr(plain, part)).permute(0, 2, 3, 1) - mean) / std
        assert torch.allclose(
            stacked(getattr(splits, part)).permute(0, 2, 3, 1).double(), expected, atol=1e-5
        )


@pytest.mark.parametrize("kind", [tuple, list, torch.tensor])
def test_images_are_normalised_by_a_given_pair(few_shapes, kind):
    splits = load_splits("shapes", normalize=(kind(IMAGENET_MEAN), kind(IMAGENET_STD)))
    assert splits.mean == pytest.approx(IMAGENET_MEAN)
    assert all(type(value) is float for value in splits.mean + splits.std)
    plain = load_splits("shapes", normalize=False)
    for channel in range(3):
        expected = (plain.val[3][0][channel] - IMAGENET_MEAN[channel]) / IMAGENET_STD[channel]
        assert torch.allclose(splits.val[3][0][channel], expected, atol=1e-6)


def test_a_channel_of_one_value_cannot_be_normalised(make_folder, monkeypatch):
    folder = make_folder(PETS)
    monkeypatch.setattr(
        sources,
        "load_images",
        lambda paths, size: torch.full((len(paths), 3, size, size), 250).byte(),
    )
    message = "a channel has the same value in all training images: use normalize=False"
    for size in (20, 32):
        with raises(ValueError, message):
            load_splits(folder, size=size)  # at 20 pixels, rounding makes their deviation 4e-8
    assert load_splits(folder, normalize=False).train[0][0].unique().tolist() == [
        pytest.approx(250 / 255)
    ]


def test_only_training_images_are_augmented(few_shapes):
    seen = []

    def augment(image):
        seen.append((image.shape, image.dtype))
        return 255 - image

    splits = load_splits("shapes", augment=augment, normalize=False, size=16)
    plain = load_splits("shapes", normalize=False, size=16)
    assert seen == []  # statistics are of the images as they are
    assert torch.allclose(splits.train[5][0], 1 - plain.train[5][0])
    assert seen == [((3, 16, 16), torch.uint8)]
    for part in ("train_plain", "val", "test"):
        assert torch.equal(getattr(splits, part)[5][0], getattr(plain, part)[5][0])
    assert len(seen) == 1
    assert keys(splits.train) == keys(splits.train_plain)
    assert (load_splits("shapes", augment=augment).mean, len(seen)) == (
        load_splits("shapes").mean,
        1,
    )


def test_an_augmentation_may_give_floats(few_shapes):
    splits = load_splits(
        "shapes", augment=lambda image: image.float() / 255, normalize=(CIFAR10_MEAN, CIFAR10_STD)
    )
    assert torch.equal(splits.train[0][0], splits.train_plain[0][0])


def test_an_augmentation_in_place_does_not_last(few_shapes):
    splits = load_splits("shapes", augment=lambda image: image.zero_())
    before = splits.train_plain[0][0]
    splits.train[0]
    assert torch.equal(splits.train_plain[0][0], before)
    assert before.unique().numel() > 1


def test_an_augmentation_is_drawn_anew_each_time(few_shapes):
    splits = load_splits("shapes", augment=lambda image: torch.randint_like(image, 256))
    assert not torch.equal(splits.train[0][0], splits.train[0][0])


@pytest.mark.parametrize("size", [2, 16, 48])
def test_size(few_shapes, make_folder, size):
    for dataset in ("shapes", make_folder(PETS)):
        splits = load_splits(dataset, size=size, normalize=False)
        for part in (splits.train, splits.train_plain, splits.val, splits.test):
            image, label = part[0]
            assert image.shape == (3, size, size)
            assert type(label) is int
    assert f"of {size}x{size} pixels" in str(splits)


def test_defaults_of_an_image_data_set():
    images = torch.arange(2 * 3 * 32 * 32).remainder(256).to(torch.uint8).view(2, 3, 32, 32)
    dataset = ImageDataset(images, torch.tensor([4, 7]))
    assert len(dataset) == 2
    assert torch.equal(dataset[1][0], images[1] / 255)
    assert dataset[1][1] == 7


# Channel statistics


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


def test_denormalize_gives_back_what_was_loaded(few_shapes):
    splits = load_splits("shapes")
    images = stacked(splits.val)
    before = images.clone()
    back = denormalize(images, splits.mean, splits.std)
    assert torch.equal((back * 255).round().to(torch.uint8), splits.val.images)
    assert torch.equal(images, before)
    assert torch.equal(
        denormalize(images, torch.tensor(splits.mean), torch.tensor(splits.std)), back
    )


# Loaders


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
    assert flat(loaders.val) == splits.val.labels.tolist()
    assert flat(loaders.test) == splits.test.labels.tolist()


def test_training_batches_are_shuffled_by_the_seed(few_shapes):
    splits = load_splits("shapes")
    first, again, other = (make_loaders(splits, 50, seed=seed).train for seed in (0, 0, 1))
    epochs = [labels_of(first), labels_of(first)]
    assert epochs == [labels_of(again), labels_of(again)]
    assert epochs[0] != epochs[1]
    assert epochs[0] != labels_of(other)
    assert flat(other) != splits.train.labels.tolist()


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
    assert sorted(flat(first)) == sorted(splits.train.labels.tolist())
    assert all(torch.equal(left[0], right[0]) for left, right in zip(first, second, strict=True))
