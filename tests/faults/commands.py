"""The command line in a process of its own, with the tiny course in place of the committed one."""

import os
import sys
from pathlib import Path

from course_utils.paths import ROOT
from tests.cli.course import GOOD, write_notebook

# a test run in the background of a shell inherits a deaf ear for Ctrl-C: listen again
CODE = """\
import signal, sys
from pathlib import Path
from course_utils.cli import assign, grade, publish, run, sweep
for module in (assign, grade, publish, run, sweep):
    module.NOTEBOOKS = Path("notebooks").resolve()
signal.signal(signal.SIGINT, signal.default_int_handler)
from course_utils.cli.commands import main
main()
"""


def small_course(root: Path, **more: list[str]) -> Path:
    """A course of one good lesson and `more`, by their names and the sources of their cells."""
    folder = root / "notebooks"
    folder.mkdir(parents=True)
    for lesson, sources in {"00_good": GOOD, **more}.items():
        write_notebook(folder / f"{lesson}.ipynb", sources)
    (folder / "presets.yaml").write_text("laptop: {}", encoding="utf-8")
    (folder / "claims.yaml").write_text("", encoding="utf-8")
    return folder


def command(*arguments: str) -> list[str]:
    """The command line of a process that works in the folder above `notebooks`."""
    return [sys.executable, "-c", CODE, *arguments]


def environment(root: Path, **variables: str | None) -> dict[str, str]:
    """This process's, with data and runs below `root`; None removes a variable."""
    own = {"PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1"}
    folders = {"COURSE_DATA": str(root / "data"), "COURSE_RUNS": str(root / "runs")}
    every = {**os.environ, **own, **folders, **variables}
    return {name: value for name, value in every.items() if value is not None}
