"""Checkers of lesson 03, the VGG-style CNN."""

import math

import torch
from torch import nn

from course_utils.exercises import exercise, plain, require
from course_utils.lessons.judging import (
    NOTHING_YET,
    as_number,
    call,
    calls,
    close,
    judge_gain,
    judge_size,
    number_or_none,
    returned,
    size_and_scores,
)
from course_utils.models import VGG, count_parameters


@exercise("03.same_padding", calls((3,), (5,), (1,), (4,)))
def judge_same_padding(results) -> None:
    """A function kernel -> the padding that keeps the size at stride 1, or None without one."""
    three, five, one, four = results
    value = returned(three)
    require(value is not None, "For kernel 3 your function gives nothing yet: replace the dots.")
    require(as_number(value) == 1, f"Kernel 3 needs padding 1, as in section 1; you say {value}.")
    require(
        not isinstance(value, float),
        f"Your function gives {value!r}: a padding is a whole number, so divide with //.",
    )
    value = returned(five)
    require(
        value != 1,
        "Padding 1 keeps the size for kernel 3 only: "
        "a kernel of 5 reaches two pixels to each side.",
    )
    require(value != 4, "Padding is added on both sides: half of what the window takes away.")
    require(value == 2, f"Kernel 5 needs padding 2; you say {value}.")
    value = returned(one)
    require(value == 0, f"Kernel 1 takes nothing away and needs no padding; you say {value}.")
    value = returned(four)
    if value is not None:
        size = 8 + 2 * as_number(value) - 4 + 1
        require(False, f"For kernel 4 you say {value}: then 8 pixels become {size}. Return None.")


def one_epoch(train) -> dict:
    """What a function (model, loader, loss_fn, optimizer) returns; the model's weights then, and
    whether it is in training mode.
    """
    generator = torch.Generator().manual_seed(0)
    sizes = (6, 5, 2)  # of unlike size, so that a mean over batches is no mean over images
    loader = [(torch.randn(n, 5, generator=generator), torch.arange(n) % 3) for n in sizes]
    model = nn.Linear(5, 3).eval()
    for parameter in model.parameters():
        nn.init.uniform_(parameter, -0.5, 0.5, generator=generator)
    before = model.weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    result = call(train, model, loader, nn.CrossEntropyLoss(), optimizer)
    return result | {"before": before, "weight": model.weight, "training": model.training}


def reference_epoch(model, loader, loss_fn, optimizer) -> float:
    """The share of right answers of one epoch of training."""
    model.train()
    correct, count = 0, 0
    for images, labels in loader:
        logits = model(images)
        loss = loss_fn(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        correct += (logits.argmax(dim=1) == labels).sum().item()
        count += len(labels)
    return correct / count


@exercise("03.my_epoch", one_epoch)
def judge_my_epoch(result) -> None:
    """A function (model, loader, loss_fn, optimizer) that trains for one epoch and returns its
    accuracy.
    """
    expected = one_epoch(reference_epoch)
    value = returned(result)
    untouched = close(result["weight"], result["before"])
    require(value is not None or not untouched, NOTHING_YET)
    require(
        not untouched,
        "The weights are as before: are backward() and step() called for every batch?",
    )
    require(
        close(result["weight"], expected["weight"]),
        "The weights are not those of the loop in lesson 00: "
        "is every gradient that of its own batch alone, and every batch used once?",
    )
    require(result["training"] is True, "The model is not in training mode: call model.train().")
    require(value is not None, "The step is right; return the share of right answers, too.")
    accuracy = as_number(value, verb="Return")
    require(
        accuracy <= 1,
        f"The step is right; you return {accuracy:g}: divide by the number of images, once.",
    )
    right = returned(plain(expected))
    require(
        math.isclose(accuracy, right, rel_tol=1e-5),
        f"The step is right, the accuracy {accuracy:.3f} is not {right:.3f}: "
        "add up right answers and images, then divide.",
    )


HALVES = {
    "max": lambda: nn.MaxPool2d(2),
    "average": lambda: nn.AvgPool2d(2),
    "stride": lambda: nn.Conv2d(32, 32, 3, stride=2, padding=1),
}


def measure_again(answer) -> dict:
    """The learner's (function, three accuracies), and the function called anew for each way."""
    measure, *stated = answer
    facts = {"stated": dict(zip(HALVES, stated, strict=True))}
    if all(number_or_none(value) is not None for value in stated):
        facts["again"] = {name: call(measure, halve) for name, halve in HALVES.items()}
    return facts


@exercise("03.halving", measure_again)
def judge_halving(facts) -> None:
    """Three validation accuracies that a fresh run confirms within half a point."""
    for name, value in facts["stated"].items():
        stated = as_number(value)
        require(stated <= 1, f"You say {stated:g}: an accuracy lies between 0 and 1.")
        again = as_number(returned(facts["again"][name]), verb="Return")
        require(
            abs(again - stated) <= 0.005,
            f"For {name} you say {stated:.1%}; a fresh run has {again:.1%}: did you mix them up?",
        )


@exercise("03.a_tenth", size_and_scores)
def judge_a_tenth(facts) -> None:
    """Less than a tenth of the lesson's parameters, and two points more in validation."""
    with torch.device("meta"):  # shapes alone, no numbers
        limit = count_parameters(VGG()) // 10
    judge_size(facts, limit)
    judge_gain(facts, 2)
