"""The data sets, with torchvision's interface: Shapes, Arrows, folders of pictures, CIFAR-10."""

import os
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torchvision.datasets import CIFAR10, ImageFolder, VisionDataset

from course_utils.data import pictures, shapes
from course_utils.data.statistics import stratified_split
from course_utils.paths import DATA_DIR, DATASETS

FEW = os.environ.get("COURSE_SHAPES") == "few"  # a tenth of Shapes, for checks of code
SHAPES_TRAIN, SHAPES_TEST = (2_000, 500) if FEW else (20_000, 5_000)
TEST_FRACTION = 0.2  # of a folder that has no test images of its own
FORMS = "give a folder with train/<class>/* and test/<class>/*, or one with <class>/*"


class Shapes(VisionDataset):
    """Ten shapes, with CIFAR10's interface: 20,000 training and 5,000 test images, 32x32, RGB.

    `data` (N, 32, 32, 3) is uint8, `targets` a list of N ints. Item `i` is (image, target): a PIL
    image, or what `transform` makes of it, and an int, or what `target_transform` makes of it. The
    images are drawn once a process. Nothing is written, read or downloaded: `root` and `download`
    are taken so that a call for CIFAR10 works, and ignored. Where the environment says
    COURSE_SHAPES=few, which is for quick checks of code, there is a tenth of the images.
    """

    flip_safe = True  # a mirrored image keeps its label
    _classes: tuple[str, ...] = shapes.CLASSES

    def __init__(
        self,
        root: str | Path | None = None,
        train: bool = True,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        download: bool = False,
    ):
        # torchvision says None where there is no folder, but types it as text
        super().__init__(root, None, transform, target_transform)  # type: ignore[arg-type]
        self.train = train
        self.classes = list(self._classes)
        self.class_to_idx = {name: index for index, name in enumerate(self.classes)}
        self.targets: list[int] = _targets(self._classes, train).tolist()
        self.data = _draw(self._classes, train).copy()

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, target = Image.fromarray(self.data[index]), self.targets[index]
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class Arrows(Shapes):
    """A mirror pair, arrows that point left and right: flipping one changes its label."""

    flip_safe = False
    _classes = shapes.ARROWS


def _targets(classes: Sequence[str], train: bool) -> torch.Tensor:
    return torch.arange(SHAPES_TRAIN if train else SHAPES_TEST) % len(classes)


@lru_cache(maxsize=4)  # a lesson opens the same data set several times, and drawing takes seconds
def _draw(classes: tuple[str, ...], train: bool) -> np.ndarray:
    images = shapes.draw(_targets(classes, train), seed=0 if train else 1, classes=classes)
    return images.permute(0, 2, 3, 1).contiguous().numpy()


class PictureFolder(ImageFolder):
    """torchvision's ImageFolder, `root/<class>/*`, that reads what cameras, phones and scanners
    write.

    `samples` (and `imgs`) are (path, class index) pairs, `targets` the indices; `loader` reads a
    path as a PIL image, mode RGB: see `read_picture`, also for `size`. Class names are the names
    of the folders, each accent as one character; hidden folders and those of a system (`@eaDir`,
    `__MACOSX`) are passed over. Pictures of a kind that this installation cannot read are passed
    over too, and one printed line counts them.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it has no class, or a class without a picture.
    """

    def __init__(
        self,
        root: str | Path,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        *,
        size: int = 0,
    ):
        loader = partial(pictures.read_picture, size=size)
        super().__init__(Path(root).expanduser(), transform, target_transform, loader)

    def find_classes(self, directory: str | Path) -> tuple[list[str], dict[str, int]]:
        """The names of the classes, and the number of each."""
        folder = Path(directory)
        if not folder.is_dir():
            raise FileNotFoundError(f"no folder {folder}: {FORMS}")
        names = sorted({pictures.class_name(class_folder) for class_folder in _folders(folder)})
        if not names:
            way_out = f"put each class's pictures in a folder of its own, {folder.name}/<class>/*"
            raise ValueError(f"no class in {folder}: {way_out}")
        return names, {name: index for index, name in enumerate(names)}

    @staticmethod
    def make_dataset(
        directory: str | Path, class_to_idx: dict[str, int], *_: Any, **__: Any
    ) -> list[tuple[str, int]]:
        """The pictures that can be read here, class by class; the others are counted."""
        folder = Path(directory)
        by_class: dict[str, list[Path]] = {name: [] for name in class_to_idx}
        unread: list[Path] = []
        for class_folder in _folders(folder):
            of_class = by_class[pictures.class_name(class_folder)]
            for path in pictures.list_pictures(class_folder):
                (of_class if pictures.can_read(path.suffix) else unread).append(path)
        if unread:
            print(
                f"{folder.name}: passed over {len(unread)} pictures that cannot be read here, "
                f"{unread[0].name} the first (for HEIC: pip install pillow-heif; "
                "for AVIF: a newer Pillow)"
            )
        for name, paths in by_class.items():
            if not paths:
                way_out = f"put some there ({', '.join(pictures.SUFFIXES)}) or remove it"
                raise ValueError(f"no picture in {folder / name}: {way_out}")
        return [(str(path), class_to_idx[name]) for name in by_class for path in by_class[name]]

    def subset(self, indices: Iterable[int]) -> "PictureFolder":
        """The same folder with these pictures alone, in this order."""
        chosen = copy(self)
        chosen.samples = chosen.imgs = [self.samples[index] for index in indices]
        chosen.targets = [target for _, target in chosen.samples]
        return chosen


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and pictures.is_visible(p))


def open_dataset(
    name: str | Path,
    *,
    train: bool,
    transform: Callable | None = None,
    root: str | Path | None = None,
    seed: int = 0,
) -> VisionDataset:
    """A data set by its name: its training images, or its test images. Nothing is downloaded.

    `name` is "cifar10" (looked for in `root`, by default DATA_DIR), "shapes", "arrows" (a mirror
    pair of shapes), the path of a folder of pictures, or "auto": CIFAR-10 if it is on disk, else
    Shapes; where `train` is true, one printed line says which. A folder holds `train/` and `test/`,
    each with one folder a class, or just one folder a class: then a fifth of each class, chosen by
    `seed`, is for testing, and a printed line says so. Photos of one burst are not kept together by
    that: where there are bursts, make `train/` and `test/` by hand.

    Raises:
        FileNotFoundError: if the data set is not on disk; the message says how to get it.
        ValueError: if a folder is not what it should be.
    """
    folder = Path(root).expanduser() if root else DATA_DIR
    if name == "auto":
        name = _auto(folder, say=train)
    if name == "cifar10":
        return _cifar10(folder, train, transform)
    if name in ("shapes", "arrows"):
        return (Shapes if name == "shapes" else Arrows)(folder, train, transform)
    parts = open_folder(name, transform=transform, seed=seed, say=train)
    return parts["train" if train else "test"]


def _auto(root: Path, *, say: bool) -> str:
    if (root / CIFAR10.base_folder).is_dir():
        name = "cifar10"
        line = "CIFAR-10 is on disk and is used (for the built-in images: dataset 'shapes')"
    else:
        name = "shapes"
        line = "the built-in Shapes (for CIFAR-10, once: python -m course_utils data cifar10)"
    if say:
        print(f"dataset 'auto': {line}")
    return name


def _cifar10(root: Path, train: bool, transform: Callable | None) -> CIFAR10:
    try:
        return CIFAR10(root, train, transform)
    # torchvision's word for missing or altered files; it compares their MD5 before it reads them
    except RuntimeError:
        missing = f"CIFAR-10 is not whole in {root.name}/{CIFAR10.base_folder}"
        way_out = "run `python -m course_utils data cifar10`, or use dataset 'shapes'"
        raise FileNotFoundError(f"{missing}: {way_out}") from None


def open_folder(
    name: str | Path,
    *,
    transform: Callable | None = None,
    size: int = 0,
    seed: int = 0,
    say: bool = True,
) -> dict[str, PictureFolder]:
    """The parts of a folder of pictures: "train", "test", and "val" if it has one.

    See `open_dataset` for what a folder holds and how it is split; without `say` no line says so.

    Raises:
        FileNotFoundError, ValueError: as `open_dataset`.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        known = f"one of {', '.join(map(repr, DATASETS))}"
        raise FileNotFoundError(
            f"dataset is {str(name)!r}: neither {known} nor a folder that exists"
        )
    open_part = partial(PictureFolder, transform=transform, size=size)
    has_parts = {part for part in ("train", "val", "test") if (folder / part).is_dir()}
    # a class may be called "train": then there are pictures in it, and no folders
    if {"train", "test"} <= has_parts or any(_folders(folder / part) for part in has_parts):
        return _open_parts(folder, has_parts, open_part)
    whole = open_part(folder)
    _check_classes(folder, whole.classes)
    targets = torch.tensor(whole.targets)
    number = max(round(TEST_FRACTION * len(targets)), len(whole.classes))
    generator = torch.Generator().manual_seed(seed)
    test, train = stratified_split(targets, min(number, len(targets)), generator, at_least=1)
    if say:
        print(
            f"{folder.name}: no train/ and test/, so {len(test)} of {len(targets)} pictures "
            f"are for testing, chosen by seed {seed}"
        )
    return {"train": whole.subset(train.tolist()), "test": whole.subset(test.tolist())}


def _open_parts(
    folder: Path, has_parts: set[str], open_part: Callable[[Path], PictureFolder]
) -> dict[str, PictureFolder]:
    for part in ("train", "test"):
        if part not in has_parts:
            renamed = "rename val/ to test/, or " if has_parts == {"train", "val"} else ""
            raise FileNotFoundError(f"no folder {folder / part}: {renamed}{FORMS}")
    parts = {part: open_part(folder / part) for part in sorted(has_parts)}
    classes = parts["train"].classes
    for part, found in parts.items():
        if odd := sorted(set(classes) ^ set(found.classes)):
            where = f"is in only one of train/ and {part}/: both need the same classes"
            raise ValueError(f"class {odd[0]!r} of {folder} {where}")
    _check_classes(folder, classes)
    return parts


def _check_classes(folder: Path, classes: Sequence[str]) -> None:
    if len(classes) < 2:
        raise ValueError(f"{folder} has one class, {classes[0]!r}: a classifier needs at least two")
