"""What lesson 07 looks for inside a network: channels that are dead."""

import torch
from torch import Tensor, nn

from course_utils.training import evaluation_mode


def dead_shares(model: nn.Module, images: Tensor) -> dict[str, float]:
    """How much of what enters each convolution and linear layer is 0 for every image: name -> share
    of its channels.

    Looked at are the layers whose input has no negative number, as after a ReLU; the others are
    left out. Runs in evaluation mode, without gradients.
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
