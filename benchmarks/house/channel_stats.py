"""Channel statistics of many images: one streaming pass against a list of float images that is
stacked.

Each way runs in a process of its own, several times in turn. Recorded: the ratio of times, pair by
pair, and the memory that each needed on top of the uint8 images, which both have.
"""

import time
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor
from torch.utils.data import Dataset

from benchmarks.harness import Run, in_new_process
from course_utils.data import channel_stats


@dataclass(frozen=True)
class Plan:
    images: int = 50_000
    pairs: int = 5


class RandomImages(Dataset):
    """Random images of 32x32, bytes in memory; an item is a float image in [0, 1], and a 0."""

    def __init__(self, number: int):
        generator = torch.Generator().manual_seed(0)
        shape = (number, 3, 32, 32)
        self.images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if index >= len(self):
            raise IndexError(index)
        return self.images[index].float() / 255, 0


def stacked(dataset: Dataset) -> tuple[Tensor, Tensor]:
    """The usual way: all images as floats in a list, stacked into one tensor."""
    images = torch.stack([image for image, _ in dataset])
    return images.mean(dim=(0, 2, 3)), images.std(dim=(0, 2, 3), correction=0)


def measure(way: str, images: int) -> tuple[float, float, list[float]]:
    """Seconds, extra peak memory in MB, and the six numbers."""
    import resource  # which Windows lacks

    dataset = RandomImages(images)
    channel_stats([dataset[0]])  # warm-up
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    mean, std = {"streaming": channel_stats, "stacked": stacked}[way](dataset)
    seconds = time.perf_counter() - start
    extra = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return seconds, extra, mean.tolist() + std.tolist()


def compare(run: Run, plan: Plan | None = None) -> dict:
    plan, ratios = plan or Plan(), []
    for _ in range(plan.pairs):
        time_streaming, memory, numbers = in_new_process(measure, "streaming", plan.images)
        time_stacked, memory_stacked, expected = in_new_process(measure, "stacked", plan.images)
        ratios.append(time_streaming / time_stacked)
    differences = [abs(a - b) for a, b in zip(numbers, expected, strict=True)]
    return {
        "images": plan.images,
        "pairs": plan.pairs,
        "time_ratio_median": median(ratios),
        "time_ratio_min": min(ratios),
        "time_ratio_max": max(ratios),
        "streaming_extra_mb": memory,
        "stacked_extra_mb": memory_stacked,
        "memory_ratio": memory / max(memory_stacked, 1e-9),
        "largest_difference": max(differences),
    }
