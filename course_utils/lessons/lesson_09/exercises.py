"""Checkers of lesson 09, recurrent networks."""

import math

import torch
from torch import Tensor

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import (
    as_number,
    calls,
    close,
    require_tensor,
    returned,
    same,
    unchanged,
)

IMAGES = torch.arange(2 * 3 * 4 * 6, dtype=torch.float32).reshape(2, 3, 4, 6)


def patches(images: Tensor, side: int, *, columns_first: bool = False) -> Tensor:
    """(N, C, H, W) -> (N, patches, C * side * side), from left to right and from top to bottom."""
    n, c, height, width = images.shape
    # (N, C, down, side, across, side)
    cut = images.reshape(n, c, height // side, side, width // side, side)
    order = (0, 4, 2, 1, 3, 5) if columns_first else (0, 2, 4, 1, 3, 5)
    return cut.permute(*order).reshape(n, -1, c * side * side)


@exercise("09.read_patches", calls((IMAGES, 2), (torch.zeros(1, 1, 6, 6), 3)))
def judge_read_patches(results) -> None:
    """A function (images, side) -> the images as sequences of square patches, (N, patches, C * side
    * side).
    """
    small, grey = results
    value = returned(small)
    require_tensor(value, (2, 6, 12), "What your function gives for images (2, 3, 4, 6) and side 2")
    require(unchanged(small, IMAGES, 2), "Your function changed the images that it was given.")
    right = patches(IMAGES, 2)
    require(
        not close(value, patches(IMAGES, 2, columns_first=True)),
        "You read the patches from top to bottom first. "
        "Read a row of patches from left to right, then the next row.",
    )
    require(
        not close(value, IMAGES.reshape(2, 6, 12)),
        "reshape alone cuts the numbers in the order in which they lie in memory: "
        "that is no square of pixels.",
    )
    for patch in range(6):
        found, pixels = (x[:, patch].sort(dim=1).values for x in (value, right))
        require(
            same(found, pixels),
            f"Patch {patch}, counted from 0, holds pixels of other patches: "
            "cut H and W into (number, side).",
        )
    require(
        close(value, right),
        "Each patch has its pixels, in another order: "
        "flatten it as (C, side, side), channels first, then rows.",
    )
    what = "What your function gives for images (1, 1, 6, 6) and side 3"
    require_tensor(returned(grey), (1, 4, 9), what)


@exercise("09.forget_bias")
def judge_forget_bias(answer) -> None:
    """The bias at which sigmoid(bias) ** 31 is one half."""
    number = as_number(answer)

    def bias(steps: int) -> float:
        gate = 0.5 ** (1 / steps)
        return math.log(gate / (1 - gate))

    def near(value: float) -> bool:
        return math.isclose(number, value, abs_tol=0.006)

    right = bias(31)
    require(
        not near(0.5 ** (1 / 31)),
        "That is the gate. The bias is the number whose sigmoid is the gate.",
    )
    require(
        number != 0, "With bias 0 the gate is 1/2 at every single step: 31 steps leave (1/2) ** 31."
    )
    require(not near(-right), "The sign: a gate above 1/2 has a bias above 0.")
    require(
        not near(bias(32)), "From the last of 32 rows back to the first there are 31 steps, not 32."
    )
    gate = 1 / (1 + math.exp(-max(min(number, 50.0), -50.0)))
    require(
        near(right),
        f"With {number:.3f} the gate is {gate:.4f}, and {gate**31:.3f} is left after 31 steps.",
    )


STATES = torch.arange(3 * 5 * 2, dtype=torch.float32).reshape(3, 5, 2)
LENGTHS = torch.tensor([2, 5, 1])


@exercise("09.last_states", calls((STATES, LENGTHS)))
def judge_last_states(results) -> None:
    """A function (states, lengths) -> the state at each sequence's own last step, (N, hidden)."""
    value = returned(results[0])
    require_tensor(value, (3, 2), "What your function gives for states (3, 5, 2)")
    require(
        unchanged(results[0], STATES, LENGTHS),
        "Your function changed the states that it was given.",
    )
    rows = torch.arange(3)
    pairs = zip(STATES, LENGTHS, strict=True)
    means = torch.stack([states[:length].mean(dim=0) for states, length in pairs])
    for wrong, hint in (
        (
            STATES[:, -1],
            "That is the last step for all: "
            "the states behind a sequence's end come from reading padding.",
        ),
        (
            STATES[rows, LENGTHS.clamp(max=4)],
            "One step too far: a sequence of length 2 ends at step 1, counted from 0.",
        ),
        (
            STATES[rows, LENGTHS - 2],
            "One step too early: a sequence of length 2 ends at step 1, counted from 0.",
        ),
        (STATES[0, LENGTHS - 1], "You take all states from the first sequence."),
        (means, "That is the mean of each sequence's states: take its last one."),
    ):
        require(not close(value, wrong), hint)
    require(
        close(value, STATES[rows, LENGTHS - 1]),
        "The numbers are not those of step length - 1 of each sequence.",
    )
