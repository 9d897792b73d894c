"""RESULTS.md is what its generator makes; the JPEG copy has the layout that the course reads.
Nothing is timed here.
"""

import json

import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course_utils.data import load_splits
from course_utils.paths import ROOT
from course_utils.results import RECORDED_DIR
from tests.helpers import script

pytestmark = pytest.mark.usefixtures("benchmarks_are_importable")


def test_results_md_is_up_to_date():
    assert (ROOT / "RESULTS.md").read_text(encoding="utf-8") == script("make_results").results(), (
        "run `make results`"
    )


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
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.glob("train/*/*.jpg"))[
        :3
    ] == [
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
    with pytest.raises(
        SystemExit, match=r"The names are 00_training_loop\.cifar10-jpeg, 03_vgg_cnn"
    ):
        lessons.main()


@pytest.mark.parametrize("name", ["batch_normalization", "normalization", "rnn"])
def test_benchmarks_in_parts_refuse_an_unknown_part(monkeypatch, tmp_path, name):
    monkeypatch.setattr("sys.argv", [f"{name}.py", str(tmp_path), "width"])
    with pytest.raises(
        SystemExit,
        match=r"The parts are (rates; depth; small_groups|statistics; |search; training; )",
    ):
        script(name).main()


def test_a_part_replaces_only_itself(monkeypatch, tmp_path, capsys):
    result = tmp_path / "result.json"
    result.write_text('{"one": {"value": 1}, "two": {"value": 2}, "steps": 5}', encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["script.py", str(tmp_path), "two"])
    parts = {"one": lambda folder: {"value": 3}, "two": lambda folder: {"value": folder}}
    script("parts").run_parts(parts, result, {"steps": 6}, "usage")
    kept = json.loads(result.read_text(encoding="utf-8"))
    assert kept == {"one": {"value": 1}, "two": {"value": str(tmp_path)}, "steps": 6}
    assert capsys.readouterr().out == "two: done\n"


def test_grouped_batch_normalization_is_that_of_each_group():
    layer, plain = script("batch_normalization").GroupedBatchNorm2d(3), nn.BatchNorm2d(3)
    layer.group = 2
    maps = torch.rand(5, 3, 4, 4)
    assert torch.equal(layer(maps), torch.cat([plain(maps[:2]), plain(maps[2:4]), plain(maps[4:])]))
    assert torch.equal(layer.running_var, plain.running_var)
    assert torch.equal(layer.eval()(maps), plain.eval()(maps))


def test_degradation_keeps_a_training_that_diverges_at_the_ceiling():
    degradation = script("degradation")
    images, labels = torch.rand(64, 3, 16, 16), torch.arange(64) % 10
    degradation.DATA.update(images=images, labels=labels)
    model = degradation.make_model((8, True, "identity"))
    _, _, ratio = degradation.first_to_last(model)
    assert ratio > 0
    losses = degradation.train(model, 1e-3, 3, seed=0)
    assert len(losses) == 3 and all(0 < loss < degradation.CEILING for loss in losses)
    model.head.bias.data.fill_(float("inf"))
    assert degradation.train(model, 1e-3, 3, seed=0) == [degradation.CEILING] * 3


def test_the_source_recipe_evaluates_in_training_mode_without_a_trace():
    recipe = script("source_recipe")
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(4, 2)).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    loader = DataLoader(TensorDataset(torch.rand(6, 1, 2, 2), torch.zeros(6, dtype=torch.long)), 3)
    assert 0 <= recipe.accuracy_in_training_mode(model, loader) <= 1
    assert not model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_comparison_gives_all_networks_about_the_same_multiply_adds():
    comparison = script("resnet_comparison")
    epochs = {name: comparison.epochs_for("multiply_adds", name) for name in comparison.NETWORKS}
    assert epochs == {
        "source's CNN": 8,
        "source's CNN + BN": 8,
        "source's ResNet": 3,
        "ResNet-20": 13,
    }
    assert all(
        comparison.epochs_for("epochs", name) == comparison.EPOCHS for name in comparison.NETWORKS
    )


def test_the_comparison_writes_seeds_that_all_networks_have(monkeypatch, tmp_path):
    comparison = script("resnet_comparison")
    monkeypatch.setattr(comparison, "RESULT", tmp_path / "result.json")
    best = dict.fromkeys(comparison.NETWORKS, 1e-3)
    found = {("epochs", name, 1e-3, 0): {"test_accuracy": 0.5} for name in comparison.NETWORKS}
    searched = {name: {"0.001": 0.4} for name in comparison.NETWORKS}
    last = ("epochs", "ResNet-20", 1e-3, 0)
    comparison.collect({task: one for task, one in found.items() if task != last}, best, searched)
    assert not comparison.RESULT.exists()
    comparison.collect(
        found | {("epochs", "ResNet-20", 1e-3, 1): {"test_accuracy": 0.6}}, best, searched
    )
    result = json.loads(comparison.RESULT.read_text(encoding="utf-8"))
    assert result["epochs"]["ResNet-20"] == {"test_accuracy": [0.5]}
    assert "multiply_adds" not in result


@pytest.mark.parametrize("name", ["degradation", "diagnosis", "resnet_comparison", "source_recipe"])
@pytest.mark.parametrize("words", [[], ["no such folder"], ["{folder}", "wrong"]])
def test_scripts_say_how_to_call_them(monkeypatch, tmp_path, name, words):
    module = script(name)
    monkeypatch.setattr(
        "sys.argv", [f"{name}.py", *(word.format(folder=tmp_path) for word in words)]
    )
    with pytest.raises(SystemExit, match=f"python benchmarks/{name}.py data/cifar10-jpeg"):
        module.main()


def test_what_is_kept_is_not_measured_again(tmp_path):
    keep = script("parts").keep
    path = tmp_path / "new" / "one.json"
    assert keep(path, lambda: {"value": (1, 2)}) == {
        "value": [1, 2]
    }  # as it will be read from the file
    assert keep(path, dict) == {"value": [1, 2]}
    with pytest.raises(ZeroDivisionError):
        keep(tmp_path / "other.json", lambda: {"value": 1 / 0})
    assert not (tmp_path / "other.json").exists()
