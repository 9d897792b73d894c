"""Muon: its steps are orthogonal, lower a loss, and keep the norm of a weight."""

import pytest
import torch
from torch import nn

from course_utils.lessons.lesson_08.muon import Muon, orthogonalize
from tests.helpers import raises


def test_orthogonalize_brings_singular_values_near_1():
    torch.manual_seed(0)
    for shape in ((8, 30), (30, 8), (12, 12)):
        values = torch.linalg.svdvals(orthogonalize(torch.randn(shape), steps=5))
        assert values.min() > 0.5 and values.max() < 1.5, shape
    assert orthogonalize(torch.zeros(3, 4)).abs().max() == 0


def test_muon_lowers_a_loss_and_keeps_the_norm():
    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(4, 2, 3, 3))
    idle, target = nn.Parameter(torch.ones(2, 2)), torch.randn(4, 2, 3, 3)
    optimizer, losses = Muon([weight, idle], lr=0.1), []
    for _ in range(20):
        loss = -nn.functional.cosine_similarity(weight.flatten(1), target.flatten(1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.5
    assert weight.norm().item() == pytest.approx(2, abs=0.3) and torch.equal(idle, torch.ones(2, 2))


def test_muon_refuses_vectors_and_rates():
    with raises(ValueError, "a parameter of shape (3,) is no matrix: give it to another optimizer"):
        Muon([nn.Parameter(torch.ones(3))], lr=0.1)
    with raises(ValueError, "lr is 0: give a number above 0"):
        Muon([nn.Parameter(torch.ones(3, 3))], lr=0)
