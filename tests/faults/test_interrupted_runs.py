"""The runner is killed in the middle of a lesson: what was finished stays, nothing half has a
final name, and --resume goes on.
"""

import os
import signal
import subprocess
import sys
import time

import pytest

from course_utils.paths import ROOT
from tests.cli.course import GOOD, write_notebook

CODE = (
    "import sys; from pathlib import Path; from course_utils.cli.run import Request, run_lessons\n"
    "sys.exit(run_lessons(Path('notebooks'), Path('runs').resolve(), Request(resume=True)))"
)
WAITS = (
    "import os, time\nopen('started', 'w').close()\nwhile os.path.exists('wait'): time.sleep(0.1)"
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")


def test_a_killed_run_goes_on_where_it_was(tmp_path):
    folder, runs = tmp_path / "notebooks", tmp_path / "runs" / "laptop"
    folder.mkdir()
    write_notebook(folder / "00_good.ipynb", GOOD)
    write_notebook(folder / "01_long.ipynb", [WAITS, GOOD[2].replace("00_good", "01_long")])
    (folder / "presets.yaml").write_text("laptop: {}", encoding="utf-8")
    (folder / "claims.yaml").write_text("", encoding="utf-8")
    (folder / "wait").touch()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1"}
    options = {"cwd": tmp_path, "env": environment, "text": True}
    killed = subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.DEVNULL, **options)
    deadline = time.monotonic() + 120
    while not (folder / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    finished = {path.name: path.read_bytes() for path in runs.glob("00_good.*")}
    assert sorted(finished) == ["00_good.html", "00_good.ipynb", "00_good.json"]
    assert [path.name for path in runs.glob("01_*")] == ["01_long.partial.ipynb"]
    (folder / "wait").unlink()
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, **options)
    assert done.returncode == 0, done.stderr
    assert "00_good  kept" in done.stdout and "01_long  ok" in done.stdout
    assert {path.name: path.read_bytes() for path in runs.glob("00_good.*")} == finished
    left = sorted(path.name for path in runs.glob("01_*"))
    assert left == ["01_long.html", "01_long.ipynb", "01_long.json"]
