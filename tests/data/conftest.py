"""Data sets small enough for tests."""

import hashlib
import pickle

import numpy as np
import pytest
from torchvision.datasets import CIFAR10

from course_utils.data import datasets

CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


@pytest.fixture
def few_shapes(monkeypatch):
    """Shapes with 600 training and 200 test images."""
    monkeypatch.setattr(datasets, "SHAPES_TRAIN", 600)
    monkeypatch.setattr(datasets, "SHAPES_TEST", 200)
    datasets._draw.cache_clear()
    yield
    datasets._draw.cache_clear()


@pytest.fixture
def cifar10(tmp_path, monkeypatch):
    """CIFAR-10's files with 20 images in each of the six: (folder, {split: (pixels (N, 3072),
    labels)}).
    """
    draw = np.random.default_rng(0)
    folder = tmp_path / CIFAR10.base_folder
    folder.mkdir()
    parts, sums = {"train": ([], []), "test": ([], [])}, {}
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    for name in names:
        pixels = draw.integers(0, 256, (20, 3072), dtype=np.uint8)
        labels = (np.arange(20) % 10).tolist()
        part = parts["test" if name == "test_batch" else "train"]
        part[0].append(pixels)
        part[1].extend(labels)
        content = pickle.dumps({"data": pixels, "labels": labels}, protocol=2)
        (folder / name).write_bytes(content)
        sums[name] = hashlib.md5(content, usedforsecurity=False).hexdigest()
    meta = pickle.dumps({"label_names": list(CIFAR10_CLASSES)}, protocol=2)
    (folder / "batches.meta").write_bytes(meta)
    monkeypatch.setattr(CIFAR10, "train_list", [[name, sums[name]] for name in names[:5]])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    md5 = hashlib.md5(meta, usedforsecurity=False).hexdigest()
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": md5})
    return tmp_path, {
        split: (np.concatenate(pixels), labels) for split, (pixels, labels) in parts.items()
    }
