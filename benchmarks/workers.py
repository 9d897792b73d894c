"""Worker processes of benchmarks that train two networks at a time: one thread each, and images
that are read once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.pool import Pool

import torch
from torchvision.transforms import v2

from course_utils.data import Splits, load_splits

DATA: dict = {}  # what a worker process keeps


def start_worker(folder: str, augment: v2.Transform | None) -> None:
    torch.set_num_threads(1)
    DATA.clear()
    DATA.update(folder=folder, augment=augment)


def splits_of(train_size: int) -> Splits:
    """One split for all seeds and networks: seeds differ in first weights and in the order of the
    batches.
    """
    if train_size not in DATA:
        DATA[train_size] = load_splits(
            DATA["folder"], train_size=train_size, augment=DATA["augment"]
        )
    return DATA[train_size]


@contextmanager
def two_workers(folder: str, augment: v2.Transform | None = None) -> Iterator[Pool]:
    """A pool of two processes in which `splits_of` reads from the folder; what they were given is
    done at the end.
    """
    with get_context("spawn").Pool(2, start_worker, (folder, augment)) as pool:
        yield pool
        pool.close()
        pool.join()
