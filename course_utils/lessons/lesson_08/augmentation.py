"""Lesson 08's augmentation: a whole batch at once, by indexing, on whatever device it lies."""

import torch
from torch import Tensor


def augment(
    images: Tensor,
    mirrored: Tensor,
    shift: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Images (N, side, side, C), moved by up to `shift` pixels, edges reflected.

    Those are mirrored, left to right, for which `mirrored` (N,) says so. A `generator` has to be
    on the images' device.
    """
    number, side = images.shape[:2]
    device, last = images.device, side - 1
    moves = torch.randint(-shift, shift + 1, (2, number, 1), generator=generator, device=device)
    places = torch.arange(side, device=device) + moves  # (2, N, side)
    rows, columns = last - (last - places.abs()).abs()  # -1 becomes 1
    columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    which = torch.arange(number, device=device)[:, None, None]
    return images[which, rows[:, :, None], columns[:, None, :]]


def choose_mirrored(
    number: int,
    flip: str,
    epoch: int,
    first: torch.Generator,
    now: torch.Generator,
) -> Tensor:
    """Which of the images an epoch mirrors, (N,) bool; `flip` is one of FLIPS.

    "random" draws from the generator `now`. "alternate" draws from `first`, which has to be the
    same in every epoch, and mirrors the other images in every second one.
    """
    if flip == "none":
        return torch.zeros(number, dtype=torch.bool, device=now.device)
    if flip == "random":
        return torch.rand(number, generator=now, device=now.device) < 0.5
    mirrored = torch.rand(number, generator=first, device=first.device) < 0.5
    return ~mirrored if epoch % 2 == 1 else mirrored
