"""Parts of benchmarks: what is finished stays, and commands say what is wrong."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from benchmarks import commands, harness
from benchmarks.harness import Part, Run, all_parts, columns, in_new_process, once
from tests.helpers import raises


@dataclass(frozen=True)
class Plan:
    seeds: tuple[int, ...] = (0, 1)
    steps: int = 3


@pytest.fixture
def run(tmp_path):
    return Run("shapes", tmp_path / "runs", tmp_path / "record.json", workers=0)


def count_calls(run, plan, word, seed):
    """A measuring function that leaves a trace."""
    with (run.folder / "calls").open("a") as calls:
        calls.write(f"{word}{seed} ")
    return {"value": (plan.steps, torch.get_num_threads())}


def calls_in(run):
    return (run.folder / "calls").read_text()


def test_what_is_finished_is_not_measured_again(tmp_path):
    path = tmp_path / "new" / "one.json"
    assert once(path, lambda: {"value": (1, 2)}) == {"value": [1, 2]}  # as the file has it
    assert once(path, dict) == {"value": [1, 2]}
    with pytest.raises(ZeroDivisionError):
        once(tmp_path / "other.json", lambda: {"value": 1 / 0})
    assert not (tmp_path / "other.json").exists()


def test_tasks_of_another_plan_do_not_mix(run):
    tasks = [("a", 0), ("b's", 1)]
    found = run.map(count_calls, Plan(), tasks)
    assert list(found) == tasks and found["a", 0]["value"][0] == 3
    run.map(count_calls, Plan(seeds=(0, 1, 2)), [*tasks, ("a", 2)])  # seeds may be added
    assert calls_in(run) == "a0 b's1 a2 "
    assert run.map(count_calls, Plan(steps=4), tasks)["a", 0]["value"][0] == 4
    replace(run, device="cuda").map(count_calls, Plan(), tasks[:1])
    assert calls_in(run) == "a0 b's1 a2 a0 b's1 a0 "


def test_workers_have_one_thread_each(run):
    run.folder.mkdir()
    found = replace(run, workers=2).map(count_calls, Plan(), [("a", seed) for seed in range(3)])
    assert [one["value"] for one in found.values()] == [[3, 1]] * 3
    assert sorted(calls_in(run).split()) == ["a0", "a1", "a2"]


def test_a_process_of_its_own_gives_back_what_it_found():
    assert in_new_process(abs, -2) == 2


def test_a_long_task_has_a_name_that_fits(run):
    first, second = (run.file(Plan(), "x" * 300 + end) for end in "ab")
    assert first != second and len(first.name) < 110
    assert run.file(Plan(), "a/b", 0.001, 1).name == "a_b_0.001_1.json"


def test_an_earlier_part_has_to_be_there(run):
    with raises(FileNotFoundError, "'search' is not in record.json: run that part first"):
        run.entry("search")


def test_columns_turn_seeds_into_metrics():
    assert columns([{"a": 1, "b": 2}, {"a": 3, "b": 4}]) == {"a": [1, 3], "b": [2, 4]}


def measure(run, value):
    """What the part below measures."""
    return {"one": {"value": value}, "steps": 5}


PART = Part("one", "something", f"{__name__}:measure", "99_test.{dataset}", 1, 5, arguments=(7,))


def test_a_part_replaces_only_itself(tmp_path):
    path = PART.record_file("data/cats", tmp_path)
    assert path == tmp_path / "99_test.cats.json"
    path.write_text('{"one": 1, "two": 2, "steps": 4, "machine": {"two": "a CPU"}}')
    PART.run("data/cats", results=tmp_path, runs=tmp_path)
    found = json.loads(path.read_text())
    machine = found.pop("machine")
    assert found == {"one": {"value": 7}, "two": 2, "steps": 5, "dataset": "cats"}
    assert machine["two"] == "a CPU"
    assert "2 processes of one thread, float32, torch" in machine["one"]


def test_a_part_is_finished_when_its_entry_is_there(tmp_path):
    assert not PART.is_finished("cifar10", tmp_path)
    PART.run("cifar10", results=tmp_path, runs=tmp_path)
    assert PART.is_finished("cifar10", tmp_path) and not PART.is_finished("shapes", tmp_path)
    assert not replace(PART, entry="two").is_finished("cifar10", tmp_path)


def test_again_measures_anew(tmp_path):
    part = replace(PART, measure=f"{__name__}:measure_once")
    part.run("cifar10", results=tmp_path, runs=tmp_path)
    part.run("cifar10", results=tmp_path, runs=tmp_path)
    calls = tmp_path / "benchmarks" / "99_test.cifar10" / "one" / "calls"
    assert calls.read_text() == "a0 "
    calls.write_text("before ")
    part.run("cifar10", results=tmp_path, runs=tmp_path, again=True)
    assert calls.read_text() == "a0 "


def measure_once(run, value):
    run = replace(run, workers=0)
    return {"one": run.map(count_calls, Plan(), [("a", 0)])["a", 0]}


def test_every_part_can_be_found():
    parts = all_parts()
    assert list(parts)[-1] == "house" and "lesson_05" in parts
    orders = [part.order for found in parts.values() for part in found]
    assert len(set(orders)) == len(orders)
    for found in parts.values():
        assert len({part.name for part in found}) == len(found)
        assert all(part.minutes <= 120 and callable(part.function()) for part in found)


def invoke(*words):
    return CliRunner().invoke(commands.main, words)


def test_the_list_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(commands, "all_parts", lambda: {"lesson_99": [PART]})
    assert invoke().output.split() == ["lesson_99", "one", "missing", "5", "min"]
    monkeypatch.setattr(Part, "is_finished", lambda part, dataset: True)
    assert invoke("--dataset", "shapes").output.split()[2] == "finished"
    assert invoke("queue").output == "nothing is missing\n"


def test_the_queue_runs_the_next_part_that_fits(monkeypatch):
    parts = [replace(PART, name=name, order=-index) for index, name in enumerate("abc")]
    parts += [replace(PART, name="long", order=-9, minutes=50)]
    parts += [replace(PART, name="waits", order=-10, needs="no such folder")]
    monkeypatch.setattr(commands, "all_parts", lambda: {"lesson_99": parts})
    monkeypatch.setattr(Part, "run", lambda part, *dataset, **options: Path("record.json"))
    assert invoke("queue").output.startswith("lesson_99 long: 50 minutes\nlong: recorded")
    ran = [line.split()[1] for line in invoke("queue", "--until", "11").output.splitlines()[::2]]
    assert ran == ["c:", "b:"]


def test_a_lessons_command_runs_what_is_missing(monkeypatch, pictures):
    ran = []
    monkeypatch.setattr(
        Part, "run", lambda part, dataset, **options: ran.append((part.name, dataset)) or Path("x")
    )
    parts = [PART, replace(PART, name="two"), replace(PART, name="waits", needs="no such folder")]
    main = commands.command("About.", parts)
    monkeypatch.setattr(Part, "is_finished", lambda part, dataset: part.name == "one")
    found = CliRunner().invoke(main, ["--dataset", pictures])
    assert found.output.startswith("one: finished, see 99_test.pictures.json\ntwo: recorded in")
    assert ran == [("two", pictures)]
    CliRunner().invoke(main, ["one", "--again"])
    assert ran[1:] == [("one", "cifar10")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["three"], "'three' is not one of 'one', 'waits'"),
        (["--dataset", "nowhere"], "'nowhere' is neither cifar10, nor shapes, nor a folder"),
        (["waits"], "waits needs no such folder in the data folder"),
        (["one"], "'search' is not in"),
    ],
)
def test_commands_say_what_is_wrong(words, message):
    part = replace(PART, measure=f"{__name__}:measure_after")
    main = commands.command("About.", [part, replace(PART, name="waits", needs="no such folder")])
    found = CliRunner().invoke(main, words)
    assert found.exit_code and message in found.output


def measure_after(run, value):
    return run.entry("search")


def test_help_comes_without_torch():
    code = "import sys, benchmarks.commands as c; c.all_parts(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=harness.ROOT, check=True)
