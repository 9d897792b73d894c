"""Wrong answers to lesson 00's exercises: (exercise, answer, a part of the hint that it should
get).
"""

import math
from functools import partial

import torch.nn.functional as F
from torch import nn

from course_utils.training import Metrics


def softmax(logits):
    return logits.exp() / logits.exp().sum(dim=1, keepdim=True)


def epoch(
    model, loader, optimizer, device, *, clear=True, weighted=True, shares=False, dim=1, step=True
):
    loss_sum = 0.0
    correct = 0
    count = 0
    for images, labels in loader:
        logits = model(images)
        loss = F.cross_entropy(logits, labels)
        if clear:
            optimizer.zero_grad()
        loss.backward()
        if step:
            optimizer.step()
        loss_sum += loss.item() * (len(labels) if weighted else 1)
        correct += (
            (logits.argmax(dim=dim)[:2] == labels[:2]).sum().item()
            if dim == 0
            else accurate(logits, labels) / (len(labels) if shares else 1)
        )
        count += len(labels)
    return Metrics(loss_sum / (count if weighted else len(loader)), correct / count)


def accurate(logits, labels):
    return (logits.argmax(dim=1) == labels).sum().item()


def stable_over_batch(logits):
    return (logits - logits.max()).exp() / (logits - logits.max()).exp().sum(dim=1, keepdim=True)


def valley(lr):
    """A loss that is lowest, 1, at a rate of 0.01."""
    return 1 + 0.25 * (math.log10(lr) + 2) ** 2


WRONG = [
    ("00.softmax", softmax, "large ones overflow"),
    (
        "00.softmax",
        lambda x: (x - x.amax(1, keepdim=True)).exp() / (x - x.amax(1, keepdim=True)).exp().sum(),
        "add up to 1",
    ),
    ("00.softmax", lambda x: x / x.sum(dim=1, keepdim=True), "is the exponential in it"),
    ("00.softmax", stable_over_batch, "each row needs its own maximum"),
    ("00.softmax", lambda x: x.sub_(x.amax(1, keepdim=True)).softmax(1), "changed the logits"),
    ("00.softmax", lambda x: x.softmax(1)[0], "has shape (3,)"),
    ("00.softmax", lambda x: 1 / 0, "Your code stopped with ZeroDivisionError"),
    ("00.three_bugs", partial(epoch, clear=False), "gradient that of its own batch alone"),
    ("00.three_bugs", partial(epoch, step=False), "The weights are not those"),
    ("00.three_bugs", partial(epoch, weighted=False), "The step is right, the loss is not"),
    ("00.three_bugs", partial(epoch, dim=0), "add up how many images"),
    ("00.three_bugs", partial(epoch, shares=True), "add up how many images"),
    ("00.three_bugs", lambda *a: epoch(*a).loss, "Return two numbers"),
    ("00.three_bugs", lambda *a: None, "returns nothing"),
    ("00.learning_rate", (valley, ..., ...), "Replace the dots by a number"),
    ("00.learning_rate", (valley, 0.01, 2.5), "a fresh run has loss 1.000, not 2.500"),
    ("00.learning_rate", (valley, 0.1, 1.25), "A tenth of that rate has loss 1.000"),
    ("00.learning_rate", (valley, 0.001, 1.25), "Ten times of that rate has loss 1.000"),
    ("00.learning_rate", (lambda lr: 1 / 0, 0.01, 1.0), "stopped with ZeroDivisionError"),
    ("00.small_network", (nn.Linear(3072, 10), 0.7, 0.7), "at most 12,000 are wanted"),
    ("00.small_network", (nn.Linear(10, 10), 0.5, 0.7), "at least 63.0% are wanted"),
    ("00.small_network", (..., 0.7, 0.7), "give an nn.Module first"),
]
