"""Checkers of lesson 09, recurrent networks."""

import math

import torch
from torch import Tensor

from course_utils.exercises import close, exercise, require, require_tensor


def patches(images: Tensor, side: int, *, columns_first: bool = False) -> Tensor:
    """(N, C, H, W) -> (N, patches, C * side * side), from left to right and from top to bottom."""
    n, c, height, width = images.shape
    cut = images.reshape(
        n, c, height // side, side, width // side, side
    )  # (N, C, down, side, across, side)
    order = (0, 4, 2, 1, 3, 5) if columns_first else (0, 2, 4, 1, 3, 5)
    return cut.permute(*order).reshape(n, -1, c * side * side)


@exercise("09.read_patches")
def check_read_patches(answer) -> None:
    """A function (images, side) -> the images as sequences of square patches, (N, patches, C * side
    * side).
    """
    images = torch.arange(2 * 3 * 4 * 6, dtype=torch.float32).reshape(2, 3, 4, 6)
    given = images.clone()
    value = answer(given, 2)
    require_tensor(value, (2, 6, 12), "What your function gives for images (2, 3, 4, 6) and side 2")
    require(torch.equal(given, images), "Your function changed the images that it was given.")
    right = patches(images, 2)
    require(
        not close(value, patches(images, 2, columns_first=True)),
        "You read the patches from top to bottom first. Read a row of patches from left to right, then the next row.",
    )
    require(
        not close(value, images.reshape(2, 6, 12)),
        "reshape alone cuts the numbers in the order in which they lie in memory: that is no square of pixels.",
    )
    for patch in range(6):
        same = torch.equal(value[:, patch].sort(dim=1).values, right[:, patch].sort(dim=1).values)
        require(
            same,
            f"Patch {patch}, counted from 0, holds pixels of other patches: cut H and W into (number, side).",
        )
    require(
        close(value, right),
        "Each patch has its pixels, in another order: flatten it as (C, side, side), channels first, then rows.",
    )
    value = answer(torch.zeros(1, 1, 6, 6), 3)
    require_tensor(value, (1, 4, 9), "What your function gives for images (1, 1, 6, 6) and side 3")


@exercise("09.forget_bias")
def check_forget_bias(answer) -> None:
    """The bias at which sigmoid(bias) ** 31 is one half."""
    require(answer is not ... and answer is not None, "Replace the dots by a number.")
    if isinstance(answer, Tensor) and answer.numel() == 1:
        answer = answer.item()
    require(isinstance(answer, (int, float)) and not isinstance(answer, bool), "Give a number.")

    def bias(steps: int, left: float = 0.5) -> float:
        gate = left ** (1 / steps)
        return math.log(gate / (1 - gate))

    def near(value: float) -> bool:
        return math.isclose(answer, value, abs_tol=0.006)

    right = bias(31)
    require(
        not near(0.5 ** (1 / 31)),
        "That is the gate. The bias is the number whose sigmoid is the gate.",
    )
    require(
        answer != 0, "With bias 0 the gate is 1/2 at every single step: 31 steps leave (1/2) ** 31."
    )
    require(not near(-right), "The sign: a gate above 1/2 has a bias above 0.")
    require(
        not near(bias(32)), "From the last of 32 rows back to the first there are 31 steps, not 32."
    )
    gate = 1 / (1 + math.exp(-max(min(answer, 50.0), -50.0)))
    require(
        near(right),
        f"With {answer:.3f} the gate is {gate:.4f}, and {gate**31:.3f} is left after 31 steps.",
    )


@exercise("09.last_states")
def check_last_states(answer) -> None:
    """A function (states, lengths) -> the state at each sequence's own last step, (N, hidden)."""
    states = torch.arange(3 * 5 * 2, dtype=torch.float32).reshape(3, 5, 2)
    lengths = torch.tensor([2, 5, 1])
    given = states.clone()
    value = answer(given, lengths.clone())
    require_tensor(value, (3, 2), "What your function gives for states (3, 5, 2)")
    require(torch.equal(given, states), "Your function changed the states that it was given.")
    rows = torch.arange(3)
    require(
        not close(value, states[:, -1]),
        "That is the last step for all: the states behind a sequence's end come from reading padding.",
    )
    require(
        not close(value, states[rows, lengths.clamp(max=4)]),
        "One step too far: a sequence of length 2 ends at step 1, counted from 0.",
    )
    require(
        not close(value, states[rows, lengths - 2]),
        "One step too early: a sequence of length 2 ends at step 1, counted from 0.",
    )
    require(
        not close(value, states[0, lengths - 1]), "You take all states from the first sequence."
    )
    means = torch.stack(
        [one[:length].mean(dim=0) for one, length in zip(states, lengths, strict=True)]
    )
    require(
        not close(value, means), "That is the mean of each sequence's states: take its last one."
    )
    require(
        close(value, states[rows, lengths - 1]),
        "The numbers are not those of step length - 1 of each sequence.",
    )
