"""Where files live. Imports neither torch nor anything else of the course."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable) or default).expanduser().resolve()


DATA_DIR = _folder("COURSE_DATA", ROOT / "data")  # data sets; COURSE_DATA moves it


RUNS_DIR = _folder("COURSE_RUNS", ROOT / "runs")  # what runs write; COURSE_RUNS moves it


WEIGHTS_DIR = ROOT / "data" / "weights"  # the weights that the course ships; nothing moves it


def output_folder(output_dir: str, lesson: str) -> Path:
    """The folder that a lesson writes into, made if need be: `output_dir`, or `RUNS_DIR/lesson` if
    that is "".
    """
    folder = Path(output_dir).expanduser().resolve() if output_dir else RUNS_DIR / lesson
    folder.mkdir(parents=True, exist_ok=True)
    return folder
