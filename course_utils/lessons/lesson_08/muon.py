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
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = wide / (wide.norm() + 1e-7)  # no singular value above 1
    for _ in range(steps):
        square = wide @ wide.T
        wide = 3.4445 * wide + (-4.7750 * square + 2.0315 * square @ square) @ wide
    return wide if matrix.shape[0] <= matrix.shape[1] else wide.T


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
        for weight in (p for group in self.param_groups for p in group["params"]):
            if weight.ndim < 2:
                raise ValueError(
                    f"a parameter of shape {tuple(weight.shape)} is no matrix: give it to another optimizer"
                )

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One step; parameters without a gradient stay as they are."""
        for group in self.param_groups:
            for weight in (p for p in group["params"] if p.grad is not None):
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                state["momentum"].mul_(group["momentum"]).add_(weight.grad)
                update = weight.grad.add(state["momentum"], alpha=group["momentum"])
                weight.mul_(len(weight) ** 0.5 / weight.norm())
                weight.sub_(
                    orthogonalize(update.flatten(start_dim=1)).view_as(weight), alpha=group["lr"]
                )
