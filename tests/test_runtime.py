"""Seeds, devices and folders."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from course_utils import paths
from course_utils.paths import output_folder
from course_utils.runtime import check_parameters, pick_device, seed_everything


def folders(tmp_path, **variables):
    """DATA_DIR, RUNS_DIR and WEIGHTS_DIR as a new process, started in `tmp_path`, sees them."""
    code = (
        "from course_utils.paths import *; print(DATA_DIR, RUNS_DIR, WEIGHTS_DIR, ROOT, sep='\\n')"
    )
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**bare, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return [Path(line) for line in done.stdout.splitlines()]


def test_folders_lie_in_the_checkout_wherever_the_process_starts(tmp_path):
    root = Path(__file__).resolve().parents[1]
    assert folders(tmp_path, COURSE_DATA="") == [
        root / "data",
        root / "runs",
        root / "data" / "weights",
        root,
    ]


def test_variables_move_data_and_runs_but_not_the_weights(tmp_path):
    data, runs, weights, root = folders(
        tmp_path, COURSE_DATA="here", COURSE_RUNS=str(tmp_path / "of mine é")
    )
    assert (data, runs) == (tmp_path.resolve() / "here", tmp_path.resolve() / "of mine é")
    assert weights == root / "data" / "weights"


def test_the_tests_see_an_empty_data_folder():
    assert list(paths.DATA_DIR.iterdir()) == []
    assert paths.DATA_DIR.parent == paths.RUNS_DIR.parent != paths.ROOT


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


def test_output_goes_under_runs_unless_a_folder_is_given(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUNS_DIR", tmp_path / "runs")
    assert output_folder("", "03_vgg") == tmp_path / "runs" / "03_vgg"
    monkeypatch.chdir(tmp_path)
    assert output_folder("a/b c", "03_vgg") == tmp_path.resolve() / "a" / "b c"
    assert (tmp_path / "runs" / "03_vgg").is_dir()
    assert (tmp_path / "a" / "b c").is_dir()
    (tmp_path / "a" / "b c" / "kept").touch()
    output_folder("a/b c", "03_vgg")
    assert (tmp_path / "a" / "b c" / "kept").exists()


def test_output_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert output_folder("~/out", "x") == tmp_path.resolve() / "out"


def test_good_parameters_pass():
    assert check_parameters() is None
    check_parameters(
        dataset="a/folder", epochs=1, batch_size=1, learning_rate=1, train_size=0, seed=0, runs=1, device="cpu",
        output_dir="", positive={"width": 1, "dropout": 0.5},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("epochs", 0, "a whole number, at least 1"),
        ("epochs", "5", "a whole number, at least 1"),
        ("batch_size", 2.0, "a whole number, at least 1"),
        ("batch_size", True, "a whole number, at least 1"),
        ("runs", -1, "a whole number, at least 1"),
        ("train_size", -1, "a whole number, at least 0"),
        ("seed", None, "a whole number, at least 0"),
        ("learning_rate", 0.0, "a number above 0"),
        ("learning_rate", "1e-3", "a number above 0"),
        ("learning_rate", float("inf"), "a number above 0"),
        ("learning_rate", float("nan"), "a number above 0"),
        ("dataset", "", "text, for instance 'auto'"),
        ("device", 0, "text, for instance 'auto'"),
        ("output_dir", None, "the path of a folder, or '' for the default"),
    ],
)
def test_a_bad_parameter_is_named(name, value, wanted):
    message = f"parameter {name} is {value!r}: give {wanted}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_parameters(**{name: value})


def test_a_lessons_own_parameters_are_checked_too():
    with pytest.raises(ValueError, match=r"^parameter width is -2: give a number above 0$"):
        check_parameters(positive={"depth": 3, "width": -2})
