"""What transfer.py measures, cell by cell, in a worker: features, probes, trainings, wrong
scalings, the leak.
"""

import time
from copy import copy, deepcopy
from pathlib import Path

import torch
from augmentation import CROP_FLIP, Bfloat16
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, RandomSampler, Subset
from torchvision.transforms import v2

from course_utils.checkpoints import load_file, save_file
from course_utils.data import CIFAR10_MEAN, CIFAR10_STD, ImageDataset, load_splits
from course_utils.lessons.lesson_04.backbones import add_head, load_backbone, random_copy
from course_utils.lessons.lesson_04.features import (
    extract_features,
    few_of_each,
    fit_probe,
    parameter_groups,
)
from course_utils.paths import RUNS_DIR
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, train_one_epoch

SEEDS, LABELS, BATCH = (0, 1, 2), (5, 10, 50, 100, 500), 64
STEPS = {
    "scratch": {5: 150, 10: 200, 50: 400, 100: 600, 500: 1200},
    "fine_tuning": {5: 50, 10: 80, 50: 160, 100: 240, 500: 800},
    "scratch_longer": {50: 800},
    "fine_tuning_plain": {500: 800},
}
SCRATCH_RATE, HEAD_RATE, BACKBONE_RATE, HEAD_DECAY = 1e-3, 1e-3, 3e-4, 1.0
DECAYS = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
SCALING_LABELS, LEAK_LABELS, LEAK_EPOCHS, LEAK_RATE = 100, 500, 10, 1e-3
SCALINGS = {"CIFAR-10's": (CIFAR10_MEAN, CIFAR10_STD), "none, 0 to 1": ((0.0,) * 3, (1.0,) * 3)}
SCALINGS["raw bytes"] = ((0.0,) * 3, (1 / 255,) * 3)
OWN = "the weights' own"
KEPT, DEVICE, DATA = (
    RUNS_DIR / "transfer",
    torch.device("cpu"),
    {},
)  # DATA: a worker's splits and backbone


def start_worker(folder: str, weights: str) -> None:
    torch.set_num_threads(1)
    backbone = load_backbone(weights)
    DATA.update(backbone=backbone, splits=load_splits(folder, normalize=backbone.normalize))


def kept_file(*task: str | int, suffix: str = ".json") -> Path:
    return KEPT / (".".join(str(part).replace(" ", "_") for part in task) + suffix)


def features_file(space: str) -> Path:
    return kept_file("features", space, suffix=".pt")


def cache_features(name: str) -> None:
    """Features of all validation and test images, and of the training images that are needed, kept
    as a file.
    """
    splits, backbone, start = DATA["splits"], DATA["backbone"], time.perf_counter()
    layers, scaling = backbone.features, SCALINGS.get(name, (splits.mean, splits.std))
    if name == "random":
        seed_everything(0)
        layers = random_copy(layers)
    indices = torch.arange(len(splits.train))
    if name != OWN:  # only the images that some seed chooses
        most = max(LABELS) if name == "random" else SCALING_LABELS
        indices = torch.cat(
            [few_of_each(splits.train.labels, most, seed) for seed in SEEDS]
        ).unique()
    model, found = add_head(Bfloat16(deepcopy(layers)), len(splits.classes)), {"indices": indices}
    for part in ("train", "val", "test"):
        data = getattr(splits, part)
        data = ImageDataset(
            data.images, data.labels, size=data.size, mean=scaling[0], std=scaling[1]
        )
        data = Subset(data, indices.tolist()) if part == "train" else data
        found[part], found[f"{part}_labels"] = extract_features(model, data, DEVICE)
    save_file(found, features_file(name))
    print(f"features, {name}: {time.perf_counter() - start:.0f} s", flush=True)


def train_rows(kept: dict, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Features and labels of the chosen training images."""
    rows = torch.searchsorted(kept["indices"], chosen)  # their places among the kept ones
    return kept["train"][rows], kept["train_labels"][rows]


def accuracy(probe: nn.Module, features: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return (probe(features).argmax(dim=1) == labels).double().mean().item()


def best_probe(kept: dict, chosen: Tensor) -> tuple[nn.Module, float]:
    """The probe, and its weight decay, that is best on the validation images."""
    classes = int(kept["val_labels"].max()) + 1
    found = [(fit_probe(*train_rows(kept, chosen), classes, decay), decay) for decay in DECAYS]
    return max(found, key=lambda one: accuracy(one[0], kept["val"], kept["val_labels"]))


def probes(space: str) -> dict:
    """Test accuracy on the features of one space: for each number of labels one a seed; a list of
    decays with it.
    """
    kept = load_file(features_file(space))
    test, found = (
        (kept["test"], kept["test_labels"]),
        {"test_accuracy": {}, "fixed": {}, "weight_decay": {}},
    )
    for number in LABELS:
        chosen = [few_of_each(DATA["splits"].train.labels, number, seed) for seed in SEEDS]
        best = [best_probe(kept, indices) for indices in chosen]
        fixed = [
            fit_probe(*train_rows(kept, indices), len(DATA["splits"].classes), HEAD_DECAY)
            for indices in chosen
        ]
        found["test_accuracy"][number] = [accuracy(probe, *test) for probe, _ in best]
        found["fixed"][number] = [accuracy(probe, *test) for probe in fixed]
        found["weight_decay"][number] = [decay for _, decay in best]
    return found


def probe_all() -> dict:
    start, kept = time.perf_counter(), load_file(features_file(OWN))
    probe, decay = best_probe(kept, kept["indices"])
    found = accuracy(probe, kept["test"], kept["test_labels"])
    print(f"probe on all: {time.perf_counter() - start:.0f} s, without the features", flush=True)
    return {"train_images": len(kept["indices"]), "test_accuracy": found, "weight_decay": decay}


def scaling() -> dict:
    """The probe on features of images that are scaled otherwise, throughout or only when it is
    tested.
    """
    found = {"labels_per_class": SCALING_LABELS, "throughout": {}, "only later": {}}
    kept = {name: load_file(features_file(name)) for name in (OWN, *SCALINGS)}
    for seed in SEEDS:
        chosen = few_of_each(DATA["splits"].train.labels, SCALING_LABELS, seed)
        right, _ = best_probe(kept[OWN], chosen)
        for name, of_name in kept.items():
            test = of_name["test"], of_name["test_labels"]
            same, _ = best_probe(of_name, chosen)
            found["throughout"].setdefault(name, []).append(accuracy(same, *test))
            found["only later"].setdefault(name, []).append(accuracy(right, *test))
    return found


def train(model: nn.Module, groups: list[dict], part: Dataset, steps: int, seed: int) -> nn.Module:
    """The model in bfloat16, trained for some steps, however few images there are."""
    batch = min(BATCH, len(part))
    sampler = RandomSampler(
        part, num_samples=steps * batch, generator=torch.Generator().manual_seed(seed)
    )
    optimizer = torch.optim.Adam(groups, fused=True)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    model = Bfloat16(model)
    train_one_epoch(
        model, DataLoader(part, batch, sampler=sampler), optimizer, DEVICE, scheduler=falling
    )
    return model


def begin(arm: str, chosen: Tensor, seed: int) -> tuple[nn.Module, list[dict]]:
    """The network that a training begins with, and its parameter groups."""
    features, classes = DATA["backbone"].features, len(DATA["splits"].classes)
    seed_everything(seed)
    if arm.startswith("scratch"):
        model = add_head(random_copy(features), classes)
        return model, parameter_groups(model, SCRATCH_RATE, SCRATCH_RATE)
    model, kept = add_head(deepcopy(features), classes), load_file(features_file(OWN))
    probe = fit_probe(*train_rows(kept, chosen), classes, HEAD_DECAY)
    model.classifier.load_state_dict(probe.state_dict())
    return model, parameter_groups(model, BACKBONE_RATE, HEAD_RATE)


def trained_arm(arm: str, number: int, seed: int) -> float:
    """Test accuracy of one network."""
    splits, seen = DATA["splits"], copy(DATA["splits"].train)
    seen.augment = None if arm == "fine_tuning_plain" else v2.Compose(CROP_FLIP)
    chosen = few_of_each(seen.labels, number, seed)
    model = train(
        *begin(arm, chosen, seed), Subset(seen, chosen.tolist()), STEPS[arm][number], seed
    )
    return evaluate(model, DataLoader(splits.test, 500), DEVICE).accuracy


def leak(trained_on: str) -> dict[str, float]:
    """Accuracy on LEAK_LABELS test images of each class and on the others, after training on either
    kind of images.
    """
    splits, seed = DATA["splits"], SEEDS[0]
    parts = {"honest": splits.train_plain, "leaked": splits.test}
    parts = {
        name: Subset(p, few_of_each(p.labels, LEAK_LABELS, seed).tolist())
        for name, p in parts.items()
    }
    others = sorted(set(range(len(splits.test))) - set(parts["leaked"].indices))
    seed_everything(seed)
    model = add_head(deepcopy(DATA["backbone"].features), len(splits.classes))
    steps = LEAK_EPOCHS * -(-len(parts[trained_on]) // BATCH)
    model = train(
        model, parameter_groups(model, LEAK_RATE, LEAK_RATE), parts[trained_on], steps, seed
    )
    tested = {"asked": parts["leaked"], "fresh": Subset(splits.test, others)}
    return {
        name: evaluate(model, DataLoader(part, 500), DEVICE).accuracy
        for name, part in tested.items()
    }
