"""What batch normalisation buys and costs on CIFAR-10 images: learning rates, depth, small batches,
a forgotten eval().

    python benchmarks/batch_normalization.py data/cifar10-jpeg [PART ...]

The folder is the JPEG copy that make_jpeg_copy.py writes. A PART (by default all: rates, depth,
small_groups, small_batches, forgotten) is one entry of
benchmarks/results/05_batch_normalization.cifar10-jpeg.json and replaces only itself there. Two
processes with one thread each work on it; together the parts take about 25 minutes on two cores.

`rates` and `depth` hold losses[seed][rate], the mean over the last LAST of STEPS steps of plain
SGD, and CEILING if that is higher or the training diverged; growth[seed][rate] is the length of the
convolutions' weights at the end over that at the start, 0 if the loss is CEILING. `small_groups`
and `small_batches` hold validation accuracies[seed][size]. `forgotten` holds test accuracies by
seed, in training mode as `shown`, and in evaluation mode `afterwards`; `recomputed` is evaluation
mode with running statistics averaged anew over training images.
"""

import math
from collections.abc import Callable
from copy import deepcopy
from itertools import chain, islice, repeat
from multiprocessing import get_context

import torch
from augmentation import Bfloat16
from parts import run_parts
from torch import Tensor, nn
from torch.optim.lr_scheduler import LinearLR
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader, Dataset, Subset

from course_utils.data import Splits, load_splits, make_loaders
from course_utils.models import VGG
from course_utils.results import RECORDED_DIR
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, fit, train_one_epoch

RESULT = RECORDED_DIR / "05_batch_normalization.cifar10-jpeg.json"
SEEDS, IMAGES, STEPS, BATCH, LAST = (0, 1, 2), 5000, 200, 32, 20
CEILING, DEVICE = 2 * math.log(10), torch.device("cpu")
RATES, DEEP_RATES, DEPTH = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0], [0.01, 0.1, 1.0], 20
STARTS = ("PyTorch's start", "He's start", "batch normalisation")
NORMS = ("no normalisation", "group normalisation", "batch normalisation")
SIZES, EPOCHS, RATE = (
    [2, 4, 8, 32],
    5,
    0.003,
)  # Adam's rate for 32 images; for n, times the root of n / 32
FULL, FULL_EPOCHS, FULL_BATCH, FULL_RATE = (
    45_000,
    4,
    128,
    0.001,
)  # of the network whose eval() is forgotten


class GroupedBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation that takes `group` images at a time, in training mode."""

    group = BATCH

    def forward(self, maps: Tensor) -> Tensor:
        if not self.training:
            return super().forward(maps)
        return torch.cat(
            [nn.BatchNorm2d.forward(self, part) for part in maps.split(self.group)]
        )  # (N, C, H, W)


def he(model: nn.Module) -> nn.Module:
    """Weights as He et al. (2015) advise, biases 0."""
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model


def small_network(norm: str, group: int = BATCH) -> VGG:
    model = VGG(((8, 8), (16, 16), (32, 32)), (64,), batch_norm=norm != "no normalisation")
    for block in model.features:
        for place, layer in enumerate(block):
            if isinstance(layer, nn.BatchNorm2d):
                width = layer.num_features
                block[place] = (
                    nn.GroupNorm(4, width) if norm == NORMS[1] else GroupedBatchNorm2d(width)
                )
                block[place].group = group
    return he(model)


def averaged_network(norm: str) -> nn.Sequential:
    """The same convolutions, an average over all places, one linear layer."""
    features = small_network(norm).features
    return he(nn.Sequential(features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)))


def deep_network(start: str) -> nn.Sequential:
    layers, channels = [nn.AvgPool2d(4)], 3
    for _ in range(DEPTH):
        conv = nn.Conv2d(channels, 16, 3, padding=1, bias=False)
        if start == "He's start":
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        layers += [
            conv,
            *([nn.BatchNorm2d(16)] if start == "batch normalisation" else []),
            nn.ReLU(),
        ]
        channels = 16
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))


DATA: dict[str, Splits] = {}  # what a worker process keeps


def start_worker(folder: str, train_size: int) -> None:
    torch.set_num_threads(1)
    DATA["splits"] = load_splits(folder, train_size=train_size)


def in_two_processes(
    work: Callable, tasks: list[tuple], folder: str, train_size: int = IMAGES
) -> dict:
    """Each task's result, by task."""
    with get_context("spawn").Pool(2, start_worker, (folder, train_size)) as pool:
        found = dict(zip(tasks, pool.map(work, tasks, chunksize=1), strict=True))
        pool.close()
        pool.join()
    return found


def length(model: nn.Module) -> float:
    """The length of all weights of the convolutions, as one vector."""
    weights = [
        x.weight.detach().double().flatten() for x in model.modules() if isinstance(x, nn.Conv2d)
    ]
    return torch.cat(weights).norm().item()


def short_training(task: tuple[str, str, int, float]) -> tuple[float, float]:
    """(loss at the end, growth of the weights) after STEPS steps of plain SGD."""
    part, kind, seed, rate = task
    seed_everything(seed)
    model = averaged_network(kind) if part == "rates" else deep_network(kind)
    before, train = length(model), DATA["splits"].train
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    loader = DataLoader(train, BATCH, shuffle=True, generator=torch.Generator().manual_seed(seed))
    losses: list[float] = []
    for pair in islice(chain.from_iterable(repeat(loader)), STEPS):
        try:
            losses.append(train_one_epoch(model, [pair], optimizer, DEVICE).loss)
        except FloatingPointError:
            return CEILING, 0.0
    loss = min(sum(losses[-LAST:]) / LAST, CEILING)
    return loss, 0.0 if loss == CEILING else length(model) / before


def sweep(folder: str, part: str, kinds: tuple[str, ...], rates: list[float]) -> dict:
    tasks = [(part, kind, seed, rate) for kind in kinds for seed in SEEDS for rate in rates]
    found = in_two_processes(short_training, tasks, folder)

    def table(kind: str, place: int) -> list[list[float]]:
        return [[found[part, kind, seed, rate][place] for rate in rates] for seed in SEEDS]

    by_kind = {kind: {"losses": table(kind, 0), "growth": table(kind, 1)} for kind in kinds}
    setting = f"recorded: CIFAR-10 (JPEG), {STEPS} steps, {len(SEEDS)} seeds"
    return {"setting": setting, "rates": rates, "chance": math.log(10), **by_kind}


def recompute_statistics(model: nn.Module, part: Dataset, batches: int = 50) -> None:
    """Running statistics anew: the plain mean over batches of 32 training images."""
    for layer in model.modules():
        if isinstance(layer, GroupedBatchNorm2d):
            layer.group = BATCH
    update_bn(DataLoader(Subset(part, range(batches * BATCH)), BATCH), model)


def small(task: tuple[str, str, int, int]) -> tuple[float, float]:
    """Validation accuracy after EPOCHS epochs, and with recomputed statistics (the same without
    any).
    """
    (part, norm, seed, size), splits = task, DATA["splits"]
    batch = size if part == "small_batches" else BATCH
    seed_everything(seed)
    model, loaders = small_network(norm, size), make_loaders(splits, batch, seed=seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE * math.sqrt(batch / BATCH), fused=True)
    falling = LinearLR(optimizer, 1.0, 0.01, total_iters=EPOCHS * len(loaders.train))
    how = {"optimizer": optimizer, "scheduler": falling, "epochs": EPOCHS, "device": DEVICE}
    accuracy = fit(model, loaders.train, loaders.val, **how).val_accuracy[-1]
    recompute_statistics(model, splits.train_plain)
    return accuracy, evaluate(model, loaders.val, DEVICE).accuracy


def small_part(folder: str, part: str) -> dict:
    depends = NORMS if part == "small_batches" else NORMS[2:]  # on the size; the others once, at 32
    tasks = [
        (part, norm, seed, size)
        for seed in SEEDS
        for norm in NORMS
        for size in (SIZES if norm in depends else [BATCH])
    ]
    found = in_two_processes(small, tasks, folder)

    def table(norm: str, place: int = 0) -> list[list[float]]:
        return [
            [found[part, norm, s, n if norm in depends else BATCH][place] for n in SIZES]
            for s in SEEDS
        ]

    return {
        "setting": f"recorded: CIFAR-10 (JPEG), {IMAGES:,} images, {EPOCHS} epochs, {len(SEEDS)} seeds",
        "sizes": SIZES,
        **{norm: table(norm) for norm in NORMS},
        "batch normalisation, recomputed": table("batch normalisation", 1),
    }


@torch.no_grad()
def forgotten_accuracy(model: nn.Module, part: Dataset, size: int) -> float:
    """Accuracy in training mode, in batches of `size` in the order given."""
    model.train()
    return sum((model(x).argmax(dim=1) == y).sum().item() for x, y in DataLoader(part, size)) / len(
        part
    )


def forgotten_one(task: tuple[int]) -> dict[str, dict[str, float]]:
    """Test accuracy of one trained network, in evaluation mode and with that forgotten."""
    (seed,), splits = task, DATA["splits"]
    loaders = make_loaders(splits, FULL_BATCH, seed=seed)
    seed_everything(seed)
    model = Bfloat16(he(VGG(((16, 16), (32, 64), (64, 128)), (256,), batch_norm=True)))
    optimizer = torch.optim.Adam(model.parameters(), lr=FULL_RATE, fused=True)
    fit(model, loaders.train, loaders.val, optimizer=optimizer, epochs=FULL_EPOCHS, device=DEVICE)
    right = evaluate(model, loaders.test, DEVICE).accuracy
    found = {"evaluation mode": {"shown": right, "afterwards": right}}
    order = torch.randperm(
        len(splits.test), generator=torch.Generator().manual_seed(seed)
    )  # a folder is sorted
    by_class = splits.test.labels.argsort(stable=True)
    plans = {f"batch {size}": (order, size) for size in (1, 2, 4, 32)} | {
        "sorted, 32": (by_class, 32)
    }
    for name, (indices, size) in plans.items():
        part = Subset(splits.test, indices.tolist())
        victim = deepcopy(model)
        shown = forgotten_accuracy(victim, part, size)
        found[name] = {
            "shown": shown,
            "afterwards": evaluate(victim, loaders.test, DEVICE).accuracy,
        }
    recompute_statistics(model, splits.train_plain)
    found["recomputed"] = {"shown": evaluate(model, loaders.test, DEVICE).accuracy}
    return found


def forgotten(folder: str) -> dict:
    found = list(
        in_two_processes(forgotten_one, [(seed,) for seed in SEEDS], folder, FULL).values()
    )
    by_name = {
        name: {key: [one[name][key] for one in found] for key in found[0][name]}
        for name in found[0]
    }
    return {"setting": f"recorded: CIFAR-10 (JPEG), test images, {len(SEEDS)} seeds", **by_name}


PARTS: dict[str, Callable[[str], dict]] = {
    "rates": lambda folder: sweep(folder, "rates", (NORMS[0], NORMS[2]), RATES),
    "depth": lambda folder: sweep(folder, "depth", STARTS, DEEP_RATES),
    "small_groups": lambda folder: small_part(folder, "small_groups"),
    "small_batches": lambda folder: small_part(folder, "small_batches"),
    "forgotten": forgotten,
}


def main() -> None:
    settings = {
        "seeds": list(SEEDS),
        "steps": STEPS,
        "images": IMAGES,
        "epochs": EPOCHS,
        "full_epochs": FULL_EPOCHS,
    }
    run_parts(PARTS, RESULT, settings, __doc__)


if __name__ == "__main__":
    main()
