"""What lesson 07 looks for inside a network: channels that are dead."""

import torch
from torch import Tensor, nn

from course_utils.lessons.hooks import forward_hooks
from course_utils.probes import evaluation_mode


def dead_channels(model: nn.Module, images: Tensor) -> dict[str, float]:
    """How much of what enters each convolution and linear layer is 0 for every image: name -> share
    of its channels.

    Looked at are the layers whose input has no negative number, as after a ReLU; the others are
    left out. Runs in evaluation mode, without gradients.
    """
    shares = {}

    def measure(name: str, inputs: Tensor, outputs: Tensor) -> None:
        values = inputs.transpose(0, 1).flatten(1)  # (C, N * H * W)
        if values.min() >= 0:
            dead = values.amax(dim=1) == 0  # (C,)
            shares[name] = dead.cpu().double().mean().item()

    layers = {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, (nn.Conv2d, nn.Linear))
    }
    with forward_hooks(layers, measure), evaluation_mode(model), torch.no_grad():
        model(images)
    return shares
