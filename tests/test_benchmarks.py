"""RESULTS.md is what its generator makes; the JPEG copy has the layout that the course reads. Nothing is timed here."""

import importlib.util
from types import ModuleType

import pytest
from PIL import Image

from course_utils.data import load_splits
from course_utils.results import RECORDED_DIR
from course_utils.runtime import ROOT


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_results_md_is_up_to_date():
    assert (ROOT / "RESULTS.md").read_text(encoding="utf-8") == script("make_results").results(), "run `make results`"


def test_every_recorded_result_names_no_machine():
    files = list(RECORDED_DIR.glob("*.json"))
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "/home" not in text and "seconds" not in text


class TinyArchive(list):
    classes = ("cat", "dog")


def test_jpeg_copy_is_an_image_folder(tmp_path):
    images = [(Image.new("RGB", (32, 32), (i * 10, 255 - i * 10, 0)), i % 2) for i in range(8)]
    for split in ("train", "test"):
        script("make_jpeg_copy").write_split(TinyArchive(images), tmp_path / split)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.glob("train/*/*.jpg"))[:3] == [
        "train/cat/0000.jpg",
        "train/cat/0001.jpg",
        "train/cat/0002.jpg",
    ]
    with Image.open(tmp_path / "train" / "cat" / "0000.jpg") as picture:
        assert picture.layer[0][1:3] == (2, 2) and picture.layer[1][1:3] == (1, 1)  # 4:2:0
    splits = load_splits(tmp_path, val_fraction=0.25)
    assert splits.classes == ("cat", "dog") and len(splits.test) == 8


def test_lessons_on_cifar10_refuses_an_unknown_name(monkeypatch):
    lessons = script("lessons_on_cifar10")
    monkeypatch.setattr("sys.argv", ["lessons_on_cifar10.py", "folder", "04"])
    with pytest.raises(SystemExit, match=r"The names are 00_training_loop\.cifar10-jpeg, 03_vgg_cnn"):
        lessons.main()
