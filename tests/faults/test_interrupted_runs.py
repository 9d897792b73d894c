"""A run is stopped in the middle of a lesson, in every way that happens: what was finished stays,
nothing half has a final name, and --resume goes on.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.course import GOOD
from tests.faults.commands import command, environment, small_course

# the kernel's number is there, whole, once the cell runs
WAITS = """\
import os, time
open('number', 'w').write(str(os.getpid()))
os.rename('number', 'started')
while os.path.exists('wait'): time.sleep(0.1)
"""
KILL, INTERRUPT = getattr(signal, "SIGKILL", None), signal.SIGINT

# what happens: options, the signal, to whom; then the exit status, the last line but one of what is
# said, and what is left of the lesson
STOPS = {
    "the kernel is killed": (
        [], (KILL, "kernel"), 1, "DeadKernelError: Kernel died", "01_long.failed.ipynb"),
    "a cell takes too long": (
        ["--timeout", "1"], None, 1,
        "CellTimeoutError: A cell timed out while it was being executed, after 1 seconds.",
        "01_long.failed.ipynb"),
    "Ctrl-C": (
        [], (INTERRUPT, "runner"), 130, "--resume goes on from here", "01_long.failed.ipynb"),
    "the runner is killed": ([], (KILL, "runner"), -9, "", "01_long.partial.ipynb"),
}  # fmt: skip

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")


def until(true, seconds=120):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{number}/stat")  # one that ended waits there for its parent, if it has one
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


def test_a_stopped_run_goes_on_where_it_was(tmp_path, record_property):
    record_property("stopped runs", len(STOPS))
    sources = ["print('so', 'far')", WAITS, GOOD[2].replace("00_good", "01_long")]
    folder = small_course(tmp_path, **{"01_long": sources})
    runs, started = tmp_path / "runs" / "laptop", folder / "started"
    (folder / "wait").touch()
    options = {"cwd": tmp_path, "env": environment(tmp_path), "text": True}
    options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    finished = {}
    for happens, (more, sent, status, said, left) in STOPS.items():
        process = subprocess.Popen(command("run", "--resume", *more), **options)
        until(started.exists)
        kernel = int(started.read_text())
        started.unlink()
        if sent:
            os.kill(kernel if sent[1] == "kernel" else process.pid, sent[0])
        printed, errors = process.communicate(timeout=60)
        assert process.returncode == status, (happens, errors)
        assert errors.splitlines()[-2:-1] == ([said] if said else []), happens
        assert "Traceback" not in errors
        assert [path.name for path in runs.glob("01_*.*") if path.suffix != ".html"] == [left]
        assert '"so far\\n"' in (runs / left).read_text(), happens  # printed before the stop
        now = {path.name: path.read_bytes() for path in runs.glob("00_good.*")}
        assert sorted(now) == ["00_good.html", "00_good.ipynb", "00_good.json"]
        assert not finished or ("00_good  kept" in printed) == (status != -9)
        finished = finished or now
        assert now == finished, happens
        until(lambda kernel=kernel: not is_running(kernel))  # no kernel outlives its runner
    (folder / "wait").unlink()
    done = subprocess.run(command("run", "--resume"), **options)
    assert done.returncode == 0, done.stderr
    assert "00_good  kept" in done.stdout and "01_long  ok" in done.stdout
    left = sorted(path.name for path in runs.glob("01_*"))
    assert left == ["01_long.html", "01_long.ipynb", "01_long.json"]
