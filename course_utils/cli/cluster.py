"""Jobs on the workers of a Dask scheduler: an optional way to run what `engine` runs here.

Only workers whose course is the same as here get jobs. A worker that is lost loses its jobs to the
others; a job counts once, when its result arrives.
"""

import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import cache
from importlib import metadata
from typing import Any

import click

from course_utils.paths import DATA_DIR, ROOT

PATIENCE = 60.0  # seconds to wait for a worker that may have jobs
ANSWER = 10  # seconds that a scheduler may take to answer
LOOK = 2.0  # seconds between two looks at which workers there are
RESOURCE = "course_utils"  # Dask's name for what a worker of the same course has
SOURCES = ("course_utils/**/*.py", "benchmarks/results/*.json")  # notebooks travel with the jobs


@cache
def course_version() -> str:
    """The version of the course here: its number, and a hash of its code and recorded results."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in ROOT.glob(pattern)}):
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return f"{metadata.version('course_utils')} ({digest.hexdigest()[:8]})"


def describe_worker() -> tuple[str, list[str]]:
    """What decides whether a worker gets jobs: its course's version, and the data sets that it has
    by name.
    """
    course_version.cache_clear()  # its files may be newer than a worker that has run for weeks
    folders = DATA_DIR.iterdir() if DATA_DIR.is_dir() else ()
    names = [path.name for path in folders if path.is_dir() and path.name != "weights"]
    cifar10 = ["cifar10"] if "cifar-10-batches-py" in names else []
    return course_version(), ["shapes", "arrows", *cifar10, *names]


async def admit(dask_worker: Any) -> None:
    """Let a worker take as many jobs at once as it has threads."""
    await dask_worker.set_resources(**{RESOURCE: dask_worker.state.nthreads})


def threads_of_each(jobs: int) -> int:
    """How many threads each of so many jobs gets on this machine: OMP_NUM_THREADS, or its share of
    the cores.
    """
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() and int(given) else max(1, (os.cpu_count() or 1) // jobs)


def on_worker(work: Callable[[dict], dict], job: dict[str, Any]) -> dict[str, Any]:
    """Do a job with this worker's share of its machine's threads."""
    from distributed import get_worker

    share = threads_of_each(get_worker().state.nthreads)
    return work({**job, "threads": job.get("threads") or share})


class Door:
    """Lets those workers of a scheduler have jobs that have the same course as here, and the data
    sets that the jobs name; says once of each other one why not.
    """

    def __init__(self, client: Any, datasets: set[str]) -> None:
        self.client, self.datasets = client, datasets
        self.admitted: set[str] = set()
        self.refused: set[str] = set()
        self.last_seen = time.monotonic()  # a worker that may have jobs

    def look(self) -> int:
        """Examine workers that are new; how many jobs those that may have any can do at once.

        Raises:
            click.ClickException: if there has been none that may have jobs for `PATIENCE` seconds.
        """
        there = self.client.scheduler_info(n_workers=-1)["workers"]
        new = sorted(set(there) - self.admitted - self.refused)
        answers = self.client.run(describe_worker, workers=new, on_error="return") if new else {}
        for address, answer in answers.items():
            if reason := self.refusal(answer):
                click.echo(f"worker {address} refused: {reason}", err=True)
                self.refused.add(address)
            else:
                self.client.run(admit, workers=[address])
                self.admitted.add(address)
        slots = sum(there[address]["nthreads"] for address in self.admitted & set(there))
        if slots:
            self.last_seen = time.monotonic()
        elif time.monotonic() - self.last_seen > PATIENCE:
            raise click.ClickException(
                f"no worker that may have jobs for {PATIENCE:.0f} s: start one with the same course, "
                "then the same command with --resume goes on"
            )
        return slots

    def refusal(self, answer: Any) -> str:
        """Why a worker gets no jobs, or ""."""
        if isinstance(answer, BaseException):
            return f"it cannot use the course ({' '.join(str(answer).split())[:100]})"
        version, datasets = answer
        if version != course_version():
            return f"its course is {version}, here it is {course_version()}"
        missing = sorted(self.datasets - set(datasets))
        return f"{', '.join(missing)} is not in its data folder" if missing else ""


def run_on_workers(
    address: str, work: Callable[[dict], dict], jobs: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each job with what `work` made of it on some worker, in the order in which they arrive.

    Raises:
        click.ClickException: if Dask is not installed, the scheduler does not answer, or no worker
            that may have jobs is there for `PATIENCE` seconds.
    """
    client = _connect(address)
    given = os.environ.get("OMP_NUM_THREADS", "")
    own = {"threads": int(given)} if given.isdigit() else {}
    todo, running = deque(jobs), {}
    with client:
        door = Door(client, {job["dataset"] for job in jobs if job.get("dataset")})
        try:
            while todo or running:
                slots = door.look()
                if not slots:  # Dask forgets to give them to workers that are admitted later
                    client.cancel(list(running))
                    todo.extendleft(running.values())
                    running.clear()
                while todo and len(running) < slots:
                    job = todo.popleft()
                    running[_submit(client, work, {**job, **own})] = job
                for future in _ended(running):
                    yield running.pop(future), _result(future)
        finally:
            client.cancel(list(running))


def _submit(client: Any, work: Callable[[dict], dict], job: dict[str, Any]) -> Any:
    return client.submit(on_worker, work, job, pure=False, resources={RESOURCE: 1})


def _ended(running: dict) -> set:
    """The futures that have ended, after at most `LOOK` seconds."""
    from distributed import TimeoutError as NoneYet
    from distributed import wait

    if not running:
        time.sleep(LOOK)
        return set()
    try:
        return wait(list(running), timeout=LOOK, return_when="FIRST_COMPLETED").done
    except NoneYet:
        return set()


def _result(future: Any) -> dict[str, Any]:
    """A job's result, or its "error": `work` raises none, but each worker that had it may be lost."""
    error = future.exception()
    return {"error": f"{type(error).__name__}: {error}"} if error else future.result()


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise click.ClickException(
            "--scheduler wants Dask: python -m pip install -e '.[cluster]'"
        ) from None
    try:
        return Client(address, timeout=ANSWER)
    except (OSError, ValueError, TimeoutError) as error:
        raise click.ClickException(
            f"--scheduler {address}: no answer ({type(error).__name__}): start it with `dask scheduler`"
        ) from None
