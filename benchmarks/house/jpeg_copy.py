"""Make "CIFAR-10 (JPEG)": every image of the official archive as a JPEG file.

The round trip (quality 75, chroma 4:2:0) changes each pixel a little, and networks end somewhat
lower on it than on the originals. JPEG libraries may round differently from version to version:
expect equal statistics, not equal bytes.
"""

from collections import Counter
from pathlib import Path

import click

from course_utils.paths import DATA_DIR


def write_split(dataset, folder: Path) -> None:
    """Write the (PIL image, label) pairs of a split as folder/<class>/NNNN.jpg; images of a class
    are numbered from 0 in the order of the archive.
    """
    numbers: Counter[str] = Counter()
    for image, label in dataset:
        name = dataset.classes[label]
        class_folder = folder / name
        class_folder.mkdir(parents=True, exist_ok=True)
        image.save(class_folder / f"{numbers[name]:04d}.jpg", quality=75, subsampling="4:2:0")
        numbers[name] += 1


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(path_type=Path))
def main(folder: Path) -> None:
    from torchvision.datasets import CIFAR10

    if folder.exists():
        raise click.ClickException(f"{folder} exists: remove it, or give another folder")
    for split in ("train", "test"):
        write_split(CIFAR10(DATA_DIR, train=split == "train"), folder / split)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.house.jpeg_copy")
