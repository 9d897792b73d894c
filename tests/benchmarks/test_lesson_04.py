"""Lesson 04's benchmark: transfer on a few pictures, and the making of a backbone."""

import pytest
import torch
from PIL import Image

from benchmarks.lesson_04 import attempt, backbone, details, report, transfer
from benchmarks.lesson_04.probes import sources
from course_utils.checkpoints import load_file

TINY = transfer.Plan(
    seeds=(0,),
    labels=(5, 10),
    batch_size=10,
    scaling_labels=5,
    leak_labels=10,
    leak_epochs=1,
)


def test_the_controls_have_one_seed():
    arms = transfer.Plan().arms()
    assert arms["scratch"][500] == (0, 1, 2) and arms["scratch_longer"] == {50: (0,)}
    assert arms["fine_tuning_plain"] == {500: (0,)}


def test_every_arm_has_an_accuracy_for_each_number_of_labels(make_run, monkeypatch):
    for arm in ("scratch", "fine_tuning"):
        monkeypatch.setitem(transfer.STEPS, arm, {5: 1, 10: 2})
    found = transfer.transfer(make_run(), TINY)
    for arm in ("scratch", "fine_tuning", "probe", "probe_fixed", "random"):
        by_labels = {int(number): values for number, values in found["arms"][arm].items()}
        assert set(by_labels) == {5, 10} and len(by_labels[5]) == 1, arm
    assert found["probe_all"]["train_images"] == 108
    ways = found["scaling"]["throughout"], found["scaling"]["only later"]
    assert all(len(way["raw bytes"]) == 1 for way in ways)
    assert set(found["leak"]["leaked"]) == {"asked", "fresh"} and found["leak"]["images"] == 100


def test_details_are_paired_with_the_recorded_fine_tuning(make_run):
    plan = details.Plan(seeds=(0,), labels=5, steps=2, batch_size=10, one_lr=(1e-3,))
    run = make_run(arms={"fine_tuning": {"5": [0.75]}})
    rates, dropout = details.rates(run, plan)["rates"], details.dropout(run, plan)["dropout"]
    assert rates["each"] == dropout["off"] == [0.75]
    assert len(rates["one"][1e-3]) == len(dropout["on"]) == 1
    by_mode = details.frozen(run, plan)["frozen"]["learned_in"]
    assert {mode: set(found) for mode, found in by_mode.items()} == {
        "evaluation": {"evaluation"},
        "training": {"evaluation", "training"},
    }


def test_a_detail_at_the_settings_of_fine_tuning_is_that_fine_tuning(make_run, monkeypatch):
    monkeypatch.setitem(transfer.STEPS, "fine_tuning", {5: 3})
    run = make_run()
    transfer.cache_features(run, TINY, transfer.OWN)
    recorded = transfer.train_arm(run, TINY, "fine_tuning", 5, 0)
    plan = details.Plan(labels=5, steps=3, batch_size=10)
    again = details.fine_tune(run, plan, TINY.backbone_lr, TINY.head_lr, 0.0, 0)
    assert again == recorded


def test_details_and_the_attempt_stand_in_the_report_with_their_paired_differences(monkeypatch):
    about = {"labels_per_class": 100, "seeds": 2, "steps": 240}
    usual, more = [0.70, 0.72], [0.71, 0.73]
    modes = {
        "evaluation": {"evaluation": usual},
        "training": {"evaluation": more, "training": usual},
    }
    record = {
        "arms": {},
        "augmentation": "crops",
        "batch_size": 64,
        "optimizer": "Adam",
        "precision": "bfloat16",
        "rates": {
            "each": usual,
            "one": {"0.0003": more, "0.001": usual},
            "lr_of_each": {"backbone": 0.0003, "head": 0.001},
            **about,
        },
        "dropout": {"off": usual, "on": usual, "p": 0.5, **about},
        "frozen": {"head_lr": 0.001, "learned_in": modes, **about},
    }
    monkeypatch.setattr(report, "recorded", lambda *_: (record, "CIFAR-10"))
    (text,) = report.details()
    assert "| one rate, 0.0003 | 72.0% ± 1.4 | +1.0 points (1.0 to 1.0) |" in text
    assert "| training | evaluation | 72.0% ± 1.4 | +1.0 points (1.0 to 1.0) |" in text
    assert report.attempt() == []
    how = {"epochs": 4, "peak_rate": 0.02, "label_smoothing": 0.0, "train_images": 10}
    probes = {"learned_on": {"5": more}, "shipped": {"5": usual}}
    record["attempt"] = {**how, **probes, "augmentation": "crops", "seeds": 2}
    (text,) = report.attempt()
    assert "| 5 | 71.0% ± 1.4 | 72.0% ± 1.4 | +1.0 points (1.0 to 1.0) |" in text


@pytest.mark.parametrize("mode", ["evaluation", "training"])
def test_only_a_backbone_left_in_training_mode_moves(make_run, monkeypatch, mode):
    run, plan = make_run(), details.Plan(labels=5, steps=2, batch_size=10)
    trained = []
    monkeypatch.setattr(details, "accuracy_on", lambda _, model, part: trained.append(model) or 0.5)
    details.train_head(run, plan, mode, 0)
    before = sources(run.dataset, plan.weights)[0].features
    after = trained[0].model.features
    weights = zip(before.parameters(), after.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in weights)
    statistics = zip(before.buffers(), after.buffers(), strict=True)
    assert all(torch.equal(a, b) for a, b in statistics) == (mode == "evaluation")


@pytest.fixture
def archive(tmp_path):
    """Three classes in the layout of Tiny ImageNet; validation images are noise, and sharper."""
    folder = tmp_path / "tiny"
    for split, number in (("train", 8), ("val", 4)):
        for label in range(3):
            (folder / split / f"n0{label}").mkdir(parents=True)
            for index in range(number):
                side = 8 if split == "train" else 32
                pixels = torch.randint(0, 256, (side, side, 3), dtype=torch.uint8).numpy()
                image = Image.fromarray(pixels).resize((32, 32))
                image.save(folder / split / f"n0{label}" / f"{index}.png")
    lines = "n00\tcat, kitty\nn01\tship\nn02\tgoldfish, Carassius auratus\n"
    (folder / "words.txt").write_text(lines, encoding="utf-8")
    return folder


def test_a_backbone_is_written_with_what_must_be_known_to_use_it(make_run, archive, tmp_path):
    weights = tmp_path / "weights.pt"
    plan = backbone.Plan(epochs=1, batch_size=8, folder=archive, weights=weights)
    found = backbone.backbone(make_run(), plan)
    shipped = load_file(weights)
    assert shipped["classes"] == ["cat", "ship", "goldfish"] and len(shipped["mean"]) == 3
    assert next(iter(shipped["model"].values())).dtype == torch.float16
    assert found["train_images"] == 24 and found["epochs"] == 1 and "folder" not in found
    assert found["sharpness_val"] > found["sharpness_train"] and found["val_blur_sigma"] > 0


def test_an_attempt_learns_on_from_the_shipped_weights_and_leaves_them(
    make_run, archive, monkeypatch
):
    shipped = archive / "shipped.pt"
    backbone.backbone(
        make_run(), backbone.Plan(epochs=1, batch_size=8, folder=archive, weights=shipped)
    )
    before = shipped.read_bytes()
    monkeypatch.setattr(attempt, "MINI_FILE", shipped)
    monkeypatch.setattr(attempt, "sources", sources.__wrapped__)
    learning = backbone.Plan(
        epochs=2, batch_size=8, peak_rate=1e-6, folder=archive, weights=shipped
    )
    run = make_run(arms={"probe": {"5": [0.5]}})
    found = attempt.attempt(run, attempt.Plan(learning, seeds=(0,), labels=(5,)))["attempt"]
    assert shipped.read_bytes() == before
    learned, start = (load_file(path)["model"] for path in (run.folder / "weights.pt", shipped))
    name = "features.0.weight"
    assert torch.allclose(learned[name], start[name], atol=1e-3)
    assert len(found["history"]["val_accuracy"]) == 2 and found["train_images"] == 24
    assert found["shipped"] == {"5": [0.5]} and len(found["learned_on"]["5"]) == 1


def test_blurring_makes_equally_sharp():
    images = torch.randint(0, 256, (20, 3, 32, 32), dtype=torch.uint8)
    before = backbone.sharpness_of(images)
    sigma, blurred = backbone.blur_to(0.8 * before, images)
    assert 0.1 < sigma < 1
    assert backbone.sharpness_of(blurred) == pytest.approx(0.8 * before, rel=0.02)
