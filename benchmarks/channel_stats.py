"""Channel statistics of 50,000 images of 32x32: one streaming pass against a list of float images
that is stacked.

    python benchmarks/channel_stats.py

Each way runs in a process of its own, five times in turn. Recorded: the ratio of times, pair by
pair, and the ratio of the memory that each needed on top of the uint8 images, which both have.
"""

import json
import resource
import statistics
import subprocess
import sys
import time

import torch

from course_utils.data import ImageDataset, channel_stats
from course_utils.results import RECORDED_DIR

PAIRS = 5


def stacked(dataset: ImageDataset) -> tuple[torch.Tensor, torch.Tensor]:
    """The usual way: all images as floats in a list, stacked into one tensor."""
    images = torch.stack([image for image, _ in dataset])
    return images.mean(dim=(0, 2, 3)), images.std(dim=(0, 2, 3), correction=0)


def measure(way: str) -> None:
    """Print seconds, extra peak memory in MB, and the six numbers."""
    images = torch.randint(
        0, 256, (50_000, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    dataset = ImageDataset(images, torch.zeros(len(images), dtype=torch.int64))
    channel_stats([dataset[0]])  # warm-up
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    mean, std = {"streaming": channel_stats, "stacked": stacked}[way](dataset)
    seconds = time.perf_counter() - start
    extra = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps([seconds, extra, mean.tolist(), std.tolist()]))


def run(way: str) -> list:
    return json.loads(
        subprocess.run(
            [sys.executable, __file__, way], check=True, capture_output=True, text=True
        ).stdout
    )


def main() -> None:
    pairs = [(run("streaming"), run("stacked")) for _ in range(PAIRS)]
    ratios = [streaming[0] / stacked[0] for streaming, stacked in pairs]
    (_, memory, mean, std), (_, memory_stacked, mean_stacked, std_stacked) = pairs[0]
    found = {
        "images": 50_000,
        "pairs": PAIRS,
        "time_ratio_median": statistics.median(ratios),
        "time_ratio_min": min(ratios),
        "time_ratio_max": max(ratios),
        "streaming_extra_mb": memory,
        "stacked_extra_mb": memory_stacked,
        "memory_ratio": memory / memory_stacked,
        "largest_difference": max(
            abs(a - b) for a, b in zip(mean + std, mean_stacked + std_stacked, strict=True)
        ),
    }
    (RECORDED_DIR / "channel_stats.json").write_text(
        json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    measure(sys.argv[1]) if len(sys.argv) > 1 else main()
