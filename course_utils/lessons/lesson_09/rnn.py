"""Recurrent networks that read an image row by row, built in lesson 09."""

import torch
from torch import Tensor, nn

ORDERS = ("rows", "columns", "permuted")
KINDS = {"tanh": nn.RNN, "relu": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def read_rows(images: Tensor) -> Tensor:
    """Images as sequences, from top to bottom: (N, C, H, W) -> (N, H, C * W), one row of pixels a
    step.
    """
    return images.transpose(1, 2).flatten(start_dim=2)


def reorder(images: Tensor, order: str) -> Tensor:
    """Images (N, C, H, W) with their pixels in another order, so that reading their rows reads
    something else.

    "rows": as they are. "columns": rows and columns exchanged, (N, C, W, H). "permuted": all pixels
    by one permutation, the same for every image and every channel, drawn from seed 0.

    Raises:
        ValueError: if `order` is none of these.
    """
    if order not in ORDERS:
        raise ValueError(f"order is {order!r}: give one of {', '.join(ORDERS)}")
    if order == "rows":
        return images
    if order == "columns":
        return images.transpose(2, 3)
    pixels = images.flatten(start_dim=2)  # (N, C, H * W)
    generator = torch.Generator().manual_seed(0)
    permutation = torch.randperm(pixels.shape[2], generator=generator).to(images.device)
    return pixels[:, :, permutation].reshape(images.shape)


class RowRNN(nn.Module):
    """Reads an image row by row and classifies it by the last state: (N, 3, H, W) -> (N,
    num_classes).

    `kind` is "tanh" (a plain recurrent network), "relu" (the same with ReLU for tanh), "gru" or
    "lstm"; the layer is torch's. `row_size` is the length of a row, channels times width. An image
    may have any number of rows.

    Raises:
        ValueError: if `kind` is none of these.
    """

    def __init__(
        self,
        kind: str = "lstm",
        hidden_size: int = 128,
        num_classes: int = 10,
        *,
        row_size: int = 96,
    ):
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}: give one of {', '.join(KINDS)}")
        layer = KINDS[kind]
        options = {"nonlinearity": kind} if layer is nn.RNN else {}
        self.layer = layer(row_size, hidden_size, batch_first=True, **options)
        self.head = nn.Linear(hidden_size, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        states, _ = self.layer(read_rows(images))  # (N, H, hidden)
        return self.head(states[:, -1])  # (N, hidden) -> (N, num_classes)


class Reordered(nn.Module):
    """A network that gets its images with their pixels in another order, one of ORDERS (see
    `reorder`).
    """

    def __init__(self, model: nn.Module, order: str):
        super().__init__()
        self.model = model
        self.order = order

    def forward(self, images: Tensor) -> Tensor:
        return self.model(reorder(images, self.order))  # what the network gives


def set_forget_bias(model: RowRNN, bias: float) -> RowRNN:
    """Give all forget gates of an LSTM this bias, in place; returns the model. (Gers et al. 2000.)

    torch's layer adds two biases: one becomes `bias`, the other 0.

    Raises:
        TypeError: if the model has no LSTM.
    """
    if not isinstance(model.layer, nn.LSTM):
        raise TypeError(
            f"a {type(model.layer).__name__} has no forget gate: give a RowRNN of kind 'lstm'"
        )
    hidden_size = model.layer.hidden_size
    f = slice(hidden_size, 2 * hidden_size)  # torch's order of the gates: i, f, g, o
    with torch.no_grad():
        model.layer.bias_ih_l0[f] = bias
        model.layer.bias_hh_l0[f] = 0
    return model


def set_identity(model: RowRNN) -> RowRNN:
    """Let the state pass unchanged at first, in place: identity for its matrix, 0 for the biases
    (Le et al. 2015).

    Returns the model. Meant for the kind "relu".

    Raises:
        TypeError: if the model's layer has gates.
    """
    if type(model.layer) is not nn.RNN:
        raise TypeError(
            f"a {type(model.layer).__name__} has gates: give a RowRNN of kind 'relu' or 'tanh'"
        )
    nn.init.eye_(model.layer.weight_hh_l0)
    nn.init.zeros_(model.layer.bias_ih_l0)
    nn.init.zeros_(model.layer.bias_hh_l0)
    return model


def recurrent_multiply_adds(model: RowRNN, rows: int = 32) -> int:
    """Multiplications with addition in the forward pass of one image, in matrix products, by
    formula.

    torch's FlopCounterMode does not see inside nn.LSTM on a CPU: `probes.multiply_adds` counts its
    head alone.
    """
    layer = model.layer
    matrices = {nn.RNN: 1, nn.GRU: 3, nn.LSTM: 4}[type(layer)]
    of_a_step = matrices * layer.hidden_size * (layer.input_size + layer.hidden_size)
    return rows * of_a_step + model.head.weight.numel()
