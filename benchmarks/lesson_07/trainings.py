"""The trainings of lesson 07's benchmark, healthy and faulty: `measure(run, plan, task, seed)`, one
of TASKS.

Two networks, each with faulty twins of its own. "plain": no batch norm, no augmentation. "norm":
batch norm, and training images that are cropped and flipped. All faults of use are measured on one
network, the healthy "norm" one.
"""

from collections.abc import Callable
from copy import deepcopy
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.data import (
    CROP_FLIP,
    RAW_BYTES,
    ZERO_TO_ONE,
    images_of,
    labels_of,
    permutation,
    scaled,
)
from benchmarks.harness import Run
from benchmarks.lesson_07.choices import choose_candidate, left_or_right
from benchmarks.lesson_07.laboratory import Laboratory, Plan
from benchmarks.training import MixedPrecision
from course_utils.lessons.lesson_07.broken import (
    ForgetfulAdam,
    NeverEval,
    mirror_half,
    softmax_first,
)


def kill_half(network: nn.Module) -> None:
    """A bias so low that no image makes up for it, for every second channel of each convolution."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.bias[::2], -100)


def trained(lab: Laboratory, kind: str, fault: str) -> MixedPrecision:
    """The network of a kind, "plain" or "norm", after a training with a fault or "healthy"."""
    labels = labels_of(lab.splits.train)
    changes = {
        "raw": {"scale": RAW_BYTES},
        "labels": {"labels": labels[permutation(len(labels), lab.seed)]},
    }.get(fault, {})
    options = {
        "softmax": {"loss_fn": softmax_first},
        "zero_grad": {"optimizer_class": ForgetfulAdam},
        "rate": {"lr": 10 * lab.plan.learning_rate},
        "half dead": {"prepare": kill_half},
    }.get(fault, {})
    batches = lab.batches("train", augment=CROP_FLIP if kind == "norm" else None, **changes)
    return lab.train(batches, batch_norm=kind == "norm", **options)


def train_one(lab: Laboratory, kind: str, fault: str = "healthy") -> dict:
    """Test accuracy of one training."""
    model = trained(lab, kind, fault)
    test = lab.batches(**({"scale": RAW_BYTES} if fault == "raw" else {}))
    return {"test": lab.accuracy(model, test)}


def wrapped(images: Tensor, mean: tuple, std: tuple) -> Tensor:
    """uint8 -> uint8: normalised, then cast to bytes, where what does not fit wraps round."""
    return ((scaled(images, mean, std) * 255).long() % 256).to(torch.uint8)


def train_and_use(lab: Laboratory) -> dict:
    """One healthy network, used rightly and wrongly."""
    model, splits = trained(lab, "norm", "healthy"), lab.splits
    images, labels = images_of(splits.test), labels_of(splits.test)
    ways = {
        "test": {},
        "bgr": {"images": images.flip(1)},
        "raw": {"scale": RAW_BYTES},
        "0 to 1": {"scale": ZERO_TO_ONE},
        "wrapped": {"images": wrapped(images, splits.mean, splits.std)},
        "augmented": {"augment": CROP_FLIP},
    }
    found = {name: lab.accuracy(model, lab.batches(**changes)) for name, changes in ways.items()}
    mixed = permutation(len(labels), lab.seed)
    by_class = labels.argsort(stable=True)
    for name, size, order in (("32", 32, mixed), ("4", 4, mixed), ("sorted", 32, by_class)):
        victim = NeverEval(deepcopy(model))  # such an evaluation moves the running statistics
        batches = lab.batches(size=size, chosen=order)
        found[f"training mode {name}"] = lab.accuracy(victim, batches)
    return found | {"calibration": lab.calibration(model)}


def train_on_duplicates(lab: Laboratory) -> dict:
    """A share of the test images stands among the training images, which are as many as always.

    Accuracy on those that were trained on, on the others, and on all. Longer, without augmentation:
    the network is to remember them.
    """
    train, test = lab.splits.train, lab.splits.test
    plan = lab.plan
    order, total = permutation(len(test), lab.seed), len(test)
    count = min(int(plan.duplicates * total), len(train) // 2)
    known, fresh = order[:count], order[count:]
    images = torch.cat([images_of(test)[known], images_of(train)[count:]])
    labels = torch.cat([labels_of(test)[known], labels_of(train)[count:]])
    batches = lab.batches("train", images=images, labels=labels)
    model = lab.train(batches, epochs=plan.epochs_leaks)
    found = {
        key: lab.accuracy(model, lab.batches(chosen=chosen))
        for key, chosen in (("known", known), ("fresh", fresh))
    }
    mixture = (count * found["known"] + (total - count) * found["fresh"]) / total
    return found | {"test": mixture, "calibration": lab.calibration(model, fresh)}


TASKS: dict[str, Callable[[Laboratory], dict]] = {  # the longest first
    "candidates": choose_candidate,
    "duplicates": train_on_duplicates,
    "healthy norm": train_and_use,
    **{f"{fault} norm": partial(train_one, kind="norm", fault=fault) for fault in ("rate", "raw")},
    **{
        f"{fault} plain": partial(train_one, kind="plain", fault=fault)
        for fault in ("healthy", "softmax", "zero_grad", "rate", "raw", "labels", "half dead")
    },
    "pair": partial(left_or_right, augment=None),
    "pair mirrored": partial(left_or_right, augment=mirror_half),
}


def measure(run: Run, plan: Plan, task: str, seed: int) -> dict:
    """What the task found: accuracies by name, and "calibration" of two networks."""
    return TASKS[task](Laboratory(run, plan, seed))
