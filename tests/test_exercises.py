"""Each checker accepts its notebook's solution, calls its starter "not yet", and names what is
wrong with an answer; its judge needs nothing but plain values, and takes any.
"""

import io
import json
import math
import re
import subprocess
import sys
from importlib import import_module

import nbformat
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises import CHECKERS, NotYet, check, collect, judge, plain
from course_utils.lessons.judging import as_number
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


def exercise_cells(*, alone: bool = True) -> list:
    """(exercise, is it the solution, cell) for every cell that calls `check`, lesson by lesson.

    With `alone`, without those tagged `measured`, which use what the lesson trained.
    """
    found = []
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            checked = re.search(r'\bcheck\(\s*"([^"]+)"', cell.source)
            if cell.cell_type != "code" or checked is None:
                continue
            tags = cell.metadata.get("tags", [])
            if alone and "measured" in tags:
                continue
            name = checked[1]
            solution = "solution" in tags
            label = f"{name}-{'solution' if solution else 'starter'}"
            found.append(pytest.param(name, solution, cell, id=label))
    return found


def convolve(image, kernel):
    return F.conv2d(image[None, None], kernel[None, None])[0, 0]


def names_of_a_lesson() -> dict:
    """What a cell with an exercise may use, but for `check`."""
    return {
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


def reloaded(values):
    """What another process would read."""
    file = io.BytesIO()
    torch.save(values, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize(("name", "solution", "cell"), exercise_cells(alone=False))
def test_published_verdicts(name, solution, cell):
    printed = "".join(output.get("text", "") for output in cell.outputs)
    verdict = next(line for line in printed.splitlines() if line.startswith(name))
    assert verdict.startswith(f"{name}: correct." if solution else f"{name}: not yet.")


@pytest.mark.parametrize(("name", "solution", "cell"), exercise_cells())
def test_starter_and_solution(name, solution, cell, capsys):
    exec(cell.source, names_of_a_lesson() | {"check": check})
    verdict = next(line for line in capsys.readouterr().out.splitlines() if line.startswith(name))
    assert verdict.startswith(f"{name}: correct." if solution else f"{name}: not yet.")


COLLECT_ELSEWHERE = """
import json, sys
import torch
from course_utils.exercises import collect
from tests.test_exercises import names_of_a_lesson

collected = []
for name, source in json.load(sys.stdin):
    keep = lambda name, answer: collected.append(collect(name, answer))
    exec(source, names_of_a_lesson() | {"check": keep})
torch.save(collected, sys.argv[1])
"""


def test_what_another_process_collected_is_judged_here(tmp_path):
    cells = [param.values for param in exercise_cells()]
    given = json.dumps([(name, cell.source) for name, _, cell in cells])
    file = tmp_path / "collected.pt"
    command = [sys.executable, "-c", COLLECT_ELSEWHERE, str(file)]
    subprocess.run(command, input=given, text=True, check=True, cwd=ROOT, timeout=120)
    collected = torch.load(file, weights_only=True)
    assert len(collected) == len(cells) > 0
    for (name, solution, _), values in zip(cells, collected, strict=True):
        assert judge(name, values).correct == solution, name


def test_every_checker_is_used_and_has_wrong_answers():
    for lesson in LESSONS:  # check() imports a lesson's when asked
        import_module(f"course_utils.lessons.{lesson}.exercises")
    used = {param.values[0] for param in exercise_cells(alone=False)}
    assert used == set(CHECKERS)
    for name in CHECKERS:
        assert sum(case[0] == name for case in WRONG) >= 3, name


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_wrong_answer_gets_the_right_hint(name, answer, hint, capsys):
    check(name, answer)
    said = capsys.readouterr().out
    assert said.startswith(f"{name}: not yet. ")
    assert hint in said
    assert judge(name, reloaded(collect(name, answer))).message in said


RAN = []  # which of a submission's own methods a judge ran


class Agrees:
    """Equal to everything."""

    def __eq__(self, other):
        RAN.append("object")
        return True

    __hash__ = None


class AgreeingText(str):
    def __eq__(self, other):
        RAN.append("text")
        return True

    __hash__ = str.__hash__


class AgreeingTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        RAN.append("tensor")
        return super().__torch_function__(function, types, args, kwargs)


def nested():
    """A list that holds itself."""
    values = []
    values.append(values)
    return values


RESULT = {"value": None, "error": None, "arguments": []}
GARBAGE = {
    "nothing": None,
    "a number": -7,
    "nan": math.nan,
    "infinity": math.inf,
    "a huge number": 10**5000,
    "text": "correct.",
    "a list": [],
    "a dict": {},
    "another error": {"error": 3},
    "a tensor": torch.zeros(2, 0),
    "a sparse tensor": torch.eye(3).to_sparse(),
    "results of nothing": [RESULT] * 4,
    "results of text": [RESULT | {"value": "x"}] * 3,
    "results of tensors": [RESULT | {"value": torch.zeros(2, 3)}] * 7,
    "results without an error": [{"value": 1}] * 6,
    "one result": RESULT,
    "an object": Agrees(),
    "a deep object": [RESULT | {"value": Agrees()}] * 3,
    "a text with code": {"value": AgreeingText("x"), "error": None},
    "a tensor with code": [torch.zeros(2).as_subclass(AgreeingTensor)],
    "a key with code": {AgreeingText("x"): 1},
    "a list that holds itself": nested(),
    "a type": Agrees,
}


NO_TENSOR_BY_TEXT = "ignore:Using a non-tuple sequence"  # a tensor where a dict should be


@pytest.mark.filterwarnings(NO_TENSOR_BY_TEXT)
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_a_judge_calls_garbage_not_yet_and_runs_none_of_it(garbage):
    RAN.clear()
    for name in {case[0] for case in WRONG}:
        verdict = judge(name, garbage)
        assert not verdict.correct, name
        assert verdict.message.startswith("not yet. "), name
    assert RAN == []


def collected_from_solutions() -> list:
    found = []
    for param in exercise_cells():
        name, solution, cell = param.values
        if solution:
            answers = []
            keep = {"check": lambda _, answer, answers=answers: answers.append(answer)}
            exec(cell.source, names_of_a_lesson() | keep)
            found.append(pytest.param(name, answers[0], id=name))
    return found


def broken(values):
    """Copies of nested values, each with one item missing or replaced."""
    items = enumerate(values) if isinstance(values, list) else values.items()
    for key, item in list(items):
        rest = values.copy()
        del rest[key]
        yield rest
        changed = [None, "x", torch.zeros(0), [], {}]
        if isinstance(item, (list, dict)):
            changed.extend(broken(item))
        for new in changed:
            whole = values.copy()
            whole[key] = new
            yield whole


@pytest.mark.filterwarnings(NO_TENSOR_BY_TEXT)
@pytest.mark.parametrize(("name", "answer"), collected_from_solutions())
def test_a_judge_bears_a_right_answer_with_any_part_missing_or_changed(name, answer):
    values = collect(name, answer)
    assert judge(name, values).correct
    for damaged in broken(values) if isinstance(values, (list, dict)) else ():
        assert judge(name, damaged).message.startswith(("correct.", "not yet. "))


@pytest.mark.parametrize(
    "number",
    [50, 50.0, np.int64(50), np.float32(50), np.array(50), torch.tensor(50)],
    ids=lambda number: type(number).__name__,
)
def test_a_number_may_come_from_python_numpy_or_torch(number):
    assert judge("01.number_of_pictures", collect("01.number_of_pictures", number)).correct


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (True, "Give a whole number: yours is a bool."),
        (np.True_, "Give a whole number: yours is a bool."),
        (torch.tensor(True), "Give a whole number: yours is a bool."),
        ("50", "Give a whole number: yours is a str."),
        (1j, "Give a whole number: yours is a complex."),
        (torch.ones(2), "Give a whole number: yours is a Tensor."),
        (nn.Linear, "Give a whole number: yours is a type."),
        (nn.ReLU(), "Give a whole number: yours is a ReLU."),
        (math.nan, "Give a whole number: yours is nan."),
        (49.5, "Give a whole number: yours is 49.5."),
        (..., "Replace the dots by a number."),
    ],
)
def test_what_is_no_number_is_named(value, hint):
    with pytest.raises(NotYet, match=f"^{re.escape(hint)}$"):
        as_number(plain(value), whole=True)


def test_arrays_are_accepted_where_tensors_are():
    def softmax_of_arrays(logits):
        powers = np.exp(logits.numpy() - logits.numpy().max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    assert judge("00.softmax", collect("00.softmax", softmax_of_arrays)).correct


def test_collected_values_are_plain_copies():
    weight = nn.Parameter(torch.ones(2))
    values = plain({"a": (weight, ...), np.int64(1): np.float64(0.5), None: [True, Agrees()]})
    weight.data.zero_()
    assert torch.equal(values["a"][0], torch.ones(2))
    assert type(values["a"][0]) is torch.Tensor
    assert values["a"][1] is None
    assert values[1] == 0.5
    assert values["None"] == [True, {"type": "Agrees"}]


def test_an_error_in_one_call_leaves_the_others_and_the_random_state(capsys):
    def fails_for_large(logits):
        torch.rand(3)
        if logits.max() > 100:
            raise KeyError("large")
        return logits.softmax(dim=1)

    before = torch.get_rng_state()
    small, large, _ = collect("00.softmax", fails_for_large)
    check("00.softmax", fails_for_large)
    assert torch.equal(torch.get_rng_state(), before)
    assert small["error"] is None
    assert large["error"] == "KeyError: 'large'"
    said = "00.softmax: not yet. Your code stopped with KeyError: 'large'\n"
    assert capsys.readouterr().out == said


def test_unknown_exercise():
    check("00.softmax", None)
    known = "there is 00.learning_rate, 00.small_network, 00.softmax, 00.three_bugs"
    with pytest.raises(ValueError, match=re.escape(f"no exercise '00.sotfmax': {known}")):
        check("00.sotfmax", None)
    with pytest.raises(ValueError, match=r"no exercise '77\.x': there is none in that lesson"):
        check("77.x", None)
