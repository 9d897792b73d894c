"""Each checker accepts its notebook's solution, calls its starter "not yet", and names what is wrong with an answer."""

import math
import re

import nbformat
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises import check
from course_utils.exercises.mechanism import CHECKERS
from course_utils.models import VGG
from course_utils.runtime import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def exercise_cells() -> list:
    """(exercise, is it the solution, source of its cell) for every cell that calls `check`, lesson by lesson."""
    found = []
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and 'check("' in cell.source:
                name = cell.source.partition('check("')[2].partition('"')[0]
                solution = "solution" in cell.metadata.get("tags", [])
                found.append(
                    pytest.param(name, solution, cell.source, id=f"{name}-{'solution' if solution else 'starter'}")
                )
    return found


def softmax(logits):
    return logits.exp() / logits.exp().sum(dim=1, keepdim=True)


@pytest.mark.parametrize(("name", "solution", "source"), exercise_cells())
def test_starter_and_solution(name, solution, source, capsys):
    space = {"check": check, "torch": torch, "F": F, "nn": nn, "math": math, "softmax": softmax, "VGG": VGG}
    exec(source, space)
    verdict = capsys.readouterr().out.splitlines()[-1]
    assert verdict.startswith(f"{name}: correct." if solution else f"{name}: not yet.")


def test_every_checker_is_used_and_has_wrong_answers():
    used = {param.values[0] for param in exercise_cells()}
    assert used == set(CHECKERS)
    for name in CHECKERS:
        assert sum(case[0] == name for case in WRONG) >= 3, name


def step(weight, bias, pixels, labels, rate, *, sign=-1, mean=True, bias_too=True):
    gradient = F.softmax(pixels @ weight.T + bias, dim=1) - F.one_hot(labels, len(bias))
    gradient = gradient / (len(labels) if mean else 1)
    new_bias = bias + sign * rate * gradient.sum(dim=0) if bias_too else bias
    return weight + sign * rate * gradient.T @ pixels, new_bias


def stable_over_batch(logits):
    return (logits - logits.max()).exp() / (logits - logits.max()).exp().sum(dim=1, keepdim=True)


WRONG = [
    ("00.softmax", softmax, "large ones overflow"),
    (
        "00.softmax",
        lambda x: (x - x.amax(1, keepdim=True)).exp() / (x - x.amax(1, keepdim=True)).exp().sum(),
        "add up to 1",
    ),
    ("00.softmax", lambda x: x / x.sum(dim=1, keepdim=True), "is the exponential in it"),
    ("00.softmax", stable_over_batch, "each row needs its own maximum"),
    ("00.softmax", lambda x: x.sub_(x.amax(1, keepdim=True)).softmax(1), "changed the logits"),
    ("00.softmax", lambda x: x.softmax(1)[0], "has shape (3,)"),
    ("00.softmax", lambda x: 1 / 0, "Your code stopped with ZeroDivisionError"),
    ("00.gradient_step", lambda *a: step(*a, sign=1), "up the gradient"),
    ("00.gradient_step", lambda *a: step(*a, mean=False), "N times too long"),
    ("00.gradient_step", lambda w, b, p, y, r: step(w, b, p, y, 1.0), "the learning rate is not in it"),
    ("00.gradient_step", lambda *a: step(*a, bias_too=False), "the bias is not"),
    ("00.gradient_step", lambda *a: step(*a)[0], "Return two tensors"),
    ("00.gradient_step", lambda w, b, p, y, r: (w, b), "The new weight is wrong"),
    ("00.images_needed", 18, "forgot the square"),
    ("00.images_needed", 36, "Half a point is 0.005"),
    ("00.images_needed", 40000, "p * (1 - p)"),
    ("00.images_needed", 3599, "above half a point"),
    ("00.images_needed", 5000, "give the smallest number"),
    ("00.images_needed", "3600", "Give a number"),
    ("03.map_size", lambda s, k, t, p: (s + 2 * p - k) // t, "not 2: add 1"),
    ("03.map_size", lambda s, k, t, p: (s + p - k) // t + 1, "on both sides"),
    ("03.map_size", lambda s, k, t, p: (s + 2 * p - k + 1) // t, "divide by the stride, then add 1"),
    ("03.map_size", lambda s, k, t, p: (s + 2 * p - k) / t + 1, "whole number"),
    ("03.conv_parameters", lambda i, o, k: i * o * k * k, "each of the 16 kernels also has a bias"),
    ("03.conv_parameters", lambda i, o, k: o * (k * k + 1), "covers all input channels"),
    ("03.conv_parameters", lambda i, o, k: i * o * k * k + i, "not for each input channel"),
    ("03.conv_parameters", lambda i, o, k: 448, "kernel 5"),
    ("03.small_network", VGG(), "Look at the first linear layer"),
    ("03.small_network", VGG(blocks=((8, 8), (8, 8), (8, 8)), hidden=(16,)), "the three blocks should stay"),
    ("03.small_network", VGG, "call it"),
    ("03.small_network", VGG(hidden=(64,), num_classes=7), "(2, 7)"),
    ("03.small_network", nn.Flatten, "call it"),
]


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_wrong_answer_gets_the_right_hint(name, answer, hint, capsys):
    check(name, answer)
    said = capsys.readouterr().out
    assert said.startswith(f"{name}: not yet. ")
    assert hint in said


def test_unknown_exercise():
    check("00.images_needed", 3600)
    known = "there is 00.gradient_step, 00.images_needed, 00.softmax"
    with pytest.raises(ValueError, match=re.escape(f"no exercise '00.sotfmax': {known}")):
        check("00.sotfmax", None)
    with pytest.raises(ValueError, match=r"no exercise '77\.x': there is none in that lesson"):
        check("77.x", None)
