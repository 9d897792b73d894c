"""The tiny course, lessons that are not executed, and a scheduler of Dask with its workers, where
the extra `cluster` is installed.
"""

import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from course_utils.cli import execution
from tests.cli.course import make_course


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path)


@pytest.fixture
def fake(monkeypatch):
    """Lessons that are not executed: the tasks that would be, and what each should do."""
    done = []
    monkeypatch.setattr(execution, "execute", done.append)
    return done


@pytest.fixture
def lab(tmp_path):
    """A scheduler and a way to start workers, each a process with a data folder of its own."""
    pytest.importorskip("distributed")
    started = []

    def start(*command, **variables):
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
        environment["DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE"] = "False"
        process = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + command[0], *command[1:]],
            env=environment,
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        started.append(process)
        return process

    def worker(name, **variables):
        options = ("--nthreads", "1", "--no-dashboard", "--no-nanny", "--name", name)
        return start("dask_worker", place, *options, **variables)

    file = tmp_path / "scheduler.json"
    try:
        start("dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        until(lambda: file.exists() and file.read_text(encoding="utf-8").endswith("}"))
        place = json.loads(file.read_text(encoding="utf-8"))["address"]
        yield SimpleNamespace(address=place, worker=worker)
    finally:
        for process in started:
            process.kill()
            process.wait()


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)
