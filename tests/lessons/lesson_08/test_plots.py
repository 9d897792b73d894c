"""The figures of lesson 08: they fit on a page, describe themselves, and name what they show."""

import pytest
import torch
from matplotlib import pyplot as plt

from course_utils.lessons.lesson_08 import plots, records
from course_utils.plotting import use_style
from course_utils.results import load_recorded

LADDER = load_recorded("08_fast_training.cifar10-gpu")


@pytest.fixture(autouse=True)
def style():
    with plt.rc_context():
        use_style()
        yield
    plt.close("all")


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_costs_have_labels_beside_their_points_and_no_legend():
    figure = plots.plot_costs(LADDER)
    (ax,) = figure.axes
    assert ax.get_legend() is None
    assert {"91.2%", "92.1%", "94.5%", "95.1%", "whitened first layer"} <= set(texts(figure))
    ladder = ax.lines[0]
    assert len(ladder.get_xdata()) == len(LADDER["rungs"])
    assert ladder.get_ydata()[0] == pytest.approx(0.839, abs=0.001)


def test_no_two_labels_of_the_costs_overlap():
    figure = plots.plot_costs(LADDER)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    hits = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)]
    assert hits == []


def test_the_costs_describe_themselves():
    said = plots.plot_costs(LADDER).get_label()
    assert "The ladder goes from 83.9% for 0.20 to 90.3% for 0.039" in said
    assert "91.2% for 0.055, mirrored 92.1%" in said


def test_a_change_that_may_be_none_is_hollow():
    clear = records.Change("clear", 0.02, 0.01, 0.03, 3, 0.5)
    unsure = records.Change("unsure", 0.01, -0.01, 0.03, 3, 1.0)
    figure = plots.plot_changes([clear, unsure])
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [mark.get_fillstyle() for mark in marks] == ["full", "none"]
    assert texts(figure) == ["x 0.50", "", "operations"]
    assert figure.get_label() == "Changes of test accuracy in points: clear +2.0, unsure +1.0."


def test_shares_add_up_to_the_whole_bar():
    figure = plots.plot_shares({"body": (0.1, 0.9), "head": (0.9, 0.1)})
    ends = {round(bar.get_y()): bar.get_x() + bar.get_width() for bar in figure.axes[0].patches}
    assert list(ends.values()) == pytest.approx([1, 1])
    assert figure.get_label().endswith("body 10% and 90%; head 90% and 10%.")


def test_a_layout_is_drawn_in_the_order_of_memory():
    tensor = torch.zeros(1, 2, 1, 3)
    layouts = {"first": tensor, "last": tensor.to(memory_format=torch.channels_last)}
    figure = plots.plot_layouts(layouts)
    drawn = [
        sorted((text.get_position()[0], text.get_text()) for text in ax.texts) for ax in figure.axes
    ]
    assert [[text for _, text in row] for row in drawn] == [list("012012"), list("001122")]
    assert "last with strides (1, 6, 2)" in figure.get_label()


def test_a_profile_shows_the_longest_first():
    figure = plots.plot_profile({"copy": 1, "convolution": 6, "pooling": 3}, shown=2)
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["convolution", "pooling"]
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.6, 0.3])


def test_a_profile_says_no_numbers_that_would_differ_from_run_to_run():
    labels = {plots.plot_profile({"a": a, "b": 2}).get_label() for a in (1, 5)}
    assert len(labels) == 1


def test_correlations_of_grey_pictures_are_drawn_too():
    before = torch.randn(4, 50).repeat(3, 1)  # equal channels
    after = torch.cat([torch.randn(4, 50), torch.zeros(8, 50)])
    figure = plots.plot_correlations(before, after)
    assert "behind the whitening layer 0.0" in figure.get_label()
