"""What a training does, what its numbers mean, and what reads a sequence."""

import torch
from torch import nn

from extensions.sketches.kit import CELL, Sketch


def confusion_matrix() -> Sketch:
    classes = ("cat", "dog", "ship")
    truth = torch.tensor([0] * 9 + [1] * 9 + [2] * 9)
    answers = torch.tensor([0] * 6 + [1] * 3 + [0] * 2 + [1] * 6 + [2] + [2] * 9)
    counts = torch.bincount(truth * 3 + answers, minlength=9).reshape(3, 3)
    listed = "; ".join(
        f"{name}: {', '.join(map(str, row))}"
        for name, row in zip(classes, counts.tolist(), strict=True)
    )
    sketch = Sketch(f"Counts of answers for each true class of {', '.join(classes)}: {listed}.")
    looks = torch.where(torch.eye(3) > 0, 1, torch.where(counts > 0, 2, 3))
    for index, name in enumerate(classes):
        sketch.text(70 + (index + 0.5) * 30, 24, name)
        sketch.text(34, 34 + (index + 0.5) * CELL, name, "start")
    for row, line in enumerate(counts.tolist()):
        for column, count in enumerate(line):
            look = ("plain", "blue", "orange", "faint")[int(looks[row, column])]
            sketch.box(70 + column * 30, 34 + row * CELL, 30, CELL, look, f"{count}")
    sketch.text(115, 7, "answer")
    sketch.text(0, 64, "true", "start")
    return sketch


def overfitting() -> Sketch:
    sketch = Sketch(
        "Loss by epoch: on training pictures it falls to the end, on validation pictures it falls, "
        "then rises again."
    )
    train, val = _overfitted()
    left, base = 30, 88
    height, width = 80, 170
    sketch.curve([(left, 0), (left, base), (left + width + 8, base)])
    for losses, look, name in ((val, "orange", "validation"), (train, "blue", "training")):
        points = [
            (left + 4 + width * epoch / len(losses), base - 2 - height * loss / train[0])
            for epoch, loss in enumerate(losses)
        ]
        sketch.curve(points, look)
        sketch.text(left + width + 8, points[-1][1], name, "start")
    sketch.text(left + width / 2, base + 10, "epochs")
    sketch.text(0, 8, "loss", "start")
    return sketch


def _overfitted(epochs: int = 80) -> tuple[list[float], list[float]]:
    """Losses of a linear model with about as many weights as noisy examples: training, validation."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(240, 40, generator=generator)
    wanted = torch.randn(40, generator=generator) * (torch.arange(40) < 8)
    y = x @ wanted + 1.6 * torch.randn(240, generator=generator)
    weights, losses = torch.zeros(40), ([], [])
    for _ in range(epochs):
        error = x @ weights - y
        for part, rows in zip(losses, (slice(0, 40), slice(40, 240)), strict=True):
            part.append(error[rows].square().mean().item())
        weights -= 0.12 * x[:40].T @ error[:40] / 40
    return losses


def learning_rate() -> Sketch:
    sketch = Sketch(
        "Steps down a valley with three learning rates: too small, and it crawls; about right, and "
        "it arrives; too large, and each step lands higher than the last."
    )
    for number, (rate, name) in enumerate(
        ((0.04, "too small"), (0.3, "about right"), (1.09, "too large"))
    ):
        middle = 45 + number * 110
        valley = [(middle + 4 * w, 80 - 0.7 * w * w) for w in range(-10, 11)]
        sketch.curve(valley, "faint-line")
        weight, places = -6.0, []
        for _ in range(4):
            places.append((middle + 4 * weight, 80 - 0.7 * weight * weight))
            weight -= rate * 2 * weight  # the slope of weight squared
        sketch.curve(places, "orange")
        for place in places:
            sketch.dot(*place)
        sketch.text(middle, 96, name)
    return sketch


def schedule() -> Sketch:
    sketch = Sketch("The learning rate of a one-cycle schedule: it rises for a while, then falls.")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1)
    steps = 100
    plan = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1, total_steps=steps)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(rates) < steps:
            plan.step()
    sketch.curve([(20, 0), (20, 74), (200, 74)])
    sketch.curve([(20 + 1.7 * i, 72 - 66 * rate) for i, rate in enumerate(rates)], "blue")
    sketch.text(110, 84, "steps")
    sketch.text(0, 8, "lr", "start")
    return sketch


def activations() -> Sketch:
    sketch = Sketch(
        "Two activation functions: ReLU is 0 on the left and x on the right; tanh bends "
        "from -1 to 1."
    )
    x = torch.linspace(-3, 3, 49)
    for number, (name, function) in enumerate((("ReLU", torch.relu), ("tanh", torch.tanh))):
        middle = 50 + number * 120
        sketch.curve([(middle - 46, 60), (middle + 46, 60)], "faint-line")
        sketch.curve([(middle, 6), (middle, 84)], "faint-line")
        points = zip(x.tolist(), function(x).tolist(), strict=True)
        sketch.curve([(middle + 15 * a, 60 - 17 * b) for a, b in points], "blue")
        sketch.text(middle, 96, name)
    return sketch


def dropout() -> Sketch:
    torch_state = torch.random.get_rng_state()
    torch.manual_seed(3)
    values = torch.tensor([[1.0, 3, 2, 5, 4, 1]])
    after = nn.Dropout(0.5)(values)
    torch.random.set_rng_state(torch_state)
    sketch = Sketch(
        f"Six activations, {_listed(values)}, and after dropout with p = 0.5: {_listed(after)}."
    )
    looks = torch.where(after == 0, 3, 1)
    sketch.grid(0, 0, values, torch.ones_like(values))
    for column in range(6):
        sketch.arrow((column + 0.5) * CELL, CELL + 2, (column + 0.5) * CELL, CELL + 16)
    sketch.grid(0, CELL + 18, after, looks)
    sketch.text(6 * CELL + 8, CELL / 2, "before", "start")
    sketch.text(6 * CELL + 8, 1.5 * CELL + 18, "in training, p = 0.5", "start")
    return sketch


def _listed(values: torch.Tensor) -> str:
    return ", ".join(f"{value:g}" for value in values.flatten().tolist())


def softmax() -> Sketch:
    classes, logits = ("cat", "dog", "ship"), torch.tensor([2.0, 1.0, -1.0])
    shares = logits.softmax(dim=0)
    said = ", ".join(
        f"{name} {share:.0%}" for name, share in zip(classes, shares.tolist(), strict=True)
    )
    sketch = Sketch(f"Scores {_listed(logits)} become probabilities: {said}.")
    sketch.text(62, 6, "logit")
    sketch.text(118, 6, "probability", "start")
    for row, name in enumerate(classes):
        y = 18 + row * 24
        sketch.text(0, y + 9, name, "start")
        sketch.text(62, y + 9, f"{logits[row]:g}")
        sketch.arrow(80, y + 9, 110, y + 9)
        sketch.box(118, y, 120 * shares[row].item(), 18, "blue")
        sketch.text(124 + 120 * shares[row].item(), y + 9, f"{shares[row]:.0%}", "start")
    return sketch


def splits() -> Sketch:
    sketch = Sketch(
        "All pictures in three parts: training, to learn from; validation, to choose by; test, "
        "for once, at the end."
    )
    parts = (
        ("training", "to learn from", "blue", 170),
        ("validation", "to choose by", "orange", 80),
        ("test", "once", "faint", 60),
    )
    x = 0
    for name, purpose, look, width in parts:
        sketch.box(x, 0, width, 26, look, name)
        sketch.text(x + width / 2, 38, purpose)
        x += width + 4
    return sketch


def transfer() -> Sketch:
    sketch = Sketch(
        "A picture goes through a backbone, trained on other pictures, and a new head, which "
        "gives a score for each of your classes."
    )
    middle = 24
    sketch.text(0, middle, "picture", "start")
    sketch.arrow(48, middle, 70, middle)
    sketch.box(72, 4, 110, 40, "blue", "backbone", 5)
    sketch.text(127, 56, "trained before")
    sketch.arrow(182, middle, 204, middle)
    sketch.box(206, 4, 60, 40, "orange", "head", 5)
    sketch.text(236, 56, "new")
    sketch.arrow(266, middle, 288, middle)
    sketch.text(294, middle, "scores", "start")
    return sketch


def unrolled() -> Sketch:
    sketch = Sketch(
        "A recurrent network unrolled: the same cell at every step takes an element of the "
        "sequence and the state, and hands the next state on."
    )
    for step in range(3):
        x = 30 + step * 84
        sketch.box(x, 0, 46, 28, "blue", "cell", 5)
        sketch.arrow(x + 23, 54, x + 23, 30)
        sketch.text(x + 23, 62, f"row {step + 1}")
        sketch.arrow(x - 26 if step == 0 else x - 38, 14, x - 2, 14)
        if step:
            sketch.text(x - 20, 4, "state")
    sketch.arrow(30 + 2 * 84 + 46, 14, 30 + 3 * 84 - 2, 14)
    sketch.text(30 + 3 * 84 + 4, 14, "classes", "start")
    return sketch


SKETCHES = {
    "activations": activations,
    "confusion-matrix": confusion_matrix,
    "dropout": dropout,
    "learning-rate": learning_rate,
    "overfitting": overfitting,
    "schedule": schedule,
    "softmax": softmax,
    "splits": splits,
    "transfer": transfer,
    "unrolled": unrolled,
}
