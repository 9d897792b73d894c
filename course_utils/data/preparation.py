"""What is done to images once, before any training: read, scaled, cut to squares, kept as uint8."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.datasets import VisionDataset
from torchvision.transforms import v2
from tqdm import tqdm

from course_utils.data.datasets import PictureFolder
from course_utils.data.transforms import Transform, compose

MEMORY = 2**30  # bytes: a data set that takes more is prepared image by image, each time anew
NAMED = 20  # of the pictures that cannot be read, so many are named


class Prepared:
    """Images that are prepared each time they are asked for: for sets too large for memory."""

    def __init__(self, images: Sequence[Any] | Tensor, prepare: v2.Compose):
        self.images, self.prepare = images, prepare

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.prepare(self.images[index]).as_subclass(Tensor)


def preparation(part: VisionDataset, size: int) -> list[Transform]:
    """The transforms that make (3, size, size), uint8, of an image of `part`, where needed."""
    if isinstance(part, PictureFolder):
        return [v2.ToImage(), v2.Resize(size), v2.CenterCrop(size)]
    side = part.data.shape[1]  # of squares: CIFAR-10's, Shapes'
    return [v2.ToImage()] + ([v2.Resize(size)] if side != size else [])


def prepare_images(
    parts: Mapping[str, VisionDataset],
    indices: Mapping[str, Tensor],
    prepare: Sequence[Transform],
    size: int,
) -> dict[str, Tensor | Prepared]:
    """The chosen images of each part, prepared: uint8 (N, 3, size, size), or `Prepared` if all of
    them together take more than MEMORY.

    Raises:
        ValueError: if pictures cannot be read; the message names them all. (Those of `Prepared` are
            read when they are asked for.)
    """
    lazy = {name: _lazy(parts[name], chosen, prepare) for name, chosen in indices.items()}
    if sum(len(images) for images in lazy.values()) * 3 * size * size > MEMORY:
        return dict(lazy)
    if any(isinstance(part, PictureFolder) for part in parts.values()):
        return _read(lazy, size)
    return {
        name: torch.cat([images[start : start + 500] for start in range(0, len(images), 500)])
        for name, images in lazy.items()
    }


def _lazy(part: VisionDataset, indices: Tensor, prepare: Sequence[Transform]) -> Prepared:
    if isinstance(part, PictureFolder):
        paths = [part.samples[index][0] for index in indices.tolist()]
        return Prepared(paths, compose([part.loader, *prepare]))
    images = torch.from_numpy(part.data).permute(0, 3, 1, 2)  # (N, 3, H, W)
    return Prepared(images[indices].contiguous(), compose(prepare))


def _read(lazy: Mapping[str, Prepared], size: int) -> dict[str, Tensor | Prepared]:
    read: dict[str, Tensor | Prepared] = {}
    failures: list[tuple[str, ValueError]] = []
    number = sum(map(len, lazy.values()))
    with tqdm(total=number, desc="reading pictures", delay=2, leave=False) as bar:
        for name, pictures in lazy.items():
            images = torch.empty(len(pictures), 3, size, size, dtype=torch.uint8)
            for index, path in enumerate(pictures.images):
                try:
                    images[index] = pictures[index]
                except ValueError as error:
                    failures.append((path, error))
                bar.update()
            read[name] = images
    if len(failures) == 1:
        raise failures[0][1]
    if failures:
        names = sorted("/".join(Path(path).parts[-3:]) for path, _ in failures)
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        named = ", ".join(names[:NAMED]) + more
        raise ValueError(f"cannot read {len(names)} pictures, repair or remove them: {named}")
    return read
