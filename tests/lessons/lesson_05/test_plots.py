"""The figures of lesson 05: the layers themselves say which numbers they average."""

import math

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from course_utils.lessons.lesson_05 import plots


@pytest.mark.parametrize(
    ("layer", "number", "others"),
    [
        (nn.BatchNorm2d(4), 3 * 6, True),
        (nn.LayerNorm((4, 2, 3)), 4 * 6, False),
        (nn.InstanceNorm2d(4), 6, False),
        (nn.GroupNorm(2, 4), 2 * 6, False),
    ],
)
def test_a_layer_is_asked_which_numbers_share_its_mean(layer, number, others):
    x = torch.randn(3, 4, 2, 3, generator=torch.Generator().manual_seed(0))
    marked = plots.cells_that_matter(layer.double(), x, (0, 0, 0, 0))
    assert int(marked.sum()) == number and bool(marked[1:].any()) is others


def test_the_drawing_says_how_many_numbers_are_averaged():
    figure = plots.averaged_together({"a": nn.BatchNorm2d(4).double(), "b": nn.Identity()})
    assert figure.get_label().endswith("a 18, b 1 numbers.")
    plt.close(figure)


def test_the_figure_of_rates_says_where_each_network_is_lowest():
    losses = {"no normalisation": [[2.0, 4.0]], "batch normalisation": [[2.0, 1.0]]}
    found = {name: {"losses": values} for name, values in losses.items()}
    found |= {"rates": [0.1, 1.0], "chance": math.log(10), "setting": "two rates"}
    figure = plots.rates(found)
    assert figure.get_label() == (
        "Loss at the end over the learning rate: no normalisation is lowest at rate 0.1, 2.00; "
        "batch normalisation is lowest at rate 1, 1.00."
    )
    plt.close(figure)
