"""A few pictures, and a run of a benchmark on them in this process."""

import pytest
import torch
from PIL import Image

from benchmarks.harness import Run, write_json


@pytest.fixture
def pictures(tmp_path):
    """An image folder of noise: an animal and a vehicle, which is brighter."""
    torch.manual_seed(0)
    for split, number in (("train", 60), ("test", 20)):
        for name, brightest in (("cat", 150), ("ship", 256)):
            folder = tmp_path / "pictures" / split / name
            folder.mkdir(parents=True)
            for index in range(number):
                pixels = torch.randint(0, brightest, (32, 32, 3), dtype=torch.uint8)
                Image.fromarray(pixels.numpy()).save(folder / f"{index}.png")
    return str(tmp_path / "pictures")


@pytest.fixture
def make_run(pictures, tmp_path):
    """Makes a Run on the pictures; `record`: what earlier parts have found."""

    def make(**record):
        path = tmp_path / "record.json"
        write_json(path, record)
        return Run(pictures, tmp_path / "runs" / "part", path, workers=0)

    return make
