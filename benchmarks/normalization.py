"""Four ways to scale the input, on CIFAR-10 images: what trains, how fast, and what a trained
network makes of them.

    python benchmarks/normalization.py data/cifar10-jpeg [PART ...]

The folder is the JPEG copy that make_jpeg_copy.py writes. A PART (by default all: statistics, fed,
and the sweeps) is one entry of benchmarks/results/02_normalization.cifar10-jpeg.json and replaces
only itself there. Two processes with one thread each work on it; together the parts take about a
quarter of an hour on two cores. Lesson 02 draws the result.

A sweep trains a network for STEPS steps at each learning rate, with each of the four inputs, from
three seeds; a seed gives all of them the same first weights and the same batches.
`losses[seed][rate]` is the mean over the last LAST steps, and CEILING if that is higher or the
training diverged. `largest_rate[seed]` is the largest rate whose loss is MARGIN below ln 10, the
loss of knowing nothing, or 0 if there is none. `curve` is the loss step by step at the rate that is
best in the mean over the seeds, averaged over the seeds.
"""

import math
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context

import torch
from parts import run_parts
from torch import Tensor, nn
from torch.utils.data import DataLoader

from course_utils.data import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    ImageDataset,
    Splits,
    channel_stats,
    load_splits,
    make_loaders,
)
from course_utils.models import VGG
from course_utils.results import RECORDED_DIR
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, fit, train_one_epoch

RESULT = RECORDED_DIR / "02_normalization.cifar10-jpeg.json"
SEEDS, IMAGES, STEPS, BATCH, LAST = (0, 1, 2), 5000, 200, 32, 20
CEILING, MARGIN, MOMENTUM = 2 * math.log(10), 0.1, 0.9
FED_IMAGES, FED_EPOCHS, FED_RATE = 10_000, 5, 0.001
FED_NETWORKS = {"no batch normalisation": False, "with batch normalisation": True}  # is it there?
DEVICE = torch.device("cpu")
ALONE = {
    "raw bytes": ((0.0,) * 3, (1 / 255,) * 3),
    "[0, 1]": ((0.0,) * 3, (1.0,) * 3),
}  # need no statistics


def small_vgg(batch_norm: bool = False, he: bool = True) -> nn.Module:
    """A small VGG; with `he`, its weights are drawn as He et al. (2015) advise: no layer shrinks
    what it passes on.
    """
    model = VGG(blocks=((8, 8), (16, 16), (32, 32)), hidden=(64,), batch_norm=batch_norm)
    for layer in model.modules():
        if he and isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model


def make_model(name: str) -> nn.Module:
    if "linear" in name:
        model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10))
        nn.init.zeros_(model[1].weight)  # random weights times raw bytes would be huge logits
        nn.init.zeros_(model[1].bias)
        return model
    return small_vgg(batch_norm="batch normalisation" in name, he="PyTorch's start" not in name)


def rates(low: int, high: int) -> list[float]:
    """Learning rates from 10**low to 10**high, two to a factor of ten: 1, 3, 10, 30, ..."""
    return [float(f"{digit}e{power}") for power in range(low, high) for digit in (1, 3)] + [
        float(f"1e{high}")
    ]


# The network and the optimizer: the rates for raw bytes, and for the other three inputs.
SWEEPS = {
    "SGD": (rates(-7, -3), rates(-4, -1)),
    "Adam": (rates(-5, -2), rates(-5, -2)),
    "SGD, batch normalisation": (rates(-3, 0), rates(-3, 0)),
    "Adam, batch normalisation": (rates(-4, -1), rates(-4, -1)),
    "SGD, PyTorch's start": (rates(-6, -2), rates(-3, 0)),
    "SGD, linear classifier": (rates(-10, -6), rates(-5, -2)),
}


def scaled(images: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """uint8 (N, 3, H, W) -> (images / 255 - mean) / std."""
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (mean, std))
    return (images.float() / 255 - mean) / std


def wrong_std(dataset: ImageDataset) -> Tensor:
    """The mean of the images' own standard deviations, (3,), float64."""
    return torch.stack([image.double().std(dim=(1, 2), correction=0) for image, _ in dataset]).mean(
        dim=0
    )


def four_inputs(splits: Splits) -> dict[str, tuple]:
    """(mean, std) of the four inputs, from the training images that are used."""
    wrong = wrong_std(ImageDataset(splits.train.images, splits.train.labels))
    return {
        **ALONE,
        "normalised": (splits.mean, splits.std),
        "wrong std": (splits.mean, tuple(wrong.tolist())),
    }


DATA: dict = {}  # what a worker process keeps


def start_worker(folder: str, train_size: int) -> None:
    torch.set_num_threads(1)
    splits = load_splits(folder, train_size=train_size)
    DATA.update(splits=splits, inputs=four_inputs(splits))


def in_two_processes(work: Callable, tasks: list[tuple], folder: str, train_size: int) -> dict:
    """Each task's result, by task."""
    with get_context("spawn").Pool(2, start_worker, (folder, train_size)) as pool:
        found = dict(zip(tasks, pool.map(work, tasks, chunksize=1), strict=True))
        pool.close()
        pool.join()
    return found


def first_losses(task: tuple[str, str, int, float]) -> list[float]:
    """The loss at each of the first STEPS steps, fewer if the training diverges."""
    sweep, scaling, seed, rate = task
    seed_everything(seed)
    model = make_model(sweep)
    optimizer = (
        torch.optim.Adam(model.parameters(), lr=rate)
        if "Adam" in sweep
        else torch.optim.SGD(model.parameters(), lr=rate, momentum=MOMENTUM)
    )
    order = torch.Generator().manual_seed(seed)
    indices = torch.cat(
        [torch.randperm(IMAGES, generator=order) for _ in range(-(-STEPS * BATCH // IMAGES))]
    )
    losses, train = [], DATA["splits"].train
    for batch in indices.split(BATCH)[:STEPS]:
        images = scaled(train.images[batch], *DATA["inputs"][scaling])
        try:
            losses.append(
                train_one_epoch(model, [(images, train.labels[batch])], optimizer, DEVICE).loss
            )
        except FloatingPointError:
            break
    return losses


def capped(losses: list[float]) -> float:
    return min(sum(losses[-LAST:]) / LAST, CEILING) if len(losses) == STEPS else CEILING


def summary(values: list[float], curves: list[list[list[float]]]) -> dict:
    """One input's part of a sweep, from curves[seed][rate]."""
    losses = [[capped(curve) for curve in of_seed] for of_seed in curves]
    best = torch.tensor(losses).mean(dim=0).argmin().item()
    trains = math.log(10) - MARGIN
    whole = [of_seed[best] for of_seed in curves if len(of_seed[best]) == STEPS]
    return {
        "rates": values,
        "losses": losses,
        "largest_rate": [
            max((r for r, loss in zip(values, row, strict=True) if loss < trains), default=0)
            for row in losses
        ],
        "best_rate": values[best],
        "best_losses": [row[best] for row in losses],
        "first_losses": [of_seed[best][0] for of_seed in curves],
        "curve": torch.tensor(whole, dtype=torch.float64).mean(dim=0).tolist() if whole else [],
    }


def sweep(folder: str, name: str) -> dict:
    grid = {
        scaling: SWEEPS[name][0 if scaling == "raw bytes" else 1]
        for scaling in (*ALONE, "normalised", "wrong std")
    }
    tasks = [
        (name, scaling, seed, rate)
        for scaling, values in grid.items()
        for seed in SEEDS
        for rate in values
    ]
    found = in_two_processes(first_losses, tasks, folder, IMAGES)
    return {
        scaling: summary(
            values, [[found[name, scaling, seed, rate] for rate in values] for seed in SEEDS]
        )
        for scaling, values in grid.items()
    }


def statistics(folder: str) -> dict:
    """Right and wrong statistics of all training images, and the parts of the variance."""
    splits = load_splits(folder, normalize=False)
    images = [image.double() for part in (splits.train, splits.val) for image, _ in part]
    mean, std = channel_stats((image, 0) for image in images)
    means = torch.stack([image.mean(dim=(1, 2)) for image in images])
    stds = torch.stack([image.std(dim=(1, 2), correction=0) for image in images])
    return {
        "images": len(images),
        "mean": mean.tolist(),
        "std": std.tolist(),
        "wrong_std": stds.mean(dim=0).tolist(),
        "variance_of_means": means.var(dim=0, correction=0).tolist(),
        "variance_of_stds": stds.var(dim=0, correction=0).tolist(),
    }


def fed_one(task: tuple[str, int]) -> dict[str, float]:
    """Validation accuracy of one network, trained on normalised images, by the input that it is
    given afterwards.
    """
    name, seed = task
    splits = DATA["splits"]
    more = {
        "ImageNet's numbers": (IMAGENET_MEAN, IMAGENET_STD),
        "mean kept": ((0.0,) * 3, splits.std),
    }
    seed_everything(seed)
    model = small_vgg(FED_NETWORKS[name])
    optimizer = torch.optim.Adam(model.parameters(), lr=FED_RATE)
    loaders = make_loaders(splits, BATCH, seed=seed)
    fit(model, loaders.train, loaders.val, optimizer=optimizer, epochs=FED_EPOCHS, device=DEVICE)
    found = {}
    for scaling, (mean, std) in (DATA["inputs"] | more).items():
        images = ImageDataset(splits.val.images, splits.val.labels, mean=mean, std=std)
        found[scaling] = evaluate(model, DataLoader(images, 250), DEVICE).accuracy
    return found


def fed(folder: str) -> dict:
    tasks = [(name, seed) for name in FED_NETWORKS for seed in SEEDS]
    found = in_two_processes(fed_one, tasks, folder, FED_IMAGES)
    return {
        "images": FED_IMAGES,
        "epochs": FED_EPOCHS,
        **{
            name: {
                scaling: [found[name, seed][scaling] for seed in SEEDS]
                for scaling in found[tasks[0]]
            }
            for name in FED_NETWORKS
        },
    }


def main() -> None:
    parts = {
        "statistics": statistics,
        **{name: partial(sweep, name=name) for name in SWEEPS},
        "fed": fed,
    }
    settings = {
        "seeds": list(SEEDS),
        "images": IMAGES,
        "steps": STEPS,
        "batch_size": BATCH,
        "ceiling": CEILING,
        "margin": MARGIN,
        "momentum": MOMENTUM,
    }
    run_parts(parts, RESULT, settings, __doc__)


if __name__ == "__main__":
    main()
