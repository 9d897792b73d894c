"""The source's CNN, the same with batch normalisation, the source's ResNet and ResNet-20, trained
alike: lesson 06.

    python benchmarks/resnet_comparison.py data/cifar10-jpeg [search] [epochs] [multiply_adds]

The folder is the JPEG copy that make_jpeg_copy.py writes. All four get the same images, batches,
augmentation (crop with padding 4, flip), optimizer (Adam) and schedule (one cycle: the rate rises,
then falls to 0). Only the highest rate is a network's own: `search` trains each for SEARCH_EPOCHS
on SEARCH_IMAGES images from a seed of its own and takes the rate of RATES that is best on
validation images. `epochs` trains all four for EPOCHS on TRAIN_IMAGES, `multiply_adds` trains the
two ResNets again for as many epochs as cost about what EPOCHS of the CNN cost. Three seeds; the
test images once for each finished network, in evaluation mode, not augmented.

Every training has one thread, two run at a time, in bfloat16: about an hour and a half on two cores
that have it in hardware. What is done is kept in the runs folder, epoch by epoch, so that a run
that was stopped goes on. The result is written as soon as a seed is done for all four networks, to
benchmarks/results/06_resnet.cifar10-jpeg-comparison.json; later parts and seeds are added to it.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from augmentation import CROP_FLIP, Bfloat16
from parts import keep, write_json
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, Subset
from torchvision.transforms import v2
from workers import splits_of, two_workers

from course_utils.data import Splits, make_loaders
from course_utils.models import VGG, ResNet, SourceResNet, count_parameters
from course_utils.paths import RUNS_DIR
from course_utils.probes import multiply_adds
from course_utils.results import RECORDED_DIR
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, fit, predict

RESULT = RECORDED_DIR / "06_resnet.cifar10-jpeg-comparison.json"
KEPT = RUNS_DIR / "resnet_comparison"
SEEDS, BATCH, TRAIN_IMAGES, EPOCHS = (0, 1, 2), 128, 20_000, 8
RATES, SEARCH_IMAGES, SEARCH_EPOCHS, SEARCH_SEED = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2), 10_000, 3, 100
GAP_IMAGES = 10_000  # training images on which the finished network's training accuracy is measured
NETWORKS: dict[
    str, Callable[[], nn.Module]
] = {  # the most expensive first, so that two processes end together
    "source's ResNet": SourceResNet,
    "source's CNN + BN": lambda: VGG(batch_norm=True),
    "source's CNN": VGG,
    "ResNet-20": ResNet,
}
PLANS = {"epochs": tuple(NETWORKS), "multiply_adds": ("source's ResNet", "ResNet-20")}
DEVICE = torch.device("cpu")


def epochs_for(plan: str, name: str) -> int:
    """Epochs of a network: EPOCHS, or as many as cost what EPOCHS of the source's CNN do."""
    cost, budget = multiply_adds(NETWORKS[name]()), EPOCHS * multiply_adds(VGG())
    return {"search": SEARCH_EPOCHS, "epochs": EPOCHS, "multiply_adds": round(budget / cost)}[plan]


def run(task: tuple[str, str, float, int]) -> tuple[tuple, dict]:
    """One training and what is measured on the finished network, from its file if it is done."""
    plan, name, rate, seed = task
    kept = KEPT / f"{plan} {name} {rate:g} {seed}.json".replace("'", "").replace(" ", "_")
    found = keep(kept, lambda: measure(*task, kept.with_suffix(".pt")))
    kept.with_suffix(".pt").unlink(missing_ok=True)
    return task, found


def measure(plan: str, name: str, rate: float, seed: int, checkpoint: Path) -> dict:
    """One training, which goes on from `checkpoint` if it was stopped, and what it found."""
    splits = splits_of(SEARCH_IMAGES if plan == "search" else TRAIN_IMAGES)
    loaders, epochs = make_loaders(splits, BATCH, seed=seed), epochs_for(plan, name)
    seed_everything(seed)
    model = Bfloat16(NETWORKS[name]())
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    scheduler = OneCycleLR(optimizer, max_lr=rate, total_steps=epochs * len(loaders.train))
    found = {"epochs": epochs}
    try:
        history = fit(
            model, loaders.train, loaders.val, optimizer=optimizer, epochs=epochs, device=DEVICE, scheduler=scheduler,
            checkpoint=None if plan == "search" else checkpoint, resume=plan != "search",
        )  # fmt: skip
        found["train_accuracy_by_epoch"] = history.train_accuracy
        found["val_accuracy_by_epoch"] = history.val_accuracy
    except FloatingPointError:  # too high a rate: only a search tries such
        found["val_accuracy_by_epoch"] = [0.0] * epochs
    if plan != "search":
        found |= finished(model, splits)
    print(
        plan,
        name,
        f"rate {rate:g}, seed {seed}: validation {found['val_accuracy_by_epoch'][-1]:.4f}",
        flush=True,
    )
    return found


def finished(model: nn.Module, splits: Splits) -> dict:
    """Training and validation, for the gap, and the test images, once."""
    train = DataLoader(Subset(splits.train_plain, range(GAP_IMAGES)), 500)
    measured = {
        "train": evaluate(model, train, DEVICE),
        "val": evaluate(model, DataLoader(splits.val, 500), DEVICE),
    }
    logits, labels = predict(model, DataLoader(splits.test, 500), DEVICE)
    right = logits.argmax(dim=1) == labels
    per_class = {
        name: right[labels == index].double().mean().item()
        for index, name in enumerate(splits.classes)
    }
    return {
        **{
            f"{part}_{key}": getattr(found, key)
            for part, found in measured.items()
            for key in ("loss", "accuracy")
        },
        "test_accuracy": right.double().mean().item(),
        "test_accuracy_by_class": per_class,
    }


def collect(found: dict[tuple, dict], best: dict[str, float], searched: dict[str, dict]) -> None:
    """Write what is done so far: for each plan, network and metric one entry a seed, for seeds that
    all have.
    """
    plans = {}
    for plan, names in PLANS.items():
        seeds = [s for s in SEEDS if all((plan, name, best[name], s) in found for name in names)]
        by_name = {name: [found[plan, name, best[name], seed] for seed in seeds] for name in names}
        if seeds:
            plans[plan] = {
                name: {key: [r[key] for r in runs] for key in runs[0]}
                for name, runs in by_name.items()
            }
    if not plans:
        return
    networks = {
        name: {
            "parameters": count_parameters(make()), "multiply_adds": multiply_adds(make()), "rate": best[name],
            "search_val_accuracy": searched[name],
        }
        for name, make in NETWORKS.items()
    }  # fmt: skip
    result = {
        **plans, "batch_size": BATCH, "dataset": "cifar10-jpeg", "gap_train_images": GAP_IMAGES, "networks": networks,
        "optimizer": "Adam, one cycle", "precision": "bfloat16", "search_epochs": SEARCH_EPOCHS,
        "search_images": SEARCH_IMAGES, "test_images": 10_000, "train_images": TRAIN_IMAGES,
    }  # fmt: skip
    write_json(RESULT, result)


def main() -> None:
    parts = ("search", *PLANS)
    if len(sys.argv) < 2 or set(sys.argv[2:]) - set(parts) or not Path(sys.argv[1]).is_dir():
        raise SystemExit(__doc__)
    wanted, found = sys.argv[2:] or parts, {}
    with two_workers(sys.argv[1], v2.Compose(CROP_FLIP)) as pool:
        tasks = [("search", name, rate, SEARCH_SEED) for name in NETWORKS for rate in RATES]
        searched = {
            task: one["val_accuracy_by_epoch"][-1] for task, one in pool.imap_unordered(run, tasks)
        }
        by_rate = {
            name: {r: searched["search", name, r, SEARCH_SEED] for r in RATES} for name in NETWORKS
        }
        best = {name: max(RATES, key=by_rate[name].get) for name in NETWORKS}
        shown = {name: {f"{r:g}": a for r, a in rates.items()} for name, rates in by_rate.items()}
        tasks = [
            (plan, name, best[name], seed)
            for plan in PLANS
            for seed in SEEDS
            for name in PLANS[plan]
        ]
        for task, one in pool.imap_unordered(run, [task for task in tasks if task[0] in wanted]):
            found[task] = one
            collect(found, best, shown)


if __name__ == "__main__":
    main()
