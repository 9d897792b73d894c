"""Gradients clipped at each step of an optimizer."""

import pytest
import torch
from torch import nn
from torch.optim import SGD

from course_utils.lessons.lesson_09.clipping import clip_each_step
from course_utils.runtime import seed_everything
from course_utils.training import (
    train_one_epoch,
)
from tests.helpers import raises
from tests.trainings import CPU, batches


def test_clip_each_step_scales_all_gradients_by_one_factor():
    first, second = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1))
    unused = nn.Parameter(torch.ones(1))
    optimizer = SGD([{"params": [first, unused]}, {"params": [second], "lr": 10.0}], lr=1.0)
    clip_each_step(optimizer, 1.0)
    first.grad, second.grad = torch.tensor([3.0, 0.0]), torch.tensor([4.0])
    optimizer.step()
    assert torch.cat([first, second]).tolist() == pytest.approx([-0.6, 0.0, -8.0], abs=1e-5)
    first.grad, second.grad = (
        torch.tensor([0.0, 0.3]),
        torch.tensor([0.0]),
    )  # below the limit: as it is
    optimizer.step()
    assert first.tolist() == pytest.approx([-0.6, -0.3], abs=1e-5)
    assert unused.item() == 1.0


def test_clip_each_step_bounds_every_step_of_a_training():
    seed_everything(0)
    model = nn.Linear(4, 3)
    optimizer = SGD(model.parameters(), lr=1.0)
    clip_each_step(optimizer, 0.01)
    before = torch.cat([p.detach().flatten().clone() for p in model.parameters()])
    train_one_epoch(
        model, [(1000 * images, labels) for images, labels in batches(8)], optimizer, CPU
    )
    after = torch.cat([p.detach().flatten() for p in model.parameters()])
    assert (after - before).norm().item() == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("limit", [0, -1.0, float("nan")])
def test_clip_each_step_refuses(limit):
    with raises(ValueError, f"max_norm is {limit}: give a number above 0"):
        clip_each_step(SGD([nn.Parameter(torch.zeros(1))], lr=1.0), limit)
