"""What batch normalisation does to learning rates, to depth, and with few images.

`rates` and `depth` hold losses[seed][rate], the mean over the last steps of plain SGD, and the
ceiling if that is higher or the training diverged; growth[seed][rate] is the length of the
convolutions' weights at the end over that at the start, 0 if the loss is the ceiling.
`small_groups` and `small_batches` hold validation accuracies[seed][size], `tuned` those by
batch size, normalisation and rate.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LinearLR
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader, Dataset, Subset

from benchmarks.data import splits_of
from benchmarks.harness import Run
from benchmarks.training import CEILING, CHANCE, end_of, forever, he_init, losses_by_step, small_vgg
from course_utils.data import make_loaders
from course_utils.models import VGG
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, fit

STARTS = ("PyTorch's start", "He's start", "batch normalisation")
NORMS = ("no normalisation", "group normalisation", "batch normalisation")


@dataclass(frozen=True)
class Plan:
    seeds: tuple[int, ...] = (0, 1, 2)
    images: int = 5000
    steps: int = 200
    batch_size: int = 32
    last: int = 20
    lrs: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
    deep_lrs: tuple[float, ...] = (0.01, 0.1, 1.0)
    layers: int = 20
    sizes: tuple[int, ...] = (2, 4, 8, 32)
    epochs: int = 5
    lr: float = 0.003  # Adam's for 32 images; for n, times the root of n / 32
    tuned_sizes: tuple[int, ...] = (2, 32)
    tuned_lrs: tuple[float, ...] = (0.001, 0.003, 0.01)

    def settings(self) -> dict:
        found = {name: getattr(self, name) for name in ("images", "steps", "epochs")}
        return found | {"seeds": list(self.seeds)}


class GhostBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation that takes `group` images at a time, in training mode."""

    def __init__(self, num_features: int, group: int):
        super().__init__(num_features)
        self.group = group

    def forward(self, maps: Tensor) -> Tensor:
        if not self.training:
            return super().forward(maps)
        parts = [nn.BatchNorm2d.forward(self, part) for part in maps.split(self.group)]
        return torch.cat(parts)  # (N, C, H, W)


def normalized_vgg(norm: str, group: int) -> VGG:
    """The small VGG with one of NORMS after each convolution."""
    model = small_vgg(batch_norm=norm != "no normalisation")
    for block in model.features:
        for place, layer in enumerate(block):
            if isinstance(layer, nn.BatchNorm2d):
                width = layer.num_features
                ghost = GhostBatchNorm2d(width, group)
                block[place] = nn.GroupNorm(4, width) if "group" in norm else ghost
    return he_init(model)


def averaged_network(norm: str, group: int) -> nn.Sequential:
    """The same convolutions, an average over all places, one linear layer."""
    features = normalized_vgg(norm, group).features
    return he_init(
        nn.Sequential(features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))
    )


def deep_network(start: str, layers: int) -> nn.Sequential:
    """Convolutions of 16 channels on images of 8 pixels."""
    modules, channels = [nn.AvgPool2d(4)], 3
    for _ in range(layers):
        conv = nn.Conv2d(channels, 16, 3, padding=1, bias=False)
        if start == "He's start":
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        norm = [nn.BatchNorm2d(16)] if start == "batch normalisation" else []
        modules += [conv, *norm, nn.ReLU()]
        channels = 16
    return nn.Sequential(*modules, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))


def weights_norm(model: nn.Module) -> float:
    """The length of all weights of the convolutions, as one vector."""
    convs = (layer for layer in model.modules() if isinstance(layer, nn.Conv2d))
    return torch.cat([conv.weight.detach().double().flatten() for conv in convs]).norm().item()


def train_briefly(run: Run, plan: Plan, part: str, kind: str, seed: int, lr: float) -> dict:
    """Loss at the end and growth of the weights after some steps of plain SGD."""
    seed_everything(seed)
    model = averaged_network(kind, plan.batch_size)
    if part == "depth":
        model = deep_network(kind, plan.layers)
    before, train = weights_norm(model), splits_of(run.dataset, train_size=plan.images).train
    generator = torch.Generator().manual_seed(seed)
    loader = DataLoader(train, plan.batch_size, shuffle=True, generator=generator)
    optimizer = torch.optim.SGD(model.to(run.device).parameters(), lr=lr)
    losses = losses_by_step(model, forever(loader, plan.steps), optimizer, run.device)
    loss = end_of(losses, plan.steps, plan.last)
    return {"loss": loss, "growth": 0.0 if loss == CEILING else weights_norm(model) / before}


def sweep(run: Run, plan: Plan, part: str, kinds: tuple[str, ...], lrs: tuple[float, ...]) -> dict:
    tasks = [(part, kind, seed, lr) for kind in kinds for seed in plan.seeds for lr in lrs]
    found = run.map(train_briefly, plan, tasks)

    def of(kind: str, key: str) -> list[list[float]]:
        return [[found[part, kind, seed, lr][key] for lr in lrs] for seed in plan.seeds]

    result = {kind: {"losses": of(kind, "loss"), "growth": of(kind, "growth")} for kind in kinds}
    setting = f"recorded: {run.title}, {plan.steps} steps, {len(plan.seeds)} seeds"
    result |= {"setting": setting, "rates": list(lrs), "chance": CHANCE}
    return {part: result, **plan.settings()}


def rates(run: Run, plan: Plan | None = None) -> dict:
    plan = plan or Plan()
    return sweep(run, plan, "rates", (NORMS[0], NORMS[2]), plan.lrs)


def depth(run: Run, plan: Plan | None = None) -> dict:
    plan = plan or Plan()
    return sweep(run, plan, "depth", STARTS, plan.deep_lrs)


def recompute_statistics(model: nn.Module, part: Dataset, batch_size: int = 32) -> None:
    """Running statistics anew: the plain mean over 50 batches of training images."""
    for layer in model.modules():
        if isinstance(layer, GhostBatchNorm2d):
            layer.group = batch_size
    number = min(50 * batch_size, len(part))
    device = next(model.parameters()).device
    update_bn(DataLoader(Subset(part, range(number)), batch_size), model, device=device)


def train_small(
    run: Run, plan: Plan, part: str, norm: str, seed: int, size: int, lr: float = 0.0
) -> dict:
    """Validation accuracy after the last epoch, and with recomputed statistics (the same where
    there are none); `lr` instead of the plan's.
    """
    splits = splits_of(run.dataset, train_size=plan.images)
    batch_size = plan.batch_size if part == "small_groups" else size
    seed_everything(seed)
    model = normalized_vgg(norm, size).to(run.device)
    loaders, device = make_loaders(splits, batch_size, seed=seed), torch.device(run.device)
    lr = (lr or plan.lr) * math.sqrt(batch_size / plan.batch_size)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    falling = LinearLR(optimizer, 1.0, 0.01, total_iters=plan.epochs * len(loaders.train))
    how = {"optimizer": optimizer, "scheduler": falling, "epochs": plan.epochs, "device": device}
    history = fit(model, loaders.train, loaders.val, **how)
    recompute_statistics(model, splits.train_plain, plan.batch_size)
    recomputed = evaluate(model, loaders.val, device).accuracy
    return {"accuracy": history.val_accuracy[-1], "recomputed": recomputed}


def small(run: Run, part: str, plan: Plan | None = None) -> dict:
    """Only batch normalisation depends on the groups, but all on the size of a batch: what does not
    depend is trained once.
    """
    plan = plan or Plan()
    depends = NORMS if part == "small_batches" else NORMS[2:]
    sizes = {norm: plan.sizes if norm in depends else (plan.batch_size,) for norm in NORMS}
    tasks = [(part, norm, s, size) for s in plan.seeds for norm in NORMS for size in sizes[norm]]
    found = run.map(train_small, plan, tasks)

    def of(norm: str, key: str = "accuracy") -> list[list[float]]:
        shown = plan.sizes if norm in depends else sizes[norm] * len(plan.sizes)
        return [[found[part, norm, seed, size][key] for size in shown] for seed in plan.seeds]

    setting = f"{plan.images:,} images, {plan.epochs} epochs, {len(plan.seeds)} seeds"
    result = {
        "setting": f"recorded: {run.title}, {setting}",
        "sizes": list(plan.sizes),
        **{norm: of(norm) for norm in NORMS},
        "batch normalisation, recomputed": of("batch normalisation", "recomputed"),
    }
    return {part: result, **plan.settings()}


def tuned(run: Run, plan: Plan | None = None) -> dict:
    """Group and batch normalisation, each at several rates, with few images in a step and many."""
    plan = plan or Plan()
    norms = NORMS[1:]
    sizes = plan.tuned_sizes
    lrs = plan.tuned_lrs
    tasks = [
        ("tuned", norm, seed, size, lr)
        for size in sizes
        for norm in norms
        for seed in plan.seeds
        for lr in lrs
    ]
    found = run.map(train_small, plan, tasks)

    def of(norm: str, size: int, lr: float) -> list[float]:
        return [found["tuned", norm, seed, size, lr]["accuracy"] for seed in plan.seeds]

    by_size = {
        str(size): {norm: {f"{lr:g}": of(norm, size, lr) for lr in lrs} for norm in norms}
        for size in sizes
    }
    return {"tuned": by_size, **plan.settings()}
