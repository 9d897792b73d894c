"""Shallow and deep, with and without batch normalisation, with three kinds of skip: what trains,
and which gradient.

An arm is a depth, batch normalisation or none, and a kind of skip: narrow ResNets on small images,
trained by Adam, the rate falling to 0. Each arm's rate is the one with the lowest training loss
after a short search from a seed of its own; no validation or test image is used, for the question
is what can be *trained*. `loss` is the mean of the training loss over the last steps; `curve` its
means over `every` steps each. A training that diverges counts as the ceiling from there on.
`ratio_start` and `ratio_end` are the root mean square of the gradient at the weights of the first
3x3 convolution over that at the last.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from statistics import fmean

import torch
from torch import Tensor

from benchmarks.harness import Run, columns
from benchmarks.training import CEILING, losses_by_step
from course_utils.data import load_splits
from course_utils.models import ResNet, count_parameters
from course_utils.models.resnet import SKIPS
from course_utils.probes import gradient_rms, multiply_adds
from course_utils.runtime import seed_everything


@dataclass(frozen=True)
class Plan:
    depths: tuple[int, ...] = (50, 8)  # the long ones first
    width: int = 8
    image_size: int = 16
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 1500
    batch_size: int = 64
    last: int = 150
    every: int = 50
    lrs: tuple[float, ...] = (1e-2, 3e-3, 1e-3)
    search_steps: int = 250
    search_seed: int = 100
    probe_images: int = 256

    def arms(self) -> list[tuple[int, bool, str]]:
        return list(product(self.depths, (True, False), SKIPS))


@lru_cache(maxsize=1)
def training_images(dataset: str, size: int) -> tuple[Tensor, Tensor]:
    """All training images, (N, 3, size, size) normalised, and their labels (N,)."""
    train = load_splits(dataset, size=size).train
    images, labels = zip(*train, strict=True)
    return torch.stack(images), torch.tensor(labels)


def name_of(depth: int, batch_norm: bool, skip: str) -> str:
    return f"depth {depth}, {'BN' if batch_norm else 'no BN'}, {skip}"


def first_and_last(model: ResNet, images: Tensor, labels: Tensor) -> tuple[float, float, float]:
    """The gradient's size at the first 3x3 convolution, at the last, and their ratio (0 if both are
    0).
    """
    sizes = gradient_rms(model, images, labels)
    layers = dict(model.named_modules())
    wide = [size for name, size in sizes.items() if layers[name].kernel_size == (3, 3)]
    ratio = wide[0] / wide[-1] if wide[-1] else 0.0
    return wide[0], wide[-1], ratio if math.isfinite(ratio) else 0.0


def train(
    model: ResNet, images: Tensor, labels: Tensor, lr: float, steps: int, seed: int, batch_size: int
) -> list[float]:
    """The loss of each step; CEILING from where a training diverges."""
    device = next(model.parameters()).device
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    passes = -(-steps * batch_size // len(labels))
    generator = torch.Generator().manual_seed(seed)
    orders = [torch.randperm(len(labels), generator=generator) for _ in range(passes)]
    chosen = torch.cat(orders).split(batch_size)[:steps]
    batches = ((images[indices], labels[indices]) for indices in chosen)
    losses = losses_by_step(model, batches, optimizer, str(device), scheduler=scheduler)
    losses = [min(loss, CEILING) for loss in losses]
    return losses + [CEILING] * (steps - len(losses))


def measure(
    run: Run, plan: Plan, depth: int, batch_norm: bool, skip: str, lr: float, steps: int, seed: int
) -> dict:
    """One training, and the gradients before and after it."""
    images, labels = training_images(run.dataset, plan.image_size)
    seed_everything(seed)
    model = ResNet(depth, plan.width, skip=skip, batch_norm=batch_norm).to(run.device)
    probe = images[: plan.probe_images].to(run.device), labels[: plan.probe_images].to(run.device)
    first, last, ratio = first_and_last(model, *probe)
    losses = train(model, images, labels, lr, steps, seed, plan.batch_size)
    return {
        "loss": fmean(losses[-min(plan.last, steps // 5) :]),
        "curve": [fmean(losses[i : i + plan.every]) for i in range(0, steps, plan.every)],
        "first_start": first,
        "last_start": last,
        "ratio_start": ratio,
        "ratio_end": first_and_last(model, *probe)[2],
    }


def about(plan: Plan, depth: int, batch_norm: bool, skip: str) -> dict:
    """What an arm is, and what it costs."""
    model = ResNet(depth, plan.width, skip=skip, batch_norm=batch_norm)
    return {
        "depth": depth,
        "batch_norm": batch_norm,
        "skip": skip,
        "parameters": count_parameters(model),
        "multiply_adds": multiply_adds(model, (3, plan.image_size, plan.image_size)),
    }


def degradation(run: Run, plan: Plan | None = None) -> dict:
    plan = plan or Plan()
    arms, short = plan.arms(), (plan.search_steps, plan.search_seed)
    searched = run.map(measure, plan, [(*arm, lr, *short) for arm in arms for lr in plan.lrs])
    losses = {arm: {lr: searched[(*arm, lr, *short)]["loss"] for lr in plan.lrs} for arm in arms}
    best = {arm: min(plan.lrs, key=losses[arm].get) for arm in arms}
    tasks = [(*arm, best[arm], plan.steps, seed) for arm in arms for seed in plan.seeds]
    found = run.map(measure, plan, tasks)
    result = {}
    for arm in arms:
        runs = [found[(*arm, best[arm], plan.steps, seed)] for seed in plan.seeds]
        by_lr = {f"{lr:g}": loss for lr, loss in losses[arm].items()}
        chosen = {"rate": best[arm], "search_losses": by_lr}
        result[name_of(*arm)] = about(plan, *arm) | chosen | columns(runs)
    return {
        "arms": result,
        "batch_size": plan.batch_size,
        "ceiling": CEILING,
        "every": plan.every,
        "last": plan.last,
        "image_size": plan.image_size,
        "optimizer": "Adam, rate falling to 0",
        "search_steps": plan.search_steps,
        "seeds": list(plan.seeds),
        "steps": plan.steps,
        "train_images": len(training_images(run.dataset, plan.image_size)[1]),
        "width": plan.width,
    }
