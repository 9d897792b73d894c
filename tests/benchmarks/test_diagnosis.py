"""The benchmark of the diagnosis lesson's faults: what it writes and keeps, and the faults that it
plants itself.
"""

import json

import pytest
import torch

from course_utils.lessons.lesson_07.probes import dead_shares
from tests.helpers import script

pytestmark = pytest.mark.usefixtures("benchmarks_are_importable")


def test_diagnosis_writes_the_seeds_that_are_whole(monkeypatch, tmp_path):
    diagnosis = script("diagnosis")
    measured = {
        "ece_before": 0.2,
        "ece_after": 0.1,
        "temperature": 2.0,
        "bins_before": [],
        "bins_after": [],
    }
    found = {}
    for task, name in {place for _, _, *both in diagnosis.ROWS for place in both}:
        for seed in (0, 1):
            found.setdefault((task, seed), {"calibration": measured})[name] = 0.25 * (1 + seed)
    assert {task for task, _ in found} == set(
        diagnosis.faults.TASKS
    )  # no row without a task, no task without a row
    monkeypatch.setattr(diagnosis, "RESULT", tmp_path / "result.json")
    diagnosis.collect({task: values for task, values in found.items() if task != ("pair", 1)})
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert result["seeds"] == [0] and {row["kind"] for row in result["faults"]} == {
        "training",
        "use",
        "report",
    }
    assert result["faults"][0] == {
        "fault": "softmax before cross-entropy", "kind": "training", "healthy": [0.25], "faulty": [0.25]
    }  # fmt: skip
    diagnosis.collect(found)
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["faults"][0][
        "healthy"
    ] == [0.25, 0.5]


def test_diagnosis_measures_what_is_not_kept(monkeypatch, tmp_path, capsys):
    diagnosis = script("diagnosis")
    monkeypatch.setattr(diagnosis, "KEPT", tmp_path / "kept")
    monkeypatch.setitem(
        diagnosis.faults.TASKS, "pair", lambda splits, seed: {"test": splits + seed}
    )
    monkeypatch.setattr(diagnosis.faults, "load", lambda folder, seed: 0.5)
    assert diagnosis.run(("folder", "pair", 1)) == (("pair", 1), {"test": 1.5})
    assert capsys.readouterr().out == "pair 1 test 1.5000\n"
    monkeypatch.setitem(diagnosis.faults.TASKS, "pair", None)
    assert diagnosis.run(("folder", "pair", 1)) == (("pair", 1), {"test": 1.5})


def test_choosing_flatters_where_all_are_alike(monkeypatch):
    faults = script("diagnosis_faults")
    monkeypatch.setattr(faults, "DRAWS", 50)
    right = torch.rand(50, 3000, generator=torch.Generator().manual_seed(0)) < 0.5
    few, many = faults.choose(right, 100, 0), faults.choose(right, 1000, 0)
    assert (
        0.58 < few["best 100"] < 0.65 and 0.51 < many["best 1000"] < 0.56
    )  # some two standard errors up
    assert abs(few["rest 100"] - 0.5) < 0.02 and abs(many["rest 1000"] - 0.5) < 0.02


def test_pairs_of_photographs_are_a_mirror_pair():
    images = torch.zeros(20, 3, 32, 32, dtype=torch.uint8)
    labels = torch.arange(20) % 2
    images[labels == 1] = 200
    both, side = script("diagnosis_faults").pairs(images, labels, ("cat", "ship"), seed=0)
    assert both.shape == (10, 3, 32, 32) and both.dtype == torch.uint8 and 0 < side.sum() < 10
    for image, right in zip(both, side.tolist(), strict=True):
        assert (image[..., :16] == (200 if right else 0)).all() and (
            image[..., 16:] == (0 if right else 200)
        ).all()


def test_what_does_not_fit_into_a_byte_wraps_round():
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).expand(1, 3, 1, 3)
    bytes_of = script("diagnosis_faults").wrapped(
        pixels, (0.2,) * 3, (0.5,) * 3
    )  # -0.4, 0, 1.6 of 255
    assert bytes_of[0, 0, 0].tolist() == [256 - 102, 0, 408 - 256]


def test_every_second_relu_is_dead():
    faults = script("diagnosis_faults")
    model = faults.VGG(((4, 4), (6, 6)), (8,), 3, size=8)
    faults.kill_half(model)
    maps = model.features[0][:2](torch.rand(8, 3, 8, 8))
    assert not maps[:, ::2].any() and maps[:, 1::2].any()
    assert (
        min(
            dead_shares(model, torch.rand(8, 3, 8, 8))[f"features.{layer}"]
            for layer in ("0.2", "1.0", "1.2")
        )
        >= 0.5
    )
