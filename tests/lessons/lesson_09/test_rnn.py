"""The recurrent networks: unrolled by hand, reading in three orders, first weights, costs,
what is refused.
"""

import math

import pytest
import torch
from torch import nn

from course_utils.lessons.lesson_09.probes import row_gradients
from course_utils.lessons.lesson_09.rnn import (
    KINDS,
    ORDERS,
    Reordered,
    RowRNN,
    read_rows,
    recurrent_multiply_adds,
    reorder,
    set_forget_bias,
    set_identity,
)
from course_utils.models import count_parameters
from course_utils.probes import multiply_adds
from course_utils.runtime import seed_everything
from tests.helpers import raises

CELLS = [(nn.RNNCell, "tanh"), (nn.LSTMCell, "lstm"), (nn.GRUCell, "gru")]


def of_layer(cell, model):
    """Load a cell with the weights of a RowRNN's layer."""
    cell.load_state_dict({name: getattr(model.layer, f"{name}_l0") for name in cell.state_dict()})
    return cell


class Unrolled(nn.Module):
    def __init__(self, cell, head):
        super().__init__()
        self.cell, self.head = cell, head

    def forward(self, images):
        state = None
        for row in read_rows(images).unbind(dim=1):
            state = self.cell(row, state)
        return self.head(state[0] if isinstance(state, tuple) else state)


def test_read_rows():
    images = torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    sequences = read_rows(images)
    assert sequences.shape == (2, 4, 15)
    assert torch.equal(sequences[1, 2], torch.cat([images[1, c, 2] for c in range(3)]))


@pytest.mark.parametrize(("cell", "kind"), CELLS)
def test_the_classifier_is_its_cell_unrolled(cell, kind):
    model = RowRNN(kind, 6, 3, row_size=15)
    images = torch.randn(2, 3, 8, 5)
    unrolled = Unrolled(of_layer(cell(15, 6), model), model.head)
    assert model(images).shape == (2, 3)
    assert torch.allclose(unrolled(images), model(images), atol=1e-6)


def test_relu_takes_the_place_of_tanh():
    model = RowRNN("relu", 4, 2, row_size=6)
    images, state = torch.randn(1, 2, 5, 3), torch.zeros(1, 4)
    for row in read_rows(images)[0]:
        from_input = row @ model.layer.weight_ih_l0.T + model.layer.bias_ih_l0
        state = (from_input + state @ model.layer.weight_hh_l0.T + model.layer.bias_hh_l0).clamp(
            min=0
        )
    assert torch.allclose(model(images), model.head(state), atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [1, 9])
def test_any_number_of_rows(kind, rows):
    model = RowRNN(kind, 4, row_size=6)
    model(torch.randn(2, 3, rows, 2)).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_an_unknown_kind():
    with raises(ValueError, "kind is 'elman': give one of tanh, relu, gru, lstm"):
        RowRNN("elman")


def test_the_sizes_of_the_lesson():
    sizes = {"tanh": 293, "relu": 293, "gru": 153, "lstm": 128}
    parameters = {kind: count_parameters(RowRNN(kind, size)) for kind, size in sizes.items()}
    assert parameters == {"tanh": 117_503, "relu": 117_503, "gru": 116_749, "lstm": 117_002}
    work = {kind: recurrent_multiply_adds(RowRNN(kind, size)) for kind, size in sizes.items()}
    assert work == {"tanh": 3_650_194, "relu": 3_650_194, "gru": 3_658_842, "lstm": 3_671_296}


@pytest.mark.parametrize(("cell", "kind"), CELLS)
@pytest.mark.parametrize("rows", [1, 7])
def test_the_formula_of_multiply_adds_is_what_torch_counts_in_the_open(cell, kind, rows):
    model = RowRNN(kind, 6, 3, row_size=15)
    unrolled = Unrolled(of_layer(cell(15, 6), model), model.head)
    assert recurrent_multiply_adds(model, rows) == multiply_adds(unrolled, (3, rows, 5))


def test_reorder():
    images = torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    assert reorder(images, "rows") is images
    assert torch.equal(reorder(images, "columns")[1, 2], images[1, 2].T)
    permuted = reorder(images, "permuted")
    assert permuted.shape == images.shape and not torch.equal(permuted, images)
    assert torch.equal(permuted.flatten(2).sort(dim=2).values, images.flatten(2))  # the same pixels
    assert torch.equal(permuted[0, 0] + 20, permuted[0, 1])  # one permutation for all channels
    assert torch.equal(permuted[0] + 60, permuted[1])  # and for all images
    seed_everything(5)
    assert torch.equal(reorder(images, "permuted"), permuted)
    with raises(ValueError, "order is 'diagonal': give one of rows, columns, permuted"):
        reorder(images, "diagonal")


@pytest.mark.parametrize("order", ORDERS)
def test_reordered(order):
    model = Reordered(nn.Flatten(), order)
    images = torch.randn(2, 3, 4, 4)
    assert torch.equal(model(images), reorder(images, order).flatten(1))
    assert list(Reordered(nn.Linear(1, 1), order).state_dict()) == ["model.weight", "model.bias"]


def test_columns_exchanged_in_the_weights_change_nothing():
    model, columns = RowRNN("lstm", 5, row_size=12), torch.tensor([2, 0, 3, 1])
    other = RowRNN("lstm", 5, row_size=12)
    other.load_state_dict(model.state_dict())
    other.layer.weight_ih_l0.data = (
        model.layer.weight_ih_l0.detach().view(-1, 3, 4)[:, :, columns].reshape(-1, 12)
    )
    images = torch.randn(2, 3, 6, 4)
    assert torch.allclose(other(images[..., columns]), model(images), atol=1e-6)


def test_forget_bias():
    model = RowRNN("lstm", 3, row_size=2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert set_forget_bias(model, 2.5) is model
    added = model.layer.bias_ih_l0 + model.layer.bias_hh_l0
    assert torch.equal(added[3:6], torch.full((3,), 2.5))
    untouched = torch.tensor([0, 1, 2, 6, 7, 8, 9, 10, 11])
    for name, value in model.state_dict().items():
        same = value[untouched] if name.startswith("layer.bias") else value
        assert torch.equal(
            same, before[name][untouched] if name.startswith("layer.bias") else before[name]
        )
    model.layer.weight_ih_l0.data[3:6], model.layer.weight_hh_l0.data[3:6] = 0, 0
    cell = of_layer(nn.LSTMCell(2, 3), model)
    model.layer.weight_ih_l0.data[6:9], model.layer.weight_hh_l0.data[6:9] = 0, 0
    model.layer.bias_ih_l0.data[6:9], model.layer.bias_hh_l0.data[6:9] = (
        0,
        0,
    )  # nothing new: c is only forgotten
    _, c = of_layer(cell, model)(torch.randn(1, 2), (torch.zeros(1, 3), torch.ones(1, 3)))
    assert c.flatten().tolist() == pytest.approx(
        [1 / (1 + math.exp(-2.5))] * 3
    )  # torch's order of gates


def test_identity_start_keeps_the_state():
    model = set_identity(RowRNN("relu", 4, row_size=2))
    nn.init.zeros_(model.layer.weight_ih_l0)
    state = torch.rand(1, 3, 4)[:, :1]
    _, last = model.layer(torch.randn(3, 20, 2), state.expand(1, 3, 4).contiguous())
    assert torch.equal(last[0], state.expand(1, 3, 4)[0])


def test_starts_for_other_kinds_are_refused():
    with raises(TypeError, "a GRU has no forget gate: give a RowRNN of kind 'lstm'"):
        set_forget_bias(RowRNN("gru", 2), 1.0)
    with raises(TypeError, "a LSTM has gates: give a RowRNN of kind 'relu' or 'tanh'"):
        set_identity(RowRNN("lstm", 2))


def test_gradients_through_time_vanish_unless_the_state_passes():
    seed_everything(0)
    images, labels = (
        torch.randn(16, 3, 1, 32).expand(16, 3, 32, 32),
        torch.randint(10, (16,)),
    )  # rows that are alike
    models = [RowRNN("tanh", 64), RowRNN("lstm", 64), set_forget_bias(RowRNN("lstm", 64), 3.0)]
    models.append(set_identity(RowRNN("relu", 64)))
    sizes = [row_gradients(model, images, labels) for model in models]
    tanh, lstm, open_gate, identity = (rows[0] / rows[-1] for rows in sizes)
    assert tanh < 1e-6 < lstm < 0.01 < open_gate and identity > 0.1
