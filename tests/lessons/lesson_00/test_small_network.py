"""The open exercise of lesson 00: a reference solution, against the lesson's own network."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course_utils.data.shapes import draw
from course_utils.exercises import judge
from course_utils.lessons.judging import size_and_scores
from course_utils.training import evaluate, train_one_epoch

CPU = torch.device("cpu")
TRAIN, VAL = 2000, 1000
EPOCHS = 3


def network(*widths):
    """Convolutions of these widths, each halving the image, and one linear layer; `widths` of the
    lesson's network are 16, 32, 64.
    """
    layers, before = [], 3
    for width in widths:
        layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        before = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * 4 * before, 10))


def trained(data, make_optimizer, lr, *widths, **options):
    """A network of these widths after the same epochs, and its validation accuracy."""
    torch.manual_seed(0)
    model = network(*widths)
    optimizer = make_optimizer(model.parameters(), lr=lr, **options)
    loader = DataLoader(TensorDataset(*(part[:TRAIN] for part in data)), 32, shuffle=True)
    for _ in range(EPOCHS):
        train_one_epoch(model, loader, optimizer, CPU)
    val = DataLoader(TensorDataset(*(part[TRAIN:] for part in data)), 250)
    return model, evaluate(model, val, CPU).accuracy


def test_narrower_convolutions_trained_with_adam_reach_the_target():
    labels = torch.arange(TRAIN + VAL) % 10
    data = ((draw(labels, seed=0) / 255 - 0.5) / 0.25, labels)
    _, reference = trained(data, torch.optim.SGD, 0.02, 16, 32, 64, momentum=0.9)
    model, accuracy = trained(data, torch.optim.Adam, 0.003, 12, 20, 24)
    verdict = judge("00.small_network", size_and_scores((model, accuracy, reference)))
    assert verdict.correct, f"{accuracy:.1%} against {reference:.1%}: {verdict.message}"
