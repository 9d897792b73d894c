"""Seeds, devices and parameters."""

import random
import re

import pytest
import torch

from course_utils.runtime import check_parameters, pick_device, seed_everything


def test_equal_seeds_give_equal_numbers():
    def numbers(seed):
        seed_everything(seed)
        return random.random(), torch.rand(3).tolist(), torch.randperm(100).tolist()

    assert numbers(3) == numbers(3)
    assert all(a != b for a, b in zip(numbers(3), numbers(4), strict=True))
    seed_everything(0)
    seed_everything(2**32 - 1)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, "1", True, None])
def test_what_is_no_seed_is_refused(seed):
    message = f"seed is {seed!r}: give a whole number from 0 to 4294967295"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        seed_everything(seed)


@pytest.mark.parametrize(
    ("cuda", "mps", "name"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_the_fastest_device_that_is_there(monkeypatch, cuda, mps, name):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.setattr(torch, "zeros", lambda *size, device: torch.ones(1))
    assert pick_device("auto") == pick_device() == torch.device(name)


def test_a_named_device_is_taken(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "", "cuda:99", "meta", "hpu", "CPU", None, "cpu:x"])
def test_a_device_that_is_not_there_is_refused(name):
    message = f"device is {name!r}, which this machine does not have: use 'auto' or 'cpu'"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        pick_device(name)


PARAMETERS = """\
dataset: str = "auto"  # the images
epochs: int = 3  # passes
batch_size: int = 32  # images in one step
learning_rate: float = 1e-3  # size of a step
backbone_rate: float = 1e-4  # another
clip: float = 1.0  # the largest norm
train_size: int = 0  # training images (0 for all)
mistake_images: int = 0  # validation images (0 for all)
steps: int = 5  # of each training
seed: int = 0  # the first
runs: int = 1  # seeds
mirror: bool = False  # flip
picture: str = ""  # a path
device: str = "auto"  # to compute on
output_dir: str = ""  # where results go
widths: list[int] = [16]  # whatever
"""


def run_cell(source: str) -> dict:
    """The globals of a notebook whose first cell this is."""
    namespace: dict = {}
    exec(source, namespace)
    return namespace


def of_python_3_14(source: str) -> dict:
    """The same from Python 3.14 on, where `__annotate__` knows the last statement only."""
    namespace = run_cell(source)
    namespace.pop("__annotations__", None)
    cells = ["", source, "no Python !", "check_parameters(globals())"]
    return {**namespace, "In": cells, "__annotate__": lambda format: {"widths": list[int]}}


def of_a_script(source: str) -> dict:
    namespace = run_cell(source)
    annotations = namespace.pop("__annotations__")
    return {**namespace, "__annotate__": lambda format: annotations if format == 1 else None}


NOTEBOOKS = [run_cell, of_python_3_14, of_a_script]


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_good_parameters_pass(notebook):
    assert check_parameters(notebook(PARAMETERS)) is None
    check_parameters(notebook(PARAMETERS) | {"learning_rate": 1, "dataset": "a/folder"})


@pytest.mark.parametrize("notebook", NOTEBOOKS)
@pytest.mark.parametrize(
    ("name", "value", "instead"),
    [
        ("epochs", 0, "a whole number, at least 1"),
        ("epochs", "3", "a whole number, at least 1"),
        ("batch_size", 2.0, "a whole number, at least 1"),
        ("batch_size", True, "a whole number, at least 1"),
        ("batch_size", 0, "a whole number, at least 1"),
        ("runs", -1, "a whole number, at least 1"),
        ("steps", 0, "a whole number, at least 1"),
        ("train_size", -1, "a whole number, at least 0"),
        ("mistake_images", -1, "a whole number, at least 0"),
        ("seed", None, "a whole number, at least 0"),
        ("learning_rate", 0.0, "a number above 0"),
        ("learning_rate", "1e-3", "a number above 0"),
        ("learning_rate", float("inf"), "a number above 0"),
        ("backbone_rate", float("nan"), "a number above 0"),
        ("clip", -1, "a number above 0"),
        ("clip", True, "a number above 0"),
        ("mirror", 1, "True or False"),
        ("mirror", "true", "True or False"),
        ("dataset", "", "text, for instance 'auto'"),
        ("device", 0, "text, for instance 'auto'"),
        ("picture", 0, "the path of a picture, or '' for none"),
        ("output_dir", None, "the path of a folder, or '' for the default"),
    ],
)
def test_a_bad_parameter_is_named(notebook, name, value, instead):
    message = f"parameter {name} is {value!r}: give {instead}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_parameters(notebook(PARAMETERS) | {name: value})


def test_names_without_a_type_are_not_parameters():
    check_parameters(run_cell("epochs: int = 1\nsteps = -1"))


@pytest.mark.parametrize("namespace", [{}, {"In": ["", "x = 1"], "x": 1}])
def test_parameters_that_are_not_there_are_missed(namespace):
    message = r"^there are no parameters yet: run the cell that sets them first$"
    with pytest.raises(ValueError, match=message):
        check_parameters(namespace)
