"""Lessons executed into a folder: their notebooks, pages and results, or what is left of a
failure.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Future,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from course_utils.cli.claims import Verdict
from course_utils.cli.cluster import course_version
from course_utils.cli.notebooks import describe_failure, read_notebook
from course_utils.paths import DATA_DIR, write_text

if TYPE_CHECKING:
    from filelock import BaseFileLock
    from nbformat import NotebookNode


@dataclass(frozen=True)
class Task:
    """A lesson to run: its notebook, the values of its parameters, and the folder it writes to."""

    path: Path
    values: dict[str, Any]
    folder: Path
    progress: bool = False  # a bar; only where one lesson runs at a time
    variables: dict[str, str] = field(default_factory=dict)  # its kernel's own, of the environment
    pages: tuple[str, ...] = ()  # lessons whose pages lie beside its own
    timeout: int | None = None  # seconds for each cell

    @property
    def lesson(self) -> str:
        return self.path.stem

    def file(self, ending: str) -> Path:
        return self.folder / f"{self.lesson}{ending}"

    def fingerprint(self) -> dict[str, Any]:
        """What makes two runs of a lesson the same run: its cells, its parameters, the course and
        the data.
        """
        cells = [(cell.cell_type, cell.source) for cell in read_notebook(self.path).cells]
        return {
            "source_sha256": hashlib.sha256(json.dumps(cells).encode()).hexdigest(),
            "parameters": self.values,
            "course": course_version(),
            "data_sha256": data_hash(self.values),
        }


def data_hash(values: dict[str, Any]) -> str:
    """A hash of the names, sizes and times of all files that a lesson with these values reads: of
    CIFAR-10, if "auto" may take it, of a folder of pictures, of a file of weights; and of how many
    Shapes there are.
    """
    given = {"dataset": "auto", **values, "output_dir": ""}
    found = {str(value) for value in given.values()}
    named = {str(DATA_DIR / "cifar-10-batches-py")} if found & {"auto", "cifar10"} else set()
    digest = hashlib.sha256(os.environ.get("COURSE_SHAPES", "").encode())
    for path in sorted(map(Path, found | named)):
        if path.is_absolute():
            below = [path, *path.rglob("*")] if path.is_dir() else [path]
            for file in sorted(file for file in below if file.is_file()):
                state = file.stat()
                digest.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def hold(folder: Path) -> "BaseFileLock":
    """Make a run's folder this process's own until the lock that comes back is released, or the
    process ends, however it does.

    Raises:
        click.ClickException: if another process runs into it.
        OSError: if it cannot be written.
    """
    from filelock import FileLock, Timeout

    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise click.ClickException(
            f"another process runs into {short(folder)}: wait for it, or give another --name"
        ) from None
    return lock


@dataclass
class Outcome:
    """What became of a lesson: "ok", "kept" (from an earlier run), "failed" or "interrupted"."""

    lesson: str
    status: str
    seconds: float = 0.0
    results: dict[str, Any] | None = None
    claims: str = "-"
    verdicts: list[Verdict] = field(default_factory=list)
    report: str = ""  # of a failure
    left: Path | None = None  # what there is of a lesson that failed

    @property
    def broken(self) -> list[str]:
        """A line for each claim that does not hold."""
        return [verdict.broken for verdict in self.verdicts if verdict.broken]


def is_complete(task: Task) -> bool:
    """Whether an earlier run of the same cells, parameters, course and data ended well."""
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


def run_all(
    tasks: list[Task],
    jobs: int,
    work: Callable[[Task], Outcome],
    ended: Callable[[Outcome], None],
) -> list[Outcome]:
    """`work` on lessons, `jobs` at once, each in a thread; their outcomes, in the lessons' order.

    `ended` is called here with each outcome as it comes. After Ctrl-C the kernels are killed: what
    ran is "interrupted", and what did not start has no outcome.
    """
    futures, pending = [], set()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            futures, begin = submit_all(pool, work, tasks)
            pending = set(futures)
            begin()
            while pending:  # a wait without end does not hear Ctrl-C on Windows
                done, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in sorted(done, key=futures.index):
                    ended(future.result())
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            _stop(pending)
            for future in sorted(pending, key=futures.index):
                if not future.cancelled():
                    ended(_interrupted(future.result()))
    return [future.result() for future in futures if not future.cancelled()]


def submit_all(
    pool: ThreadPoolExecutor, work: Callable, items: list
) -> tuple[list[Future], Callable[[], None]]:
    """Futures of `work` on each item, and a function that lets them begin: a Ctrl-C that comes
    before finds nothing that runs.
    """
    go, stopped = Event(), Event()

    def wait_and_work(item: Any) -> Any:
        go.wait()
        if stopped.is_set():
            raise CancelledError
        return work(item)

    try:
        return [pool.submit(wait_and_work, item) for item in items], go.set
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        stopped.set()
        go.set()
        raise


def _stop(pending: set[Future]) -> None:
    from course_utils.cli.kernels import kill_kernels

    while not all(future.done() for future in pending):
        kill_kernels()  # again and again: one may just be starting
        time.sleep(0.1)


def _interrupted(outcome: Outcome) -> Outcome:
    if outcome.status == "failed":
        outcome.status, outcome.report = "interrupted", "--resume goes on from here"
    return outcome


def attempt(task: Task) -> Outcome:
    """Run a lesson; if it fails, say why, and keep what there is of it as `<lesson>.failed.ipynb`."""
    start = time.monotonic()
    try:
        execute(task)
        seconds = time.monotonic() - start
        return Outcome(task.lesson, "ok", seconds, read_results(task))
    # a cell's, a dead kernel's, a full disk's: the other lessons are run all the same
    except Exception as error:
        report = describe_failure(_partial(task), error)
    task.file(".json").unlink(missing_ok=True)
    task.file(".html").unlink(missing_ok=True)
    outcome = Outcome(task.lesson, "failed", time.monotonic() - start, report=report)
    if task.file(".partial.ipynb").exists():
        outcome.left = task.file(".partial.ipynb").replace(task.file(".failed.ipynb"))
    return outcome


def execute(task: Task) -> None:
    """Execute a notebook and write its page; the executed notebook comes last, and says that all is
    there.
    """
    import nbformat
    import papermill

    from course_utils.cli.kernels import manager_with

    fingerprint = task.fingerprint()  # now: data that come while it runs are not what it read
    partial = task.file(".partial.ipynb")
    notebook = papermill.execute_notebook(
        _literal(task.path),
        _literal(partial),
        parameters=task.values,
        kernel_name="python3",
        kernel_manager_class=manager_with(task.variables),
        progress_bar=task.progress,
        execution_timeout=task.timeout,
        # papermill's `cwd` is the whole process's, which other lessons share
        resources={"metadata": {"path": str(task.path.parent)}},
    )
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    if not all(cell.execution_count for cell in code):  # papermill takes sys.exit() for success
        raise RuntimeError("the notebook ended before its last cell")
    notebook.metadata["course_run"] = fingerprint
    write_page(task, notebook)
    write_text(task.file(".ipynb"), nbformat.writes(notebook) + "\n")
    partial.unlink()


def write_page(task: Task, notebook: "NotebookNode") -> None:
    """Write an executed lesson as a page."""
    from course_utils.cli.html import to_html

    write_text(task.file(".html"), to_html(notebook, task.lesson, task.pages))


def _literal(path: Path) -> str:
    return str(path).replace("{", "{{").replace("}", "}}")  # papermill formats paths


def _partial(task: Task) -> "NotebookNode | None":
    try:
        return read_notebook(task.file(".partial.ipynb"))
    except click.ClickException:
        return None


def short(path: Path) -> str:
    """The path from the working directory, if it lies there."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
