"""Muon (Jordan et al. 2024): momentum whose every direction counts alike. An option of lesson 08's
recipe.

`torch.optim.Muon` takes two-dimensional parameters only, and the recipe's are convolutions.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def orthogonalize(matrix: Tensor, steps: int = 3) -> Tensor:
    """Roughly U V^T, for a matrix U S V^T (its singular value decomposition): every singular value
    comes near 1.

    Each step applies one odd polynomial to all singular values at once, by matrix products alone
    (Newton-Schulz).
    """
    is_wide = matrix.shape[0] <= matrix.shape[1]
    wide = matrix if is_wide else matrix.T
    wide = wide / (wide.norm() + 1e-7)  # no singular value above 1
    for _ in range(steps):
        square = wide @ wide.T
        polynomial = -4.7750 * square + 2.0315 * square @ square
        wide = 3.4445 * wide + polynomial @ wide
    return wide if is_wide else wide.T


class Muon(torch.optim.Optimizer):
    """Nesterov's momentum, made orthogonal: for weights of two dimensions and more, flattened to
    (out, rest).

    Each weight is kept at the norm sqrt(out), so that a step of `lr` is a share of it and needs no
    weight decay.

    Raises:
        ValueError: if `lr` is not above 0, or a parameter has fewer than two dimensions.
    """

    def __init__(self, params: Iterable[nn.Parameter], lr: float, momentum: float = 0.6):
        if not lr > 0:
            raise ValueError(f"lr is {lr}: give a number above 0")
        super().__init__(params, {"lr": lr, "momentum": momentum})
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.ndim < 2:
                    what = f"a parameter of shape {tuple(weight.shape)} is no matrix"
                    raise ValueError(f"{what}: give it to another optimizer")

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One step; parameters without a gradient stay as they are."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._update(weight, group["lr"], group["momentum"])

    def _update(self, weight: nn.Parameter, lr: float, momentum: float) -> None:
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        average = state["momentum"]
        average.mul_(momentum).add_(weight.grad)
        update = weight.grad.add(average, alpha=momentum)  # Nesterov's
        update = orthogonalize(update.flatten(start_dim=1))
        weight.mul_(len(weight) ** 0.5 / weight.norm())
        weight.sub_(update.view_as(weight), alpha=lr)
