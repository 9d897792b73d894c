"""A submission's code in a process of its own, with limits of time, memory and output."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any

from course_utils.cli.engine import located
from course_utils.cli.grading.collecting import COLLECTED, FAULT, READY
from course_utils.paths import DATA_DIR, ROOT

MOST_OUTPUT = 10_000_000  # bytes that may be printed; none of them are kept
MOST_COLLECTED = 64_000_000  # bytes of values that may come back
LESSON_SECONDS = 3600  # for the lesson's own cells, which are the course's
POLL = 0.05  # seconds
_running: set[subprocess.Popen] = set()
KEPT = re.compile(r"PATH$|LD_LIBRARY_PATH$|LANG$|LC_|SYSTEMROOT$|CUDA_|MKL_|TORCH_HOME$")
# The first entry of sys.path would be the working directory: a submission's modules stay outside.
START = f"import sys; sys.path[0] = {str(ROOT)!r}\n" + (
    "from course_utils.cli.grading.collecting import main; main()"
)


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run the cells of a job in a process of its own, in an empty folder that is removed.

    Args:
        job: what `cells.program` gives, with "exercise", "values" (of the lesson's
            parameters), "threads", "seconds" and "memory" (megabytes, beyond what the lesson itself
            takes).

    Returns:
        "collected", the JSON text that came back, or None; "stopped", why the process was ended or
        ended itself, or ""; "fault", what failed in the lesson's own cells, or ""; and "seconds".
    """
    with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as folder:
        here = Path(folder)
        given = {**job, "values": located(job["values"])}
        (here / "job.json").write_text(json.dumps(given), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-c", START],
            cwd=here,
            env=_environment(here, job["threads"]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that what it starts ends with it
        )
        _running.add(process)
        printed = Printed(process.stdout)
        try:
            stopped, seconds = _wait(process, here, printed, job["seconds"])
        finally:
            _kill(process)
            _running.discard(process)
        fault = "" if (here / READY).exists() else _read(here / FAULT, 10_000) or ""
        ended_well = process.returncode == 0 and not stopped and not fault
        collected = _read(here / COLLECTED, MOST_COLLECTED) if ended_well else None
        if not stopped and collected is None:
            stopped = _ending(process.returncode)
    return {"collected": collected, "stopped": stopped, "fault": fault, "seconds": seconds}


def kill_running() -> None:
    """Kill the submissions that run in this process's threads, whose jobs then end."""
    for process in list(_running):
        _kill(process)


class Printed:
    """Counts what a process prints, in a thread, and forgets it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.bytes = 0
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            while chunk := stream.read1(1 << 16):
                self.bytes += len(chunk)
                if self.bytes > MOST_OUTPUT:
                    time.sleep(POLL)  # whoever floods may wait


def _environment(here: Path, threads: int) -> dict[str, str]:
    """What a process needs to start, and no more of this one's: no tokens, no PYTHONPATH. Results
    and whatever asks for a home go into its own folder.
    """
    import matplotlib

    kept = {name: value for name, value in os.environ.items() if KEPT.match(name)}
    own = {name: str(here) for name in ("COURSE_RUNS", "HOME", "TMPDIR", "TEMP", "TMP")}
    quiet = {"MPLBACKEND": "agg", "TQDM_DISABLE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    found = {"COURSE_DATA": str(DATA_DIR), "MPLCONFIGDIR": matplotlib.get_cachedir()}
    python = {"PYTHONUTF8": "1", "OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": str(threads)}
    return {**kept, **own, **quiet, **found, **python}


def _wait(
    process: subprocess.Popen, here: Path, printed: Printed, seconds: float
) -> tuple[str, float]:
    """Wait for the end, or for a limit that is reached: which one, and the submission's seconds."""
    started, ready = time.monotonic(), None
    while process.poll() is None:
        now = time.monotonic()
        if ready is None and (here / READY).exists():
            ready = now
        if ready is None and now - started > LESSON_SECONDS:
            return f"stopped: the lesson's own cells took more than {LESSON_SECONDS} s", 0.0
        if ready is not None and now - ready > seconds:
            return f"stopped: it ran for more than {seconds:g} s", now - ready
        if printed.bytes > MOST_OUTPUT:
            return f"stopped: it printed more than {MOST_OUTPUT // 1_000_000} MB", now - (
                ready or now
            )
        time.sleep(POLL)
    return "", time.monotonic() - (ready or started)


def _kill(process: subprocess.Popen) -> None:
    """End the process and all that it has started, as far as the system knows them."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()


def _read(path: Path, most: int) -> str | None:
    """The text of a regular file of at most so many bytes."""
    try:
        if path.is_symlink() or path.stat().st_size > most:
            return None
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def _ending(status: int) -> str:
    if status < 0:
        return f"its process was killed ({signal.Signals(-status).name})"
    return f"its process ended with status {status}" if status else "nothing came back"
