"""Reliability, calibration error and temperature against cases that can be worked out by hand."""

import pytest
import torch
import torch.nn.functional as F

from benchmarks.lesson_07.calibration import (
    calibration_error,
    fit_temperature,
    reliability,
)


def logits_of(*confidences):
    """Two classes; the first has the given probability."""
    p = torch.tensor(confidences, dtype=torch.float64)
    return torch.stack([p, 1 - p], dim=1).log()


def test_reliability_by_hand():
    logits = logits_of(0.72, 0.78, 0.95, 0.95)
    found = reliability(logits, torch.tensor([0, 1, 0, 0]))
    assert found.counts.tolist() == [0, 0, 0, 0, 0, 0, 0, 2, 0, 2]
    assert found.confidence[7].item() == pytest.approx(0.75) and found.accuracy[7].item() == 0.5
    assert found.confidence[9].item() == pytest.approx(0.95) and found.accuracy[9].item() == 1.0
    assert found.accuracy[0].item() == 0
    assert calibration_error(logits, torch.tensor([0, 1, 0, 0])) == pytest.approx(
        0.5 * 0.25 + 0.5 * 0.05
    )


def test_confidence_one_belongs_to_the_last_bin():
    found = reliability(torch.tensor([[1000.0, 0.0]]), torch.tensor([0]), bins=5)
    assert found.counts.tolist() == [0, 0, 0, 0, 1]
    assert calibration_error(torch.tensor([[1000.0, 0.0]]), torch.tensor([1])) == 1


@pytest.mark.parametrize("truth", [0.5, 1.0, 3.0])
def test_fit_temperature_finds_the_factor(truth):
    generator = torch.Generator().manual_seed(0)
    honest = 2 * torch.randn(20_000, 5, generator=generator)
    labels = torch.multinomial(F.softmax(honest, dim=1), 1, generator=generator).flatten()
    logits = truth * honest  # `truth` times too sure
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(truth, rel=0.05)
    assert calibration_error(logits / temperature, labels) < 0.02
    if truth != 1:
        assert calibration_error(logits, labels) > 0.05
    assert not logits.requires_grad


def test_fit_temperature_stays_within_bounds():
    logits = torch.tensor([[5.0, 0.0], [6.0, 0.0]])
    assert fit_temperature(logits, torch.tensor([0, 0])) >= 0.05  # all right: the colder the better
    assert fit_temperature(logits, torch.tensor([1, 1])) <= 20  # all wrong: the hotter the better
