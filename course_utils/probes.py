"""Looks inside a network: outputs, costs, how far it sees, gradients, dead channels, and where it looks."""

from collections.abc import Iterable
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from course_utils.training import evaluation_mode


def layer_outputs(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """What each layer without sub-layers gives for `images`: its name -> its output, in the order of the forward pass.

    Runs in evaluation mode, without gradients. A layer that is used more than once keeps its last output.
    """
    outputs: dict[str, Tensor] = {}

    def keep(name: str):
        def hook(module: nn.Module, inputs: tuple, output: Tensor) -> None:
            outputs[name] = output.detach().clone()  # a later in-place layer must not change it

        return hook

    leaves = [(name, layer) for name, layer in model.named_modules() if not list(layer.children())]
    handles = [layer.register_forward_hook(keep(name)) for name, layer in leaves]
    try:
        with evaluation_mode(model), torch.no_grad():
            model(images)
    finally:
        for handle in handles:
            handle.remove()
    return outputs


def multiply_adds(model: nn.Module, image_shape: tuple[int, ...] = (3, 32, 32)) -> int:
    """Multiplications with addition in the forward pass of one image, in convolutions and matrix products.

    Counted by torch's FlopCounterMode, which counts a multiplication and an addition as two operations.
    """
    device = next(model.parameters()).device
    with evaluation_mode(model), torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *image_shape, device=device))
    return counter.get_total_flops() // 2


def receptive_field(layers: Iterable[nn.Module]) -> list[tuple[int, int]]:
    """For layers applied one after the other: (size, step) after each, in pixels of the input.

    `size` is the side of the square of input pixels that one output value can see, `step` the distance between the
    squares of two neighbours. A layer with kernel k and stride s makes them size + (k - 1) * step and step * s.
    Layers without a kernel change nothing. (Araujo et al. 2019, "Computing receptive fields".)
    """
    size, step, found = 1, 1, []
    for layer in layers:
        if isinstance(layer, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
            kernel, stride, dilation = (
                _side(getattr(layer, name, 1)) for name in ("kernel_size", "stride", "dilation")
            )
            size, step = size + dilation * (kernel - 1) * step, step * stride
        found.append((size, step))
    return found


def _side(value: int | tuple[int, int]) -> int:
    if isinstance(value, int):
        return value
    if value[0] != value[1]:
        raise ValueError(
            f"a window of {value[0]}x{value[1]} is not square: the receptive field has no one size"
        )
    return value[0]


def gradient_sizes(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, float]:
    """How strongly the loss of one batch pulls at each convolution, in the order of the network.

    For each convolution, by name: the root mean square of the loss's gradient with respect to its weights, in training
    mode. Works on a copy, so that neither gradients nor BatchNorm's running statistics are left behind.
    """
    model = deepcopy(model).train()
    model.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    return {
        name: layer.weight.grad.double()
        .square()
        .mean()
        .sqrt()
        .item()  # in double: the square of 1e-30 is no float32
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Conv2d)
    }


def dead_shares(model: nn.Module, images: Tensor) -> dict[str, float]:
    """How much of what enters each convolution and linear layer is 0 for every image: name -> share of its channels.

    Looked at are the layers whose input has no negative number, as after a ReLU; the others are left out. Runs in
    evaluation mode, without gradients.
    """
    shares = {}

    def keep(name: str):
        def hook(module: nn.Module, inputs: tuple) -> None:
            values = inputs[0].detach().transpose(0, 1).flatten(1)  # (C, N * H * W)
            if values.min() >= 0:
                shares[name] = (values.amax(dim=1) == 0).double().mean().item()

        return hook

    layers = [
        (name, layer)
        for name, layer in model.named_modules()
        if isinstance(layer, (nn.Conv2d, nn.Linear))
    ]
    handles = [layer.register_forward_pre_hook(keep(name)) for name, layer in layers]
    try:
        with evaluation_mode(model), torch.no_grad():
            model(images)
    finally:
        for handle in handles:
            handle.remove()
    return shares


def grad_cam(model: nn.Module, layer: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """Where the maps of `layer` speak for a class (Selvaraju et al. 2017): images (N, 3, H, W) -> (N, H, W), 0 to 1.

    Each map is weighted by the mean gradient of the logit of `classes` (N,) with respect to it; the weighted sum is
    cut off at 0, scaled up to the images' size, and divided by its maximum (all 0 if nothing speaks for the class).
    Runs in evaluation mode; no gradients are left behind.
    """
    kept = {}

    def keep(module, inputs, output):
        kept["maps"] = output.detach()  # (N, C, h, w)
        output.register_hook(
            lambda gradient: kept.update(gradient=gradient)
        )  # called on the way back

    handle = layer.register_forward_hook(keep)
    try:
        with evaluation_mode(model), torch.enable_grad():
            inputs = images.detach().requires_grad_()
            chosen = model(inputs).gather(1, classes[:, None])  # (N, 1)
            torch.autograd.grad(chosen.sum(), inputs)
    finally:
        handle.remove()
    weights = kept["gradient"].mean(dim=(2, 3), keepdim=True)  # (N, C, 1, 1)
    heat = F.relu((weights * kept["maps"]).sum(dim=1, keepdim=True))  # (N, 1, h, w)
    heat = F.interpolate(heat, size=images.shape[-2:], mode="bilinear")[:, 0]  # (N, H, W)
    return heat / heat.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)


def row_gradients(model: nn.Module, images: Tensor, labels: Tensor) -> list[float]:
    """How strongly the loss of one batch pulls at each row of the images, from top to bottom.

    For each row: the root mean square of the loss's gradient with respect to its pixels, in training mode. Works on a
    copy, so that neither gradients nor running statistics are left behind.
    """
    model, images = deepcopy(model).train(), images.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(
        F.cross_entropy(model(images), labels), images
    )  # (N, C, H, W)
    return gradient.double().square().mean(dim=(0, 1, 3)).sqrt().tolist()
