"""The course's own lessons as a class set that is handed in, with solutions and as it is."""

import builtins
import csv
import re

import nbformat
import pytest

from course_utils.cli.assign import make_class_set, read_points
from course_utils.cli.engine import Engine
from course_utils.cli.grade import Rules, run_grade
from course_utils.cli.grading.cells import (
    bound,
    checked,
    find_exercises,
    parsed,
    program,
    tags,
    used,
)
from course_utils.cli.notebooks import find_lessons
from course_utils.paths import ROOT

NOTEBOOKS = ROOT / "notebooks"
LESSONS = find_lessons(NOTEBOOKS)
SHORTEST = "02_normalization"
OF_A_NOTEBOOK = {"display", "get_ipython", *dir(builtins)}


def read(path):
    return nbformat.read(path, as_version=4)


def solutions(lesson):
    """The code of each exercise's solution: a cell, or shown in prose and not run."""
    found = {}
    for cell in lesson.cells:
        shown = [cell.source] if "solution" in tags(cell) else []
        if cell.cell_type == "markdown":
            shown = re.findall(r"```python\n(.*?)```", cell.source, flags=re.DOTALL)
        found |= {checked(code): code for code in shown if checked(code)}
    return found


def answered(notebook, answers):
    """The notebook with these answers in its exercises' cells."""
    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        if cell.cell_type == "code" and "solution" not in tags(cell):
            cell.source = answers.get(checked(cell.source), cell.source)
    return copy


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_grading_an_exercise_runs_all_that_its_solution_needs(path):
    lesson = read(path)
    answers = solutions(lesson)
    for exercise in find_exercises(lesson):
        answer = f"{exercise.starter.source}\n\n{answers.get(exercise.name, '')}"
        cells = program(lesson, exercise, answered(lesson, {exercise.name: answer}))
        sources = (cells["parameters"], *cells["before"], *cells["own"], cells["answer"])
        trees = [parsed(source) for source in sources]
        known = OF_A_NOTEBOOK.union(*map(bound, trees))
        assert set().union(*map(used, trees)) <= known, exercise.name


def test_a_class_set_handed_in_with_solutions_gets_all_points_and_as_it_is_none(tmp_path):
    make_class_set(NOTEBOOKS, tmp_path / "autumn", (SHORTEST,))
    notebook = read(tmp_path / "autumn" / "notebooks" / f"{SHORTEST}.ipynb")
    learners = {"Zoë 李": solutions(read(NOTEBOOKS / f"{SHORTEST}.ipynb")), "starter": {}}
    for who, answers in learners.items():
        (tmp_path / "in" / who).mkdir(parents=True)
        nbformat.write(answered(notebook, answers), tmp_path / "in" / who / "lesson.ipynb")
    sheet = read_points(tmp_path / "autumn" / "exercises.csv")
    alone = [each.name for each in find_exercises(notebook) if not each.measured]  # the fast ones
    worth = {name: sheet[name] for name in alone}
    where = Engine(jobs=2)
    run_grade(NOTEBOOKS, tmp_path / "in", tmp_path / "out", Rules(), where, worth=worth)
    with (tmp_path / "out" / "marks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    points = {(row["who"], row["exercise"]): float(row["points"]) for row in rows}
    assert points == {(who, name): float(who != "starter") for who in learners for name in alone}
