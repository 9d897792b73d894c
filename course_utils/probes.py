"""Looks inside a network: what a forward pass costs, how large gradients are."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Set evaluation mode inside the block; after it each layer has the mode that it had before."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def multiply_adds(model: nn.Module, image_shape: tuple[int, ...] = (3, 32, 32)) -> int:
    """Multiplications with addition in one image's forward pass, in convolutions and products.

    Counted by torch's FlopCounterMode, to which a multiplication with addition is two operations.
    """
    device = next(model.parameters()).device
    with evaluation_mode(model), torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *image_shape, device=device))
    return counter.get_total_flops() // 2


def gradient_rms(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, float]:
    """How strongly the loss of one batch pulls at each convolution, in the order of the network.

    For each convolution, by name: the root mean square of the loss's gradient with respect to its
    weights, in training mode. Works on a copy: neither gradients nor BatchNorm's statistics stay.
    """
    model = deepcopy(model).train()
    model.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    found = {}
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d):
            gradient = layer.weight.grad.cpu().double()  # the square of 1e-30 is no float32
            found[name] = gradient.square().mean().sqrt().item()
    return found
