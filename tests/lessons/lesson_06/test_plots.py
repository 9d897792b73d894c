"""The figure of lesson 06's training."""

import matplotlib.pyplot as plt
import pytest

from course_utils.lessons.lesson_06.plots import plot_history
from course_utils.training import History


def test_plot_history_marks_the_best_epoch():
    history = History([2.0, 1.0], [0.1, 0.5], [2.1, 1.2], [0.4, 0.3])
    figure = plot_history(history)
    loss, accuracy = figure.axes
    assert list(loss.lines[0].get_ydata()) == [2.0, 1.0]
    assert list(accuracy.lines[1].get_ydata()) == [0.4, 0.3]
    assert list(accuracy.lines[2].get_xdata()) == [1, 1]
    plt.close(figure)


@pytest.mark.parametrize(("best", "low", "high"), [(1.0, 1, 1), (0.99, 1, 1), (0.7, 0.7, 0.75)])
def test_an_accuracy_axis_ends_at_1_at_the_latest(best, low, high):
    history = History([2.0, 1.0], [0.2, best], [2.1, 1.2], [0.3, 0.4])
    figure = plot_history(history)
    _, accuracy = figure.axes
    assert low <= accuracy.get_ylim()[1] <= high
    plt.close(figure)
