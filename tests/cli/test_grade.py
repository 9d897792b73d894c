"""Grading: one folder of handed-in notebooks, good and bad ones, graded once for most tests."""

import _thread
import csv
import os
import shutil
from dataclasses import replace
from types import SimpleNamespace

import click
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.cli.assign import read_points
from course_utils.cli.engine import Engine
from course_utils.cli.grade import Rules, run_grade
from course_utils.cli.grading import limits
from course_utils.cli.grading.cells import find_exercises, program
from course_utils.paths import ROOT
from tests.cli.conftest import until

PARAMETERS = 'dataset: str = "auto"  # the images\nseed: int = 0  # random seed'
SETUP = """\
import torch
from torch import nn
from course_utils.exercises import check
from course_utils.runtime import check_parameters

check_parameters(globals())
torch.manual_seed(seed)"""
TRAINED = "def loss_at(rate):\n    return (rate - 0.1) ** 2 + 1"
SOFTMAX = 'def softmax(logits): ...\n\n\ncheck("00.softmax", softmax)'
RATE = 'rate, loss = ..., ...\ncheck("00.learning_rate", (loss_at, rate, loss))'
SOLUTION = (
    'def solution(logits):\n    return logits.softmax(dim=1)\n\n\ncheck("00.softmax", solution)'
)
RIGHT = SOFTMAX.replace("...", "return logits.softmax(dim=1)", 1)
RIGHT_RATE = RATE.replace("..., ...", "0.1, 1.0")
WORTH = {"00.softmax": 2.0, "00.learning_rate": 1.0}


def lesson():
    """A lesson with an exercise that stands alone, and one that uses what the lesson trained."""
    cells = [
        new_code_cell(PARAMETERS, id="p", metadata={"tags": ["parameters"]}),
        new_code_cell(SETUP, id="setup"),
        new_code_cell("never_needed = 1 / 0 if dataset == 'none' else 0", id="unneeded"),
        new_code_cell(TRAINED, id="trained"),
        new_markdown_cell("### 1. Softmax", id="m1"),
        new_code_cell(SOFTMAX, id="softmax"),
        new_markdown_cell("### 2. The rate", id="m2"),
        new_code_cell(RATE, id="rate", metadata={"tags": ["measured"]}),
        new_code_cell(SOLUTION, id="solution", metadata={"tags": ["solution"]}),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def handed_in(path, softmax=SOFTMAX, rate=RATE, *, extra="", changed=None):
    """Somebody's notebook: answers, a cell of their own, a lesson's cell that they changed."""
    notebook = lesson()
    for cell in notebook.cells:
        cell.source = {"softmax": softmax, "rate": rate, **(changed or {})}.get(
            cell.id, cell.source
        )
    if extra:
        notebook.cells.insert(5, new_code_cell(extra))
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


CHECK = "def check(name, answer):\n    print(f'{name}: correct.')\n\n\n"
JOINED = """\
import course_utils.exercises as e
e.check = e.judge = lambda *given: print("00.softmax: correct.")
"""
HELPED = "def helper(logits):\n    return torch.softmax(logits, dim=1)"


def make_submissions(folder):
    handed_in(folder / "Łukasz 李明" / "my lesson.ipynb", RIGHT, RIGHT_RATE)
    handed_in(folder / "starter.ipynb")
    handed_in(folder / "loops.ipynb", "while True:\n    pass\n" + RIGHT, RIGHT_RATE)
    handed_in(folder / "floods.ipynb", "while True:\n    print('x' * 9999)\n" + RIGHT)
    handed_in(folder / "kills.ipynb", RIGHT + "\nimport os, signal\nos.kill(os.getpid(), 9)")
    handed_in(folder / "redefines.ipynb", CHECK + SOFTMAX, extra=CHECK + JOINED)
    handed_in(folder / "redefines-right.ipynb", CHECK + RIGHT)
    handed_in(folder / "hoards.ipynb", "torch.ones(5_000_000_000)\n" + RIGHT)
    handed_in(folder / "=leaves.ipynb", RIGHT + "\nraise SystemExit(0)")
    helped = SOFTMAX.replace("...", "return helper(logits)", 1)
    handed_in(folder / "helped.ipynb", "%time 1\n" + helped, extra=HELPED + "\nraise SystemExit")
    handed_in(folder / "nested.ipynb", f"n = {'+'.join('1' * 3000)}\n" + RIGHT, RIGHT_RATE)
    handed_in(folder / "broken.ipynb", SOFTMAX.replace("...", "return (", 1))
    silent = RIGHT.replace('check("00.softmax", softmax)', '[lambda: check("00.softmax", softmax)]')
    cheating = "def loss_at(rate):\n    return 0.0 if rate == 7 else 9.0"
    changed = {"trained": cheating}
    rate = RATE.replace("..., ...", "7, 0.0")
    handed_in(folder / "silent.ipynb", silent, rate, changed=changed)
    imports = "import neighbour\n" + RIGHT
    handed_in(folder / "imports" / "00.ipynb", imports)
    (folder / "imports" / "neighbour.py").write_text("", encoding="utf-8")
    (folder / "imports" / "torch.py").write_text("raise SystemExit", encoding="utf-8")
    (folder / "no notebook.ipynb").write_text("{", encoding="utf-8")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course") / "notebooks"
    folder.mkdir()
    nbformat.write(lesson(), folder / "00_tiny.ipynb")
    (folder / "presets.yaml").write_text("laptop: {}\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def graded(course, tmp_path_factory):
    folder, out = tmp_path_factory.mktemp("handed in"), tmp_path_factory.mktemp("marks")
    make_submissions(folder)
    before = {path: path.stat().st_mtime_ns for path in (ROOT / "course_utils").rglob("*")}
    rules = Rules(seconds=8, memory=2000)
    status = run_grade(course, folder, out, rules, Engine(jobs=2), worth=WORTH)
    after = {path: path.stat().st_mtime_ns for path in (ROOT / "course_utils").rglob("*")}
    with (out / "marks.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["who"], row["exercise"]): row for row in csv.DictReader(file)}
    page = (out / "index.html").read_text(encoding="utf-8")
    untouched = {path for path in after if before.get(path) == after[path]} == set(before)
    return SimpleNamespace(
        rows=rows, page=page, status=status, out=out, folder=folder, untouched=untouched
    )


def softmax_of(graded, who):
    row = graded.rows[who, "00.softmax"]
    return float(row["points"]), row["line"]


def test_right_answers_get_their_points_whatever_the_name_of_who_gave_them(graded):
    assert softmax_of(graded, "Łukasz 李明") == (2, "correct.")
    assert graded.rows["Łukasz 李明", "00.learning_rate"]["points"] == "1"
    assert "<h2>Łukasz 李明</h2>" in graded.page
    assert "<td>Łukasz 李明</td><td>3 of 3</td>" in graded.page
    assert "00.learning_rate*" in graded.page and "marked with *" in graded.page


def test_starters_and_missing_answers_get_none_and_do_not_run(graded):
    assert softmax_of(graded, "starter") == (0, "not begun: the cell is the starter's.")
    assert graded.rows["starter", "00.softmax"]["seconds"] == "0.0"


def test_a_submission_that_loops_is_stopped_and_keeps_its_other_points(graded):
    assert softmax_of(graded, "loops") == (0, "not yet. stopped: it ran for more than 8 s.")
    assert graded.rows["loops", "00.learning_rate"]["line"] == "correct."


def test_a_submission_that_floods_its_output_is_stopped(graded):
    assert softmax_of(graded, "floods") == (0, "not yet. stopped: it printed more than 10 MB.")


def test_a_submission_that_kills_its_process_gains_nothing_by_what_it_gave_before(graded):
    assert softmax_of(graded, "kills") == (0, "not yet. its process was killed (SIGKILL).")


def test_a_submission_that_redefines_check_gains_nothing_and_loses_nothing(graded):
    points, line = softmax_of(graded, "redefines")
    assert points == 0 and line.startswith("not yet. The result of your function is still empty")
    assert softmax_of(graded, "redefines-right") == (2, "correct.")


@pytest.mark.skipif(not limits.sys.platform.startswith("linux"), reason="memory: Linux only")
def test_a_submission_that_wants_too_much_memory_is_told_so(graded):
    points, line = softmax_of(graded, "hoards")
    assert points == 0 and "not yet. Your code stopped with RuntimeError" in line
    assert "memory" in line


def test_leaving_after_the_answer_is_an_error_and_a_name_is_no_formula(graded):
    assert softmax_of(graded, "'=leaves") == (0, "not yet. Your code stopped with SystemExit: 0")


def test_cells_of_ones_own_and_magics_are_run_and_an_error_in_one_is_passed_over(graded):
    assert softmax_of(graded, "helped") == (2, "correct.")


def test_code_that_does_not_parse_is_told_so(graded):
    points, line = softmax_of(graded, "broken")
    assert points == 0 and line.startswith("not yet. Your code stopped with SyntaxError")


def test_code_nested_beyond_the_stack_costs_only_its_exercise(graded):
    points, line = softmax_of(graded, "nested")
    assert points == 0 and line.startswith("not yet. Your code stopped with RecursionError")
    assert graded.rows["nested", "00.learning_rate"]["line"] == "correct."


def test_a_cell_that_never_checks_is_told_so(graded):
    line = 'not yet. The cell ran, and never called check("00.softmax", ...).'
    assert softmax_of(graded, "silent") == (0, line)


def test_a_lessons_cell_that_a_submission_changed_counts_as_the_course_has_it(graded):
    line = graded.rows["silent", "00.learning_rate"]["line"]
    assert line.startswith("not yet. At 7 a fresh run has loss 48.6")


def test_modules_beside_a_submission_are_not_imported(graded):
    points, line = softmax_of(graded, "imports")
    assert points == 0 and "ModuleNotFoundError: No module named 'neighbour'" in line


def test_what_is_no_notebook_is_named(graded):
    assert "no notebook.ipynb: no readable notebook" in graded.page


def test_nothing_is_written_into_the_course(graded):
    assert graded.untouched and graded.status == 0


def test_resume_keeps_verdicts_and_runs_what_changed(graded, course, tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(limits, "run", lambda job: ran.append(job) or {"error": "not run"})
    rules = Rules(seconds=8, memory=2000)
    before = (graded.out / "marks.csv").read_text(encoding="utf-8")
    again = lambda rules: run_grade(  # noqa: E731
        course, graded.folder, graded.out, rules, Engine(), worth=WORTH, resume=True
    )
    assert again(rules) == 0 and ran == []
    assert (graded.out / "marks.csv").read_text(encoding="utf-8") == before
    handed_in(graded.folder / "starter.ipynb", RIGHT.replace("logits)", "scores)"))
    again(rules)
    assert [job["exercise"] for job in ran] == ["00.softmax"]
    ran.clear()
    again(replace(rules, seconds=9))
    assert len(ran) > 10


def test_ctrl_c_ends_at_once_what_would_run_for_long(course, tmp_path, monkeypatch, capsys):
    handed_in(tmp_path / "in" / "loops.ipynb", "while True:\n    pass\n" + RIGHT)
    wait = limits._wait

    def interrupted(process, here, *given):
        until((here / limits.READY).exists)
        _thread.interrupt_main()
        return wait(process, here, *given)

    monkeypatch.setattr(limits, "_wait", interrupted)
    rules = Rules(seconds=600)
    assert run_grade(course, tmp_path / "in", tmp_path / "out", rules, Engine()) == 130
    assert "interrupted: the same command with --resume goes on" in capsys.readouterr().err


@pytest.mark.skipif(
    not limits.sys.platform.startswith("linux"), reason="names of bytes: Linux only"
)
def test_a_name_that_is_no_text_is_graded_and_written_with_escapes(course, tmp_path):
    handed_in(tmp_path / "in" / os.fsdecode(b"J\x81rgen.ipynb"))
    assert run_grade(course, tmp_path / "in", tmp_path / "out", Rules(), Engine()) == 0
    assert "J\\udc81rgen,00_tiny" in (tmp_path / "out" / "marks.csv").read_text(encoding="utf-8")


def test_a_worker_of_dask_gives_the_same_marks(lab, course, tmp_path):
    handed_in(tmp_path / "in" / "Łukasz.ipynb", RIGHT)
    handed_in(tmp_path / "in" / "wrong.ipynb", RIGHT.replace("dim=1", "dim=0"))
    lab.worker("a")
    places = {"here": Engine(jobs=2), "there": Engine(scheduler=lab.address)}
    tables = {}
    for place, where in places.items():
        assert run_grade(course, tmp_path / "in", tmp_path / place, Rules(), where) == 0
        text = (tmp_path / place / "marks.csv").read_text(encoding="utf-8")
        tables[place] = [line.rpartition(",")[0] for line in text.splitlines()]  # without seconds
    assert tables["here"] == tables["there"]
    assert "Łukasz,00_tiny,00.softmax,1,1,no,correct." in tables["here"]


def test_equal_answers_run_once(course, tmp_path, monkeypatch):
    ran = []
    kept = '["dict", ["called", true], ["value", null]]'
    monkeypatch.setattr(
        limits, "run", lambda job: ran.append(job) or {"collected": kept, "seconds": 1.0}
    )
    for who in ("a", "b"):
        handed_in(tmp_path / "in" / f"{who}.ipynb", RIGHT)
    assert run_grade(course, tmp_path / "in", tmp_path / "out", Rules(), Engine()) == 0
    assert len(ran) == 1
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert page.count("What came back cannot be compared") == 2


def test_a_lesson_whose_own_cells_fail_is_named_and_judged_by_nobody(course, tmp_path, capsys):
    handed_in(tmp_path / "in" / "a.ipynb", RIGHT, RIGHT_RATE)
    rules = Rules(dataset="arrows")
    bad = tmp_path / "notebooks"
    bad.mkdir()
    notebook = lesson()
    notebook.cells[1].source += "\nraise ValueError('no such images')"
    nbformat.write(notebook, bad / "00_tiny.ipynb")
    (bad / "presets.yaml").write_text("laptop: {}\n", encoding="utf-8")
    assert run_grade(bad, tmp_path / "in", tmp_path / "out", rules, Engine(jobs=2)) == 1
    said = "00_tiny: not judged: the lesson's own cells fail. ValueError: no such images"
    assert said in capsys.readouterr().err


def test_a_folder_without_notebooks_is_refused(course, tmp_path):
    with pytest.raises(click.ClickException) as error:
        run_grade(course, tmp_path, tmp_path / "out", Rules(), Engine())
    assert error.value.message == f"no notebooks in {tmp_path.name}"


def test_an_exercise_alone_gets_the_cells_that_define_what_it_needs():
    submission = lesson()
    submission.cells[5].source = RIGHT
    alone, measured = find_exercises(lesson())
    assert program(lesson(), alone, submission)["before"] == [SETUP]
    assert len(program(lesson(), measured, submission)["before"]) == 3


def test_cells_of_ones_own_that_change_what_the_answer_uses_run_too():
    submission = lesson()
    mine = ["network = []", "network.append(3)", "history = fit(network)", "tried = fit(other)"]
    submission.cells[5].source = RIGHT + "\nprint(network)"
    submission.cells[5:5] = map(new_code_cell, mine)
    assert program(lesson(), find_exercises(lesson())[0], submission)["own"] == mine[:3]


def test_solutions_are_no_answers():
    submission = lesson()
    del submission.cells[5]
    exercise = find_exercises(lesson())[0]
    assert program(lesson(), exercise, submission)["answer"] is None


def test_a_sheet_decides_what_runs_and_what_somebody_left_out_counts_as_nothing(
    course, tmp_path, monkeypatch
):
    monkeypatch.setattr(limits, "run", lambda job: {"error": job["exercise"]})
    two = tmp_path / "notebooks"
    shutil.copytree(course, two)
    other = nbformat.reads(nbformat.writes(lesson()).replace("00.", "01."), as_version=4)
    nbformat.write(other, two / "01_more.ipynb")
    shutil.copytree(two, tmp_path / "in" / "all")
    handed_in(tmp_path / "in" / "one" / "00.ipynb", RIGHT, RIGHT_RATE)
    worth = {"00.softmax": 1.0, "00.learning_rate": 0.0, "01.softmax": 3.0}
    run_grade(two, tmp_path / "in", tmp_path / "out", Rules(), Engine(), worth=worth)
    assert "marked with *" not in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    with (tmp_path / "out" / "marks.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            (row["who"], row["exercise"], row["of"], row["line"]) for row in csv.DictReader(file)
        ]
    assert rows == [
        ("all", "00.softmax", "1", "not begun: the cell is the starter's."),
        ("all", "01.softmax", "3", "not begun: the cell is the starter's."),
        ("one", "00.softmax", "1", "not judged: it could not be run."),
        ("one", "01.softmax", "3", "not handed in."),
    ]
    with pytest.raises(click.ClickException) as error:
        run_grade(two, tmp_path / "in", tmp_path / "out", Rules(), Engine(), worth={"00.sofmax": 1})
    assert error.value.message == "no exercise 00.sofmax in the course: see the sheet of points"


WRONG = ("many", "nan", "inf", "-1", "")


def test_points_come_from_an_edited_sheet(tmp_path):
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("﻿exercise,points\n00.softmax,2.5\n", encoding="utf-8")
    assert read_points(sheet) == {"00.softmax": 2.5}
    for text in ("", "a,b\n1,2\n", *(f"exercise,points\n00.softmax,{n}\n" for n in WRONG)):
        sheet.write_text(text, encoding="utf-8")
        with pytest.raises(
            click.ClickException, match=r"^sheet.csv: wants columns exercise and points"
        ):
            read_points(sheet)
