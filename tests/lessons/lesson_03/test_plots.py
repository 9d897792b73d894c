"""The figure of lesson 03's answers."""

import matplotlib.pyplot as plt
import pytest
import torch

from course_utils.lessons.lesson_03.plots import plot_confusion


def test_plot_confusion_counts_and_colours_mistakes():
    figure = plot_confusion(torch.tensor([[8, 2], [0, 0]]), ["cat", "dog"])
    ax, bar = figure.axes
    assert bar.get_ylabel() == "mistakes: share of the true class"
    assert bar.get_ylim() == (0, pytest.approx(0.2))
    assert [text.get_text() for text in ax.texts] == ["8", "2", "0", "0"]
    assert ax.images[0].get_array().tolist() == [
        [0.0, pytest.approx(0.2)],
        [0.0, 0.0],
    ]  # right answers are not coloured
    plt.close(figure)
