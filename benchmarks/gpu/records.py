"""Records from the lines that the trainings wrote.

    python -m benchmarks.gpu.records DIR [DIR ...] OUT --data data/cifar-10-batches-py

One JSON a comparison, each with its seeds, since a deadline may have cut one short. DIR holds
jobs.jsonl and arrays-*.pt; of several, the later complete the earlier, made with the same sizes.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.gpu import lesson_records
from benchmarks.gpu.data import Data, load
from benchmarks.gpu.depth import SKIPS
from benchmarks.gpu.faults import shuffled
from benchmarks.gpu.lanes import read_lines
from benchmarks.gpu.networks import NETWORKS
from benchmarks.gpu.standard import DEPTH, LR, WEIGHT_DECAY
from benchmarks.harness import write_json
from benchmarks.lesson_07.calibration import (
    calibration_error,
    fit_temperature,
    reliability,
)
from benchmarks.lesson_07.choices import best_of
from course_utils.models import ResNet, count_parameters
from course_utils.probes import multiply_adds

CHOSEN_ON, DRAWS = (100, 1000), 1000
TITLES = {
    "softmax": "softmax before cross-entropy",
    "zero_grad": "forgotten zero_grad",
    "rate": "learning rate ten times too high",
    "labels": "labels shuffled against images",
    "raw": "raw bytes throughout",
    "half dead": "half of the ReLUs dead in each convolution",
}
USES = {
    "training mode 32": "evaluation in training mode, batches of 32",
    "training mode 4": "evaluation in training mode, batches of 4",
    "training mode sorted": "evaluation in training mode, of 32, sorted by class",
    "augmented": "test images augmented too (source)",
    "bgr": "fed BGR",
    "used raw": "fed raw bytes",
    "used 0 to 1": "fed pixels from 0 to 1",
    "wrapped": "fed images cast to bytes while normalised (source)",
}

# what tells one training from another; a part has some of them
WHICH = ("arm", "plan", "seed", "lr", "steps", "images")

MADE_ON = ("device", "torch")


class Lines:
    """What the runs' jobs.jsonl hold, by part and arm; sizes are those of the last run."""

    def __init__(self, paths: list[Path]):
        self.lines: list[dict] = []
        for path in paths:
            began, *found = read_lines(path)
            self.sizes = began["sizes"]
            made_on = {key: began[key] for key in MADE_ON}
            self.lines += [made_on | line for line in found]

    def settings(self, part: str) -> dict:
        """What its trainings have in common, the cards on which they ran among it."""
        runs = self.of(part)
        made_on = {key: " and ".join(sorted({one[key] for one in runs})) for key in MADE_ON}
        return {"dataset": "cifar10", "test_images": 10_000} | made_on

    def of(self, part: str, **wanted: object) -> list[dict]:
        """One line a training, by seed: of two of the same training the longer, else the later."""
        kept: dict[tuple, dict] = {}
        for line in self.lines:
            if line["part"] != part or any(line.get(k) != v for k, v in wanted.items()):
                continue
            which = tuple(line.get(key) for key in WHICH)
            if which not in kept or length(line) >= length(kept[which]):
                kept[which] = line
        return sorted(kept.values(), key=lambda one: one.get("seed", 0))

    def columns(self, part: str, **wanted: object) -> dict[str, list]:
        """For each metric one entry a seed; the seeds stand under "seed"."""
        runs = self.of(part, **wanted)
        left_out = {"part", "arm", "plan", "lr", "epochs", "seconds", "at", "last_loss", *MADE_ON}
        return {
            key: [one[key] for one in runs]
            for key in (runs[0] if runs else {})
            if key not in left_out
        }

    def searched(self, arm: str) -> dict[str, float]:
        found = {one["lr"]: one["val_accuracy"] for one in self.of("search", arm=arm)}
        return {f"{lr:g}": found[lr] for lr in sorted(found)}


def length(line: dict) -> int:
    """Epochs that a training was trained for."""
    return len(line.get("train_loss", []))


def best(searched: dict[str, float]) -> float:
    return float(max(searched, key=searched.get))


def recipe(lines: Lines) -> dict:
    """The source's two recipes, epoch by epoch."""
    networks = {}
    for name, padding in (("source's ResNet", 1), ("source's CNN", 4)):
        runs = lines.of("source", arm=name)
        if not runs:
            continue
        ways = ("proper", "training_mode", "augmented", "source")
        networks[name] = {
            "seeds": [one["seed"] for one in runs],
            "epochs_done": [len(one["train_loss"]) for one in runs],
            "epochs_of_the_source": 30 if padding == 1 else 100,
            "learning_rate": runs[0]["lr"],
            "padding": padding,
            "train_loss": [one["train_loss"] for one in runs],
            "last_batch_loss": [one["last_loss"] for one in runs],
            "test_accuracy": {way: [one.get(way, []) for one in runs] for way in ways},
        }
    return lines.settings("source") | {
        "what": "the source's recipes; 'proper' after every epoch, the other ways every fifth",
        "batch_size": 32,
        "images": 50_000,
        "networks": networks,
        "optimizer": "Adam, one rate",
        "precision": "float32, TF32 off",
        "selection": "none; the test images are looked at after every epoch",
    }


def comparison(lines: Lines) -> dict:
    """Four networks, for equal epochs and for equal operations."""
    networks = {}
    for name, make in NETWORKS.items():
        searched = lines.searched(name)
        networks[name] = {
            "parameters": count_parameters(make()),
            "multiply_adds": multiply_adds(make()),
            "lr": best(searched),
            "search_val_accuracy": searched,
        }
    plans = {
        plan: {
            name: lines.columns("networks", arm=name, plan=plan)
            | {"epochs": lines.of("networks", arm=name, plan=plan)[0]["epochs"]}
            for name in NETWORKS
            if lines.of("networks", arm=name, plan=plan)
        }
        for plan in ("epochs", "multiply_adds")
    }
    return (
        trained(lines, "networks") | plans | {"networks": networks, "optimizer": "Adam, one cycle"}
    )


def trained(lines: Lines, part: str) -> dict:
    """What the parts with a search have in common."""
    return lines.settings(part) | {
        "augmentation": "crops with padding 4, flips",
        "batch_size": 256,
        "images": 45_000,
        "precision": "bfloat16, channels last",
        "search_epochs": lines.sizes["search_epochs"],
        "search_seed": lines.sizes["search_seed"],
        "selection": "rates, by validation accuracy of 5,000 images; test images once a network",
    }


def depths(lines: Lines) -> dict:
    """Depth, with and without skips."""
    arms = []
    for depth in sorted(lines.sizes.get("depths", (8, 20, 50))):
        for skip in SKIPS:
            name, model = f"depth {depth}, {skip}", ResNet(depth, skip=skip)
            searched = lines.searched(name)
            runs = {f"{one['lr']:g}" for one in lines.of("depth", arm=name)}
            if not runs:
                continue
            lr = best({key: value for key, value in searched.items() if key in runs})
            costs = {
                "parameters": count_parameters(model),
                "multiply_adds": multiply_adds(model),
            }
            found = {"depth": depth, "skip": skip, "lr": lr}
            found["search_val_accuracy"] = searched
            arms.append(found | costs | lines.columns("depth", arm=name, lr=lr))
    return trained(lines, "depth") | {
        "arms": arms,
        "batch_norm": True,
        "epochs": lines.sizes["depth"],
        "optimizer": "SGD, Nesterov momentum 0.9, weight decay 5e-4, one cycle",
    }


def standard(lines: Lines) -> dict:
    """ResNet-20 and its plain twin by the standard recipe."""
    arms = []
    for skip in SKIPS:
        model, runs = ResNet(DEPTH, skip=skip), lines.of("standard", arm=skip)
        if not runs:
            continue
        found = {"depth": DEPTH, "skip": skip, "lr": LR, "epochs": runs[0]["epochs"]}
        found |= {"parameters": count_parameters(model), "multiply_adds": multiply_adds(model)}
        arms.append(found | lines.columns("standard", arm=skip))
    return lines.settings("standard") | {
        "arms": arms,
        "augmentation": "crops with padding 4, flips",
        "batch_size": lines.sizes["standard_batch_size"],
        "images": 45_000,
        "optimizer": f"SGD, Nesterov momentum 0.9, weight decay {WEIGHT_DECAY:g}, one cycle",
        "precision": "bfloat16, channels last",
        "selection": "none: the standard rate; test images once a network",
    }


def calibration(val: tuple, test: tuple) -> dict:
    """Errors before and after a temperature found on validation images; bins [confidence, accuracy,
    images].
    """
    temperature = fit_temperature(*val)
    found = {"temperature": temperature}
    for key, divisor in (("before", 1.0), ("after", temperature)):
        logits, labels = test[0] / divisor, test[1]
        found[f"ece_{key}"] = calibration_error(logits, labels)
        bins = [values.tolist() for values in reliability(logits, labels)]
        found[f"bins_{key}"] = [list(values) for values in zip(*bins, strict=True)]
    return found


def calibrations(arrays: dict[str, Tensor], data: Data) -> dict[str, dict]:
    """For each network whose logits were kept; of the leak, on test images that it never saw."""
    found = {}
    kept = sorted(key.removesuffix(", test") for key in arrays if key.endswith(", test"))
    for name in (one for one in kept if one.startswith(("leak", "norm"))):
        logits, labels = arrays[f"{name}, test"].float(), data.test.labels
        if name.startswith("leak"):
            order = shuffled(len(labels), int(name.split()[-1]), labels.device)
            fresh = order[int(0.3 * len(labels)) :]
            logits, labels = logits[fresh], labels[fresh]
        val = arrays[f"{name}, val"].float(), data.val.labels
        found[name] = calibration(val, (logits, labels))
    return found


def row(title: str, kind: str, seeds: list, healthy: list, faulty: list) -> dict:
    return {"fault": title, "kind": kind, "seeds": seeds, "healthy": healthy, "faulty": faulty}


def fault_rows(lines: Lines, arrays: dict[str, Tensor], data: Data) -> list[dict]:
    """One entry a fault that was measured; `healthy` and `faulty` have an entry for each seed, None
    where it is missing.
    """
    seeds, rows = lines.sizes["seeds"], []

    def values(arm: str, key: str = "test_accuracy") -> list[float | None]:
        found = {one["seed"]: one[key] for one in lines.of("faults", arm=arm)}
        return [found.get(seed) for seed in seeds]

    healthy = values("healthy norm")
    for fault, title in TITLES.items():
        rows.append(row(title, "training", seeds, healthy, values(f"{fault} norm")))
    title = "mirror that changes labels (animal left or right)"
    rows.append(row(title, "training", seeds, values("pair"), values("pair mirrored")))
    for use, title in USES.items():
        rows.append(row(title, "use", seeds, healthy, values("healthy norm", use)))
    fresh = values("leak", "fresh")
    rows.append(
        row("trained on the test images (source)", "report", seeds, fresh, values("leak", "known"))
    )
    title = "three test images in ten among the training images"
    rows.append(row(title, "report", seeds, fresh, values("leak")))
    rows += candidate_rows(seeds, arrays, data)
    return [one for one in rows if any(value is not None for value in one["faulty"])]


def candidate_rows(seeds: list[int], arrays: dict[str, Tensor], data: Data) -> list[dict]:
    """What the best of many candidates seems to be worth, and is worth on the other images."""
    found: dict[str, list[float]] = {}
    for seed in seeds:
        correct = arrays[f"candidates, seed {seed}"] == data.test.labels
        for number in CHOSEN_ON:
            number = min(number, correct.shape[1] // 2)
            for key, value in best_of(correct, number, DRAWS, seed).items():
                found.setdefault(key, []).append(value)
    count = len(correct)
    numbers = sorted({int(key.split()[-1]) for key in found})
    return [
        row(
            f"best of {count} chosen on {n:,} test images", "report", seeds,
            found[f"rest {n}"], found[f"best {n}"],
        )
        for n in numbers
    ]  # fmt: skip


def diagnosis(lines: Lines, arrays: dict[str, Tensor], data: Data) -> dict:
    sizes = lines.sizes
    return trained(lines, "faults") | {
        "calibration": calibrations(arrays, data),
        "candidate_epochs": sizes["candidate_epochs"],
        "candidate_images": sizes["candidate_images"],
        "draws": DRAWS,
        "epochs": sizes["faults"],
        "epochs_leak": sizes["leak"],
        "faults": fault_rows(lines, arrays, data),
        "lr": best(lines.searched("norm")),
        "network": "VGG of the source's widths, hidden layer of 256, with BatchNorm",
        "optimizer": "SGD, Nesterov momentum 0.9, weight decay 5e-4, one cycle",
        "search_val_accuracy": lines.searched("norm"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.gpu.records", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="cifar-10-batches-py")
    chosen = parser.parse_args()
    lines = Lines([folder / "jobs.jsonl" for folder in chosen.folders])
    arrays: dict[str, Tensor] = {}
    for folder in chosen.folders:
        for path in sorted(folder.glob("arrays-*.pt")):
            arrays |= torch.load(path, weights_only=True)
    made = {}
    if lines.of("source"):
        made["06_resnet.cifar10-gpu-recipe"] = recipe(lines)
    if lines.of("networks"):
        made["06_resnet.cifar10-gpu-comparison"] = comparison(lines)
    if lines.of("standard"):
        made["06_resnet.cifar10-gpu-standard"] = standard(lines)
    if lines.of("depth"):
        made["06_resnet.cifar10-gpu-depth"] = depths(lines)
    if lines.of("faults"):
        data = load(chosen.data, torch.device("cpu"), limit=lines.sizes["images"])
        made["07_diagnosis.cifar10-gpu"] = diagnosis(lines, arrays, data)
    made |= lesson_records.made(lines)
    for name, record in made.items():
        write_json(chosen.out / f"{name}.json", record)
        print(chosen.out / f"{name}.json")


if __name__ == "__main__":
    main()
