"""What the usual faults cost (lesson 07), over references that are healthy.

A VGG with BatchNorm, SGD with Nesterov momentum in one cycle, crops and flips, 45,000 images; the
peak rate from one search on validation images, of the healthy one. A fault changes one thing; faulty and healthy twins share first weights and order.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.gpu.data import Images
from benchmarks.gpu.lanes import Context, Lane, fit, search
from benchmarks.gpu.trainer import Recipe, Trainer, augmented
from course_utils.lessons.lesson_07.broken import softmax_first
from course_utils.models import VGG

BLOCKS, SMALLER = ((16, 32), (64, 128), (128, 256)), ((8, 8), (16, 16), (32, 32))
LRS = (0.05, 0.1, 0.2)
CANDIDATE_LRS, DUPLICATES = (0.01, 0.3), 0.3
RAW, ZERO_TO_ONE = ((0.0,) * 3, (1 / 255,) * 3), ((0.0,) * 3, (1.0,) * 3)
VEHICLES = (0, 1, 8, 9)


def network(blocks: tuple = BLOCKS, classes: int = 10, hidden: int = 256) -> nn.Module:
    return VGG(blocks, (hidden,), classes, batch_norm=True)


def stats_of(pair: tuple) -> tuple[Tensor, Tensor]:
    return torch.tensor(pair[0]), torch.tensor(pair[1])


def kill_half(model: nn.Module) -> None:
    """Every second channel so far below 0, by the bias of its BatchNorm, that its ReLU never opens."""
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.constant_(layer.bias[::2], -100)


FAULTS: dict[str, dict] = {  # those that change the recipe itself say how
    "healthy": {},
    "softmax": {"loss_fn": softmax_first},
    "zero_grad": {"forget_zero_grad": True},
    "rate": {},
    "raw": {},
    "labels": {},
    "half dead": {},
}


def shuffled(number: int, seed: int, device: torch.device) -> Tensor:
    return torch.randperm(number, generator=torch.Generator().manual_seed(seed)).to(device)


def wrapped(pixels: Tensor, stats: tuple[Tensor, Tensor]) -> Tensor:
    """Normalised, then cast to bytes, where what does not fit wraps round (lesson 02)."""
    mean, std = (value.to(pixels.device) for value in stats)
    return (((pixels / 255 - mean) / std * 255).long() % 256).to(torch.uint8)


def used(context: Context, trainer: Trainer, seed: int) -> dict[str, float]:
    """Test accuracy of one healthy network, used rightly and wrongly."""
    test, stats = context.data.test, context.data.stats
    spoilt = {
        "bgr": test.pixels.flip(-1),
        "wrapped": wrapped(test.pixels, stats),
        "augmented": augmented(test.pixels, trainer.recipe.padding, seed),
    }
    found = {name: trainer.accuracy(Images(pixels, test.labels)) for name, pixels in spoilt.items()}
    for name, pair in (("raw", RAW), ("0 to 1", ZERO_TO_ONE)):
        found[f"used {name}"] = trainer.accuracy(test, stats_of(pair))
    mixed = test[shuffled(len(test), seed, test.labels.device)]
    by_class = test[test.labels.argsort(stable=True)]
    for name, size, images in (("32", 32, mixed), ("4", 4, mixed), ("sorted", 32, by_class)):
        found[f"training mode {name}"] = trainer.accuracy(images, training=True, batch_size=size)
    return found


def keep_logits(context: Context, trainer: Trainer, name: str) -> None:
    """For calibration, which is worked out later."""
    for part in ("val", "test"):
        logits = trainer.logits(getattr(context.data, part).pixels)
        context.keep(f"{name}, {part}", logits.half())


def one(context: Context, trainer: Trainer, fault: str, seed: int) -> None:
    """One training with a fault, or healthy, and its test accuracy."""
    data, labels = context.data, context.data.train.labels
    lr = context.rate_of("norm") * (10 if fault == "rate" else 1)
    if fault == "labels":
        trainer.labels.copy_(labels[shuffled(len(labels), seed, labels.device)])
    if fault == "raw":
        trainer.use_stats(stats_of(RAW))
    prepare = kill_half if fault == "half dead" else None
    epochs = context.sizes.faults
    found = fit(context, trainer, seed=seed, lr=lr, epochs=epochs, prepare=prepare)
    found["test_accuracy"] = trainer.accuracy(data.test)
    if fault == "healthy":
        found |= used(context, trainer, seed)
        keep_logits(context, trainer, f"norm, seed {seed}")
    context.write(part="faults", arm=f"{fault} norm", **found)


def leak(context: Context, trainer: Trainer, seed: int) -> None:
    """Three test images in ten stand among the training images, which are as many as always."""
    data = context.data
    order = shuffled(len(data.test), seed, data.test.labels.device)
    count = min(int(DUPLICATES * len(data.test)), len(data.train) // 2)
    known, fresh = data.test[order[:count]], data.test[order[count:]]
    trainer.pixels.copy_(data.train.pixels)
    trainer.labels.copy_(data.train.labels)
    trainer.pixels[:count] = known.pixels
    trainer.labels[:count] = known.labels
    lr, epochs = context.rate_of("norm"), context.sizes.leak
    found = fit(context, trainer, seed=seed, lr=lr, epochs=epochs)
    found |= {"known": trainer.accuracy(known), "fresh": trainer.accuracy(fresh)}
    found |= {"test_accuracy": trainer.accuracy(data.test), "duplicates": count}
    keep_logits(context, trainer, f"leak, seed {seed}")
    context.write(part="faults", arm="leak", **found)


def pairs(images: Images, number: int, seed: int) -> Images:
    """Photographs at half their width, an animal and a vehicle side by side; the label is 0 where
    the animal is on the left.
    """
    device = images.labels.device
    mixed = images[shuffled(len(images), seed, device)]
    vehicle = torch.isin(mixed.labels, torch.tensor(VEHICLES, device=device))
    halves = mixed.pixels.unflatten(2, (16, 2)).float().mean(dim=3).round().to(torch.uint8)
    animals, vehicles = halves[~vehicle][:number], halves[vehicle][:number]
    right = torch.rand(number, generator=torch.Generator().manual_seed(seed)).to(device) < 0.5
    swap = right.view(-1, 1, 1, 1)
    left_half = torch.where(swap, vehicles, animals)
    right_half = torch.where(swap, animals, vehicles)
    return Images(torch.cat([left_half, right_half], dim=2), right.long())


def pair_sizes(context: Context) -> tuple[int, int]:
    """How many pairs for training and for testing."""
    sizes = []
    for images in (context.data.train, context.data.test):
        vehicle = sum(int((images.labels == label).sum()) for label in VEHICLES)
        sizes.append(min(context.sizes.pairs, vehicle, len(images) - vehicle))
    return tuple(sizes)


def left_or_right(context: Context, trainer: Trainer, name: str, seed: int) -> None:
    train, test = pair_sizes(context)
    made = pairs(context.data.train, train, seed)
    trainer.pixels.copy_(made.pixels)
    trainer.labels.copy_(made.labels)
    lr, epochs = context.rate_of("norm"), context.sizes.faults
    found = fit(context, trainer, seed=seed, lr=lr, epochs=epochs)
    found["test_accuracy"] = trainer.accuracy(pairs(context.data.test, test, seed))
    context.write(part="faults", arm=name, **found)


def candidates(context: Context, trainer: Trainer, seed: int) -> None:
    """Small networks that differ in rate, first weights and order; what each says of the test."""
    said, accuracies = [], []
    low, high = CANDIDATE_LRS
    for number in range(context.sizes.candidates):
        own = 1000 * (seed + 1) + number
        place = torch.rand((), generator=torch.Generator().manual_seed(own)).item()
        epochs = context.sizes.candidate_epochs
        fit(context, trainer, seed=own, lr=low * (high / low) ** place, epochs=epochs)
        logits = trainer.logits(context.data.test.pixels)
        said.append(logits.argmax(dim=1).to(torch.uint8))
        accuracies.append((said[-1] == context.data.test.labels).double().mean().item())
    context.keep(f"candidates, seed {seed}", torch.stack(said))
    context.write(part="faults", arm="candidates", seed=seed, test_accuracy=accuracies)


def lanes(context: Context) -> list[Lane]:
    """The healthy ones first: the others wait for their rate. What an earlier run has is left out."""
    sizes, data = context.sizes, context.data
    longest = max(sizes.faults, sizes.leak, sizes.search_epochs, sizes.candidate_epochs)
    made = []

    def add(
        arm: str, work: Callable, images: Images = data.train, seeds=sizes.seeds, **changes
    ) -> None:
        missing = [seed for seed in seeds if not context.done(part="faults", arm=arm, seed=seed)]
        jobs = [partial(work, seed=seed) for seed in missing]
        if arm == "healthy norm":
            jobs.insert(0, search(context, "norm", LRS))
        model = partial(network, **changes.pop("model", {}))
        options = {"weight_decay": 5e-4, "channels_last": context.channels_last} | changes
        recipe = Recipe("sgd", sizes.batch_size, **options)
        make = partial(Trainer, model, recipe, images, data.stats, max_epochs=longest)
        if jobs:
            name = arm if len(seeds) > 1 else f"{arm}, seed {seeds[0]}"
            made.append(Lane(name, make, jobs))

    for fault, changes in FAULTS.items():
        add(f"{fault} norm", partial(one, context, fault=fault), **changes)
    add("leak", partial(leak, context), padding=0, mirror=False)
    paired = pairs(data.train, pair_sizes(context)[0], 0)
    for name, mirror in (("pair", False), ("pair mirrored", True)):
        work = partial(left_or_right, context, name=name)
        add(name, work, paired, padding=0, mirror=mirror, model={"classes": 2})
    small = data.train[: sizes.candidate_images]
    for seed in sizes.seeds:
        model = {"blocks": SMALLER, "hidden": 64}
        add("candidates", partial(candidates, context), small, (seed,), model=model)
    return made
