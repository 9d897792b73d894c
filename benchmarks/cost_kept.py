"""What the parts of cost_to_accuracy.py share: images, what is kept in the runs folder, two
processes at work.
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.pool import Pool
from typing import NamedTuple

import torch
from cost_cells import train
from ladder import SOURCE_AUGMENT, Settings
from parts import keep

from course_utils.data import Splits, load_splits
from course_utils.paths import RUNS_DIR

KEPT = RUNS_DIR / "cost_to_accuracy"
SEEDS, SOURCE_EPOCHS = (0, 1, 2), 30
DATA: dict = {}  # splits, by what they are of


class Task(NamedTuple):
    """A training for a worker. Where `name` is not done, and the clock is past `deadline`, it is
    left alone.

    With `whole` it has all images, and reads the test images' mirror images too.
    """

    name: str
    folder: str
    train_size: int
    settings: Settings
    seed: int
    test: bool
    deadline: float
    whole: bool = False


def splits_of(folder: str, train_size: int = 0) -> Splits:
    """The same for all seeds, which differ in first weights, order and augmentation."""
    if (folder, train_size) not in DATA:
        DATA[folder, train_size] = load_splits(
            folder, augment=SOURCE_AUGMENT, train_size=train_size
        )
    return DATA[folder, train_size]


def all_images(folder: str) -> Splits:
    """For a recipe in which nothing is left to choose; as the source does. `load_splits` wants some
    for validation.
    """
    if (folder, "all") not in DATA:
        DATA[folder, "all"] = load_splits(folder, augment=SOURCE_AUGMENT, val_fraction=0.001)
    return DATA[folder, "all"]


def use_all_cores() -> None:
    torch.set_num_threads(os.cpu_count())


def read(name: str) -> dict:
    path = KEPT / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def kept(name: str, make: Callable[[], dict]) -> dict:
    """What `make` gives, made once."""
    return keep(KEPT / f"{name}.json", make)


def needed(name: str, part: str) -> dict:
    """What an earlier part has kept.

    Raises:
        SystemExit: if it has not run.
    """
    if found := read(name):
        return found
    raise SystemExit(f"{part} has not run: it comes before this part")


def start_worker() -> None:
    torch.set_num_threads(1)


def run(task: Task) -> tuple[str, dict]:
    """One training in a worker, by its name; nothing if it is left alone."""
    if not read(task.name) and time.time() > task.deadline:
        return task.name, {}
    splits = all_images(task.folder) if task.whole else splits_of(task.folder, task.train_size)
    return task.name, train(
        KEPT / task.name, splits, task.settings, task.seed, test=task.test, mirrored=task.whole
    )


@contextmanager
def two_processes() -> Iterator[Pool]:
    with get_context("spawn").Pool(2, start_worker) as pool:
        yield pool
        pool.close()
        pool.join()


def run_all(pool: Pool, tasks: Iterable[Task]) -> dict[str, dict]:
    """What the trainings found, by name, without those that were left alone."""
    return {name: found for name, found in pool.imap_unordered(run, tasks) if found}
