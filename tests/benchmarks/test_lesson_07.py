"""Lesson 07's benchmark: its faults, and the table that they are made into."""

import torch

from benchmarks.lesson_07 import faults
from benchmarks.lesson_07.choices import best_of, side_by_side
from benchmarks.lesson_07.laboratory import Plan
from benchmarks.lesson_07.trainings import TASKS, kill_half, wrapped
from course_utils.lessons.lesson_07.probes import dead_channels
from course_utils.models import VGG

TINY = Plan(
    seeds=(0,),
    images=60,
    epochs=1,
    epochs_leaks=1,
    batch_size=20,
    pairs=10,
    candidates=3,
    candidate_images=20,
    candidate_epochs=1,
    draws=2,
    chosen_on=(10, 20),
    blocks=((4, 4), (4, 4), (4, 4)),
    candidate_blocks=((4, 4), (4, 4), (4, 4)),
)


def test_every_row_has_a_task_and_every_task_a_row():
    tasks = {task for row in faults.ROWS for task, _ in (row.healthy, row.faulty)}
    assert tasks == set(TASKS)


def test_faults_have_two_accuracies_for_each_seed(make_run, monkeypatch):
    places = [("candidates", f"{kind} {n}") for n in TINY.chosen_on for kind in ("rest", "best")]
    few = [faults.Row(f"best on {n}", "report", *places[i : i + 2]) for i, n in ((0, 10), (2, 20))]
    rows = [row for row in faults.ROWS if row.healthy[0] != "candidates"]
    monkeypatch.setattr(faults, "ROWS", [*rows, *few])
    found = faults.faults(make_run(), TINY)
    assert {row["kind"] for row in found["faults"]} == {"training", "use", "report"}
    assert len(found["faults"]) == len(faults.ROWS)  # no rows of lesson 04 without its record
    for row in found["faults"]:
        assert len(row["healthy"]) == len(row["faulty"]) == 1
    first, second = found["calibration"].values()
    assert len(first["ece_before"]) == 1 and second["temperature"][0] > 0
    assert found["setting"] == "pictures, 60 images, 1 epochs, 1 seeds"


def test_choosing_flatters_where_all_are_alike():
    generator = torch.Generator().manual_seed(0)
    correct = torch.rand(50, 3000, generator=generator) < 0.5
    few, many = best_of(correct, 100, 50, seed=0), best_of(correct, 1000, 50, seed=0)
    assert 0.58 < few["best 100"] < 0.65  # some two standard errors up
    assert 0.51 < many["best 1000"] < 0.56
    assert abs(few["rest 100"] - 0.5) < 0.02 and abs(many["rest 1000"] - 0.5) < 0.02


def test_photographs_side_by_side_are_a_mirror_pair():
    images = torch.zeros(20, 3, 32, 32, dtype=torch.uint8)
    labels = torch.arange(20) % 2
    images[labels == 1] = 200
    both, side = side_by_side(images, labels, ("cat", "ship"), most=100, seed=0)
    assert both.shape == (10, 3, 32, 32) and both.dtype == torch.uint8 and 0 < side.sum() < 10
    for image, label in zip(both, side.tolist(), strict=True):
        assert (image[..., :16] == (200 if label else 0)).all()
        assert (image[..., 16:] == (0 if label else 200)).all()


def test_what_does_not_fit_into_a_byte_wraps_round():
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).expand(1, 3, 1, 3)
    found = wrapped(pixels, (0.2,) * 3, (0.5,) * 3)  # -0.4, 0, 1.6 of 255
    assert found[0, 0, 0].tolist() == [256 - 102, 0, 408 - 256]


def test_every_second_relu_is_dead():
    model, images = VGG(((4, 4), (6, 6)), (8,), 3, size=8), torch.rand(8, 3, 8, 8)
    kill_half(model)
    maps = model.features[0][:2](images)
    assert not maps[:, ::2].any() and maps[:, 1::2].any()
    shares = dead_channels(model, images)
    assert min(shares[f"features.{layer}"] for layer in ("0.2", "1.0", "1.2")) >= 0.5
