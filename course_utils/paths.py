"""Where files live, and how they are written. Imports nothing else of the course, and no torch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

ROOT = Path(__file__).resolve().parents[1]


def _folder(variable: str, default: Path) -> Path:
    given = os.environ.get(variable) or str(default)
    try:
        path = Path(given).expanduser()
    except RuntimeError:  # ~somebody, who is not known here
        raise SystemExit(f"{variable} is {given!r}: no such home folder; give another") from None
    # a relative one means the folder of the command; a kernel, which JupyterLab starts in its
    # notebook's folder, has that of the shell that JupyterLab was started from
    in_kernel = "JPY_PARENT_PID" in os.environ
    return Path(os.environ.get("PWD", ROOT) if in_kernel else "", path).resolve()


DATA_DIR = _folder("COURSE_DATA", ROOT / "data")  # data sets; COURSE_DATA moves it
RUNS_DIR = _folder("COURSE_RUNS", ROOT / "runs")  # what runs write; COURSE_RUNS moves it
WEIGHTS_DIR = ROOT / "data" / "weights"  # the weights that the course ships; nothing moves it
DATASETS = ("auto", "cifar10", "shapes", "arrows")  # those with a name; others are folders


def output_folder(output_dir: str, lesson: str) -> Path:
    """The folder that a lesson writes into, made if need be: RUNS_DIR/lesson if none is given."""
    folder = Path(output_dir).expanduser().resolve() if output_dir else RUNS_DIR / lesson
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_text(path: Path, text: str) -> None:
    """Write a text file (UTF-8, line ends as they are) whole or not at all.

    Raises:
        OSError: if it cannot be written; what `path` held before is still there.
    """
    with replacing(path) as file:
        file.write(text.encode("utf-8"))


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """An open file that becomes `path` when the block ends, and is removed if the block fails.

    It lies beside `path` under another name until its bytes are on the disk, so that `path` holds,
    even after a crash, either the old file or the new one.
    """
    temporary = path.with_name(f"{path.name}.part")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:  # Ctrl-C too
        temporary.unlink(missing_ok=True)
        raise
