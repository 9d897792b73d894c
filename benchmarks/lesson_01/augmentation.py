"""What crop and flip buy on photographs: one network, trained with several augmentations."""

from dataclasses import dataclass

import torch
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from benchmarks.data import CROP_FLIP, rescaled
from benchmarks.harness import Run, columns
from benchmarks.training import MixedPrecision
from course_utils.data import load_splits, make_loaders
from course_utils.models import VGG, count_parameters
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, fit

BLOCKS, HIDDEN = ((16, 16), (32, 64), (64, 128)), (256,)
AUGMENTATIONS = {
    "none": None,
    "crop_flip": CROP_FLIP,
    "crop_flip_padding_16": v2.Compose([v2.RandomCrop(32, padding=16), v2.RandomHorizontalFlip()]),
    "crop_flip_randaugment": v2.Compose([CROP_FLIP, v2.RandAugment()]),
}


@dataclass(frozen=True)
class Plan:
    images: int
    epochs: int
    arms: tuple[str, ...]
    seeds: tuple[int, ...] = (0, 1, 2)
    batch_size: int = 128
    lr: float = 1e-3
    draws: int = 10  # of augmented test images


PLANS = {
    "5k": Plan(5_000, 40, tuple(AUGMENTATIONS)),
    "45k": Plan(45_000, 20, ("none", "crop_flip")),
}


def train(run: Run, plan: Plan, arm: str, seed: int) -> dict:
    """One training, and what is measured on the finished network."""
    augment, device = AUGMENTATIONS[arm], torch.device(run.device)
    splits = load_splits(run.dataset, train_size=plan.images, augment=augment, seed=seed)
    loaders = make_loaders(splits, plan.batch_size, seed=seed)
    seed_everything(seed)
    model = MixedPrecision(VGG(BLOCKS, HIDDEN, len(splits.classes))).to(device)
    history = fit(
        model,
        loaders.train,
        loaders.val,
        optimizer=torch.optim.Adam(model.parameters(), lr=plan.lr, fused=True),
        epochs=plan.epochs,
        device=device,
        checkpoint=run.checkpoint,
        resume=True,
    )
    found = {
        "train_accuracy": evaluate(model, DataLoader(splits.train_plain, 500), device).accuracy,
        "val_accuracy_by_epoch": history.val_accuracy,
        "test_accuracy": evaluate(model, loaders.test, device).accuracy,
    }
    if arm == "crop_flip":  # the source's mistake: test images that are augmented too
        test = rescaled(splits.test, splits.mean, splits.std, augment)
        found["augmented_test_accuracy"] = [
            evaluate(model, DataLoader(test, 500), device).accuracy for _ in range(plan.draws)
        ]
    return found


def compare(run: Run, name: str, plan: Plan | None = None) -> dict:
    """For each augmentation and metric one entry a seed."""
    plan = plan or PLANS[name]
    found = run.map(train, plan, [(arm, seed) for seed in plan.seeds for arm in plan.arms])
    arms = {arm: columns([found[arm, seed] for seed in plan.seeds]) for arm in plan.arms}
    return {
        "arms": arms,
        "batch_size": plan.batch_size,
        "epochs": plan.epochs,
        "learning_rate": plan.lr,
        "network": f"VGG(blocks={BLOCKS}, hidden={HIDDEN})",
        "optimizer": "Adam",
        "precision": "bfloat16",
        "parameters": count_parameters(VGG(BLOCKS, HIDDEN)),
        "seeds": len(plan.seeds),
        "test_images": 10_000,
        "train_images": plan.images,
    }
