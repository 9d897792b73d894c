"""`load_splits`: which images it chooses, of which data set, and what it refuses."""

import random
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from course_utils.data import load_splits, make_loaders, shapes
from course_utils.data.preparation import Prepared
from course_utils.paths import DATA_DIR
from tests.data.conftest import CIFAR10_CLASSES
from tests.helpers import raises

TRAINING = {"ant": 20, "bee": 10, "cow": 30}
PETS = {"train": TRAINING, "test": {"ant": 4, "bee": 3, "cow": 5}}


def keys(split):
    """Each image as its bytes: which pictures a split holds, whatever their order."""
    return [image.numpy().tobytes() for image in split.data]


# Folders


def test_a_folder_is_split_by_class(make_folder):
    splits = load_splits(make_folder(PETS))
    assert splits.classes == ("ant", "bee", "cow")
    assert splits.name == "pictures"
    assert splits.flip_safe is True
    for part, counts in (
        (splits.val, [2, 1, 3]),
        (splits.train, [18, 9, 27]),
        (splits.test, [4, 3, 5]),
    ):
        assert part.targets.dtype == torch.int64
        assert part.targets.bincount().tolist() == counts
        reds = [round(float(image[0].float().mean()) / 40) for image in part.data]
        assert reds == part.targets.tolist()
    assert len(set(keys(splits.train)) | set(keys(splits.val)) | set(keys(splits.test))) == 60 + 12
    assert (
        str(splits)
        == "pictures: 54 training, 6 validation and 12 test images of 32x32 pixels, 3 classes"
    )


def test_a_folder_given_as_text_or_in_the_home_folder(make_folder, tmp_path, monkeypatch):
    folder = make_folder(PETS, name="Tiere é")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    expected = keys(load_splits(folder).train)
    assert keys(load_splits(str(folder)).train) == expected
    assert keys(load_splits("~/Tiere é").train) == expected


def test_no_split_is_sorted_by_class(make_folder):
    splits = load_splits(make_folder(PETS | {"val": TRAINING}))
    for part in (splits.train, splits.val, splits.test):
        assert part.targets.tolist() != sorted(part.targets.tolist())


def test_a_subset_keeps_the_proportions_and_the_validation_images(make_folder):
    folder = make_folder(PETS)
    everything, few = load_splits(folder), load_splits(folder, train_size=12)
    assert few.train.targets.bincount().tolist() == [4, 2, 6]
    assert set(keys(few.train)) < set(keys(everything.train))
    assert keys(few.val) == keys(everything.val)
    assert keys(few.test) == keys(everything.test)


@pytest.mark.parametrize("train_size", [54, 55, 10_000])
def test_train_size_is_at_most(make_folder, train_size):
    folder = make_folder(PETS)
    splits = load_splits(folder, train_size=train_size)
    assert set(keys(splits.train)) == set(keys(load_splits(folder).train))


def test_the_seed_chooses_training_and_validation_but_not_test_images(make_folder):
    folder = make_folder(PETS)
    first, again, other = (load_splits(folder, train_size=12, seed=seed) for seed in (0, 0, 1))
    for part in ("train", "train_plain", "val", "test"):
        assert keys(getattr(first, part)) == keys(getattr(again, part))
        assert torch.equal(getattr(first, part).targets, getattr(again, part).targets)
    assert set(keys(first.train)) != set(keys(other.train))
    assert set(keys(first.val)) != set(keys(other.val))
    assert keys(first.test) == keys(other.test)


def test_validation_images_of_its_own(make_folder):
    folder = make_folder(PETS | {"val": {"ant": 2, "bee": 2, "cow": 2}})
    splits = load_splits(folder, val_fraction=0.5)
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [60, 6, 12]
    assert splits.val.targets.bincount().tolist() == [2, 2, 2]
    assert keys(splits.val) == keys(load_splits(folder, seed=1).val)
    few = load_splits(folder, train_size=6)
    assert few.train.targets.bincount().tolist() == [2, 1, 3]


def test_one_folder_a_class(make_folder, capsys):
    folder = make_folder({"flat": {"ant": 20, "bee": 30}}) / "flat"
    first, other = load_splits(folder), load_splits(folder, seed=1)
    assert capsys.readouterr().out == "".join(
        f"flat: no train/ and test/, so 10 of 50 pictures are for testing, chosen by seed {seed}\n"
        for seed in (0, 1)
    )
    for splits in (first, other):
        parts = [set(keys(part)) for part in (splits.train, splits.val, splits.test)]
        assert [len(part) for part in parts] == [36, 4, 10]
        assert len(set.union(*parts)) == 50
    assert set(keys(first.test)) != set(keys(other.test))
    assert first.name == "flat"


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
@pytest.mark.parametrize("parts", [("train", "test"), ("train", "val", "test"), ("",)])
def test_two_classes_with_ten_pictures_each(tmp_path, mode, parts):
    draw = np.random.default_rng(0)
    for part in parts:
        for name in ("cat", "dog"):
            folder = tmp_path / "pets" / part / name
            folder.mkdir(parents=True)
            for index in range(10):
                noise = draw.integers(0, 256, (40, 30, len(mode)), dtype=np.uint8).squeeze()
                Image.fromarray(noise).save(folder / f"{index}.png")
    splits = load_splits(tmp_path / "pets", train_size=5000)
    for part in (splits.train, splits.val, splits.test):
        assert part.targets.bincount(minlength=2).min() >= 1
        assert part.data.shape[1:] == (3, 32, 32)
    assert len(splits.train) >= 14
    for images, labels in make_loaders(splits, 8).train:
        assert images.isfinite().all() and len(images) == len(labels)


def test_each_class_is_validated_however_small(make_folder):
    counts = {"ant": 50, "bee": 2, "cow": 2}
    splits = load_splits(make_folder({"train": counts, "test": counts}))
    assert splits.val.targets.bincount().tolist() == [3, 1, 1]
    assert splits.train.targets.bincount().tolist() == [47, 1, 1]
    counts = dict.fromkeys("abcd", 3)
    splits = load_splits(make_folder({"train": counts, "test": counts}, name="small"))
    assert splits.val.targets.bincount().tolist() == [1] * 4


@pytest.mark.parametrize("name", ["arrows", "shapes", "cifar10", "auto"])
def test_a_folder_called_like_one_of_ours_is_not_taken_for_it(make_folder, name):
    splits = load_splits(make_folder(PETS, name=name))
    assert splits.name == f"{name}-folder"  # results are kept by name
    assert splits.flip_safe is True


def test_loading_leaves_the_global_random_numbers_alone(make_folder, few_shapes):
    folder = make_folder(PETS)
    before = torch.get_rng_state(), random.getstate()
    load_splits(folder)
    load_splits("shapes")
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]


def test_images_too_large_for_memory_make_the_same_splits(make_folder, cifar10, monkeypatch):
    folder = make_folder(PETS)
    for dataset, size in ((folder, 32), ("cifar10", 48)):
        options = {"size": size, "train_size": 12, "root": cifar10[0]}
        in_memory = load_splits(dataset, **options)
        with monkeypatch.context() as patch:
            patch.setattr("course_utils.data.preparation.MEMORY", 0)
            one_by_one = load_splits(dataset, **options)
        assert isinstance(one_by_one.train.data, Prepared)
        assert (one_by_one.mean, one_by_one.std) == (in_memory.mean, in_memory.std)
        for part in ("train", "val", "test"):
            assert keys(getattr(one_by_one, part)) == keys(getattr(in_memory, part))
            for left, right in zip(
                getattr(in_memory, part), getattr(one_by_one, part), strict=True
            ):
                assert torch.equal(left[0], right[0]) and left[1] == right[1]


# What is refused


def test_one_bad_picture_is_named(make_folder):
    folder = make_folder(PETS)
    (folder / "train" / "bee" / "3.png").write_bytes(b"no picture")
    with raises(
        ValueError,
        f"cannot read the picture {folder / 'train' / 'bee' / '3.png'}: not a picture; repair it or remove it",
    ):
        load_splits(folder)


def test_several_bad_pictures_are_named_together(make_folder):
    folder = make_folder(PETS)
    for name in ("train/bee/3.png", "test/cow/0.png", "train/ant/1.png"):
        (folder / name).write_bytes(b"no picture")
    with raises(
        ValueError,
        "cannot read 3 pictures, repair or remove them: test/cow/0.png, train/ant/1.png, train/bee/3.png",
    ):
        load_splits(folder)
    for index in range(25):
        (folder / "train" / "cow" / f"{index}.png").write_bytes(b"no picture")
    with pytest.raises(
        ValueError, match=r"^cannot read 28 pictures, .*, train/cow/\d+\.png and 8 more$"
    ):
        load_splits(folder)


@pytest.mark.parametrize(
    ("training", "arguments", "message"),
    [
        (
            {"ant": 50, "bee": 1},
            {},
            "none of the 46 training images is of class 'bee' of pictures: "
            "add images of it, or lower val_fraction",
        ),
        (
            {"ant": 3, "bee": 2},
            {"val_fraction": 0.8},
            "none of the 1 training images is of class 'bee' of pictures: "
            "add images of it, or lower val_fraction",
        ),
        (
            TRAINING,
            {"train_size": 2},
            "train_size is 2, but pictures has 3 classes: give at least 3, or 0 for all",
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
        *(
            (
                {"val_fraction": bad},
                f"val_fraction is {bad}: give a fraction between 0 and 1, for instance 0.1",
            )
            for bad in (0, 1.0, float("nan"))
        ),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_read(arguments, message, monkeypatch):
    monkeypatch.setattr("course_utils.data.splits._open", lambda *_: pytest.fail("read"))
    with raises(ValueError, message):
        load_splits("shapes", **arguments)


# Shapes and Arrows


def test_shapes_are_balanced_in_every_split(few_shapes):
    splits = load_splits("shapes")
    assert (splits.name, splits.classes, splits.flip_safe) == ("shapes", shapes.CLASSES, True)
    for part, count in ((splits.train, 54), (splits.val, 6), (splits.test, 20)):
        assert part.targets.bincount().tolist() == [count] * 10
        assert len(part) == 10 * count
        assert part[0][0].shape == (3, 32, 32)
    assert load_splits("shapes", train_size=100).train.targets.bincount().tolist() == [10] * 10


def test_no_test_image_is_among_the_training_images(few_shapes):
    splits = load_splits("shapes")
    assert len(set(keys(splits.train)) | set(keys(splits.val)) | set(keys(splits.test))) == 800


def test_labels_stay_with_their_images(few_shapes):
    splits = load_splits("shapes")
    drawn = shapes.draw(torch.arange(600) % 10, seed=0)
    label_of = {image.numpy().tobytes(): index % 10 for index, image in enumerate(drawn)}
    for part in (splits.train, splits.val):
        assert [label_of[key] for key in keys(part)] == part.targets.tolist()


def test_shapes_are_drawn_once_and_handed_out_as_copies(few_shapes, monkeypatch):
    first = load_splits("shapes")
    before = [keys(part) for part in (first.train, first.val, first.test)]
    for part in (first.train, first.val, first.test):
        part.data.zero_()
    monkeypatch.setattr(shapes, "draw", lambda *_, **__: pytest.fail("drawn again"))
    second = load_splits("shapes")
    assert [keys(part) for part in (second.train, second.val, second.test)] == before


def test_arrows_are_not_flip_safe(few_shapes):
    splits = load_splits("arrows")
    assert (splits.name, splits.classes) == ("arrows", ("arrow left", "arrow right"))
    assert splits.flip_safe is False
    assert splits.train.targets.bincount().tolist() == [270, 270]
    assert splits.test.targets.bincount().tolist() == [100, 100]


# CIFAR-10


def test_cifar10_is_read_pixel_for_pixel(cifar10):
    root, files = cifar10
    splits = load_splits("cifar10", root=root)
    assert (splits.name, splits.classes, splits.flip_safe) == ("cifar10", CIFAR10_CLASSES, True)
    assert [len(part) for part in (splits.train, splits.val, splits.test)] == [90, 10, 20]
    pixels, labels = files["train"]
    label_of = {row.tobytes(): label for row, label in zip(pixels, labels, strict=True)}
    found = keys(splits.train) + keys(splits.val)
    assert Counter(found) == Counter(label_of.keys())
    found_labels = splits.train.targets.tolist() + splits.val.targets.tolist()
    assert [label_of[key] for key in found] == found_labels
    assert splits.val.targets.bincount().tolist() == [1] * 10
    pixels, labels = files["test"]
    assert keys(splits.test) == [row.tobytes() for row in pixels]
    assert splits.test.targets.tolist() == labels


def test_cifar10_is_never_downloaded(tmp_path):
    message = (
        "CIFAR-10 is not whole in {}/cifar-10-batches-py: "
        "run `python -m course_utils data cifar10`, or use dataset 'shapes'"
    )
    with raises(FileNotFoundError, message.format(DATA_DIR.name)):
        load_splits("cifar10")
    with raises(FileNotFoundError, message.format(tmp_path.name)):
        load_splits("cifar10", root=tmp_path)
    assert list(tmp_path.iterdir()) == list(DATA_DIR.iterdir()) == []


def test_auto_says_in_one_line_what_it_takes_and_the_others_say_nothing(
    few_shapes, cifar10, make_folder, capsys
):
    assert list(DATA_DIR.iterdir()) == []
    assert load_splits().name == "shapes"
    expected = "dataset 'auto': the built-in Shapes (for CIFAR-10, once: python -m course_utils data cifar10)\n"
    assert capsys.readouterr().out == expected
    assert load_splits(root=str(cifar10[0])).name == "cifar10"
    expected = "dataset 'auto': CIFAR-10 is on disk and is used (for the built-in images: dataset 'shapes')\n"
    assert capsys.readouterr().out == expected
    load_splits("shapes")
    load_splits(make_folder(PETS))
    load_splits("cifar10", root=cifar10[0])
    assert capsys.readouterr() == ("", "")
