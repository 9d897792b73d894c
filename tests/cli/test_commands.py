"""The command line: it passes everything on, and its help is quick."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from course_utils.cli import run
from course_utils.cli.commands import COMMANDS, main


def test_command_line_passes_everything_on(course, tmp_path, monkeypatch, fake):
    monkeypatch.setattr(run, "NOTEBOOKS", course)
    monkeypatch.setattr(run, "RUNS_DIR", tmp_path / "runs")
    arguments = ["run", "--preset", "smoke", "--dataset", "shapes", "--name", "n", "0"]
    arguments += ["-p", "epochs", "4", "-p", "learning_rate", "2"]
    refused = CliRunner().invoke(main, [*arguments, "3"])
    assert (refused.exit_code, refused.stderr) == (
        1,
        "Error: 3: no such lesson; there are 00_good, 01_bad, 02_exit, 10_dead\n",
    )
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert fake[0].folder == tmp_path / "runs" / "n"
    assert (fake[0].values["epochs"], fake[0].values["learning_rate"]) == (4, 2.0)


HEAVY = {"torch", "torchvision", "numpy", "matplotlib", "papermill", "nbformat", "nbconvert"}


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_imports_nothing_heavy(command):
    code = (
        "import sys; from course_utils.cli.commands import main\n"
        f"main({[*command, '--help']}, standalone_mode=False)\n"
        f"print('heavy:', *sorted({HEAVY} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage:" in done.stdout
    assert done.stdout.splitlines()[-1] == "heavy:"


def test_a_command_that_cannot_be_imported_points_to_doctor(monkeypatch):
    monkeypatch.setitem(sys.modules, "course_utils.cli.run", None)
    result = CliRunner().invoke(main, ["run"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: run: ")
    assert result.stderr.endswith("; `python -m course_utils doctor` says more\n")
