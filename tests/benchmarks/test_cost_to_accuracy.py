"""Lesson 08's benchmark: a training goes on where it stopped, operations and parts add up."""

import importlib
import itertools
import json
from dataclasses import asdict

import pytest
import torch

from course_utils.lessons.lesson_08.fast import Recipe
from course_utils.models import SourceResNet
from tests.benchmarks.cost_helpers import narrow, small

CPU = torch.device("cpu")
pytestmark = pytest.mark.usefixtures("cost_folder")


def test_training_goes_on_where_it_stopped(cost_splits, tmp_path):
    from cost_cells import go_on, keep, train
    from ladder import Climb, settings_of

    settings = small(settings_of("average", {})).change(epochs=1.5)
    whole = train(tmp_path / "whole", cost_splits, settings, 1, test=True, mirrored=True)
    assert len(whole["loss"]) == 2 and not (tmp_path / "whole.pt").exists()
    assert {"test_accuracy", "test_accuracy_mirrored", "val_accuracy", "setup", "epochs"} <= set(
        whole
    )
    training = Climb(cost_splits, settings, 1, CPU)
    keep(
        training,
        {"loss": [training.run_epoch()], "epochs": [1.0], "setup": 2.0},
        tmp_path / "part.pt",
    )
    part = train(tmp_path / "part", cost_splits, settings, 1, test=False)
    assert part["loss"] == whole["loss"] and part["setup"] == 2 and "test_accuracy" not in part
    assert train(tmp_path / "part", cost_splits, settings, 1, test=True) == part  # made once
    again = Climb(cost_splits, settings, 1, CPU)
    keep(training, {"loss": []}, tmp_path / "kept.pt")
    assert go_on(again, tmp_path / "kept.pt") == {"loss": []} and again.epoch == 1


def test_kinds_of_epochs():
    from cost_cells import kinds_of_epochs

    assert kinds_of_epochs(Recipe(epochs=3.5, bias_epochs=9, small_size=0)) == {
        (False, True): (0, 3.5)
    }
    found = kinds_of_epochs(Recipe(epochs=6.5, bias_epochs=2, small_size=24))
    assert found == {(True, True): (0, 2.0), (True, False): (2, 1.0), (False, False): (3, 3.5)}


def test_flops_are_those_of_the_multiply_adds(cost_splits, monkeypatch):
    from cost_cells import step_flops
    from ladder import FAST, NETWORKS, Climb, Settings

    monkeypatch.setitem(NETWORKS, "source", SourceResNet)
    source = step_flops(Climb(cost_splits, Settings().change(epochs=1), 0, CPU)) / 32
    assert source == pytest.approx(3 * 2 * 166.6e6, rel=0.02)

    def of(**changes):
        return step_flops(Climb(cost_splits, narrow(FAST).change(**changes), 0, CPU))

    learning, fixed = of(epochs=2), of(epochs=2, bias_epochs=0)
    assert fixed < learning and of(epochs=4) == pytest.approx((learning + fixed) / 2)
    assert (
        of(epochs=2, small_size=24)
        < 0.8 * learning
        < learning
        < of(epochs=2, muon_rate=0.1, widths=(8, 8, 8))
    )


def test_fitting_epochs(cost_splits, monkeypatch):
    cells = importlib.import_module("cost_cells")
    from ladder import FAST

    monkeypatch.setattr(cells, "source_step", lambda training, number: next(speeds))
    monkeypatch.setattr(cells, "time_steps", lambda training, first: 0.2 if first < 2 else 0.1)
    speeds = itertools.cycle([1.0, 1.0, 5.0, 1.0, 0.1])  # the median counts
    steps, source_epoch = 108 // 24, 4  # batches of 32 from 108 images
    settings = narrow(FAST)  # two epochs at 0.8 then 0.4 each
    assert steps == 4
    assert (
        cells.fitting_epochs(cost_splits, settings, (1.6 + 0.4 * 2.5 + 0.01) / source_epoch) == 4.5
    )
    assert cells.fitting_epochs(cost_splits, settings, 0.001) == 1.0
    assert cells.fitting_epochs(cost_splits, settings, 100, most=7) == 7
    source = cells.Climb(cost_splits, cells.Settings(), 0, CPU)  # against itself: by its own steps
    assert cells.over_source(source, source, {(False, True): (source.recipe, 0)}, rounds=1) == {
        (False, True): 1.0
    }


def test_finalists():
    from cost_to_accuracy import OPTIMIZERS, VARIANTS, finalists

    tried = {label: {"val_accuracy": 0.3 + i / 100} for i, label in enumerate(VARIANTS)}
    tried |= {"SGD": {"val_accuracy": 0.49}, "Muon, rate 0.12": {"val_accuracy": 0.5}}
    assert finalists(tried) == OPTIMIZERS  # no variant helped
    tried["24 pixels first"]["val_accuracy"] = 0.6
    small, base = {"muon_rate": 0.12, "small_size": 24}, {"muon_rate": 0.12}
    assert finalists(tried) == {"24 pixels first": small, "Muon, rate 0.12": base}
    tried["widths 32, 160, 160"]["val_accuracy"], tried["widths 48, 192, 192"]["val_accuracy"] = (
        0.7,
        0.65,
    )
    together = {**small, "widths": (32, 160, 160)}
    best = {"widths 32, 160, 160": {"muon_rate": 0.12, "widths": (32, 160, 160)}}
    assert finalists(tried) == best | {"widths 32, 160, 160 and 24 pixels first": together}
    tried["Muon, rate 0.24"]["val_accuracy"] = 0.66
    faster = {
        "widths 32, 160, 160 and Muon, rate 0.24 and 24 pixels first": {
            **together,
            "muon_rate": 0.24,
        }
    }
    assert finalists(tried) == best | {"widths 32, 160, 160 and 24 pixels first": together} | faster
    tried["Muon, rate 0.24"]["val_accuracy"] = 0.8
    assert next(iter(finalists(tried))) == "Muon, rate 0.24"


def make_short(monkeypatch):
    """The benchmark and its four rungs: few candidates for each choice, all of them trained for an
    instant.
    """
    bench, parts, ladder, goals, cost_kept = map(
        importlib.import_module,
        ("cost_to_accuracy", "ladder_parts", "ladder", "goal_parts", "cost_kept"),
    )
    rungs = (
        ladder.Rung("source", "the source's", {}),
        ladder.Rung("quick", "only quicker", {"fused": True}, only_speed=True),
        ladder.Rung("batch", "larger", {"batch_size": 24}, {"adam": [1e-3, 1e-2]}),
        ladder.Rung("memory", "aside", {"loader": False}, aside=True),
    )
    for module in (ladder, parts):
        monkeypatch.setattr(module, "LADDER", rungs)
    monkeypatch.setattr(parts, "EPOCHS", 1)
    monkeypatch.setattr(parts, "IMAGES", 40)
    monkeypatch.setattr(bench, "FAST", narrow(ladder.FAST))
    monkeypatch.setattr(
        bench, "VARIANTS", {"wide": {"widths": (8, 8, 8)}, "Muon, faster": {"muon_rate": 0.2}}
    )
    monkeypatch.setattr(
        bench, "OPTIMIZERS", {"SGD": {"muon_rate": 0.0}, "Muon": {"muon_rate": 0.1}}
    )
    monkeypatch.setattr(bench, "fitting_epochs", lambda *arguments: 1.5)
    monkeypatch.setattr(bench, "matrix_product", lambda dtype: 1e12)
    monkeypatch.setattr(bench, "convolution", lambda dtype: 1.5e12)
    for module in (bench, goals):
        monkeypatch.setattr(module, "WIDER", {"widths": (8, 8, 12)})
    monkeypatch.setattr(goals, "DEEPER", {"widths": (8, 8, 12), "skips": True, "average": 0.9})
    monkeypatch.setattr(goals, "EPOCHS", {"fortieth": 1.5, "eighth": 1.5, "fifth": 1.5})
    for module in (bench, goals, cost_kept):
        monkeypatch.setattr(module, "all_images", lambda folder: bench.splits_of(folder))
    return bench, rungs


def test_parts_and_result(cost_folder, monkeypatch, capsys):
    bench, rungs = make_short(monkeypatch)
    monkeypatch.setattr(
        "sys.argv", ["cost_to_accuracy.py", cost_folder, *bench.PARTS, "fifth", "fifth"]
    )
    bench.main()
    found = json.loads(bench.RESULT.read_text(encoding="utf-8"))
    assert "seconds" not in bench.RESULT.read_text(encoding="utf-8")
    assert set(bench.PARTS) <= set(found) and set(found["search"]) == {
        "SGD",
        "Muon",
        "wide",
        "Muon, faster",
    }
    assert 2 <= len(found["finals"]) <= 3 and found["fortieth"]["finalist"] in found["finals"]
    assert (
        found["fifth"]["settings"]["recipe"]["widths"] == [8, 8, 12]
        and len(found["fifth"]["cost"]) == 3
    )
    assert found["eighth"]["settings"]["recipe"]["skips"]
    assert [len(found["eighth"][key]) for key in ("cost", "drift", "test_accuracy_mirrored")] == [
        1,
        1,
        3,
    ]
    assert len(found["fortieth"]["test_accuracy_mirrored"]) == 3 and found["fortieth"]["flops"] > 0
    names = [rung["name"] for rung in found["ladder"]["rungs"]]
    assert names == [rung.name for rung in rungs] and set(found["costs"]["images"]) == set(names)
    assert [len(rung.get("test_accuracy", ())) for rung in found["ladder"]["rungs"]] == [3, 0, 3, 3]
    assert found["costs"]["images"]["source"]["flops"] == pytest.approx(1)
    again = found["asides"]["val_accuracy"]
    assert set(again) == {"as chosen", "random start", "running average"} and all(
        len(v) == 2 for v in again.values()
    )
    assert set(found["ladder"]["searched"]["batch"]) == {"0.001", "0.01"}
    said = capsys.readouterr().out
    assert "ladder: whole" in said and said.count("fifth.1, epoch 1") == 1
    section_of(found)


def section_of(found):
    section = importlib.import_module("sections_fast")
    section.load_recorded = lambda name: found
    text = section.cost_to_accuracy()
    assert "| 2 | only quicker |" in text and "aside: aside" in text
    assert "one fifth, 0.2000" in text and "Muon, skips, average 0.9" in text
    assert (
        "as chosen" in text
        and "random start" in text
        and "time in: pooling" in text
        and "the source's" in text
    )


def test_a_part_needs_those_before_it(cost_folder):
    bench = importlib.import_module("cost_to_accuracy")
    for part, message in (("finals", "search has not run"), ("fortieth", "finals has not run")):
        with pytest.raises(SystemExit, match=f"{message}: it comes before this part"):
            bench.PARTS[part](cost_folder)
    with pytest.raises(SystemExit, match="source has not run"):
        importlib.import_module("goal_parts").time_trainings("fifth", cost_folder, bench.FAST, ())


def test_settings_come_back_from_their_record(monkeypatch):
    goals, ladder = map(importlib.import_module, ("goal_parts", "ladder"))
    settings = ladder.FAST.change(widths=(8, 16, 16), epochs=6.5)
    kept = json.loads(json.dumps({"a": {"settings": asdict(settings), "val_accuracy": 0.5}}))
    monkeypatch.setattr(goals, "needed", lambda *names: kept)
    assert goals.winner() == ("a", settings)
    del kept["a"]["settings"]["recipe"]["skips"]  # as records had it before there were skips
    assert goals.winner() == ("a", settings)


def test_share_adds_up(cost_splits):
    from cost_cells import convolution, matrix_product, profile_step
    from ladder import FAST, Climb

    shares = profile_step(Climb(cost_splits, narrow(FAST), 0, CPU))
    assert sum(shares.values()) == pytest.approx(1) and shares["convolution, backward"] > 0
    assert matrix_product(torch.float32, side=8, tries=1) > 0
    assert convolution(torch.bfloat16, images=2, channels=4, side=5, tries=1) > 0


@pytest.mark.parametrize("words", [[], ["no such folder"], ["{folder}", "all"]])
def test_says_how_to_call_it(cost_folder, monkeypatch, words):
    monkeypatch.setattr(
        "sys.argv", ["cost_to_accuracy.py", *(word.format(folder=cost_folder) for word in words)]
    )
    with pytest.raises(
        SystemExit,
        match="The parts are source; share; search; finals; asides; fortieth; eighth; fifth; costs; ladder",
    ):
        importlib.import_module("cost_to_accuracy").main()
