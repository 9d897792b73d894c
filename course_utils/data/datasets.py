"""Where images come from: CIFAR-10 on disk, the built-in Shapes, or a folder of pictures."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.datasets import CIFAR10

from course_utils.data import shapes
from course_utils.data.pictures import ImageFiles, list_folder, load_images

SHAPES_TRAIN, SHAPES_TEST = 20_000, 5_000
NAMES = ("auto", "cifar10", "shapes", "arrows")


class Source(NamedTuple):
    """A data set whose images are not read yet: `read("train" or "test", indices)` gives those
    asked for.
    """

    name: str
    classes: tuple[str, ...]
    train_labels: Tensor
    test_labels: Tensor
    read: Callable[[str, Tensor], Tensor | ImageFiles]
    flip_safe: bool = True


def open_source(dataset: str | Path, root: Path, size: int) -> Source:
    """Find the data set that `load_splits` was asked for. A folder's pictures are read as squares
    of `size` pixels.

    Raises:
        FileNotFoundError, ValueError: as `load_splits`.
    """
    if dataset == "auto":
        found = (root / CIFAR10.base_folder).is_dir()
        dataset = "cifar10" if found else "shapes"
        print(
            "dataset 'auto': CIFAR-10 is on disk and is used (for the built-in images: dataset 'shapes')"
            if found
            else "dataset 'auto': the built-in Shapes (for CIFAR-10, once: python -m course_utils data cifar10)"
        )
    if dataset == "cifar10":
        return _cifar10(root)
    if dataset == "shapes":
        return _shapes("shapes", shapes.CLASSES)
    if dataset == "arrows":
        return _shapes("arrows", shapes.ARROWS)
    return _folder(Path(dataset).expanduser(), size)


def _cifar10(root: Path) -> Source:
    try:
        sets = {split: CIFAR10(root, train=split == "train") for split in ("train", "test")}
    # torchvision's word for missing or altered files; it compares their MD5 before it reads them
    except RuntimeError:
        way_out = "run `python -m course_utils data cifar10`, or use dataset 'shapes'"
        raise FileNotFoundError(
            f"CIFAR-10 is not whole in {root.name}/{CIFAR10.base_folder}: {way_out}"
        ) from None
    images = {
        split: torch.from_numpy(found.data).permute(0, 3, 1, 2) for split, found in sets.items()
    }
    labels = {split: torch.tensor(found.targets) for split, found in sets.items()}
    classes = tuple(sets["train"].classes)
    return Source(
        "cifar10",
        classes,
        labels["train"],
        labels["test"],
        lambda split, i: images[split][i].contiguous(),
    )


def _shapes(name: str, classes: tuple[str, ...]) -> Source:
    parts = {
        "train": _draw(classes, SHAPES_TRAIN, seed=0),
        "test": _draw(classes, SHAPES_TEST, seed=1),
    }
    labels = {split: labels for split, (_, labels) in parts.items()}
    flip_safe = classes != shapes.ARROWS
    return Source(
        name,
        classes,
        labels["train"],
        labels["test"],
        lambda split, i: parts[split][0][i],
        flip_safe,
    )


@lru_cache(
    maxsize=2
)  # a lesson loads the same images several times, and drawing them takes seconds
def _draw(classes: tuple[str, ...], number: int, seed: int) -> tuple[Tensor, Tensor]:
    labels = torch.arange(number) % len(classes)
    return shapes.draw(labels, seed=seed, classes=classes), labels


def _folder(folder: Path, size: int) -> Source:
    if not folder.is_dir():
        names = ", ".join(repr(name) for name in NAMES)
        raise FileNotFoundError(
            f"dataset is {str(folder)!r}: neither one of {names} nor a folder that exists"
        )
    paths, names = {}, {}
    for split in ("train", "test"):
        paths[split], names[split] = list_folder(folder / split)
    classes = tuple(sorted(set(names["train"])))
    if odd := sorted(set(names["train"]) ^ set(names["test"])):
        raise ValueError(
            f"class {odd[0]!r} of {folder} is in only one of train/ and test/: both need the same classes"
        )
    if len(classes) < 2:
        raise ValueError(f"{folder} has one class, {classes[0]!r}: a classifier needs at least two")
    labels = {
        split: torch.tensor([classes.index(name) for name in names[split]]) for split in names
    }
    # The files come sorted by class; whoever looks at the first few test images, or at one batch,
    # wants a mixture.
    order = torch.randperm(len(labels["test"]), generator=torch.Generator().manual_seed(0))
    paths["test"], labels["test"] = (
        [paths["test"][i] for i in order.tolist()],
        labels["test"][order],
    )

    def read(split: str, indices: Tensor) -> Tensor | ImageFiles:
        return load_images([paths[split][i] for i in indices.tolist()], size)

    name = folder.resolve().name
    name = f"{name}-folder" if name in NAMES else name  # results are kept by name
    return Source(name, classes, labels["train"], labels["test"], read)
