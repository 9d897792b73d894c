"""Checkers of lesson 00, the training loop."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises import close, exercise, require, require_tensor
from course_utils.training import train_one_epoch


@exercise("00.softmax")
def check_softmax(answer) -> None:
    """A function (N, classes) -> probabilities that large logits do not overflow."""
    logits = torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]])
    given = logits.clone()
    value = answer(given)
    require_tensor(value, (2, 3), "the result of your function")
    require(
        torch.equal(given, logits),
        "Your function changed the logits that it was given: build a new tensor instead.",
    )
    rows = value.sum(dim=1)
    require(
        close(rows, torch.ones(2)),
        f"The rows should add up to 1, but give {[round(x, 3) for x in rows.tolist()]}: sum over dim=1.",
    )
    require(
        close(value, F.softmax(logits, dim=1)),
        "The rows add up to 1, but are no softmax: is the exponential in it?",
    )
    large = torch.tensor([[1000.0, 999.0, 0.0]])
    value = answer(large.clone())
    require(
        bool(value.isfinite().all()),
        "Small logits work, large ones overflow: subtract each row's largest logit before exp.",
    )
    # One maximum for the whole batch leaves all of a low row's exponentials zero, and 0 / 0 is not
    # a number.
    mixed = torch.tensor([[1000.0, 999.0, 0.0], [-1000.0, -1000.0, -1001.0]])
    require(
        close(answer(mixed.clone()), F.softmax(mixed, dim=1)),
        "Single images work, a batch with very different rows does not: each row needs its own maximum (dim=1).",
    )


@exercise("00.three_bugs")
def check_three_bugs(answer) -> None:
    """A function (model, loader, optimizer, device) that does what `train_one_epoch` does."""
    generator = torch.Generator().manual_seed(0)
    sizes = (6, 5, 2)  # of unlike size, so that a mean over batches is no mean over images
    loader = [(torch.randn(n, 5, generator=generator), torch.arange(n) % 3) for n in sizes]

    def run(epoch) -> tuple:
        torch.manual_seed(0)
        model = nn.Linear(5, 3)
        result = epoch(
            model, loader, torch.optim.SGD(model.parameters(), lr=0.5), torch.device("cpu")
        )
        return result, model.weight.detach()

    expected, expected_weight = run(train_one_epoch)
    result, weight = run(answer)
    require(result is not None, "Your function returns nothing: return Metrics(loss, accuracy).")
    require(
        isinstance(result, tuple) and len(result) == 2,
        "Return two numbers, as Metrics(loss, accuracy).",
    )
    require(
        close(weight, expected_weight),
        "The weights are not those of train_one_epoch: is every gradient that of its own batch alone?",
    )
    require(
        math.isclose(result[0], expected.loss, rel_tol=1e-5),
        f"The step is right, the loss is not: {result[0]:.4f}, but the mean over images is {expected.loss:.4f}.",
    )
    require(
        math.isclose(result[1], expected.accuracy, rel_tol=1e-5),
        f"Step and loss are right, accuracy {result[1]:.4f} is not {expected.accuracy:.4f}: which axis is classes?",
    )


@exercise("00.images_needed")
def check_images_needed(answer) -> None:
    """The smallest n with sqrt(0.9 * 0.1 / n) <= 0.005: 3600, give or take the computer's 0.9."""
    require(answer is not ... and answer is not None, "Replace the dots by a number.")
    require(isinstance(answer, (int, float)) and not isinstance(answer, bool), "Give a number.")
    require(
        abs(answer - 18) > 0.5,
        "You forgot the square: the error falls with the root of n, so square the ratio.",
    )
    require(answer > 40, "Half a point is 0.005, not 0.05 or 0.5: one point is a hundredth.")
    require(answer not in (36000, 40000), "Use p * (1 - p), with p = 0.9: 0.09.")
    require(answer >= 3599, f"With {answer} images the standard error is above half a point.")
    require(
        answer <= 3601, f"{answer} images are enough, but fewer are too: give the smallest number."
    )
