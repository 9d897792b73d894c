"""Run lessons on photographs: what they record themselves is the result."""

import subprocess
import sys

from benchmarks.harness import Run, read_json
from benchmarks.house.run import LESSONS
from course_utils.paths import RUNS_DIR


def run_lesson(run: Run, name: str) -> dict:
    lesson, _, parameters = LESSONS[name]
    folder = run.record.stem  # in the runs folder: the name of the run
    command = [sys.executable, "-m", "course_utils", "run"]
    command += ["--dataset", run.dataset, "--name", folder]
    for key, value in parameters.items():
        command += ["-p", key, str(value)]
    subprocess.run([*command, lesson], check=True)
    return read_json(RUNS_DIR / folder / f"{lesson}.json")
