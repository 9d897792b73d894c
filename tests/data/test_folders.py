"""Folders of pictures: ImageFolder's interface, any layout, any name."""

import os
import pickle
import re
import sys
import unicodedata
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from course_utils.data import PictureFolder, open_dataset
from course_utils.data.datasets import open_folder
from course_utils.data.pictures import SUFFIXES
from tests.helpers import raises

TO_FLOAT = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
PETS = {"ant": 4, "bee": 2, "Zebra é": 3}


def picture(path, colour="red"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (10, 8), colour).save(path)


def test_it_is_an_image_folder(make_folder):
    folder = make_folder({"train": PETS}) / "train"
    expected, found = ImageFolder(folder, transform=TO_FLOAT), PictureFolder(folder, TO_FLOAT)
    for name in ("classes", "class_to_idx", "samples", "imgs", "targets"):
        assert getattr(found, name) == getattr(expected, name), name
    assert len(found) == len(expected) == 9
    assert repr(found).replace("PictureFolder", "ImageFolder") == repr(expected)
    for index in range(9):
        assert torch.equal(found[index][0], expected[index][0])
        assert found[index][1] == expected[index][1] and type(found[index][1]) is int
    plain = PictureFolder(str(folder), target_transform=str)[5]
    assert type(plain[0]) is Image.Image and plain[0].mode == "RGB" and plain[1] == "1"
    assert np.array_equal(found.loader(found.samples[0][0]), expected.loader(found.samples[0][0]))


def test_with_a_size_pictures_come_small(make_folder):
    folder = make_folder({"train": PETS}, size=(100, 60)) / "train"
    assert PictureFolder(folder, size=30)[0][0].size == (50, 30)
    assert PictureFolder(folder)[0][0].size == (100, 60)


def test_pickling_and_workers(make_folder):
    folder = PictureFolder(make_folder({"train": PETS}) / "train", TO_FLOAT, size=8)
    copy = pickle.loads(pickle.dumps(folder))
    assert torch.equal(copy[4][0], folder[4][0])
    alone, helped = (list(DataLoader(folder, 4, num_workers=number)) for number in (0, 1))
    for left, right in zip(alone, helped, strict=True):
        assert torch.equal(left[0], right[0]) and torch.equal(left[1], right[1])


def test_a_subset_has_its_own_lists(make_folder):
    folder = PictureFolder(make_folder({"train": PETS}) / "train")
    part = folder.subset([8, 0])
    assert part.samples == part.imgs == [folder.samples[8], folder.samples[0]]
    assert (part.targets, len(part), len(folder)) == ([2, 0], 2, 9)
    assert part.classes == folder.classes


def test_a_folder_in_the_home_folder(make_folder, tmp_path, monkeypatch):
    make_folder({"train": PETS}, name="Tiere é")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert len(PictureFolder("~/Tiere é/train")) == 9
    assert len(open_folder("~/Tiere é/train", say=False)["train"]) > 0


def test_stray_files_are_passed_over(tmp_path, capsys):
    picture(tmp_path / "cat" / "0.png")
    picture(tmp_path / "cat" / "more" / "1.JPG")
    for stray in (
        "notes.txt", "cat/.DS_Store", "cat/Thumbs.db", "cat/notes.txt", "cat/._0.png", "cat/.png",
        "cat/png",
    ):  # fmt: skip
        (tmp_path / stray).write_bytes(b"stray")
    for hidden in (
        ".hidden", "@eaDir", "__MACOSX", "#recycle", "System Volume Information", "cat/@eaDir",
        "cat/.thumbs", "cat/__MACOSX/cat",
    ):  # fmt: skip
        picture(tmp_path / hidden / "2.png")
    found = PictureFolder(tmp_path)
    assert found.classes == ["cat"]
    assert [path for path, _ in found.samples] == [
        str(tmp_path / "cat" / "0.png"),
        str(tmp_path / "cat" / "more" / "1.JPG"),
    ]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".avif"])
def test_every_suffix_counts_in_capitals_too(tmp_path, suffix):
    (tmp_path / "cat").mkdir()
    for name in (f"A{suffix.upper()}", f"b{suffix}"):
        (tmp_path / "cat" / name).touch()
    assert [path[-len(suffix) - 1 :] for path, _ in PictureFolder(tmp_path).samples] == [
        f"A{suffix.upper()}",
        f"b{suffix}",
    ]


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS takes the two names for one")
def test_an_accent_in_one_piece_or_two_is_the_same_class(make_folder):
    composed = "schöne Äpfel"
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    folder = make_folder({"train": {composed: 5, "bee": 5}, "test": {decomposed: 2, "bee": 2}})
    parts = open_folder(folder)
    assert parts["train"].classes == parts["test"].classes == ["bee", composed]
    picture(folder / "train" / decomposed / "other.png")
    assert parts["test"][3][0].size == (10, 8)
    assert PictureFolder(folder / "train").targets == [0] * 5 + [1] * 6


# HEIC


def heic(tmp_path, number):
    picture(tmp_path / "cat" / "0.png")
    for index in range(number):
        (tmp_path / "cat" / f"IMG_{index}.HEIC").touch()


def test_pictures_that_cannot_be_read_here_are_counted_in_one_line(tmp_path, monkeypatch, capsys):
    heic(tmp_path, 3)
    monkeypatch.setattr("course_utils.data.pictures.find_spec", lambda name: None)
    assert [path[-5:] for path, _ in PictureFolder(tmp_path).samples] == ["0.png"]
    assert capsys.readouterr().out == (
        f"{tmp_path.name}: passed over 3 pictures that cannot be read here, IMG_0.HEIC the first "
        "(for HEIC: pip install pillow-heif; for AVIF: a newer Pillow)\n"
    )


def test_heic_is_read_where_its_package_is(tmp_path, monkeypatch, capsys):
    heic(tmp_path, 2)
    package = ModuleType("pillow_heif")
    registered = []
    package.register_heif_opener = lambda: registered.append(True)
    monkeypatch.setitem(sys.modules, "pillow_heif", package)
    monkeypatch.setattr("course_utils.data.pictures.find_spec", lambda name: package)
    assert len(PictureFolder(tmp_path)) == 3
    assert registered and capsys.readouterr().out == ""


# What is refused


def test_a_folder_that_is_none(tmp_path):
    message = (
        f"no folder {tmp_path / 'x'}: give a folder with train/<class>/* and test/<class>/*, "
        "or one with <class>/*"
    )
    with raises(FileNotFoundError, message):
        PictureFolder(tmp_path / "x")


def test_a_folder_without_classes(tmp_path):
    picture(tmp_path / "0.png")
    message = (
        f"no class in {tmp_path}: put each class's pictures in a folder of its own, "
        f"{tmp_path.name}/<class>/*"
    )
    for open_it in (PictureFolder, open_folder):
        with raises(ValueError, message):
            open_it(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="links are for administrators there")
def test_a_folder_whose_links_go_round_is_refused(make_folder):
    folder = make_folder({"cat": {"": 3}, "dog": {"": 3}})
    (folder / "cat" / "again").symlink_to(folder / "cat")
    with raises(
        ValueError, f"the folder {folder}/cat/again leads round to itself: remove that link"
    ):
        open_folder(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_a_class_whose_name_is_no_text_is_refused(make_folder):
    folder = make_folder({"cat": {"": 3}, "b\udcff": {"": 3}})
    with raises(ValueError, "class 'b\\udcff': its name is no text: rename the folder"):
        open_folder(folder)


def test_a_class_without_pictures(make_folder):
    folder = make_folder({"train": {"cat": 1}}) / "train"
    (folder / "dog").mkdir()
    (folder / "dog" / "notes.txt").touch()
    message = f"no picture in {folder / 'dog'}: put some there ({', '.join(SUFFIXES)}) or remove it"
    with raises(ValueError, message):
        PictureFolder(folder)


FORMS = "give a folder with train/<class>/* and test/<class>/*, or one with <class>/*"


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"test": PETS}, f"no folder {{}}/train: {FORMS}"),
        ({"train": PETS}, f"no folder {{}}/test: {FORMS}"),
        (
            {"train": PETS, "val": PETS},
            f"no folder {{}}/test: rename val/ to test/, or {FORMS}",
        ),
        (
            {"train": PETS, "test": {"ant": 1, "bee": 1}},
            "class 'Zebra é' of {} is in only one of train/ and test/: both need the same classes",
        ),
        (
            {"train": PETS, "test": PETS, "val": PETS | {"cow": 1}},
            "class 'cow' of {} is in only one of train/ and val/: both need the same classes",
        ),
        (
            {"train": {"ant": 20}, "test": {"ant": 1}},
            "{} has one class, 'ant': a classifier needs at least two",
        ),
        ({"ant": {}}, "no picture in {}/ant: "),
    ],
)
def test_parts_that_do_not_fit(make_folder, counts, message):
    folder = make_folder(counts)
    if counts == {"ant": {}}:
        (folder / "ant").mkdir(parents=True)
    expected = re.escape(message.replace("{}", str(folder)))
    with pytest.raises((FileNotFoundError, ValueError), match=f"^{expected}"):
        open_folder(folder)


# Parts


@pytest.fixture
def flat(make_folder):
    """One folder a class, and no parts: 20 ants, 10 bees."""
    return make_folder({"flat": {"ant": 20, "bee": 10}}) / "flat"


def names(dataset):
    return {path for path, _ in dataset.samples}


def test_one_folder_a_class_is_split_by_the_seed_and_says_so(flat, capsys):
    parts = open_folder(flat, seed=3)
    line = "flat: no train/ and test/, so 6 of 30 pictures are for testing, chosen by seed 3\n"
    assert capsys.readouterr().out == line
    assert torch.tensor(parts["test"].targets).bincount().tolist() == [4, 2]
    assert torch.tensor(parts["train"].targets).bincount().tolist() == [16, 8]
    assert names(parts["train"]) | names(parts["test"]) == names(PictureFolder(flat))
    again, other = open_folder(flat, seed=3), open_folder(flat, seed=4)
    assert again["test"].samples == parts["test"].samples
    assert names(other["test"]) != names(parts["test"])


def test_each_class_is_tested_however_small(make_folder):
    folder = make_folder({"flat": {"ant": 30, "bee": 2}}) / "flat"
    parts = open_folder(folder)
    assert torch.tensor(parts["test"].targets).bincount().tolist() == [5, 1]


def test_a_folder_by_its_path(flat, make_folder, capsys):
    train, test = (
        open_dataset(flat, train=train, transform=TO_FLOAT, seed=1) for train in (True, False)
    )
    assert not names(train) & names(test) and (len(train), len(test)) == (24, 6)
    assert capsys.readouterr().out.count("\n") == 1
    assert train[0][0].shape == (3, 8, 10) and "ToImage()" in repr(test)
    folder = make_folder({"train": PETS, "val": PETS, "test": {"ant": 1, "bee": 1, "Zebra é": 1}})
    assert len(open_dataset(str(folder), train=True)) == 9
    assert len(open_dataset(str(folder), train=False)) == 3
    assert set(open_folder(folder)) == {"train", "val", "test"}
    assert capsys.readouterr().out == ""


def test_a_class_may_be_called_train(tmp_path):
    for name in ("train", "bus"):
        for index in range(5):
            picture(tmp_path / name / f"{index}.png")
    assert open_folder(tmp_path, say=False)["train"].classes == ["bus", "train"]
