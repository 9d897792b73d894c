"""The figures of lesson 00: what they compute, and that they say what they show."""

import matplotlib.pyplot as plt
import pytest
import torch

from course_utils.lessons.lesson_00 import plots


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_a_wrong_answer_has_a_question_mark_and_the_truth_below():
    figure = plots.answers(
        torch.rand(2, 3, 8, 8), torch.tensor([0, 1]), torch.tensor([0, 0]), ("fish", "house")
    )
    assert [ax.get_title() for ax in figure.axes if ax.get_title()] == ["fish", "house?\n(fish)"]
    assert "1 are right" in figure.get_label()


def test_channels_show_an_image_and_each_of_its_channels():
    image = torch.rand(3, 8, 8)
    figure = plots.channels(image, "fish")
    shown = [torch.as_tensor(ax.images[0].get_array()) for ax in figure.axes]
    assert torch.equal(shown[0], image.permute(1, 2, 0))
    assert [torch.equal(part[..., 0], own) for part, own in zip(shown[1:], image, strict=True)] == [
        True
    ] * 3
    assert [ax.get_title() for ax in figure.axes] == ["fish", "red", "green", "blue"]


def test_slopes_are_the_gradient_of_the_loss_along_the_logits():
    logits = torch.tensor([1.0, -0.5, 2.0], requires_grad=True)
    torch.nn.functional.cross_entropy(logits[None], torch.tensor([1])).backward()
    figure = plots.scores(logits.detach(), 1, ("a", "b", "c"))
    drawn = [[bar.get_width() for bar in ax.patches] for ax in figure.axes]
    assert drawn[0] == logits.tolist()
    assert sum(drawn[1]) == pytest.approx(1)
    assert drawn[2] == pytest.approx(logits.grad.tolist())


def test_templates_have_a_row_for_each_moment_and_grey_for_zero():
    weights = torch.randn(2, 3072)
    figure = plots.templates({0: torch.zeros(2, 3072), 1: weights}, ("a", "b"))
    assert [ax.get_title() for ax in figure.axes] == ["a", "b", "", ""]
    assert [ax.texts[0].get_text() for ax in figure.axes if ax.texts] == ["0 epochs", "1 epoch"]
    assert (figure.axes[0].images[0].get_array() == 0.5).all()
    assert figure.axes[2].images[0].get_array().max() <= 1


def test_splits_are_as_long_as_they_are_large():
    roles = {"training": "learn", "validation": "choose", "test": "wait"}
    figure = plots.splits({"training": 50, "validation": 20, "test": 30}, roles)
    (ax,) = figure.axes
    assert [bar.get_width() for bar in ax.patches] == [50, 20, 30]
    assert "20 for validation: choose" in figure.get_label()
