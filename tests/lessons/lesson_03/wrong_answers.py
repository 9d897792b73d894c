"""Wrong answers to lesson 03's exercises: (exercise, answer, a part of the hint that it should
get).
"""

from torch import nn


def epoch(model, loader, loss_fn, optimizer, *, mode=True, clear=True, step=True, means=False):
    if mode:
        model.train()
    correct = 0
    for images, labels in loader:
        logits = model(images)
        if clear:
            optimizer.zero_grad()
        loss_fn(logits, labels).backward()
        if step:
            optimizer.step()
        correct += (logits.argmax(dim=1) == labels).sum().item() / (len(labels) if means else 1)
    return correct / (len(loader) if means else sum(len(labels) for _, labels in loader))


def half(make):
    """Made-up accuracies of three ways to halve a map."""
    return {"MaxPool2d": 0.7, "AvgPool2d": 0.5, "Conv2d": 0.6}[type(make()).__name__]


WRONG = [
    ("03.same_padding", lambda k: 1, "two pixels to each side"),
    ("03.same_padding", lambda k: k - 1 if k != 3 else 1, "half of what the window takes away"),
    ("03.same_padding", lambda k: (k - 1) // 2, "For kernel 4 you say 1: then 8 pixels become 7"),
    ("03.same_padding", lambda k: (k - 1) / 2, "a padding is a whole number"),
    ("03.same_padding", lambda k: k // 2 + 1, "Kernel 3 needs padding 1"),
    ("03.my_epoch", lambda *a: None, "Your function returns nothing yet"),
    ("03.my_epoch", lambda *a: epoch(*a, step=False), "The weights are as before"),
    ("03.my_epoch", lambda *a: epoch(*a, clear=False), "that of its own batch alone"),
    ("03.my_epoch", lambda m, loader, *a: epoch(m, loader[:2], *a), "every batch used once"),
    ("03.my_epoch", lambda *a: epoch(*a, mode=False), "not in training mode"),
    ("03.my_epoch", lambda *a: epoch(*a) and None, "return the share of right answers, too"),
    ("03.my_epoch", lambda *a: 13 * epoch(*a), "divide by the number of images, once"),
    ("03.my_epoch", lambda *a: epoch(*a, means=True), "add up right answers and images"),
    ("03.my_epoch", lambda m, *a: m(1), "Your code stopped with TypeError"),
    ("03.halving", (half, ..., ..., ...), "Replace the dots by a number"),
    ("03.halving", (half, 0.7, 0.6, 0.5), "For average you say 60.0%; a fresh run has 50.0%"),
    ("03.halving", (half, 70, 50, 60), "between 0 and 1"),
    ("03.halving", (lambda make: 1 / 0, 0.7, 0.5, 0.6), "stopped with ZeroDivisionError"),
    ("03.a_tenth", (nn.Linear(3072, 400), 0.9, 0.7), "at most 945,796 are wanted"),
    (
        "03.a_tenth",
        (nn.Linear(10, 10), 0.71, 0.7),
        "+1.0 points on the 70.0% to beat: +2.0 are wanted",
    ),
    ("03.a_tenth", (..., 0.7, 0.7), "give an nn.Module first"),
]
