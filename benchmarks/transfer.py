"""What a backbone saves in labels, on photographs: lesson 04's record, results/04_transfer_learning.cifar10-jpeg.json.

    python benchmarks/transfer.py data/cifar10-jpeg [WEIGHTS]

The folder is the JPEG copy that make_jpeg_copy.py writes; WEIGHTS is what `load_backbone` takes, by default "mini". Two
processes with one thread each, in bfloat16: under forty minutes on two cores that have it in hardware. What is done is
kept in the runs folder, cell by cell; a run that was stopped goes on. Delete that folder after a change of the weights.

Every classifier learns from LABELS images of each class and is tested once, on all test images. A seed chooses the
images and the first weights; the layers of `random` are one draw for all seeds. `scratch` and `fine_tuning` see cropped
and flipped images, with rates that fall to 0 on a straight line; fine-tuning starts from a probe. `probe` and `random`
(the same layers, once with random weights) are logistic regressions on features of plain images, with the weight decay
that is best on validation; `probe_fixed` has HEAD_DECAY, for whoever has no validation images. Two controls, one seed
each: `scratch_longer` has twice the steps, `fine_tuning_plain` sees plain images as the probe does. `scaling`: the
probe with images scaled in another way, throughout or only when it is tested. `leak`: the whole network trained on
plain training images or, by mistake, on test images; tested on those (`asked`), and on the other ones (`fresh`).
"""

import json
import sys
import time
from copy import copy, deepcopy
from multiprocessing import get_context
from pathlib import Path

import torch
from augmentation import CROP_FLIP, Bfloat16
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, RandomSampler, Subset
from torchvision.transforms import v2

from course_utils.checkpoints import load_file, save_file
from course_utils.data import CIFAR10_MEAN, CIFAR10_STD, ImageDataset, load_splits
from course_utils.features import extract_features, few_of_each, fit_probe, parameter_groups
from course_utils.models.transfer import add_head, load_backbone, random_copy
from course_utils.results import RECORDED_DIR
from course_utils.runtime import RUNS_DIR, seed_everything
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
OWN, LEAKS = "the weights' own", [("leak", "honest"), ("leak", "leaked")]
KEPT, DEVICE, DATA = RUNS_DIR / "transfer", torch.device("cpu"), {}  # DATA: a worker's splits and backbone


def start_worker(folder: str, weights: str) -> None:
    torch.set_num_threads(1)
    backbone = load_backbone(weights)
    DATA.update(backbone=backbone, splits=load_splits(folder, normalize=backbone.normalize))


def kept_file(*task: str | int, suffix: str = ".json") -> Path:
    return KEPT / (".".join(str(part).replace(" ", "_") for part in task) + suffix)


def features_file(space: str) -> Path:
    return kept_file("features", space, suffix=".pt")


def cache_features(name: str) -> None:
    """Features of all validation and test images, and of the training images that are needed, kept as a file."""
    splits, backbone, start = DATA["splits"], DATA["backbone"], time.perf_counter()
    layers, scaling = backbone.features, SCALINGS.get(name, (splits.mean, splits.std))
    if name == "random":
        seed_everything(0)
        layers = random_copy(layers)
    indices = torch.arange(len(splits.train))
    if name != OWN:  # only the images that some seed chooses
        most = max(LABELS) if name == "random" else SCALING_LABELS
        indices = torch.cat([few_of_each(splits.train.labels, most, seed) for seed in SEEDS]).unique()
    model, found = add_head(Bfloat16(deepcopy(layers)), len(splits.classes)), {"indices": indices}
    for part in ("train", "val", "test"):
        data = getattr(splits, part)
        data = ImageDataset(data.images, data.labels, size=data.size, mean=scaling[0], std=scaling[1])
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
    """Test accuracy on the features of one space: for each number of labels one a seed; a list of decays with it."""
    kept = load_file(features_file(space))
    test, found = (kept["test"], kept["test_labels"]), {"test_accuracy": {}, "fixed": {}, "weight_decay": {}}
    for number in LABELS:
        chosen = [few_of_each(DATA["splits"].train.labels, number, seed) for seed in SEEDS]
        best = [best_probe(kept, indices) for indices in chosen]
        fixed = [fit_probe(*train_rows(kept, indices), len(DATA["splits"].classes), HEAD_DECAY) for indices in chosen]
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
    """The probe on features of images that are scaled otherwise, throughout or only when it is tested."""
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
    sampler = RandomSampler(part, num_samples=steps * batch, generator=torch.Generator().manual_seed(seed))
    optimizer = torch.optim.Adam(groups, fused=True)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    model = Bfloat16(model)
    train_one_epoch(model, DataLoader(part, batch, sampler=sampler), optimizer, DEVICE, scheduler=falling)
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
    model = train(*begin(arm, chosen, seed), Subset(seen, chosen.tolist()), STEPS[arm][number], seed)
    return evaluate(model, DataLoader(splits.test, 500), DEVICE).accuracy


def leak(trained_on: str) -> dict[str, float]:
    """Accuracy on LEAK_LABELS test images of each class and on the others, after training on either kind of images."""
    splits, seed = DATA["splits"], SEEDS[0]
    parts = {"honest": splits.train_plain, "leaked": splits.test}
    parts = {name: Subset(p, few_of_each(p.labels, LEAK_LABELS, seed).tolist()) for name, p in parts.items()}
    others = sorted(set(range(len(splits.test))) - set(parts["leaked"].indices))
    seed_everything(seed)
    model = add_head(deepcopy(DATA["backbone"].features), len(splits.classes))
    steps = LEAK_EPOCHS * -(-len(parts[trained_on]) // BATCH)
    model = train(model, parameter_groups(model, LEAK_RATE, LEAK_RATE), parts[trained_on], steps, seed)
    tested = {"asked": parts["leaked"], "fresh": Subset(splits.test, others)}
    return {name: evaluate(model, DataLoader(part, 500), DEVICE).accuracy for name, part in tested.items()}


CELLS = {
    "features": cache_features,
    "probes": probes,
    "probe_all": probe_all,
    "scaling": scaling,
    "arm": trained_arm,
    "leak": leak,
}


def run(task: tuple) -> None:
    """One cell of the record, kept as a file."""
    if (features_file(task[1]) if task[0] == "features" else kept_file(*task)).exists():
        return
    found = CELLS[task[0]](*task[1:])
    if task[0] == "features":  # they have been kept as tensors
        return
    print(*task, f"{found:.4f}" if isinstance(found, float) else "", flush=True)
    temporary = kept_file(*task).with_suffix(".tmp")
    temporary.write_text(json.dumps(found), encoding="utf-8")
    temporary.replace(kept_file(*task))


def seeds_of(arm: str, number: int) -> tuple[int, ...]:
    """The seeds of an arm with a number of labels: the two controls have one, and one number."""
    return () if number not in STEPS[arm] else SEEDS if arm in ("scratch", "fine_tuning") else SEEDS[:1]


def tasks() -> list[list[tuple]]:
    """The cells in two stages: the features, then what needs them."""
    trained = [
        ("arm", arm, n, seed) for n in sorted(LABELS, reverse=True) for arm in STEPS for seed in seeds_of(arm, n)
    ]
    short = [("probe_all",), ("probes", OWN), ("probes", "random"), ("scaling",)]
    return [[("features", name) for name in (OWN, "random", *SCALINGS)], [*LEAKS, *trained, *short]]


def collect(description: str) -> dict:
    """The record, from the kept cells."""

    def kept(*task):
        return json.loads(kept_file(*task).read_text(encoding="utf-8"))

    arms = {arm: {n: [kept("arm", arm, n, seed) for seed in seeds_of(arm, n)] for n in STEPS[arm]} for arm in STEPS}
    spaces = {"probe": kept("probes", OWN), "random": kept("probes", "random")}
    return {
        "arms": arms
        | {arm: found["test_accuracy"] for arm, found in spaces.items()}
        | {"probe_fixed": spaces["probe"]["fixed"]},
        "augmentation": "RandomCrop(32, padding=4), RandomHorizontalFlip",
        "backbone": description, "backbone_rate": BACKBONE_RATE, "batch_size": BATCH, "dataset": "cifar10-jpeg",
        "head_decay": HEAD_DECAY, "head_rate": HEAD_RATE, "labels_per_class": list(LABELS),
        "leak": {name: kept("leak", name) for name in ("honest", "leaked")}
        | {"images": 10 * LEAK_LABELS, "epochs": LEAK_EPOCHS, "learning_rate": LEAK_RATE},
        "optimizer": "Adam, the rates falling to 0", "precision": "bfloat16", "probe_all": kept("probe_all"),
        "scaling": kept("scaling"), "scratch_rate": SCRATCH_RATE, "seeds": len(SEEDS), "steps": STEPS,
        "test_images": 10_000, "weight_decay": {arm: found["weight_decay"] for arm, found in spaces.items()},
    }  # fmt: skip


def main() -> None:
    if len(sys.argv) not in (2, 3) or not Path(sys.argv[1]).is_dir():
        raise SystemExit(__doc__)
    folder, weights = sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else "mini"
    KEPT.mkdir(parents=True, exist_ok=True)
    with get_context("spawn").Pool(2, start_worker, (folder, weights)) as pool:
        for stage in tasks():
            list(pool.imap_unordered(run, stage))
        pool.close()
        pool.join()
    text = json.dumps(collect(load_backbone(weights).description), indent=1, sort_keys=True) + "\n"
    (RECORDED_DIR / "04_transfer_learning.cifar10-jpeg.json").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
