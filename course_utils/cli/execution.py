"""One lesson executed into a folder: its notebook, its page, its results, or what is left of a
failure.
"""

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import nbformat
import papermill
from nbformat import NotebookNode

from course_utils.cli.html import to_html
from course_utils.cli.notebooks import (
    OwnKernelManager,
    describe_failure,
    read_notebook,
)
from course_utils.paths import write_text


@dataclass(frozen=True)
class Task:
    """A lesson to run: its notebook, the values of its parameters, and the folder it writes to."""

    path: Path
    values: dict[str, Any]
    folder: Path

    @property
    def lesson(self) -> str:
        return self.path.stem

    def file(self, ending: str) -> Path:
        return self.folder / f"{self.lesson}{ending}"

    def fingerprint(self) -> dict[str, Any]:
        """What makes two runs of a lesson the same run: its cells and its parameters."""
        cells = [(cell.cell_type, cell.source) for cell in read_notebook(self.path).cells]
        return {
            "source_sha256": hashlib.sha256(json.dumps(cells).encode()).hexdigest(),
            "parameters": self.values,
        }


@dataclass
class Outcome:
    """What became of a lesson: "ok", "kept" (from an earlier run), "failed" or "interrupted"."""

    lesson: str
    status: str
    seconds: float = 0.0
    results: dict[str, Any] | None = None
    claims: str = "-"
    broken: list[str] = field(default_factory=list)


def is_complete(task: Task) -> bool:
    """Whether an earlier run of the same cells with the same parameters ended well."""
    executed = task.file(".ipynb")
    return (
        executed.exists()
        and read_notebook(executed).metadata.get("course_run") == task.fingerprint()
    )


def remove_results(task: Task) -> None:
    """Remove what an earlier run of the lesson left, good or bad."""
    for ending in (".ipynb", ".html", ".json", ".partial.ipynb", ".failed.ipynb"):
        task.file(ending).unlink(missing_ok=True)


def read_results(task: Task) -> dict[str, Any] | None:
    """What the lesson recorded, or None if it did not."""
    path = task.file(".json")
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def attempt(task: Task) -> Outcome:
    """Run a lesson; if it fails, say why, and keep what there is of it as `<lesson>.failed.ipynb`."""
    start = time.monotonic()
    try:
        execute(task)
        return Outcome(task.lesson, "ok", time.monotonic() - start)
    except KeyboardInterrupt:
        status, reason = "interrupted", "--resume goes on from here"
    except (
        Exception
    ) as error:  # a cell's, a dead kernel's, a full disk's: the other lessons are run all the same
        status, reason = "failed", describe_failure(_partial(task), error)
    click.echo(f"{task.lesson} {status}\n{reason}", err=True)
    if task.file(".partial.ipynb").exists():
        task.file(".partial.ipynb").replace(task.file(".failed.ipynb"))
        click.echo(f"as far as it came: {short(task.file('.failed.ipynb'))}", err=True)
    task.file(".json").unlink(missing_ok=True)
    task.file(".html").unlink(missing_ok=True)
    return Outcome(task.lesson, status, time.monotonic() - start)


def execute(task: Task) -> None:
    """Execute a notebook and write its page; the executed notebook comes last, and says that all is
    there.
    """
    partial = task.file(".partial.ipynb")
    notebook = papermill.execute_notebook(
        _literal(task.path),
        _literal(partial),
        parameters=task.values,
        kernel_name="python3",
        kernel_manager_class=OwnKernelManager,
        progress_bar=not (os.environ.get("CI") or os.environ.get("TQDM_DISABLE")),
        cwd=str(task.path.parent),
    )
    if any(
        cell.cell_type == "code" and cell.source.strip() and not cell.execution_count
        for cell in notebook.cells
    ):
        raise RuntimeError(
            "the notebook ended before its last cell"
        )  # papermill takes sys.exit() for success
    notebook.metadata["course_run"] = task.fingerprint()
    write_text(task.file(".html"), to_html(notebook, task.lesson))
    write_text(task.file(".ipynb"), nbformat.writes(notebook) + "\n")
    partial.unlink()


def _literal(path: Path) -> str:
    return str(path).replace("{", "{{").replace("}", "}}")  # papermill formats paths


def _partial(task: Task) -> NotebookNode | None:
    try:
        return read_notebook(task.file(".partial.ipynb"))
    except click.ClickException:
        return None


def short(path: Path) -> str:
    """The path from the working directory, if it lies there."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
