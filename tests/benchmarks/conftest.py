"""A few pictures, and a run of a benchmark on them in this process."""

import pytest

from benchmarks.harness import Run, write_json


@pytest.fixture
def pictures(make_folder):
    """An image folder with an animal and a vehicle."""
    counts = {"train": {"cat": 60, "ship": 60}, "test": {"cat": 20, "ship": 20}}
    return str(make_folder(counts, size=(32, 32)))


@pytest.fixture
def make_run(pictures, tmp_path):
    """Makes a Run on the pictures; `record`: what earlier parts have found."""

    def make(**record):
        path = tmp_path / "record.json"
        write_json(path, record)
        return Run(pictures, tmp_path / "runs" / "part", path, workers=0)

    return make
