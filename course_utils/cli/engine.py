"""Independent jobs run by threads of this process or by the workers of a Dask scheduler."""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from course_utils.cli.cluster import run_on_workers, threads_of_each
from course_utils.paths import DATA_DIR

Job = dict[str, Any]  # plain values, which any machine can read
Work = Callable[[Job], dict[str, Any]]


@dataclass(frozen=True)
class Engine:
    """Where jobs run: so many at once here, or on the workers of the scheduler at an address."""

    jobs: int = 1
    scheduler: str | None = None

    def run(self, work: Work, jobs: list[Job]) -> Iterator[tuple[Job, dict[str, Any]]]:
        """Each job with what `work` made of it, in the order in which they end.

        `work` is a function of a module; what it raises is its job's "error", and costs only that.
        After Ctrl-C nothing new is begun.
        """
        if self.scheduler:
            yield from run_on_workers(self.scheduler, work, jobs)
        else:
            yield from _run_in_threads(self.jobs, work, jobs)


def _run_in_threads(
    count: int, work: Work, jobs: list[Job]
) -> Iterator[tuple[Job, dict[str, Any]]]:
    from course_utils.cli.execution import submit_all

    given = [{**job, "threads": threads_of_each(count)} for job in jobs]
    pending = set()
    with ThreadPoolExecutor(count) as pool:
        try:
            submitted, begin = submit_all(pool, work, given)
            futures = dict(zip(submitted, jobs, strict=True))
            pending = set(submitted)
            begin()
            while pending:  # a wait without end does not hear Ctrl-C on Windows
                done, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in sorted(done, key=list(futures).index):
                    error = future.exception()
                    result = {"error": f"{type(error).__name__}: {error}"} if error else None
                    yield futures[future], result or future.result()
        except BaseException:  # Ctrl-C, or an error of whoever takes the results
            pool.shutdown(wait=False, cancel_futures=True)
            _stop(pending)
            raise


def _stop(pending: set) -> None:
    import time

    from course_utils.cli.grading.limits import kill_running
    from course_utils.cli.kernels import kill_kernels

    while not all(future.done() for future in pending):
        kill_kernels()  # again and again: one may just be starting
        kill_running()
        time.sleep(0.1)


def named_dataset(value: str, portable: bool) -> str:
    """A data set by a name that means the same for every point: "auto" is decided here.

    Raises:
        click.ClickException: if `portable` and it is a folder outside the data folder.
    """
    if value == "auto":
        return "cifar10" if (DATA_DIR / "cifar-10-batches-py").is_dir() else "shapes"
    if not portable or not Path(value).is_absolute():
        return value
    if Path(value).parent != DATA_DIR:
        raise click.ClickException(
            f"dataset {value!r}: other machines look for it by name: put it into the data folder of each"
        )
    return Path(value).name


def located(values: dict[str, Any]) -> dict[str, Any]:
    """A lesson's values, with the folder that a data set's name means on this machine."""
    dataset = values.get("dataset")
    if dataset and not Path(dataset).is_absolute() and (DATA_DIR / dataset).is_dir():
        return {**values, "dataset": str(DATA_DIR / dataset)}
    return values


def options(command: Callable) -> Callable:
    """The options that say where jobs run, for a command with `jobs` and `scheduler`."""
    command = click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Run on the workers of this Dask scheduler, as tcp://lab-01:8786.",
    )(command)
    return click.option(
        "--jobs",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="How many to run at once here; the cores' threads are shared out.",
    )(command)
