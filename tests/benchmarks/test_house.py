"""What belongs to no lesson: ratios, how hard Shapes is."""

import json

import pytest
import torch
from torch.utils.data import TensorDataset

from benchmarks.house import channel_stats, lessons, ratios, report, shapes_difficulty
from course_utils.lessons.lesson_08.recipe import Recipe

TINY = ratios.Plan(
    pairs=1, images=8, batch_size=4, items=3, rounds=1, photos=20, photo_size=(64, 48)
)


def test_a_ratio_is_of_the_work_that_is_done():
    def work(rounds):
        return lambda: [torch.ones(1) for _ in range(rounds)]

    found = ratios.in_turn(work(30_000), work(10_000), pairs=5)
    assert 2 < found["median"] < 4 and found["min"] <= found["median"] <= found["max"]


def test_the_bare_loop_learns_as_fit_does():
    """Both take the same steps: without that their times say nothing."""
    data = TensorDataset(torch.randn(32, 3, 32, 32), torch.arange(32) % 10)
    loader = torch.utils.data.DataLoader(data, 8)
    weights = []
    for work in ("fit", "bare"):
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3072, 10))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        if work == "bare":
            ratios.bare_fit(model, loader, loader, optimizer)
        else:
            how = {"optimizer": optimizer, "epochs": 1, "device": ratios.CPU}
            ratios.course_fit(model, loader, loader, **how)
        weights.append(model[1].weight.detach())
    assert torch.equal(*weights)


def test_fit_is_compared_for_both_networks(make_run, monkeypatch):
    small = {"VGG": lambda: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3072, 10))}
    monkeypatch.setattr(ratios, "NETWORKS", small)
    found = ratios.fit(make_run(), TINY)["fit"]
    assert found["pairs"] == 1 and found["VGG"]["median"] > 0


def test_photos_are_read_by_both(make_run, tmp_path):
    ratios.make_photos(tmp_path / "photos", 20, (64, 48))
    assert len(list((tmp_path / "photos").glob("*/*/*.jpg"))) == 20
    assert ratios.draft_time(str(tmp_path / "photos")) > 0
    assert ratios.course_time(str(tmp_path / "photos")) > 0


def test_imports_of_a_notebook_are_a_program(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["import nothing"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "import json\n", "x = 1"]},
        {"cell_type": "code", "source": ["if x:\n", "    from pathlib import Path"]},
    ]
    path = tmp_path / "one.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    program = ratios.imports_of(path)
    assert program == "import json\nfrom pathlib import Path"
    assert ratios.import_time(program) > 0


def test_ratios_that_are_measured_stand_in_the_report(monkeypatch, tmp_path):
    monkeypatch.setattr(report, "RECORDED_DIR", tmp_path)
    assert report.ratios() == []
    ratio = {"median": 1.023, "min": 0.9, "max": 1.2}
    text = json.dumps({"fit": {"pairs": 3, "VGG": ratio}, "machine": {"fit": "CPU"}})
    (tmp_path / "house_ratios.json").write_text(text, encoding="utf-8")
    (section,) = report.ratios()
    assert "| an epoch of fit over a bare loop | VGG | 1.02 | 0.90 | 1.20 |" in section


def test_both_ways_give_the_same_channel_statistics(make_run):
    plan = channel_stats.Plan(images=64, pairs=1)
    _, _, streaming = channel_stats.measure("streaming", plan.images)
    _, _, stacked = channel_stats.measure("stacked", plan.images)
    assert streaming == pytest.approx(stacked, abs=1e-5)


def test_how_hard_a_data_set_is_has_a_number_for_each_seed(make_run):
    run = make_run()
    plan = shapes_difficulty.Plan(
        dataset=run.dataset,
        seeds=(0, 1),
        entries=("linear", "few, augmented", "fast, lesson"),
        most_images=40,
        most_epochs=1,
        widths=(4, 4, 4),
    )
    found = shapes_difficulty.difficulty(run, plan)
    for name in plan.entries:
        accuracies = found[name]["test_accuracy_by_seed"]
        assert len(accuracies) == 2
        assert found[name]["mean"] == pytest.approx(sum(accuracies) / 2)
    assert found["seeds"] == [0, 1]


def test_a_lesson_is_run_with_its_parameters(make_run, monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(lessons.subprocess, "run", lambda command, check: calls.append(command))
    monkeypatch.setattr(lessons, "RUNS_DIR", tmp_path)
    (tmp_path / "record").mkdir()
    (tmp_path / "record" / "03_vgg_cnn.json").write_text('{"test_accuracy": 0.5}')
    run = make_run()
    assert lessons.run_lesson(run, "03 10k") == {"test_accuracy": 0.5}
    words = ["--dataset", run.dataset, "--name", "record"]
    assert calls[0][3:] == ["run", *words, "-p", "train_size", "10000", "03_vgg_cnn"]


def test_the_fast_recipe_is_measured_after_each_epoch(make_run):
    recipe = Recipe(widths=(4, 4, 4), epochs=1.5, batch_size=20)
    found = lessons.run_fast(make_run(), recipe, images=40)
    assert found["train_images"] == 40 and found["epochs"] == 1.5
    assert len(found["val_accuracy"]) == 2 and 0 <= found["test_accuracy"] <= 1
    assert found["scoreboard"]["fast recipe"]["accuracy"] == found["test_accuracy"]
