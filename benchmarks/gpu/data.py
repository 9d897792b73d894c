"""CIFAR-10 as tensors on the device: images uint8 (N, 32, 32, 3), the channel last."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from course_utils.data import stratified_split

SOURCE_MEAN, SOURCE_STD = (0.4914, 0.4822, 0.4465), (0.247, 0.243, 0.261)
CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


@dataclass
class Images:
    """Images uint8 (N, 32, 32, 3) and labels int64 (N,), on one device."""

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, chosen) -> "Images":
        return Images(self.pixels[chosen], self.labels[chosen])

    def to(self, device: torch.device) -> "Images":
        return Images(self.pixels.to(device), self.labels.to(device))


@dataclass
class Data:
    """All 50,000 training images, 45,000 and 5,000 of them apart, and the test images.

    `stats` is (mean, std) of the 45,000, per channel, for pixels from 0 to 1.
    """

    whole: Images
    train: Images
    val: Images
    test: Images
    stats: tuple[Tensor, Tensor]


class Arrays(pickle.Unpickler):
    """Reads what CIFAR-10's files hold, arrays, and no code."""

    def find_class(self, module: str, name: str) -> object:
        made_of = {"ndarray", "dtype", "_reconstruct", "_frombuffer"}
        array = module.partition(".")[0] == "numpy" and name in made_of
        if array or (module, name) == ("_codecs", "encode"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} in a file of images: get CIFAR-10 again")


def read_batch(path: Path) -> Images:
    with path.open("rb") as file:
        batch = Arrays(file, encoding="bytes").load()
    pixels = torch.from_numpy(np.array(batch[b"data"], dtype=np.uint8))
    pixels = pixels.view(-1, 3, 32, 32).permute(0, 2, 3, 1).contiguous()
    return Images(pixels, torch.tensor(batch[b"labels"]))


def join(parts: list[Images]) -> Images:
    return Images(
        torch.cat([part.pixels for part in parts]), torch.cat([part.labels for part in parts])
    )


def channel_stats(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation by channel, uint8 (N, H, W, 3) -> two of (3,), from 0 to 1."""
    values = pixels.view(-1, 3).double() / 255
    return values.mean(dim=0).float(), values.std(dim=0, correction=0).float()


def load(folder: Path, device: torch.device, *, limit: int = 0) -> Data:
    """CIFAR-10 from the folder that torchvision unpacks; `limit`: only so many training images, and
    a fifth of that for testing.

    A tenth is for validation, chosen as `load_splits` does: stratified, seed 0.
    """
    names = sorted(path.name for path in folder.glob("data_batch_*"))
    if not names:
        raise FileNotFoundError(f"no data_batch_1 in {folder}: unpack CIFAR-10 there")
    whole = join([read_batch(folder / name) for name in names])
    found = folder / "test_batch"
    test = read_batch(found) if found.exists() else whole[-5000:]  # only a rehearsal lacks it
    if limit:
        whole, test = whole[:limit], test[: limit // 5]
    generator = torch.Generator().manual_seed(0)
    val, train = stratified_split(whole.labels, len(whole) // 10, generator)
    parts = {"whole": whole, "train": whole[train], "val": whole[val], "test": test}
    stats = channel_stats(whole[train].pixels)
    return Data(**{name: part.to(device) for name, part in parts.items()}, stats=stats)
