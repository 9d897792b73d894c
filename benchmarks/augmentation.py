"""What crop and flip buy on photographs: lesson 01's recorded results,
benchmarks/results/01_data_augmentation.*.json.

    python benchmarks/augmentation.py data/cifar10-jpeg [5k] [45k]

The folder is the JPEG copy that make_jpeg_copy.py writes. Every training has one thread, two run at
a time, in bfloat16: about an hour on two cores that have it in hardware. What is done is kept in
the runs folder, epoch by epoch, so that a run that was stopped goes on from there.
"""

import json
import sys
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import torch
from parts import write_json
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from course_utils.data import ImageDataset, load_splits, make_loaders
from course_utils.models import VGG, count_parameters
from course_utils.paths import RUNS_DIR
from course_utils.results import RECORDED_DIR
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, fit

SEEDS, BATCH, RATE, DRAWS = 3, 128, 1e-3, 10
BLOCKS, HIDDEN = ((16, 16), (32, 64), (64, 128)), (256,)
CROP_FLIP = [v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip()]
ARMS = {
    "none": None,
    "crop_flip": v2.Compose(CROP_FLIP),
    "crop_flip_padding_16": v2.Compose([v2.RandomCrop(32, padding=16), v2.RandomHorizontalFlip()]),
    "crop_flip_randaugment": v2.Compose([*CROP_FLIP, v2.RandAugment()]),
}
PLANS = {  # result: training images, epochs, arms
    "45k": (45_000, 20, ("none", "crop_flip")),
    "5k": (5_000, 40, tuple(ARMS)),
}
KEPT = RUNS_DIR / "augmentation"


class Bfloat16(nn.Module):
    """A network whose convolutions and matrix products run in bfloat16; its weights and its logits
    stay float32.
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.model(images.to(memory_format=torch.channels_last)).float()


def run(task: tuple[str, str, str, int]) -> None:
    """One training and what is measured on the finished network, kept as a file."""
    folder, plan, arm, seed = task
    kept = KEPT / f"{plan}.{arm}.{seed}.json"
    if kept.exists():
        return
    torch.set_num_threads(1)
    train_size, epochs, _ = PLANS[plan]
    splits = load_splits(folder, train_size=train_size, augment=ARMS[arm], seed=seed)
    loaders = make_loaders(splits, BATCH, seed=seed)
    seed_everything(seed)
    model, device = Bfloat16(VGG(BLOCKS, HIDDEN, len(splits.classes))), torch.device("cpu")
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    history = fit(
        model,
        loaders.train,
        loaders.val,
        optimizer=optimizer,
        epochs=epochs,
        device=device,
        checkpoint=kept.with_suffix(".pt"),
        resume=True,
    )
    found = {
        "train_accuracy": evaluate(model, DataLoader(splits.train_plain, 500), device).accuracy,
        "val_accuracy_by_epoch": history.val_accuracy,
        "test_accuracy": evaluate(model, loaders.test, device).accuracy,
    }
    if arm == "crop_flip":  # the source's mistake: test images that are augmented too, DRAWS times
        test = splits.test
        augmented = ImageDataset(
            test.images, test.labels, augment=ARMS[arm], mean=splits.mean, std=splits.std
        )
        loader = make_loaders(replace(splits, test=augmented), BATCH, seed=seed).test
        found["augmented_test_accuracy"] = [
            evaluate(model, loader, device).accuracy for _ in range(DRAWS)
        ]
    print(
        plan,
        arm,
        seed,
        *(f"{k} {found[k]:.4f}" for k in ("train_accuracy", "test_accuracy")),
        flush=True,
    )
    write_json(kept, found)


def collect(plan: str) -> None:
    """Write what all trainings of a plan found as one result: for each arm and metric, one entry a
    seed.
    """
    train_size, epochs, arms = PLANS[plan]
    by_arm = {}
    for arm in arms:
        found = [
            json.loads((KEPT / f"{plan}.{arm}.{seed}.json").read_text(encoding="utf-8"))
            for seed in range(SEEDS)
        ]
        by_arm[arm] = {metric: [one[metric] for one in found] for metric in found[0]}
    result = {
        "arms": by_arm, "batch_size": BATCH, "dataset": "cifar10-jpeg", "epochs": epochs, "learning_rate": RATE,
        "network": f"VGG(blocks={BLOCKS}, hidden={HIDDEN})", "optimizer": "Adam", "precision": "bfloat16",
        "parameters": count_parameters(VGG(BLOCKS, HIDDEN)), "seeds": SEEDS, "test_images": 10_000,
        "train_images": train_size,
    }  # fmt: skip
    write_json(RECORDED_DIR / f"01_data_augmentation.cifar10-jpeg-{plan}.json", result)


def main() -> None:
    if len(sys.argv) < 2 or set(sys.argv[2:]) - set(PLANS) or not Path(sys.argv[1]).is_dir():
        raise SystemExit(__doc__)
    plans = sys.argv[2:] or list(PLANS)
    tasks = [
        (sys.argv[1], plan, arm, seed)
        for plan in plans
        for seed in range(SEEDS)
        for arm in PLANS[plan][2]
    ]
    with get_context("spawn").Pool(2) as pool:
        for _ in pool.imap_unordered(run, tasks):
            pass
        pool.close()
        pool.join()
    for plan in plans:
        collect(plan)


if __name__ == "__main__":
    main()
