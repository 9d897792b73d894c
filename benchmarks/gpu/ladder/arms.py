"""What is trained: an arm's settings, its network, and what it costs in operations."""

import math
from dataclasses import dataclass, replace
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.lesson_08.ladder import SOURCE_RECIPE, Settings
from benchmarks.lesson_08.networks import NETWORKS
from benchmarks.training import MixedPrecision
from course_utils.lessons.lesson_08.fast import Recipe
from course_utils.lessons.lesson_08.muon import orthogonalize
from course_utils.lessons.lesson_08.network import WHITENED, FastNet

SOURCE_IMAGES, SOURCE_EPOCHS = 50_000, 30
IN_BFLOAT16 = replace(SOURCE_RECIPE, bfloat16=True)
Kind = tuple[bool, bool]  # of an epoch: small images or not, first layer's bias learns or not
PARTS = ("plain", "max", "GELU", "fixed norms", "small logits", "identity")


@dataclass(frozen=True)
class Arm(Settings):
    """Settings of lesson 08's benchmark, and what only this one asks about.

    `parts` are those of PARTS that a network "parts" has: none, and it is the source's blocks
    pooled early behind a first layer of 2x2 pixels; all, and it is FastNet.
    """

    loader: bool = False
    fused: bool = True
    recipe: Recipe = IN_BFLOAT16
    cutout: int = 0  # side of a square that is blotted out
    small_part: float = 0.5  # of the epochs, with the recipe's small images
    parts: tuple[str, ...] = ()
    learned_first: bool = False  # random first weights of the first layer, learned

    def is_small(self, epoch: int) -> bool:
        recipe = self.recipe
        return bool(recipe.small_size) and epoch < int(recipe.epochs * self.small_part)

    def kind(self, epoch: int) -> Kind:
        return self.is_small(epoch), epoch < self.recipe.bias_epochs


SOURCE = Arm()
FAST = Arm(network="fast", adam=0.0, one_cycle=True, recipe=Recipe(bfloat16=True))


def reset_convolutions(model: nn.Module) -> None:
    """Random first weights instead of the identity."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            layer.reset_parameters()


class PartsNet(nn.Module):
    """From early pooling behind a first layer of 2x2 pixels to FastNet, a part at a time."""

    def __init__(self, widths: tuple[int, ...], parts: tuple[str, ...], num_classes: int = 10):
        super().__init__()
        unknown = set(parts) - set(PARTS)
        if unknown:
            raise ValueError(f"no part {unknown.pop()!r}: there is {', '.join(PARTS)}")
        self.parts = parts
        self.whiten = nn.Conv2d(3, WHITENED, kernel_size=2)
        self.groups = FastNet(widths).groups
        scaled = "small logits" in parts
        self.head = nn.Linear(widths[-1], num_classes, bias=not scaled)
        inputs = (WHITENED, *widths[:-1])
        around = [nn.Conv2d(a, b, 1) for a, b in zip(inputs, widths, strict=True)]
        self.around = nn.ModuleList([] if "plain" in parts else around)
        self.activation = F.gelu if "GELU" in parts else F.relu
        self.pool = F.max_pool2d if "max" in parts else F.avg_pool2d
        if "identity" not in parts:
            reset_convolutions(self.groups)
        if "fixed norms" not in parts:
            for norm in (m for m in self.modules() if isinstance(m, nn.BatchNorm2d)):
                norm.momentum = 0.1
                norm.weight.requires_grad_(True)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.activation(self.whiten(images))
        for number, group in enumerate(self.groups):
            branch = self.activation(group.norm1(self.pool(group.conv1(maps), 2)))
            branch = group.norm2(group.conv2(branch))
            if self.around:
                branch = branch + self.around[number](self.pool(maps, 2))
            maps = self.activation(branch)
        features = maps.amax(dim=(2, 3)) if "max" in self.parts else maps.mean(dim=(2, 3))
        logits = self.head(features)
        return logits.float() / 9 if "small logits" in self.parts else logits.float()


def make_network(arm: Arm) -> nn.Module:
    """The arm's network; its first layer is not whitened yet."""
    widths, lower = arm.recipe.widths, arm.recipe.bfloat16
    if arm.network == "fast":
        return FastNet(widths, skips=arm.recipe.skips, use_bfloat16=lower)
    if arm.network == "parts":
        network = PartsNet(widths, arm.parts)
    else:
        network = NETWORKS[arm.network](10, widths)
    return MixedPrecision(network, torch.bfloat16 if lower else torch.float32)


def first_layer(model: nn.Module) -> nn.Conv2d | None:
    """The layer that is whitened, if the network has one."""
    return getattr(getattr(model, "model", model), "whiten", None)


def set_learning(model: nn.Module, arm: Arm, learns: bool) -> None:
    """Which parameters of the first layer learn in an epoch."""
    first = first_layer(model)
    if first is not None:
        first.weight.requires_grad_(arm.learned_first)
        first.bias.requires_grad_(learns)


def muon_filters(model: nn.Module) -> list[nn.Parameter]:
    """The weights that Muon moves, if an arm has it."""
    first = first_layer(model)
    return [
        p
        for p in model.parameters()
        if p.ndim == 4 and p.requires_grad and (first is None or p is not first.weight)
    ]


@cache
def _step_operations(
    network: str, widths: tuple, skips: bool, parts: tuple, learned: bool, small: int, learns: bool
) -> tuple[int, int]:
    """Operations of an image, and of Muon in a step, as torch counts them."""
    recipe = replace(SOURCE_RECIPE, widths=widths, skips=skips)
    arm = Arm(network=network, recipe=recipe, parts=parts, learned_first=learned)
    model = make_network(arm)
    set_learning(model, arm, learns)
    with FlopCounterMode(display=False) as image:
        model(torch.zeros(2, 3, small or 32, small or 32)).sum().backward()
    with FlopCounterMode(display=False) as muon, torch.no_grad():
        for weight in muon_filters(model):
            orthogonalize(weight.flatten(start_dim=1))
    return image.get_total_flops() // 2, muon.get_total_flops()


def step_operations(arm: Arm, kind: Kind) -> float:
    """Operations of a step of an epoch of such a kind; a product and a sum are two."""
    recipe = arm.recipe
    image, muon = _step_operations(
        arm.network, recipe.widths, recipe.skips, arm.parts, arm.learned_first,
        recipe.small_size if kind[0] else 0, kind[1],
    )  # fmt: skip
    return image * recipe.batch_size + muon * bool(recipe.muon_rate)


@cache
def source_operations() -> float:
    """Of the source's whole training."""
    step = step_operations(SOURCE, (False, True)) / SOURCE.recipe.batch_size
    return step * SOURCE_IMAGES * SOURCE_EPOCHS


def total_steps(arm: Arm, images: int) -> int:
    """Steps of a training; its last epoch may end early."""
    each = images // arm.recipe.batch_size
    return math.ceil(round(arm.recipe.epochs * each, 6))


def share(arm: Arm, images: int = SOURCE_IMAGES) -> float:
    """Operations of an arm's training over those of the source's."""
    each, left = images // arm.recipe.batch_size, total_steps(arm, images)
    total, epoch = 0.0, 0
    while left > 0:
        total += step_operations(arm, arm.kind(epoch)) * min(each, left)
        left, epoch = left - each, epoch + 1
    return total / source_operations()


def fit(arm: Arm, budget: float) -> Arm:
    """The same for as many epochs, to a tenth, as a share of the source's operations pays for.

    Raises:
        ValueError: if it does not pay for one epoch.
    """
    cheapest = step_operations(arm, (bool(arm.recipe.small_size), False)) / arm.recipe.batch_size
    most = 10 * budget * source_operations() / (cheapest * SOURCE_IMAGES)
    for tenths in range(int(most) + 1, 9, -1):
        fitted = arm.change(epochs=tenths / 10)
        if share(fitted) <= budget:
            return fitted
    raise ValueError(f"a budget of {budget} does not pay for an epoch of {arm}")
