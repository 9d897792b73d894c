"""Records of lessons 01 and 04 from the lines that their trainings wrote: each takes what there is,
since a deadline may have cut a part short, and says which seeds it has.
"""

import math

from benchmarks.gpu import augment, scratch
from course_utils.models import count_parameters

TEST_ONCE = "by validation accuracy of 5,000 images; test images once a finished network"


def finite(value: object) -> object:
    """The same with None for every number that JSON does not know."""
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def augmentation(lines, images: int) -> dict:
    """Lesson 01, of so many images: for each augmentation and metric one entry a seed."""
    arms = {
        arm: lines.columns("augment", arm=arm, images=images)
        for arm in augment.AUGMENTATIONS
        if lines.of("augment", arm=arm, images=images)
    }
    for arm in arms.values():
        arm.pop("images")
    first = lines.of("augment", images=images)[0]
    epochs = first["epochs"]
    return lines.settings("augment") | {
        "arms": arms,
        "batch_size": augment.BATCH_SIZE,
        "epochs": epochs,
        "epochs_between_validations": 1 if epochs <= 40 else 5,
        "learning_rate": first["lr"],
        "network": f"VGG(blocks={augment.BLOCKS}, hidden={augment.HIDDEN}), He's start",
        "optimizer": "Adam, one rate",
        "parameters": count_parameters(augment.network()),
        "precision": "bfloat16",
        "seeds": max(len(arm["seed"]) for arm in arms.values()),
        "selection": "none; test images once a finished network",
        "train_images": images,
    }


def from_scratch(lines) -> dict:
    """Lesson 04: for each number of labels, for some steps and twice as many."""
    by_labels = {}
    for labels in sorted({one["labels"] for one in lines.of("scratch")}):
        arm = f"scratch {labels}"
        runs: dict[int, dict] = {}
        for steps in sorted({one["steps"] for one in lines.of("scratch", arm=arm)}):
            found = lines.of("scratch", arm=arm, steps=steps)
            keys = ("seed", "val_accuracy", "test_accuracy")
            runs[steps] = {key: [one[key] for one in found] for key in keys}
        means = {n: sum(r["val_accuracy"]) / len(r["val_accuracy"]) for n, r in runs.items()}
        searched = lines.searched(arm)
        by_labels[labels] = {
            "lr": lines.of("scratch", arm=arm)[0]["lr"],
            "search_val_accuracy": searched,
            "steps": runs,
            "chosen_steps": max(means, key=means.get),
            "gain_of_twice_the_steps": means[max(means)] - means[min(means)],
        }
    arm = {n: one["steps"][one["chosen_steps"]] for n, one in by_labels.items()}
    return lines.settings("scratch") | {
        "arms": {"scratch": {n: one["test_accuracy"] for n, one in arm.items()}},
        "augmentation": "crops with padding 4, flips",
        "batch_size": scratch.BATCH_SIZE,
        "by_labels": by_labels,
        "labels_per_class": list(by_labels),
        "network": "the compact backbone's layers, random, and one linear layer",
        "optimizer": "Adam, one cycle",
        "precision": "bfloat16",
        "seeds": lines.sizes["seeds"],
        "selection": f"rates, on another draw, and steps, {TEST_ONCE}",
        "search_seed": lines.sizes["search_seed"],
    }


def made(lines) -> dict[str, dict]:
    """Every record that there are lines for, by name."""
    found = {
        f"01_data_augmentation.cifar10-gpu-{_short(n)}": augmentation(lines, n)
        for n in sorted({one["images"] for one in lines.of("augment")})
    }
    if lines.of("scratch"):
        found["04_transfer_learning.cifar10-gpu-scratch"] = from_scratch(lines)
    return finite(found)


def _short(number: int) -> str:
    return f"{number // 1000}k" if number % 1000 == 0 else str(number)
