"""The trainings of benchmarks/diagnosis.py, healthy and faulty: `measure(folder, task, seed)`, one
of TASKS.

Two networks, each with faulty twins of its own. "plain": no batch norm, no augmentation. "norm":
batch norm, and training images that are cropped and flipped. All faults of use are measured on one
network, the healthy "norm" one.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import lru_cache, partial

import torch
import torch.nn.functional as F
from augmentation import CROP_FLIP, Bfloat16
from normalization import scaled
from torch import Tensor, nn
from torchvision.transforms import v2

from course_utils.data import Splits, load_splits
from course_utils.lessons.lesson_07.broken import (
    ForgetfulAdam,
    NeverEval,
    mirror_half,
    softmax_first,
)
from course_utils.lessons.lesson_07.calibration import (
    calibration_error,
    fit_temperature,
    reliability,
)
from course_utils.models import VGG
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, predict, train_one_epoch

IMAGES, EPOCHS, LONG, BATCH, RATE = 10_000, 8, 16, 128, 1e-3
BLOCKS, SMALLER, HIDDEN = ((16, 16), (32, 32), (64, 64)), ((8, 8), (16, 16), (32, 32)), (64,)
CANDIDATES, CANDIDATE_IMAGES, CANDIDATE_EPOCHS, CANDIDATE_RATES = 50, 2_500, 4, (1e-3, 1e-2)
CHOSEN_ON, DRAWS = (100, 1000), 1000
DUPLICATES, PAIRS = 0.3, 4_000
VEHICLES = ("airplane", "automobile", "ship", "truck")
RAW, ZERO_TO_ONE = ((0.0,) * 3, (1 / 255,) * 3), ((0.0,) * 3, (1.0,) * 3)
AUGMENT = v2.Compose(CROP_FLIP)
DEVICE = torch.device("cpu")


class Batches:
    """Batches of uint8 images, augmented one by one if wanted, then normalised; shuffled anew in
    each pass or not.
    """

    def __init__(self, images, labels, stats, size=250, *, shuffle=False, augment=None):
        self.images, self.labels, self.size, self.shuffle, self.augment = (
            images,
            labels,
            size,
            shuffle,
            augment,
        )
        self.stats = stats

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self.labels)) if self.shuffle else torch.arange(len(self.labels))
        for chosen in order.split(self.size):
            images = self.images[chosen]
            if self.augment is not None:
                images = torch.stack([self.augment(image) for image in images])
            yield scaled(images, *self.stats), self.labels[chosen]


def batches_of(
    splits: Splits, part: str = "test", size: int = 250, *, chosen: object = slice(None), **changes
):
    """The `chosen` images of one part, or other images, labels, stats or augmentation; shuffled if
    for training.
    """
    data, training = getattr(splits, part), part == "train"
    options = {
        "images": data.images[chosen],
        "labels": data.labels[chosen],
        "stats": (splits.mean, splits.std),
    }
    return Batches(**options | changes, size=BATCH if training else size, shuffle=training)


def train(
    batches: Batches,
    *,
    seed: int,
    classes: int = 10,
    batch_norm: bool = True,
    blocks: tuple = BLOCKS,
    epochs: int = EPOCHS,
    rate: float = RATE,
    loss_fn: Callable = F.cross_entropy,
    optimizer_class: type = torch.optim.Adam,
    prepare: Callable[[nn.Module], object] = lambda network: None,
) -> Bfloat16:
    """A network after its training. A loss that is no number ends it early, as it would end
    anybody's.
    """
    seed_everything(seed)
    network = VGG(blocks, HIDDEN, classes, batch_norm=batch_norm)
    prepare(network)
    model = Bfloat16(network)
    optimizer = optimizer_class(model.parameters(), lr=rate, fused=True)
    try:
        for _ in range(epochs):
            train_one_epoch(model, batches, optimizer, DEVICE, loss_fn=loss_fn)
    except FloatingPointError as error:
        print(f"stopped: {error}", flush=True)
    return model


def accuracy(model: nn.Module, batches: Batches) -> float:
    return evaluate(model, batches, DEVICE).accuracy


def shuffled(number: int, seed: int) -> Tensor:
    return torch.randperm(number, generator=torch.Generator().manual_seed(seed))


def kill_half(network: nn.Module) -> None:
    """A bias so low that no image makes it positive, for every second channel of each convolution."""
    for layer in (layer for layer in network.modules() if isinstance(layer, nn.Conv2d)):
        nn.init.constant_(layer.bias[::2], -100)


def trained(splits: Splits, seed: int, kind: str, fault: str = "healthy") -> Bfloat16:
    """The network of a kind, "plain" or "norm", after a training with a fault or without."""
    labels = splits.train.labels
    changes = {
        "raw": {"stats": RAW},
        "labels": {"labels": labels[shuffled(len(labels), seed)]},
    }.get(fault, {})
    options = {
        "softmax": {"loss_fn": softmax_first},
        "zero_grad": {"optimizer_class": ForgetfulAdam},
        "rate": {"rate": 10 * RATE},
        "half dead": {"prepare": kill_half},
    }.get(fault, {})
    batches = batches_of(splits, "train", augment=AUGMENT if kind == "norm" else None, **changes)
    return train(batches, seed=seed, batch_norm=kind == "norm", **options)


def one(splits: Splits, seed: int, kind: str, fault: str = "healthy") -> dict:
    """Test accuracy of one training."""
    model = trained(splits, seed, kind, fault)
    return {
        "test": accuracy(model, batches_of(splits, **({"stats": RAW} if fault == "raw" else {})))
    }


def wrapped(images: Tensor, mean: tuple, std: tuple) -> Tensor:
    """uint8 -> uint8: normalised, then cast to bytes, where what does not fit wraps round (lesson
    02).
    """
    return ((scaled(images, mean, std) * 255).long() % 256).to(torch.uint8)


def used(splits: Splits, seed: int) -> dict:
    """One healthy network, used rightly and wrongly."""
    model, test = trained(splits, seed, "norm"), splits.test
    ways = {
        "test": {},
        "bgr": {"images": test.images.flip(1)},
        "raw": {"stats": RAW},
        "0 to 1": {"stats": ZERO_TO_ONE},
        "wrapped": {"images": wrapped(test.images, splits.mean, splits.std)},
        "augmented": {"augment": AUGMENT},
    }
    found = {name: accuracy(model, batches_of(splits, **changes)) for name, changes in ways.items()}
    mixed = shuffled(len(test), seed)  # in whatever order they came
    by_class = test.labels.argsort(stable=True)
    for name, size, order in (("32", 32, mixed), ("4", 4, mixed), ("sorted", 32, by_class)):
        victim = NeverEval(deepcopy(model))  # such an evaluation moves the running statistics
        found[f"training mode {name}"] = accuracy(
            victim, batches_of(splits, size=size, chosen=order)
        )
    return found | {"calibration": calibration(model, splits)}


def calibration(model: nn.Module, splits: Splits, chosen: object = slice(None)) -> dict:
    """On the `chosen` test images, with a temperature from validation images: errors, and for each
    bin [confidence, accuracy, images]."""
    temperature = fit_temperature(*predict(model, batches_of(splits, "val"), DEVICE))
    logits, labels = predict(model, batches_of(splits, chosen=chosen), DEVICE)
    found = {"temperature": temperature}
    for key, divided in (("before", logits), ("after", logits / temperature)):
        bins = [values.tolist() for values in reliability(divided, labels)]
        found[f"ece_{key}"] = calibration_error(divided, labels)
        found[f"bins_{key}"] = [list(values) for values in zip(*bins, strict=True)]
    return found


def duplicates(splits: Splits, seed: int) -> dict:
    """A share DUPLICATES of the test images stands among the training images, which are as many as
    always.

    Accuracy on those that were trained on, on the others, and on all. Longer, without augmentation:
    it is to learn them by heart.
    """
    order, total = shuffled(len(splits.test), seed), len(splits.test)
    count = min(int(DUPLICATES * total), len(splits.train) // 2)
    known, fresh = order[:count], order[count:]
    images = torch.cat([splits.test.images[known], splits.train.images[count:]])
    labels = torch.cat([splits.test.labels[known], splits.train.labels[count:]])
    model = train(batches_of(splits, "train", images=images, labels=labels), seed=seed, epochs=LONG)
    found = {
        key: accuracy(model, batches_of(splits, chosen=c))
        for key, c in (("known", known), ("fresh", fresh))
    }
    mixture = (count * found["known"] + (total - count) * found["fresh"]) / total
    return found | {"test": mixture, "calibration": calibration(model, splits, fresh)}


def pairs(
    images: Tensor, labels: Tensor, classes: tuple[str, ...], seed: int
) -> tuple[Tensor, Tensor]:
    """Photographs at half their width, an animal and a vehicle side by side: label 0 if the animal
    is on the left.
    """
    order = shuffled(len(labels), seed)
    vehicle = torch.tensor([name in VEHICLES for name in classes])[labels[order]]
    half = (
        images[order].unflatten(-1, (16, 2)).float().mean(dim=-1).round().to(torch.uint8)
    )  # (N, 3, 32, 16)
    number = min(PAIRS, int(vehicle.sum()), int((~vehicle).sum()))
    animals, vehicles = half[~vehicle][:number], half[vehicle][:number]
    right = torch.rand(number, generator=torch.Generator().manual_seed(seed)) < 0.5
    swapped = right.view(-1, 1, 1, 1)
    left_half, right_half = (
        torch.where(swapped, vehicles, animals),
        torch.where(swapped, animals, vehicles),
    )
    return torch.cat([left_half, right_half], dim=-1), right.long()


def left_or_right(splits: Splits, seed: int, augment: Callable | None) -> dict:
    made = {}
    for part in ("train", "test"):
        data = getattr(splits, part)
        made[part] = dict(
            zip(
                ("images", "labels"),
                pairs(data.images, data.labels, splits.classes, seed),
                strict=True,
            )
        )
    model = train(
        batches_of(splits, "train", augment=augment, **made["train"]), seed=seed, classes=2
    )
    return {"test": accuracy(model, batches_of(splits, **made["test"]))}


def candidates(splits: Splits, seed: int) -> dict:
    """Small networks that differ in rate, first weights and order; what the best seems to be worth,
    and is worth.
    """
    some, right = slice(CANDIDATE_IMAGES), []
    low, high = CANDIDATE_RATES
    for number in range(CANDIDATES):
        own = 1000 * (seed + 1) + number
        rate = (
            low
            * (high / low) ** torch.rand((), generator=torch.Generator().manual_seed(own)).item()
        )
        options = {"blocks": SMALLER, "rate": rate, "epochs": CANDIDATE_EPOCHS}
        model = train(batches_of(splits, "train", chosen=some), seed=own, **options)
        logits, labels = predict(model, batches_of(splits), DEVICE)
        right.append(logits.argmax(dim=1) == labels)
    return {
        key: value for n in CHOSEN_ON for key, value in choose(torch.stack(right), n, seed).items()
    }


def choose(right: Tensor, number: int, seed: int) -> dict[str, float]:
    """Which answers were right (candidates, images) -> mean accuracy of the best, on `number`
    images and on the rest.

    The best is chosen on `number` images that are drawn DRAWS times.
    """
    generator = torch.Generator().manual_seed(seed)
    shown, rest = 0.0, 0.0
    for _ in range(DRAWS):
        order = torch.randperm(right.shape[1], generator=generator)
        scores = right[:, order[:number]].double().mean(dim=1)
        best = scores.argmax()
        shown += scores[best].item() / DRAWS
        rest += right[best, order[number:]].double().mean().item() / DRAWS
    return {f"best {number}": shown, f"rest {number}": rest}


TASKS: dict[
    str, Callable[[Splits, int], dict]
] = {  # the longest first, so that two processes end together
    "candidates": candidates,
    "duplicates": duplicates,
    "healthy norm": used,
    **{f"{fault} norm": partial(one, kind="norm", fault=fault) for fault in ("rate", "raw")},
    **{
        f"{fault} plain": partial(one, kind="plain", fault=fault)
        for fault in ("healthy", "softmax", "zero_grad", "rate", "raw", "labels", "half dead")
    },
    "pair": partial(left_or_right, augment=None),
    "pair mirrored": partial(left_or_right, augment=mirror_half),
}


@lru_cache(maxsize=1)
def load(folder: str, seed: int) -> Splits:
    return load_splits(folder, train_size=IMAGES, seed=seed)


def measure(folder: str, task: str, seed: int) -> dict:
    """What the task found: accuracies by name, and "calibration" of two networks."""
    return TASKS[task](load(folder, seed), seed)
