"""A patient's chart: its floor, its batches of one, and its description in words."""

import matplotlib.pyplot as plt
import pytest
import torch
import torch.nn.functional as F

from course_utils.lessons.lesson_07 import charts
from course_utils.lessons.lesson_07.broken import train_case
from tests.lessons.lesson_07.diagnosis_helpers import make_splits, part


@pytest.fixture(scope="module")
def splits():
    return make_splits(part(40, 0, side=32), part(20, 1, side=32), part(20, 2, side=32))


@pytest.fixture(scope="module")
def patient(splits):
    options = {"epochs": 1, "batch_size": 20, "learning_rate": 0.001, "steps": 3, "seed": 0}
    return train_case("F", splits, batch_norm=True, device=torch.device("cpu"), **options)


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_the_floor_is_the_loss_of_right_and_certain_probabilities(classes):
    loss = F.cross_entropy(torch.eye(classes), torch.arange(classes))
    assert charts.softmax_floor(classes) == pytest.approx(loss.item())


def test_the_same_pictures_come_in_batches_of_every_size(patient):
    found = charts.by_batch_size(patient, images=12)
    assert list(found) == [250, 32, 4, 1]
    assert found[250] == found[32]  # twelve pictures are one batch either way
    assert all((12 * accuracy) % 1 == pytest.approx(0, abs=1e-6) for accuracy in found.values())


def test_a_chart_describes_itself(patient, splits):
    label = charts.chart(patient, patient, splits, "Patient F").get_label()
    assert label.startswith("Patient F: training loss ")
    assert f"overfitted to {patient.overfit_losses[-1]:.2f};" in label
    plt.close("all")


def test_reliability_draws_each_panel():
    bins = [(0.5, 0.4, 10), (0.9, 0.8, 30)]
    figure = charts.plot_reliability({"one": bins, "two": bins})
    assert [ax.get_title() for ax in figure.axes] == ["one", "two"]
    plt.close(figure)
