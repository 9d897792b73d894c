"""What a pipeline of torchvision transforms is made of: steps, chance, normalisation."""

from collections.abc import Callable, Iterable
from typing import Any

from torch import nn
from torchvision import transforms as v1
from torchvision.transforms import v2

Transform = Callable[[Any], Any]

# Without chance, and the same for a batch (N, C, H, W) as for each of its images: what a
# `RandomCrop` may not do, which would cut the whole batch at one place.
BATCHABLE: tuple[type, ...] = (
    v2.Identity, v2.ToImage, v2.ToPureTensor, v2.ToDtype, v2.Resize, v2.CenterCrop, v2.Normalize,
    v1.ConvertImageDtype, v1.Resize, v1.CenterCrop, v1.Normalize,
)  # fmt: skip


def steps(transform: Transform | None) -> list[Transform]:
    """The single transforms of a pipeline, nested ones unpacked; none for None."""
    if transform is None:
        return []
    if isinstance(transform, v1.Compose | v2.Compose):
        return [step for part in transform.transforms for step in steps(part)]
    if isinstance(transform, nn.Sequential):
        return [step for part in transform for step in steps(part)]
    return [transform]


def normalization(transform: Transform | None) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of the pipeline's last `Normalize` (or of a preset that has
    them); ((0, 0, 0), (1, 1, 1)) without one.
    """
    for step in reversed(steps(transform)):
        if hasattr(step, "mean") and hasattr(step, "std"):
            return tuple(map(float, step.mean)), tuple(map(float, step.std))
    return (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


def compose(parts: Iterable[Transform]) -> v2.Compose:
    """`v2.Compose`, which refuses an empty list."""
    return v2.Compose(list(parts) or [v2.Identity()])


def apply(parts: Iterable[Transform], value: Any) -> Any:
    """One transform after the other."""
    for step in parts:
        value = step(value)
    return value
