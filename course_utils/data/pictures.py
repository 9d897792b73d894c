"""Pictures on disk: any photo of any size and mode -> a uint8 RGB tensor; a folder of them -> a
list with labels.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torchvision.transforms.v2 import functional as TF
from tqdm import tqdm

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")


def read_image(path: Path) -> Tensor:
    """Read a picture as (3, height, width), uint8, RGB.

    Grey, palette, CMYK and 16-bit pictures are converted, transparent parts become white, and a
    photo that the camera marked as turned is turned upright. Of an animation the first frame is
    taken.

    Raises:
        ValueError: if the file is no picture that can be read; the message names it.
    """
    try:
        with Image.open(path) as image:
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith(
                "I"
            ):  # one grey channel of 16 bits, in either byte order, or of 32
                return _grey_to_rgb(TF.pil_to_tensor(image.convert("I")) / 65535)
            if image.mode == "F":
                return _grey_to_rgb(TF.pil_to_tensor(image))
            if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            return TF.pil_to_tensor(image.convert("RGB"))
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        ValueError,
        SyntaxError,
    ) as error:
        reason = "not a picture" if isinstance(error, UnidentifiedImageError) else error
        raise ValueError(
            f"cannot read the picture {path}: {reason}; repair it or remove it"
        ) from None


def _grey_to_rgb(image: Tensor) -> Tensor:
    """(1, H, W), 0 to 1 -> (3, H, W), uint8."""
    return (image.clamp(0, 1) * 255).round().to(torch.uint8).expand(3, -1, -1).contiguous()


def resize_to_square(image: Tensor, size: int) -> Tensor:
    """Cut the middle square of (3, H, W), uint8, and scale it: (3, size, size)."""
    if image.shape[-2:] == (size, size):
        return image
    side = min(image.shape[-2:])  # cut first: a panorama, scaled up whole, would fill the memory
    return TF.resize(TF.center_crop(image, [side, side]), [size, size], antialias=True)


def list_folder(folder: Path) -> tuple[list[Path], list[str]]:
    """The pictures of `folder/<class>/*`, sorted, and the class name of each; hidden and other
    files are passed over.

    Raises:
        ValueError: if there is no such folder, no class in it, or a class without a picture.
    """
    if not folder.is_dir():
        raise ValueError(
            f"no folder {folder}: an image folder holds train/<class>/* and test/<class>/*"
        )
    paths, names = [], []
    for class_folder in sorted(
        f for f in folder.iterdir() if f.is_dir() and not f.name.startswith(".")
    ):
        found = sorted(p for p in class_folder.iterdir() if _is_picture(p))
        if not found:
            raise ValueError(
                f"no picture in {class_folder}: put some there ({', '.join(SUFFIXES)}) or remove it"
            )
        paths += found
        names += [class_folder.name] * len(found)
    if not paths:
        raise ValueError(
            f"no class in {folder}: put each class's pictures in a folder of its own, {folder.name}/<class>/*"
        )
    return paths, names


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


class ImageFiles(Sequence):
    """Pictures that are read each time they are asked for, as (3, size, size), uint8: for sets too
    large for memory.
    """

    def __init__(self, paths: Sequence[Path], size: int):
        self.paths, self.size = list(paths), size

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        return resize_to_square(read_image(self.paths[index]), self.size)


def load_images(paths: Sequence[Path], size: int, *, memory: int = 2**30) -> Tensor | ImageFiles:
    """Read pictures into one tensor (N, 3, size, size), uint8, or leave them on disk if that takes
    over `memory` bytes.

    Raises:
        ValueError: if a picture cannot be read (one left on disk: when it is asked for).
    """
    files = ImageFiles(paths, size)
    if len(paths) * 3 * size * size > memory:
        return files
    images = torch.empty(len(paths), 3, size, size, dtype=torch.uint8)
    for index in tqdm(range(len(paths)), desc="reading pictures", delay=2, leave=False):
        images[index] = files[index]
    return images
