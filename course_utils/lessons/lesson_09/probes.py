"""What lesson 09 measures of a trained network: how strongly each row of an image pulls."""

from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def row_gradients(model: nn.Module, images: Tensor, labels: Tensor) -> list[float]:
    """How strongly the loss of one batch pulls at each row of the images, from top to bottom.

    For each row: the root mean square of the loss's gradient with respect to its pixels, in
    training mode. Works on a copy, so that neither gradients nor running statistics are left
    behind.
    """
    model = deepcopy(model).train()
    images = images.detach().clone().requires_grad_()
    loss = F.cross_entropy(model(images), labels)
    (gradient,) = torch.autograd.grad(loss, images)  # (N, C, H, W)
    return gradient.cpu().double().square().mean(dim=(0, 1, 3)).sqrt().tolist()
