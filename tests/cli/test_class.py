"""The course's own lessons as a class set that is handed in: as it is, with solutions, with ruin."""

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
RUIN = {
    "loops": "while True:\n    pass\n",
    "floods": "while True:\n    print('x' * 9999)\n",
    "kills": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
}
CHECK = "def check(name, answer):\n    print(f'{name}: correct.')\n\n\n"


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


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Points and lines by learner and exercise, of those that need no training."""
    folder = tmp_path_factory.mktemp("class")
    make_class_set(NOTEBOOKS, folder / "autumn", (SHORTEST,))
    notebook = read(folder / "autumn" / "notebooks" / f"{SHORTEST}.ipynb")
    exercises = [each for each in find_exercises(notebook) if not each.measured]
    right = solutions(read(NOTEBOOKS / f"{SHORTEST}.ipynb"))
    first = exercises[0]
    learners = {"Zoë 李": right, "starter": {}}
    learners |= {who: {**right, first.name: ruin + right[first.name]} for who, ruin in RUIN.items()}
    learners["redefines"] = {**right, first.name: CHECK + first.starter.source}
    for who, answers in learners.items():
        (folder / "in" / who).mkdir(parents=True)
        nbformat.write(answered(notebook, answers), folder / "in" / who / "lesson.ipynb")
    worth = read_points(folder / "autumn" / "exercises.csv")
    worth = {each.name: worth[each.name] for each in exercises}
    rules = Rules(seconds=8)
    run_grade(NOTEBOOKS, folder / "in", folder / "out", rules, Engine(jobs=2), worth=worth)
    with (folder / "out" / "marks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    points = {who: [float(row["points"]) for row in rows if row["who"] == who] for who in learners}
    lines = {row["who"]: row["line"] for row in rows if row["exercise"] == first.name}
    return points, lines


def test_solutions_get_all_points_and_starters_none(graded):
    points, _ = graded
    assert points["Zoë 李"] == [1.0, 1.0]
    assert points["starter"] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("who", "line"),
    [
        ("loops", "not yet. stopped: it ran for more than 8 s."),
        ("floods", "not yet. stopped: it printed more than 10 MB."),
        ("kills", "not yet. its process was killed (SIGKILL)."),
        ("redefines", "not yet. Your function returns nothing yet: replace the dots."),
    ],
)
def test_what_ruins_one_exercise_costs_no_other(graded, who, line):
    points, lines = graded
    assert points[who] == [0.0, 1.0]
    assert lines[who] == line
