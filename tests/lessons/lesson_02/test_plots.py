"""The figures of lesson 02: what they compute, and that they say what they show."""

import math

import matplotlib.pyplot as plt
import torch

from course_utils.lessons.lesson_02 import plots


def test_descent_arrives_faster_in_a_round_valley():
    start = torch.tensor([1.0, 1.0])
    narrow, round_ = torch.diag(torch.tensor([1.0, 0.01])), torch.eye(2)
    assert plots.path(round_, start)[-1].norm() < 0.5 < plots.path(narrow, start)[-1].norm()


def test_a_path_begins_at_the_start_and_never_rises():
    matrix = torch.tensor([[0.5, 0.3], [0.3, 0.4]])
    points = plots.path(matrix, torch.tensor([-1.0, 0.75]), steps=4)
    heights = [(point @ matrix @ point).item() for point in points]
    assert points[0].tolist() == [-1.0, 0.75]
    assert len(points) == 5
    assert heights == sorted(heights, reverse=True)


def test_the_curvature_of_pixels_that_agree_is_in_one_direction():
    matrix = plots.curvature_matrix(torch.tensor([[1.0, 1.0], [2.0, 2.0]]))
    assert matrix.tolist() == [[2.5, 2.5], [2.5, 2.5]]


def test_the_first_picture_says_how_much_of_the_way_is_left():
    figure = plots.descent()
    left, right = (int(ax.get_title().partition(": ")[2].partition("%")[0]) for ax in figure.axes)
    assert right < left
    assert "the steps arrive" in figure.get_label()
    plt.close(figure)


def test_scaled_losses_stand_over_the_rate_times_the_scale_squared():
    figure = plots.losses_by_rate(
        {"raw": [2.0, math.inf]}, {"raw": [0.25, 0.5]}, scales={"raw": 2.0}
    )
    (plain,), (scaled,) = (ax.lines for ax in figure.axes)
    assert list(plain.get_xdata()) == [0.25, 0.5]
    assert list(scaled.get_xdata()) == [1.0, 2.0]
    assert math.isnan(scaled.get_ydata()[1])
    plt.close(figure)


def test_a_normalisation_moves_no_pixel_into_another_bin():
    values = torch.arange(256).repeat(3) / 255
    counts = []
    for pixels in (values, (values - 0.3834) / 0.2412):
        found, _ = torch.histogram(pixels.double(), plots.pixel_bins(pixels))
        counts.append(found.tolist())
    assert counts[0] == counts[1] == [15] * 51 + [3]
