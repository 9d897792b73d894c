"""Drawings of recurrent networks and attention: they read what they show, and describe it."""

import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from course_utils.lessons.lesson_09 import drawings, plots
from tests.helpers import names_of_lesson, raises

PIXELS = torch.rand(3, 32, 32)
CELLS = names_of_lesson("09", "OneCycleLR", "RNNCell", "LSTMCell", "GRUCell", device="cpu")


def test_an_unrolled_cell_is_drawn_with_the_first_steps_and_the_last():
    label = drawings.unrolled(torch.randn(32, 50), PIXELS).get_label()
    assert label.startswith("A cell unrolled: 32 copies of it in a row, drawn are those for rows")
    assert "rows 0, 1, 2, 31." in label
    assert "a state of 50 numbers" in label


def test_a_short_sequence_is_drawn_whole():
    assert "rows 0, 1." in drawings.unrolled(torch.randn(2, 9), PIXELS[:, :2]).get_label()


def test_the_functions_of_the_gates_are_read_from_the_cell():
    cell = CELLS["LSTMCell"](6, 5)
    found = drawings.gate_functions(cell)
    assert found == {"i": "sigmoid", "f": "sigmoid", "g": "tanh", "o": "sigmoid"}
    label = drawings.lstm_cell(cell).get_label()
    assert "reads 6 numbers into a state of 5" in label
    assert "g (candidate, tanh)" in label


def test_another_activation_is_drawn_as_it_is():
    class Other(nn.Module):
        def __init__(self):
            super().__init__()
            self.from_input, self.from_state = nn.Linear(2, 12), nn.Linear(3, 12)

        def forward(self, inputs, state):
            h, c = state
            i, f, g, o = (self.from_input(inputs) + self.from_state(h)).chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.relu()
            return o.sigmoid() * c.tanh(), c

    assert drawings.gate_functions(Other())["g"] == "relu"


def test_a_cell_without_four_gates_is_refused():
    with raises(ValueError, "the cell cuts its sums into 6 parts: an LSTM has 4"):
        drawings.lstm_cell(CELLS["GRUCell"](6, 5))


def test_a_picture_beside_its_sequence():
    figure = drawings.picture_as_sequence(PIXELS, torch.randn(32, 96))
    assert "a sequence of 32 steps of 96 numbers" in figure.get_label()


def test_attention_names_where_a_patch_looks_most():
    weights = torch.full((8, 8), 0.1)
    weights[5, 6] = 0.3
    label = drawings.attention_from(weights, PIXELS, (4, 2), asked=5).get_label()
    assert "the patch in row 2, column 1 takes from all 8 patches" in label
    assert "most, 0.30, from row 3, column 0" in label


def test_gradients_of_zero_are_drawn_and_told():
    found = {"dead": [0.0, 1.0], "alive": [0.5, 1.0]}
    label = plots.plot_gradients(found, found).get_label()
    assert "dead 0e+00, alive 5e-01" in label


def test_clipping_tells_both_ways():
    label = plots.plot_clipping(
        (0.1, 1.0), {"off": [2.0, 4.6], "on": [1.5, 2.0]}, {"off": [1, 9], "on": [1]}, 1.0, 2.3
    ).get_label()
    assert "off: 2.00 at 0.1, 4.60 at 1; on: 1.50 at 0.1, 2.00 at 1" in label
    assert "off 2 steps, on 1 steps" in label


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")
