"""Where files live, and how they are written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils import paths
from course_utils.paths import output_folder, replacing, write_text


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


KERNEL = """
import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
code = "from course_utils.paths import DATA_DIR, RUNS_DIR; print(DATA_DIR, RUNS_DIR)"
notebook = new_notebook(cells=[new_code_cell(code)])
NotebookClient(notebook, resources={"metadata": {"path": "notebooks"}}).execute()
print(notebook.cells[0].outputs[0].text, end="")
"""


def test_a_relative_folder_is_that_of_the_command_in_jupyters_kernels_too(tmp_path):
    """JupyterLab and nbval start kernels in the notebook's folder, as this does."""
    (tmp_path / "notebooks").mkdir()
    shells = {"PWD": str(tmp_path), "COURSE_DATA": "here", "COURSE_RUNS": "../there"}
    printed = subprocess.run(
        [sys.executable, "-c", KERNEL],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(paths.ROOT), **shells},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    assert printed == f"{tmp_path / 'here'} {tmp_path.parent / 'there'}\n"


def test_a_home_folder_of_nobody_is_told_in_one_line(tmp_path):
    with pytest.raises(subprocess.CalledProcessError) as error:
        folders(tmp_path, COURSE_DATA="~nobody-here/x")
    assert error.value.stderr == (
        "COURSE_DATA is '~nobody-here/x': no such home folder; give another\n"
    )


def test_the_tests_see_an_empty_data_folder():
    assert list(paths.DATA_DIR.iterdir()) == []
    assert paths.DATA_DIR.parent == paths.RUNS_DIR.parent != paths.ROOT


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


def test_text_is_written_as_it_is(tmp_path):
    write_text(tmp_path / "a.txt", "é\nb\r\n")
    assert (tmp_path / "a.txt").read_bytes() == "é\nb\r\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_has_its_name_only_once_it_is_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize(
    ("module", "name", "error"),
    [(Path, "replace", OSError), (os, "fsync", OSError), (os, "fsync", KeyboardInterrupt)],
)
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path, monkeypatch, module, name, error
):
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")

    def fail(*args):
        raise error

    monkeypatch.setattr(module, name, fail)
    with pytest.raises(error):
        write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_text_that_has_no_bytes_leaves_the_old_file(tmp_path):
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "a.txt", "\ud800")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "old"


def test_paths_need_no_torch():
    code = "import sys, course_utils.paths; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
