"""Four ways to scale the input: which learning rates train, and how fast.

A sweep trains a linear classifier for some steps at each learning rate, with each of the four inputs, from
three seeds; a seed gives all of them the same first weights and the same batches.
`losses[seed][rate]` is the mean over the last steps, and the ceiling if that is higher or the
training diverged. `largest_rate[seed]` is the largest rate whose loss is `margin` below ln 10, the
loss of knowing nothing, or 0 if there is none. `curve` is the loss step by step at the rate that is
best in the mean over the seeds, averaged over the seeds.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmarks.data import (
    RAW_BYTES,
    ZERO_TO_ONE,
    Scale,
    images_of,
    labels_of,
    seeded_batches,
    splits_of,
)
from benchmarks.harness import Run
from benchmarks.training import CEILING, CHANCE, end_of, losses_by_step
from course_utils.data import Splits, channel_stats
from course_utils.runtime import seed_everything

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
LRS = decades(-10, -6), decades(-5, -2)


def make_model() -> nn.Module:
    """A linear classifier; random weights times raw bytes would be huge logits."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10))
    nn.init.zeros_(model[1].weight)
    nn.init.zeros_(model[1].bias)
    return model


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
    return scales.get(name, (splits.mean, splits.std))


def train_briefly(
    run: Run, plan: Plan, sweep: str, scaling: str, seed: int, lr: float
) -> dict[str, list[float]]:
    """The loss at each of the first steps, fewer if the training diverges."""
    splits = splits_of(run.dataset, train_size=plan.images)
    seed_everything(seed)
    model = make_model().to(run.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=plan.momentum)
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
    plan, (for_bytes, for_others) = plan or Plan(), lrs or LRS
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
