"""Each checker accepts its notebook's solution, calls its starter "not yet", and names what is
wrong with an answer.
"""

import math
import re
from importlib import import_module

import nbformat
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises import CHECKERS, check
from course_utils.models import VGG, count_parameters
from course_utils.paths import ROOT
from course_utils.runtime import seed_everything
from course_utils.training import Metrics
from tests.lessons.lesson_00.wrong_answers import softmax

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


LESSONS = sorted(path.name for path in (ROOT / "course_utils" / "lessons").glob("lesson_*"))
WRONG = [
    case
    for lesson in LESSONS
    for case in import_module(f"tests.lessons.{lesson}.wrong_answers").WRONG
]


def exercise_cells() -> list:
    """(exercise, is it the solution, source of its cell) for every cell that calls `check`, lesson
    by lesson.
    """
    found = []
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and 'check("' in cell.source:
                name = cell.source.partition('check("')[2].partition('"')[0]
                solution = "solution" in cell.metadata.get("tags", [])
                found.append(
                    pytest.param(
                        name,
                        solution,
                        cell.source,
                        id=f"{name}-{'solution' if solution else 'starter'}",
                    )
                )
    return found


def convolve(image, kernel):
    return F.conv2d(image[None, None], kernel[None, None])[0, 0]


@pytest.mark.parametrize(("name", "solution", "source"), exercise_cells())
def test_starter_and_solution(name, solution, source, capsys):
    space = {
        "check": check,
        "torch": torch,
        "F": F,
        "nn": nn,
        "math": math,
        "softmax": softmax,
        "VGG": VGG,
        "Metrics": Metrics,
        "convolve": convolve,
        "seed": 0,
        "seed_everything": seed_everything,
        "count_parameters": count_parameters,
    }
    exec(source, space)
    verdict = next(line for line in capsys.readouterr().out.splitlines() if line.startswith(name))
    assert verdict.startswith(f"{name}: correct." if solution else f"{name}: not yet.")


def test_every_checker_is_used_and_has_wrong_answers():
    for lesson in LESSONS:  # check() imports a lesson's when asked
        import_module(f"course_utils.lessons.{lesson}.exercises")
    used = {param.values[0] for param in exercise_cells()}
    assert used == set(CHECKERS)
    for name in CHECKERS:
        assert sum(case[0] == name for case in WRONG) >= 3, name


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_wrong_answer_gets_the_right_hint(name, answer, hint, capsys):
    check(name, answer)
    said = capsys.readouterr().out
    assert said.startswith(f"{name}: not yet. ")
    assert hint in said


def test_unknown_exercise():
    check("00.images_needed", 3600)
    known = "there is 00.images_needed, 00.softmax, 00.three_bugs"
    with pytest.raises(ValueError, match=re.escape(f"no exercise '00.sotfmax': {known}")):
        check("00.sotfmax", None)
    with pytest.raises(ValueError, match=r"no exercise '77\.x': there is none in that lesson"):
        check("77.x", None)
