"""The backbone's own layers from scratch (lesson 04), with few labels, trained to their plateau.

Adam in one cycle, batches of 50, crops and flips. For each number of labels a search of the rate on
a draw of its own; then three draws, each trained for some steps and for twice as many: where the
second is no better on validation images, the first was the plateau. Each network is tested once.
"""

from functools import partial

from torch import nn

from benchmarks.gpu.augment import chosen
from benchmarks.gpu.data import Images
from benchmarks.gpu.lanes import Context, Lane, fit, team, try_rates
from benchmarks.gpu.trainer import Recipe, Trainer
from course_utils.lessons.lesson_04.backbones import VGGMini, add_head, random_copy

LRS = (1e-3, 3e-3, 1e-2, 3e-2)
BATCH_SIZE = 50
LEAST = 1000


def network() -> nn.Module:
    return add_head(random_copy(VGGMini().features), 10)


def draw(context: Context, labels: int, seed: int) -> Images:
    """So many images of each class, repeated until an epoch has at least LEAST."""
    images = chosen(context.data.train, 10 * labels, seed)
    times = max(1, LEAST // len(images)) if context.sizes.images == 0 else 1
    return Images(images.pixels.repeat(times, 1, 1, 1), images.labels.repeat(times))


def one(trainer: Trainer, context: Context, labels: int, epochs: int, seed: int) -> None:
    lr, data = context.rate_of(f"scratch {labels}"), context.data
    trainer.use_images(draw(context, labels, seed))
    found = fit(context, trainer, seed=seed, lr=lr, epochs=epochs)
    found["val_accuracy"] = trainer.accuracy(data.val)
    found["test_accuracy"] = trainer.accuracy(data.test)
    steps = epochs * trainer.steps_an_epoch
    context.write(part="scratch", arm=f"scratch {labels}", labels=labels, steps=steps, **found)


def lanes(context: Context) -> list[Lane]:
    sizes, made = context.sizes, []
    for labels, epochs in sorted(sizes.scratch.items(), key=lambda pair: -int(pair[0])):
        labels = int(labels)

        def prepare(trainer: Trainer, labels=labels) -> None:
            trainer.use_images(draw(context, labels, sizes.search_seed))

        jobs = try_rates(context, f"scratch {labels}", LRS, epochs, prepare)
        jobs += [
            partial(one, context=context, labels=labels, epochs=times * epochs, seed=seed)
            for seed in sizes.seeds
            for times in (2, 1)
        ]
        images = draw(context, labels, 0)
        batch_size = min(BATCH_SIZE, len(images) // 2)
        recipe = Recipe("adam", batch_size, channels_last=context.channels_last)
        options = {"max_epochs": 2 * epochs}
        make = partial(Trainer, network, recipe, images, context.data.stats, **options)
        made += team(f"scratch {labels}", make, 3, jobs)
    return made
