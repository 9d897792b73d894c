"""Gradients clipped before each step, whoever calls it."""

from torch import nn
from torch.optim import Optimizer


def clip_each_step(optimizer: Optimizer, max_norm: float) -> None:
    """From now on, clip the gradient before each of the optimizer's steps: its norm is at most
    `max_norm`.

    The norm is that of all the optimizer's gradients taken as one vector (Pascanu et al. 2013).
    Checkpoints do not keep it: call this again on an optimizer that goes on from one.

    Raises:
        ValueError: if `max_norm` is not above 0.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm is {max_norm}: give a number above 0")
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]

    def clip(*_: object) -> None:
        nn.utils.clip_grad_norm_(parameters, max_norm)

    optimizer.register_step_pre_hook(clip)
