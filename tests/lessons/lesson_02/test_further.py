"""The open exercise of lesson 02: a reference solution, on few pictures of Shapes."""

import torch
from torch import nn

from course_utils.data.shapes import draw
from course_utils.exercises import judge
from course_utils.lessons.lesson_02.exercises import layers_and_losses
from course_utils.training import evaluate, train_one_epoch

LABELS = torch.arange(1500) % 10
TRAIN, VAL = slice(0, 1000), slice(1000, 1500)


def train_linear(images, rates, momentum=0.0):
    """A linear classifier from zero, one epoch at each rate: itself and its validation loss."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(images[0].numel(), 10))
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    optimizer = torch.optim.SGD(model.parameters(), lr=rates[0], momentum=momentum)
    generator = torch.Generator().manual_seed(0)
    for lr in rates:
        optimizer.param_groups[0]["lr"] = lr
        order = torch.randperm(1000, generator=generator)
        batches = zip(images[order].split(50), LABELS[order].split(50), strict=True)
        train_one_epoch(model, batches, optimizer, torch.device("cpu"))
    return model, evaluate(model, [(images[VAL], LABELS[VAL])], torch.device("cpu")).loss


def test_a_mean_for_every_pixel_and_falling_rates_reach_the_target():
    images = draw(LABELS, seed=0) / 255
    std = images[TRAIN].std(dim=(0, 2, 3)).view(3, 1, 1)
    by_channel = (images - images[TRAIN].mean(dim=(0, 2, 3)).view(3, 1, 1)) / std
    by_pixel = (images - images[TRAIN].mean(dim=0)) / std
    _, reference = train_linear(by_channel, [0.005] * 3)
    model, loss = train_linear(by_pixel, [0.002, 0.001, 0.0003], momentum=0.9)
    verdict = judge("02.further", layers_and_losses((model, loss, reference)))
    assert verdict.correct, f"{loss:.3f} against {reference:.3f}: {verdict.message}"
