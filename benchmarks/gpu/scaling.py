"""Ways to scale the input of a linear classifier (lesson 02), over learning rates.

SGD with Nesterov momentum at one rate, batches of 125, 45,000 images, weights that begin at 0: a
seed changes the order alone. Validation images alone are looked at.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.gpu.lanes import Context, Lane, fit, team
from benchmarks.gpu.trainer import Recipe, Trainer
from course_utils.data import IMAGENET_MEAN, IMAGENET_STD

RAW_LRS = (1e-9, 3e-9, 1e-8, 3e-8, 1e-7, 3e-7, 1e-6)
LRS = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
INPUTS = ("raw bytes", "[0, 1]", "normalised", "wrong std", "ImageNet's numbers")
Stats = tuple[Tensor, Tensor]


def own_statistics(pixels: Tensor) -> Stats:
    """uint8 (N, 32, 32, 3) -> means and stds of each image by channel, (N, 3) both, from 0 to 1."""
    parts = [
        torch.stack(torch.std_mean(part.double() / 255, dim=(1, 2), correction=0))
        for part in pixels.split(5000)
    ]
    stds, means = torch.cat(parts, dim=1)
    return means, stds


def stats_of(name: str, context: Context) -> Stats:
    """Mean and std of an input, for pixels from 0 to 1."""
    zeros, ones = torch.zeros(3), torch.ones(3)
    wrong = own_statistics(context.data.train.pixels)[1].mean(dim=0).float().cpu()
    return {
        "raw bytes": (zeros, ones / 255),
        "[0, 1]": (zeros, ones),
        "normalised": context.data.stats,
        "wrong std": (context.data.stats[0], wrong),
        "ImageNet's numbers": (torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)),
    }[name]


def linear() -> nn.Module:
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10))
    nn.init.zeros_(model[1].weight)  # random weights times raw bytes would be huge logits
    nn.init.zeros_(model[1].bias)
    return model


def plain_loss(trainer: Trainer, images) -> float:
    return F.cross_entropy(trainer.logits(images.pixels), images.labels).item()


def one(trainer: Trainer, context: Context, name: str, stats: Stats, lr: float, seed: int) -> None:
    data, epochs = context.data, context.sizes.scaling
    trainer.use_stats(stats)

    def watch(epoch: int) -> dict[str, float]:
        accuracy = trainer.accuracy(data.val)
        return {"val_loss": plain_loss(trainer, data.val), "val_accuracy": accuracy}

    options = {"watch": watch, "may_diverge": True}
    found = fit(context, trainer, seed=seed, lr=lr, epochs=epochs, **options)
    context.write(part="scaling", arm=name, **found)


def write_statistics(context: Context) -> None:
    """The six numbers, the wrong ones, and the parts of the variance."""
    means, stds = own_statistics(context.data.train.pixels)
    mean, std = context.data.stats
    context.write(
        part="statistics", images=len(means), mean=mean.tolist(), std=std.tolist(),
        wrong_std=stds.mean(dim=0).tolist(),
        variance_of_means=means.var(dim=0, correction=0).tolist(),
        variance_of_stds=stds.var(dim=0, correction=0).tolist(),
    )  # fmt: skip


def lanes(context: Context) -> list[Lane]:
    sizes, data = context.sizes, context.data
    write_statistics(context)
    recipe = Recipe(
        "sgd", min(125, len(data.train) // 4), schedule="constant", padding=0, mirror=False,
        precision="float32", channels_last=False,
    )  # fmt: skip
    stats = {name: stats_of(name, context) for name in INPUTS}
    jobs = [
        partial(one, context=context, name=name, stats=stats[name], lr=lr, seed=seed)
        for seed in sizes.seeds
        for name in INPUTS
        for lr in (RAW_LRS if name == "raw bytes" else LRS)[: sizes.rates]
    ]
    make = partial(Trainer, linear, recipe, data.train, data.stats, max_epochs=sizes.scaling)
    return team("scaling", make, 12, jobs)
