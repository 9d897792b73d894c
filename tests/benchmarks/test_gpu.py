"""Trainings on the device, in miniature and on the CPU."""

import json
import pickle
import sys
import time

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.gpu import __main__ as command
from benchmarks.gpu import lesson_records, records, timing
from benchmarks.gpu.data import Images, load
from benchmarks.gpu.lanes import (
    Context,
    OutOfTime,
    captured,
    fit,
    read_lines,
    run_lanes,
    search,
    team,
    try_rates,
)
from benchmarks.gpu.sizes import MINI
from benchmarks.gpu.trainer import Recipe, Trainer, augmented, learning_rates

STATS = torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.2, 0.3, 0.25])
CPU = torch.device("cpu")


def write_batch(path, number: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (number, 3072), dtype=np.uint8)
    batch = {b"data": pixels, b"labels": [i % 10 for i in range(number)]}
    path.write_bytes(pickle.dumps(batch))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "cifar"
    folder.mkdir()
    write_batch(folder / "data_batch_1", 60, 0)
    write_batch(folder / "test_batch", 20, 1)
    return folder


def small_network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=4), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10)
    )


def make_trainer(*, images: int = 40, epochs: int = 3, **changes) -> Trainer:
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randint(0, 256, (images, 32, 32, 3), generator=generator, dtype=torch.uint8)
    options = {"batch_size": 16, "precision": "float32", "channels_last": False} | changes
    made = Images(pixels, torch.arange(images) % 10)
    trainer = Trainer(small_network, Recipe("sgd", **options), made, STATS, max_epochs=epochs)
    trainer.capture()
    return trainer


def run_parts(monkeypatch, groups: list[str], folder, out, *options: str) -> list[dict]:
    """The lines that a miniature run writes."""
    monkeypatch.setattr(timing, "SECONDS", 0.01)
    words = ["gpu", *groups, "--mini", "--lanes", "1", *options]
    monkeypatch.setattr(sys, "argv", [*words, "--data", str(folder), "--out", str(out)])
    command.main()
    return read_lines(out / "jobs.jsonl")


def write_lines(folder, *lines: dict) -> None:
    folder.mkdir()
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "jobs.jsonl").write_text(text, encoding="utf-8")


def test_every_part_runs_in_miniature_and_becomes_a_record(folder, tmp_path, monkeypatch):
    out, made = tmp_path / "out", tmp_path / "records"
    groups = ["source+standard+faults", "depth", "networks"]
    lines = run_parts(monkeypatch, groups, folder, out, "--timing")
    assert [line for line in lines if line["part"] in ("failed", "stopped")] == []
    assert {line["part"] for line in lines} >= set("+".join(groups).split("+"))
    assert [list(line["images_a_second"]) for line in lines if line["part"] == "timing"] == [
        ["source"], ["standard"], ["faults"], ["source", "standard", "faults"], ["depth"],
        ["networks"],
    ]  # fmt: skip

    words = ["records", str(out), str(made), "--data", str(folder)]
    monkeypatch.setattr(sys, "argv", words)
    records.main()
    names = {path.name.split("gpu-")[-1] for path in made.iterdir()}
    assert names == {
        "recipe.json", "comparison.json", "standard.json", "depth.json",
        "07_diagnosis.cifar10-gpu.json",
    }  # fmt: skip
    diagnosis = json.loads((made / "07_diagnosis.cifar10-gpu.json").read_text())
    assert len(diagnosis["faults"]) == 18  # so few images: both choices of the best are one
    assert set(diagnosis["calibration"]) == {"leak, seed 0", "norm, seed 0"}


def test_a_run_leaves_out_what_an_earlier_run_has(folder, tmp_path, monkeypatch):
    groups, earlier = ["faults", "depth"], tmp_path / "earlier"
    first = run_parts(monkeypatch, groups, folder, earlier)
    lines = [line for line in first if line.get("arm") not in ("rate norm", "depth 8, none")]
    write_lines(tmp_path / "known", *lines)
    second = run_parts(
        monkeypatch, groups, folder, tmp_path / "later", "--known", str(tmp_path / "known")
    )
    found = [
        (line["part"], line["arm"]) for line in second if "arm" in line and line["part"] != "part"
    ]
    assert found == [
        ("faults", "rate norm"), ("search", "depth 8, none"), ("depth", "depth 8, none"),
    ]  # fmt: skip


def test_a_later_run_completes_the_records_of_an_earlier_one(tmp_path):
    def source(arm: str, epochs: int) -> dict:
        losses = [1.0] * epochs
        return {"part": "source", "arm": arm, "seed": 0, "lr": 1e-4, "proper": losses} | {
            "train_loss": losses, "last_loss": losses,
        }  # fmt: skip

    def searched(lr: float, value: float) -> dict:
        return {"part": "search", "arm": "depth 8, none", "lr": lr, "val_accuracy": value}

    def deep(seed: int, lr: float, value: float) -> dict:
        found = {"part": "depth", "arm": "depth 8, none", "seed": seed, "lr": lr}
        return found | {"train_loss": [1.0], "test_accuracy": value}

    def began(device: str) -> dict:
        return {"part": "began", "device": device, "torch": "2", "sizes": vars(MINI)}

    write_lines(
        tmp_path / "a", began("one"), source("source's ResNet", 2), source("source's CNN", 3),
        searched(0.3, 0.7), deep(0, 0.3, 0.8), deep(1, 0.3, 0.9),
    )  # fmt: skip
    write_lines(
        tmp_path / "b", began("two"), source("source's ResNet", 5), source("source's CNN", 1),
        searched(1.0, 0.75), searched(0.01, 0.9), deep(0, 1.0, 0.85), deep(2, 0.3, 0.1),
        {"part": "standard", "arm": "none", "seed": 0},
    )  # fmt: skip
    lines = records.Lines([tmp_path / "a" / "jobs.jsonl", tmp_path / "b" / "jobs.jsonl"])
    recipe = records.recipe(lines)
    assert recipe["device"] == "one and two"
    assert lines.settings("standard")["device"] == "two"
    done = {name: found["epochs_done"] for name, found in recipe["networks"].items()}
    assert done == {"source's ResNet": [5], "source's CNN": [3]}
    (arm,) = records.depths(lines)["arms"]
    assert arm["search_val_accuracy"] == {"0.01": 0.9, "0.3": 0.7, "1": 0.75}
    assert (arm["lr"], arm["seed"], arm["test_accuracy"]) == (1.0, [0], [0.85])  # 0.01: no training


def test_what_is_kept_is_on_disk_at_once(folder, tmp_path):
    context = Context(load(folder, CPU), MINI, tmp_path, deadline=0)
    context.keep("first", torch.ones(2))
    context.keep("second", torch.zeros(3))
    assert set(torch.load(tmp_path / "arrays-0.pt", weights_only=True)) == {"first", "second"}


def test_an_unknown_part_lists_those_there_are(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gpu", "source+speed", "--data", "x", "--out", "y"])
    with pytest.raises(SystemExit):
        command.main()
    wanted = "no part 'speed'; there are source, networks, standard, depth, faults"
    assert wanted in capsys.readouterr().err


def test_the_rate_of_one_cycle_rises_then_falls_to_zero():
    lrs = learning_rates("one_cycle", 0.4, 100)
    assert lrs.argmax() == 29
    assert lrs.max() == pytest.approx(0.4)
    assert lrs[-1] == pytest.approx(0, abs=1e-6)
    assert (lrs[:30].diff() > 0).all() and (lrs[30:].diff() < 0).all()


def test_an_epoch_is_what_a_plain_loop_makes_of_the_same_order():
    trainer = make_trainer(padding=0, mirror=False, schedule="constant", drop_last=False)
    trainer.reset(seed=3, lr=0.05, epochs=1)
    model = small_network()
    model.load_state_dict(trainer.model.state_dict())
    mean, last = trainer.run_epoch()

    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    losses = []
    for chosen in trainer.order.split(16):
        images = (trainer.pixels[chosen].permute(0, 3, 1, 2) / 255 - STATS[0].view(3, 1, 1)) / (
            STATS[1].view(3, 1, 1)
        )
        loss = F.cross_entropy(model(images), trainer.labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert [len(chosen) for chosen in trainer.order.split(16)] == [16, 16, 8]
    assert mean == pytest.approx((16 * losses[0] + 16 * losses[1] + 8 * losses[2]) / 40, rel=1e-4)
    assert last == pytest.approx(losses[-1], rel=1e-4)
    for ours, plain in zip(trainer.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-3, atol=1e-5)


def test_training_images_are_windows_of_the_padded_image_and_mirrored_half_the_time():
    trainer = make_trainer(images=400)
    trainer.reset(0, 0.1, 1)
    trainer.shuffle()
    images, labels = trainer.batch(torch.arange(400))
    pixels = images.permute(0, 2, 3, 1) * trainer.std + trainer.mean
    padded, mirrored = trainer.pixels[trainer.order].float(), 0
    for number in range(400):
        down, right = trainer.rows[number, 0], trainer.columns[number].min()
        window = padded[number, down : down + 32, right : right + 32]
        if trainer.columns[number, 0] > trainer.columns[number, 1]:
            window, mirrored = window.flip(1), mirrored + 1
        torch.testing.assert_close(pixels[number], window, rtol=0, atol=1e-2)
    assert 150 < mirrored < 250
    assert set(trainer.rows[:, 0].tolist()) == set(range(9))
    assert torch.equal(labels, trainer.order % 10)


def test_a_reset_trainer_repeats_its_training_whatever_came_between():
    trainer = make_trainer()

    def train(seed: int) -> list[float]:
        trainer.reset(seed, 0.1, 2)
        return [trainer.run_epoch()[0] for _ in range(2)]

    first = train(0)
    other = train(1)
    again = train(0)
    assert first == again
    assert first != other


def test_warming_up_stays_within_a_schedule_of_two_steps():
    trainer = make_trainer(images=24, epochs=1, drop_last=False)
    assert len(trainer.lrs) == 2
    trainer.warm_up()
    assert trainer.count.item() == 1


def test_forgotten_zero_grad_adds_up_the_gradients():
    images = {"padding": 0, "mirror": False, "schedule": "constant"}
    forgetful, careful = make_trainer(forget_zero_grad=True, **images), make_trainer(**images)
    sizes = []
    for trainer in (forgetful, careful):
        trainer.reset(0, 0.0, 1)
        trainer.run_epoch()
        sizes.append(trainer.model[-1].weight.grad)
    assert not torch.allclose(sizes[0], sizes[1])
    forgetful.reset(0, 0.0, 1)
    assert forgetful.model[-1].weight.grad.abs().max() == 0


def test_evaluation_in_training_mode_leaves_the_running_statistics():
    trainer = make_trainer()
    trainer.reset(0, 0.1, 1)
    trainer.run_epoch()
    before = [buffer.clone() for buffer in trainer.model.buffers()]
    pixels = trainer.unpadded()
    spoilt = trainer.logits(pixels, training=True, batch_size=4)
    assert all(map(torch.equal, before, trainer.model.buffers()))
    assert not torch.allclose(spoilt, trainer.logits(pixels))


def test_augmented_test_images_keep_their_places_and_come_again_with_the_seed():
    pixels = torch.arange(1, 6, dtype=torch.uint8).view(5, 1, 1, 1).expand(5, 32, 32, 3)
    made = augmented(pixels, 4, 7)
    assert torch.equal(made.amax(dim=(1, 2, 3)), torch.arange(1, 6, dtype=torch.uint8))
    assert torch.equal(made, augmented(pixels, 4, 7))
    assert not torch.equal(made, augmented(pixels, 4, 8))


def test_a_deadline_stops_a_training_and_keeps_the_epochs_of_one_with_a_constant_rate(
    folder, tmp_path
):
    context = Context(load(folder, CPU), MINI, tmp_path, deadline=time.monotonic() - 1)
    trainer = make_trainer()
    with pytest.raises(OutOfTime):
        fit(context, trainer, seed=0, lr=0.1, epochs=2)
    found = fit(context, trainer, seed=0, lr=0.1, epochs=2, keep_partial=True)
    assert found["train_loss"] == []
    with pytest.raises(OutOfTime):
        context.rate_of("an arm that nobody searched")


def test_a_search_takes_the_rate_that_is_best_on_validation_images(folder, tmp_path, monkeypatch):
    data = load(folder, CPU)
    context = Context(data, type(MINI)(search_epochs=1), tmp_path, time.monotonic() + 60)
    trainer = make_trainer(schedule="constant")
    scores = {0.1: 0.2, 0.3: 0.7, 0.9: 0.4}
    monkeypatch.setattr(trainer, "accuracy", lambda images: scores[round(trainer.lrs[0].item(), 1)])
    search(context, "arm", tuple(scores))(trainer)
    assert context.rate_of("arm") == 0.3


def test_a_folder_without_cifar10_says_so(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        load(tmp_path, CPU)
    assert str(error.value) == f"no data_batch_1 in {tmp_path}: unpack CIFAR-10 there"


def test_the_parts_of_two_lessons_run_in_miniature_and_become_records(
    folder, tmp_path, monkeypatch
):
    out, made = tmp_path / "out", tmp_path / "records"
    parts = ["scratch", "augment"]
    words = ["gpu", *parts, "--mini", "--lanes", "1", "--data", str(folder), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", words)
    command.main()
    lines = [json.loads(line) for line in (out / "jobs.jsonl").read_text().splitlines()]
    assert [line for line in lines if line["part"] in ("failed", "stopped")] == []

    words = ["records", str(out), str(made), "--data", str(folder)]
    monkeypatch.setattr(sys, "argv", words)
    records.main()
    assert {path.name[:2] for path in made.iterdir()} == {"01", "04"}


def made_up_lines(tmp_path, *lines: dict) -> records.Lines:
    path = tmp_path / "jobs.jsonl"
    began = {"part": "began", "device": "GPU", "torch": "2", "sizes": vars(MINI)}
    path.write_text("".join(json.dumps(line) + "\n" for line in (began, *lines)))
    return records.Lines([path])


def test_from_scratch_the_steps_are_chosen_by_validation_and_not_by_test(tmp_path):
    line = {"part": "scratch", "arm": "scratch 10", "labels": 10, "lr": 0.01}
    lines = made_up_lines(
        tmp_path,
        line | {"seed": 0, "steps": 500, "val_accuracy": 0.40, "test_accuracy": 0.3},
        line | {"seed": 0, "steps": 1000, "val_accuracy": 0.38, "test_accuracy": 0.5},
    )
    found = lesson_records.from_scratch(lines)
    assert found["arms"]["scratch"] == {10: [0.3]}
    assert found["by_labels"][10]["gain_of_twice_the_steps"] == pytest.approx(-0.02)


def test_a_team_does_each_job_once_and_goes_on_where_one_of_them_fails(folder, tmp_path):
    context, done = Context(load(folder, CPU), MINI, tmp_path, time.monotonic() + 60), []

    def job(number: int):
        def run(trainer: Trainer) -> None:
            done.append(number)
            assert number != 1

        return run

    lanes = team("three", make_trainer, 2, [job(n) for n in range(3)])
    run_lanes(context, captured(context, lanes, 0), 2)
    lines = [json.loads(line) for line in (tmp_path / "jobs.jsonl").read_text().splitlines()]
    assert sorted(done) == [0, 1, 2]
    assert [line["arm"] for line in lines if line["part"] == "failed"] == ["three, 0"]


def test_a_shared_search_ends_even_where_a_rate_fails(folder, tmp_path, monkeypatch):
    context = Context(load(folder, CPU), type(MINI)(), tmp_path, time.monotonic() + 60)
    trainer, scores = make_trainer(schedule="constant"), {0.1: 0.2, 0.3: 0.7, 0.9: None}

    def accuracy(images: Images) -> float:
        score = scores[round(trainer.lrs[0].item(), 1)]
        if score is None:
            raise RuntimeError
        return score

    monkeypatch.setattr(trainer, "accuracy", accuracy)
    jobs = try_rates(context, "arm", tuple(scores), 1)
    for job in jobs[:2]:
        job(trainer)
    with pytest.raises(RuntimeError):
        jobs[2](trainer)
    assert context.rate_of("arm") == 0.3


def test_a_smaller_crop_moves_windows_less_and_new_images_stay_inside_the_border():
    trainer = make_trainer(padding=16)
    trainer.crop, trainer.mirror = 0, False
    pixels = torch.full((40, 32, 32, 3), 7, dtype=torch.uint8)
    trainer.use_images(Images(pixels, torch.zeros(40, dtype=torch.long)))
    trainer.reset(0, 0.1, 1)
    trainer.shuffle()
    images, labels = trainer.batch(torch.arange(40))
    expected = trainer.normalised(pixels, trainer.mean, trainer.std)
    torch.testing.assert_close(images, expected)
    assert trainer.pixels[:, :16].sum() == 0
    assert labels.sum() == 0
