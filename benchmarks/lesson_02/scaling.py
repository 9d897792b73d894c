"""Four ways to scale the input: what trains, how fast, and what a trained network makes of them.

A sweep trains a network for some steps at each learning rate, with each of the four inputs, from
three seeds; a seed gives all of them the same first weights and the same batches.
`losses[seed][rate]` is the mean over the last steps, and the ceiling if that is higher or the
training diverged. `largest_rate[seed]` is the largest rate whose loss is `margin` below ln 10, the
loss of knowing nothing, or 0 if there is none. `curve` is the loss step by step at the rate that is
best in the mean over the seeds, averaged over the seeds.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from benchmarks.data import (
    RAW_BYTES,
    ZERO_TO_ONE,
    Scale,
    images_of,
    labels_of,
    rescaled,
    seeded_batches,
    splits_of,
)
from benchmarks.harness import Run, columns
from benchmarks.training import CEILING, CHANCE, end_of, he_init, losses_by_step, small_vgg
from course_utils.data import IMAGENET_MEAN, IMAGENET_STD, Splits, channel_stats, make_loaders
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, fit

INPUTS = ("raw bytes", "[0, 1]", "normalised", "wrong std")


@dataclass(frozen=True)
class Plan:
    seeds: tuple[int, ...] = (0, 1, 2)
    images: int = 5000
    steps: int = 200
    batch_size: int = 32
    last: int = 20
    margin: float = 0.1
    momentum: float = 0.9
    fed_images: int = 10_000
    fed_epochs: int = 5
    fed_lr: float = 1e-3

    def settings(self) -> dict:
        names = ("images", "steps", "batch_size", "margin", "momentum")
        return {name: getattr(self, name) for name in names} | {
            "seeds": list(self.seeds),
            "ceiling": CEILING,
        }


def decades(low: int, high: int) -> list[float]:
    """Learning rates from 10**low to 10**high, two to a factor of ten: 1, 3, 10, 30, ..."""
    pairs = [float(f"{digit}e{power}") for power in range(low, high) for digit in (1, 3)]
    return [*pairs, float(f"1e{high}")]


# The rates for raw bytes, and for the other three inputs.
LRS = {
    "SGD": (decades(-7, -3), decades(-4, -1)),
    "Adam": (decades(-5, -2), decades(-5, -2)),
    "SGD, batch normalisation": (decades(-3, 0), decades(-3, 0)),
    "Adam, batch normalisation": (decades(-4, -1), decades(-4, -1)),
    "SGD, PyTorch's start": (decades(-6, -2), decades(-3, 0)),
    "SGD, linear classifier": (decades(-10, -6), decades(-5, -2)),
}


def make_model(name: str) -> nn.Module:
    if "linear" in name:
        model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10))
        nn.init.zeros_(model[1].weight)  # random weights times raw bytes would be huge logits
        nn.init.zeros_(model[1].bias)
        return model
    model = small_vgg(batch_norm="batch normalisation" in name)
    return model if "PyTorch's start" in name else he_init(model)


def own_statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """uint8 (N, 3, H, W) -> each image's own means and stds by channel, (N, 3) float64 both."""
    pairs = [
        (
            (part.double() / 255).mean(dim=(2, 3)),
            (part.double() / 255).std(dim=(2, 3), correction=0),
        )
        for part in images.split(2000)
    ]
    means, stds = zip(*pairs, strict=True)
    return torch.cat(means), torch.cat(stds)


def scale_of(name: str, splits: Splits) -> Scale:
    """Mean and std of an input, from the training images that are used."""
    if name == "wrong std":
        _, stds = own_statistics(images_of(splits.train))
        return splits.mean, tuple(stds.mean(dim=0).tolist())
    scales = {"raw bytes": RAW_BYTES, "[0, 1]": ZERO_TO_ONE}
    scales["ImageNet's numbers"] = (IMAGENET_MEAN, IMAGENET_STD)
    scales["mean kept"] = ((0.0,) * 3, splits.std)
    return scales.get(name, (splits.mean, splits.std))


def train_briefly(
    run: Run, plan: Plan, sweep: str, scaling: str, seed: int, lr: float
) -> dict[str, list[float]]:
    """The loss at each of the first steps, fewer if the training diverges."""
    splits = splits_of(run.dataset, train_size=plan.images)
    seed_everything(seed)
    model = make_model(sweep).to(run.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=plan.momentum)
    if "Adam" in sweep:
        optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    images, labels = images_of(splits.train), labels_of(splits.train)
    how = {"batch_size": plan.batch_size, "steps": plan.steps, "seed": seed}
    batches = seeded_batches(images, labels, scale_of(scaling, splits), **how)
    return {"losses": losses_by_step(model, batches, optimizer, run.device)}


def summary(plan: Plan, lrs: list[float], curves: list[list[list[float]]]) -> dict:
    """One input's part of a sweep, from curves[seed][rate]."""
    losses = [[end_of(curve, plan.steps, plan.last) for curve in of_seed] for of_seed in curves]
    best = torch.tensor(losses).mean(dim=0).argmin().item()
    whole = [of_seed[best] for of_seed in curves if len(of_seed[best]) == plan.steps]
    mean_curve = torch.tensor(whole, dtype=torch.float64).mean(dim=0).tolist() if whole else []
    largest = []
    for row in losses:
        trains = [lr for lr, loss in zip(lrs, row, strict=True) if loss < CHANCE - plan.margin]
        largest.append(max(trains, default=0))
    return {
        "rates": lrs,
        "losses": losses,
        "largest_rate": largest,
        "best_rate": lrs[best],
        "best_losses": [row[best] for row in losses],
        "first_losses": [of_seed[best][0] for of_seed in curves],
        "curve": mean_curve,
    }


def sweep(
    run: Run, name: str, plan: Plan | None = None, lrs: tuple[list, list] | None = None
) -> dict:
    """For each input what trains at which rate; `lrs`: those for raw bytes, and for the others."""
    plan, (for_bytes, for_others) = plan or Plan(), lrs or LRS[name]
    by_input = {one: for_bytes if one == "raw bytes" else for_others for one in INPUTS}
    pairs = [(one, lr) for one in INPUTS for lr in by_input[one]]
    tasks = [(name, one, seed, lr) for one, lr in pairs for seed in plan.seeds]
    found = run.map(train_briefly, plan, tasks)
    result = {}
    for one, of_input in by_input.items():
        curves = [[found[name, one, seed, lr]["losses"] for lr in of_input] for seed in plan.seeds]
        result[one] = summary(plan, of_input, curves)
    return {name: result, **plan.settings()}


def statistics(run: Run) -> dict:
    """Right and wrong statistics of all training images, and the parts of the variance."""
    splits = splits_of(run.dataset)
    images = torch.cat([images_of(part) for part in (splits.train, splits.val)])
    mean, std = channel_stats((image.double() / 255, 0) for image in images)
    means, stds = own_statistics(images)
    found = {
        "images": len(images),
        "mean": mean.tolist(),
        "std": std.tolist(),
        "wrong_std": stds.mean(dim=0).tolist(),
        "variance_of_means": means.var(dim=0, correction=0).tolist(),
        "variance_of_stds": stds.var(dim=0, correction=0).tolist(),
    }
    return {"statistics": found}


def train_and_feed(run: Run, plan: Plan, name: str, seed: int) -> dict[str, float]:
    """Validation accuracy of one network, trained on normalised images, by the input that it is
    given afterwards.
    """
    splits, device = splits_of(run.dataset, train_size=plan.fed_images), torch.device(run.device)
    seed_everything(seed)
    model = he_init(small_vgg(batch_norm=name == "with batch normalisation")).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=plan.fed_lr)
    loaders = make_loaders(splits, plan.batch_size, seed=seed)
    how = {"optimizer": optimizer, "epochs": plan.fed_epochs, "device": device}
    fit(model, loaders.train, loaders.val, **how)
    found = {}
    for scaling in (*INPUTS, "ImageNet's numbers", "mean kept"):
        images = rescaled(splits.val, *scale_of(scaling, splits))
        found[scaling] = evaluate(model, DataLoader(images, 250), device).accuracy
    return found


def fed(run: Run, plan: Plan | None = None) -> dict:
    plan, networks = plan or Plan(), ("no batch normalisation", "with batch normalisation")
    tasks = [(name, seed) for name in networks for seed in plan.seeds]
    found = run.map(train_and_feed, plan, tasks)
    result = {"images": plan.fed_images, "epochs": plan.fed_epochs}
    for name in networks:
        by_seed = [found[name, seed] for seed in plan.seeds]
        result[name] = columns(by_seed)
    return {"fed": result, **plan.settings()}
