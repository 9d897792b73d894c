"""Worker processes of the benchmarks: what they keep, and that they start and come back."""

import pytest
import torch
from torchvision.transforms import v2

from tests.helpers import script

pytestmark = pytest.mark.usefixtures("benchmarks_are_importable")


@pytest.fixture
def folder(make_folder):
    return str(make_folder({"train": {"cat": 30, "dog": 30}, "test": {"cat": 2, "dog": 2}}))


def test_a_worker_reads_its_splits_once(folder, monkeypatch):
    workers, threads = script("workers"), []
    monkeypatch.setattr(workers, "DATA", {"of another folder": 1})
    monkeypatch.setattr(torch, "set_num_threads", threads.append)
    augment = v2.RandomHorizontalFlip()
    workers.start_worker(folder, augment)
    splits = workers.splits_of(20)
    assert threads == [1] and len(splits.train) == 20
    assert workers.splits_of(20) is splits and workers.splits_of(30) is not splits
    assert set(workers.DATA) == {"folder", "augment", 20, 30}


def test_two_workers_do_everything(folder):
    from workers import two_workers  # under its own name: the processes import it by that

    with two_workers(folder) as pool:
        assert list(pool.imap_unordered(abs, [-1])) == [1] and pool.map(
            abs, [-2, 3], chunksize=1
        ) == [2, 3]
