"""What BatchNorm does to rates, scales and small batches (lesson 05).

"rates": lesson 01's VGG with BatchNorm and without, plain SGD at one rate, 45,000 images, with four
scales of the input. "decay": the same with BatchNorm and momentum, with weight decay and without;
after each epoch the length of every convolution's weights. "batches": 5,000 images in batches of 2
to 128, with BatchNorm, GroupNorm and neither, Adam in one cycle, each at the rate of its own search
(batches of 2 take those of 4 times the root of a half). Validation images choose.
"""

import math
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.gpu.augment import chosen, network
from benchmarks.gpu.lanes import Context, Job, Lane, fit, team, try_rates
from benchmarks.gpu.scaling import Stats, stats_of
from benchmarks.gpu.trainer import Recipe, Trainer
from benchmarks.lesson_02.scaling import decades

NORMS = ("no normalisation", "batch normalisation")
LRS = (*decades(-3, 1),)  # nine rates
SCALES = {  # with the rates of the network without BatchNorm; with it they are LRS
    "normalised": LRS,
    "raw bytes": (*decades(-7, -4), 3e-4),
    "[0, 1]": LRS[:8],
    "wrong std": LRS[:8],
}
DECAYS, DECAY_LR = (0.0, 5e-4), 0.05
CHANNELS = 8  # in a group of GroupNorm
BATCH_LRS = (3e-4, 1e-3, 3e-3, 1e-2)  # Adam's, for batches of 32; for n, times the root of n / 32
THREE = (*NORMS, "group normalisation")


def normalised_network(norm: str) -> nn.Module:
    """The VGG with one of THREE after each convolution."""
    model = network(batch_norm=norm != "no normalisation")
    for block in model.features if "group" in norm else ():
        for place, layer in enumerate(block):
            if isinstance(layer, nn.BatchNorm2d):
                width = layer.num_features
                block[place] = nn.GroupNorm(width // CHANNELS, width)
    return model


@torch.no_grad()
def lengths(model: nn.Module) -> Tensor:
    """The length of each convolution's weights, (convolutions,)."""
    weights = [layer.weight for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    return torch.stack([weight.double().norm() for weight in weights])


def at_a_rate(
    trainer: Trainer, context: Context, norm: str, scale: str, stats: Stats, lr: float, seed: int
) -> None:
    """One training of "rates"; `growth` is the length of all convolutions' weights after over
    before.
    """
    data, before = context.data, []
    epochs = context.sizes.rate_epochs if scale == "normalised" else 1

    def first(fresh: nn.Module) -> None:
        before.append(lengths(fresh).norm().item())

    trainer.use_stats(stats)

    def watch(epoch: int) -> dict[str, float]:
        return {
            "growth": (lengths(trainer.model).norm() / before[0]).item(),
            "val_accuracy": trainer.accuracy(data.val),
        }

    options = {"prepare": first, "watch": watch, "may_diverge": True}
    found = fit(context, trainer, seed=seed, lr=lr, epochs=epochs, **options)
    context.write(part="rates", arm=norm, scale=scale, **found)


def with_decay(trainer: Trainer, context: Context, decay: float, seed: int) -> None:
    data, model = context.data, trainer.model
    before = []

    def watch(epoch: int) -> dict[str, object]:
        return {
            "lengths": lengths(model).tolist(),
            "val_accuracy": trainer.accuracy(data.val),
        }

    def first(fresh: nn.Module) -> None:
        before.extend(lengths(fresh).tolist())

    epochs = context.sizes.decay_epochs
    options = {"prepare": first, "watch": watch}
    found = fit(context, trainer, seed=seed, lr=DECAY_LR, epochs=epochs, **options)
    found |= {"first_lengths": before, "test_accuracy": trainer.accuracy(data.test)}
    context.write(part="decay", arm=f"weight decay {decay:g}", decay=decay, **found)


def with_batches(trainer: Trainer, context: Context, norm: str, size: int, seed: int) -> None:
    sizes = context.sizes.batch_sizes
    from_next = size == 2 and 4 in sizes
    lr = context.rate_of(f"{norm}, batches of {4 if from_next else size}")
    lr *= math.sqrt(0.5) if from_next else 1
    data = context.data
    found = fit(context, trainer, seed=seed, lr=lr, epochs=context.sizes.batch_epochs)
    found |= {"val_accuracy": trainer.accuracy(data.val)}
    found |= {"test_accuracy": trainer.accuracy(data.test)}
    context.write(part="batches", arm=norm, size=size, **found)


def rate_lanes(context: Context) -> list[Lane]:
    sizes, data, made = context.sizes, context.data, []
    stats = {scale: stats_of(scale, context) for scale in SCALES}
    recipe = _recipe(context, schedule="constant", momentum=0.0)
    for norm in NORMS:

        def jobs(scale: str, lrs: tuple[float, ...], seed: int, norm=norm) -> list[Job]:
            how = {"context": context, "norm": norm, "scale": scale, "stats": stats[scale]}
            return [partial(at_a_rate, **how, lr=lr, seed=seed) for lr in lrs[: sizes.rates]]

        both = [job for seed in sizes.seeds for job in jobs("normalised", LRS, seed)]
        for seed in sizes.seeds[:2]:
            for scale, plain_lrs in list(SCALES.items())[1:]:
                both += jobs(scale, plain_lrs if norm == NORMS[0] else LRS[:8], seed)
        model = partial(normalised_network, norm)
        options = {"max_epochs": sizes.rate_epochs}
        make = partial(Trainer, model, recipe, data.train, data.stats, **options)
        made += team(f"rates, {norm}", make, 6, both)
    return made


def _recipe(context: Context, **changes) -> Recipe:
    batch_size = min(125, len(context.data.train) // 4)
    options = {"padding": 0, "mirror": False, "channels_last": context.channels_last} | changes
    return Recipe("sgd", batch_size, **options)


def decay_lanes(context: Context) -> list[Lane]:
    sizes, data, made = context.sizes, context.data, []
    model = partial(normalised_network, "batch normalisation")
    for decay in DECAYS:
        options = {"padding": 4, "mirror": True, "weight_decay": decay, "schedule": "constant"}
        recipe = _recipe(context, **options)
        jobs = [partial(with_decay, context=context, decay=decay, seed=s) for s in sizes.seeds]
        make = partial(
            Trainer, model, recipe, data.train, data.stats, max_epochs=sizes.decay_epochs
        )
        made += team(f"weight decay {decay:g}", make, 3, jobs)
    return made


def batch_lanes(context: Context) -> list[Lane]:
    """Small batches first, since they take longest; those of 2 wait for the rates of 4."""
    sizes, data, made = context.sizes, context.data, []
    images = chosen(data.train, min(sizes.batch_images, len(data.train) // 10 * 10), 0)
    members, longest = {2: 3, 4: 2}, max(sizes.batch_epochs, sizes.batch_search)
    for size in sorted(sizes.batch_sizes, key=lambda size: (size != 4, size)):
        lrs = tuple(lr * math.sqrt(size / 32) for lr in BATCH_LRS)
        for norm in THREE:
            jobs = []
            if size != 2 or 4 not in sizes.batch_sizes:
                jobs += try_rates(context, f"{norm}, batches of {size}", lrs, sizes.batch_search)
            jobs += [
                partial(with_batches, context=context, norm=norm, size=size, seed=seed)
                for seed in sizes.seeds
            ]
            recipe = Recipe(
                "adam", size, padding=0, mirror=False, precision="float32", channels_last=False
            )
            model, options = partial(normalised_network, norm), {"max_epochs": longest}
            make = partial(Trainer, model, recipe, images, data.stats, **options)
            made += team(f"{norm}, batches of {size}", make, members.get(size, 1), jobs)
    return made


def lanes(context: Context) -> list[Lane]:
    """Rates and decay; the small batches are a part of their own, since they wait on launches."""
    return decay_lanes(context) + rate_lanes(context)
