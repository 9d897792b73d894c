"""What a training costs in operations: a multiplication and an addition are two."""

import math

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_utils.lessons.lesson_08.muon import orthogonalize
from course_utils.lessons.lesson_08.network import FastNet
from course_utils.lessons.lesson_08.recipe import Recipe


def count_operations(model: nn.Module, size: int = 32) -> tuple[float, float]:
    """Operations for one image of (3, size, size): (forward pass, whole training step).

    Moves BatchNorm's statistics and leaves gradients: do not count with a model that is kept.
    """
    images = torch.randn(2, 3, size, size)
    with FlopCounterMode(display=False) as forward:
        outputs = model(images)
    with FlopCounterMode(display=False) as backward:
        outputs.sum().backward()
    ahead = forward.get_total_flops() / 2
    return ahead, ahead + backward.get_total_flops() / 2


def recipe_operations(recipe: Recipe, images: int, num_classes: int = 10) -> float:
    """Operations of a whole training of FastNet by `recipe` on so many images, Muon's among them."""
    batch_size = min(recipe.batch_size, images)
    steps_per_epoch = images // batch_size
    left = math.ceil(round(recipe.epochs * steps_per_epoch, 6))
    muon = _muon_operations(recipe, num_classes)
    total, epoch = 0.0, 0
    while left > 0:
        steps = min(steps_per_epoch, left)
        total += steps * (batch_size * _image_operations(recipe, epoch, num_classes) + muon)
        left, epoch = left - steps, epoch + 1
    return total


def _image_operations(recipe: Recipe, epoch: int, num_classes: int) -> float:
    """Of one image in one of the recipe's epochs: early ones may be small, and learn a bias more."""
    model = FastNet(recipe.widths, num_classes, skips=recipe.skips)
    model.whiten.weight.requires_grad_(False)
    model.whiten.bias.requires_grad_(epoch < recipe.bias_epochs)
    is_small = recipe.small_size and epoch < recipe.epochs // 2
    return count_operations(model, recipe.small_size if is_small else 32)[1]


def _muon_operations(recipe: Recipe, num_classes: int) -> int:
    """Of one of Muon's steps, if the recipe has it; they do not depend on the images."""
    if not recipe.muon_rate:
        return 0
    groups = FastNet(recipe.widths, num_classes, skips=recipe.skips).groups
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        for weight in (p for p in groups.parameters() if p.ndim == 4):
            orthogonalize(weight.flatten(start_dim=1))
    return counter.get_total_flops()
