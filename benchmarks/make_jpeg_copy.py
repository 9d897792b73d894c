"""Make "CIFAR-10 (JPEG)": every image of the official archive as a JPEG file,
train/<class>/NNNN.jpg and test/...

    python benchmarks/make_jpeg_copy.py data/cifar10-jpeg

Needs CIFAR-10 on disk (python -m course_utils data cifar10). The recorded results of the course
come from this copy: quality 75, chroma 4:2:0. The round trip changes each pixel a little, and
networks end somewhat lower on it than on the originals. JPEG libraries may round differently from
version to version: expect equal statistics, not equal bytes.
"""

import sys
from collections import Counter
from pathlib import Path

from torchvision.datasets import CIFAR10
from tqdm import tqdm

from course_utils.paths import DATA_DIR


def write_split(dataset: CIFAR10, folder: Path) -> None:
    """Write a split; images of a class are numbered from 0 in the order of the archive."""
    numbers: Counter[str] = Counter()
    for image, label in tqdm(dataset, desc=folder.name):
        name = dataset.classes[label]
        class_folder = folder / name
        class_folder.mkdir(parents=True, exist_ok=True)
        image.save(class_folder / f"{numbers[name]:04d}.jpg", quality=75, subsampling="4:2:0")
        numbers[name] += 1


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    target = Path(sys.argv[1])
    if target.exists():
        raise SystemExit(f"{target} exists: remove it, or give another folder")
    for split in ("train", "test"):
        write_split(CIFAR10(DATA_DIR, train=split == "train"), target / split)


if __name__ == "__main__":
    main()
