"""Checkers of lesson 00, the training loop."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercises import exercise, require
from course_utils.lessons.judging import (
    as_number,
    call,
    calls,
    close,
    judge_accuracy,
    judge_size,
    require_tensor,
    returned,
    size_and_scores,
    three_rates,
    unchanged,
)
from course_utils.training import train_one_epoch

LOGITS = torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 4.0]])
LARGE = torch.tensor([[1000.0, 999.0, 0.0]])
# One maximum for the whole batch leaves all of a low row's exponentials zero, and 0 / 0 is not
# a number.
MIXED = torch.tensor([[1000.0, 999.0, 0.0], [-1000.0, -1000.0, -1001.0]])


@exercise("00.softmax", calls((LOGITS,), (LARGE,), (MIXED,)))
def judge_softmax(results) -> None:
    """A function (N, classes) -> probabilities that large logits do not overflow."""
    small, large, mixed = results
    value = returned(small)
    require_tensor(value, (2, 3), "The result of your function")
    require(
        unchanged(small, LOGITS),
        "Your function changed the logits that it was given: build a new tensor instead.",
    )
    rows = value.sum(dim=1)
    require(
        close(rows, torch.ones(2)),
        f"The rows should add up to 1, but give {[round(x, 3) for x in rows.tolist()]}: "
        "sum over dim=1.",
    )
    require(
        close(value, F.softmax(LOGITS, dim=1)),
        "The rows add up to 1, but are no softmax: is the exponential in it?",
    )
    require(
        bool(returned(large).isfinite().all()),
        "Small logits work, large ones overflow: subtract each row's largest logit before exp.",
    )
    require(
        close(returned(mixed), F.softmax(MIXED, dim=1)),
        "Single images work, a batch with very different rows does not: "
        "each row needs its own maximum (dim=1).",
    )


def one_epoch(train) -> dict:
    """What a function (model, loader, optimizer, device) returns, and the model's weights then."""
    generator = torch.Generator().manual_seed(0)
    sizes = (6, 5, 2)  # of unlike size, so that a mean over batches is no mean over images
    loader = [(torch.randn(n, 5, generator=generator), torch.arange(n) % 3) for n in sizes]
    model = nn.Linear(5, 3)
    for parameter in model.parameters():
        nn.init.uniform_(parameter, -0.5, 0.5, generator=generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    result = call(train, model, loader, optimizer, torch.device("cpu"))
    return result | {"weight": model.weight}


@exercise("00.three_bugs", one_epoch)
def judge_three_bugs(result) -> None:
    """A function (model, loader, optimizer, device) that does what `train_one_epoch` does."""
    expected = one_epoch(train_one_epoch)
    value = returned(result)
    require(value is not None, "Your function returns nothing: return Metrics(loss, accuracy).")
    require(
        isinstance(value, list) and len(value) == 2,
        "Return two numbers, as Metrics(loss, accuracy).",
    )
    require(
        close(result["weight"], expected["weight"]),
        "The weights are not those of train_one_epoch: "
        "is every gradient that of its own batch alone?",
    )
    loss, accuracy = (as_number(number, verb="Return") for number in value)
    right_loss, right_accuracy = returned(expected)
    require(
        math.isclose(loss, right_loss, rel_tol=1e-5),
        f"The step is right, the loss is not: {loss:.4f}, "
        f"but the mean over images is {right_loss:.4f}.",
    )
    require(
        math.isclose(accuracy, right_accuracy, rel_tol=1e-5),
        f"Step and loss are right, accuracy {accuracy:.4f} is not {right_accuracy:.4f}: "
        "add up how many images have their best logit (dim=1) at the label.",
    )


@exercise("00.learning_rate", three_rates)
def judge_learning_rate(facts) -> None:
    """A rate whose loss is as stated, and lower than those of a tenth and of ten times of it."""
    rate, loss = as_number(facts["rate"]), as_number(facts["loss"])
    again = as_number(returned(facts["again"]), verb="Return")
    require(
        abs(again - loss) <= 0.02 * again,
        f"At {rate:g} a fresh run has loss {again:.3f}, not {loss:.3f}: run it and copy the number.",
    )
    for side in ("a tenth", "ten times"):
        if facts[side]["error"] is not None:
            continue  # steps so large that the loss is no number any more
        other = as_number(returned(facts[side]), verb="Return")
        require(
            other > again,
            f"{side.capitalize()} of that rate has loss {other:.3f}, yours {again:.3f}: look further.",
        )


@exercise("00.small_network", size_and_scores)
def judge_small_network(facts) -> None:
    """At most 12,000 parameters and nine tenths of the reference's accuracy."""
    judge_size(facts, 12_000)
    judge_accuracy(facts, 0.9)
