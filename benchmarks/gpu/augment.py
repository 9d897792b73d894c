"""What crops and flips buy (lesson 01): one network, trained with each of five augmentations, on
1,000, 5,000 and 45,000 images.

The VGG of lesson 03 in the widths of lesson 01's record, He's start, Adam at one rate. A seed
chooses the images; the augmentations share them, first weights and order. The test images once.
"""

from functools import partial

from torch import nn

from benchmarks.gpu.data import Images
from benchmarks.gpu.lanes import Context, Job, Lane, fit, team
from benchmarks.gpu.trainer import Recipe, Trainer, augmented
from course_utils.lessons.lesson_04.features import few_of_each
from course_utils.models import VGG, he_init

BLOCKS, HIDDEN = ((16, 16), (32, 64), (64, 128)), (256,)
TOO_FAR = 16  # pixels: half of the image
AUGMENTATIONS = {  # the largest shift, and whether images are mirrored
    "none": (0, False),
    "crop_flip": (4, True),
    "crop_flip_padding_16": (TOO_FAR, True),
    "crop": (4, False),
    "flip": (0, True),
}
LR = 1e-3
BATCH_SIZE = 125
DRAWS = 5


def network() -> nn.Module:
    return VGG(BLOCKS, HIDDEN).apply(he_init)


def chosen(images: Images, number: int, seed: int) -> Images:
    """So many images, of each class alike, by seed; all if there are no more."""
    if number >= len(images):
        return images
    rows = few_of_each(images.labels.cpu(), number // 10, seed)
    return images[rows.to(images.labels.device)]


def one(trainer: Trainer, context: Context, number: int, epochs: int, arm: str, seed: int) -> None:
    data = context.data
    trainer.crop, trainer.mirror = AUGMENTATIONS[arm]
    images = chosen(data.train, number, seed)
    trainer.use_images(images)

    def watch(epoch: int) -> dict[str, float]:
        if epochs > 40 and epoch % 5:
            return {}
        return {"val_accuracy_by_epoch": trainer.accuracy(data.val)}

    found = fit(context, trainer, seed=seed, lr=LR, epochs=epochs, watch=watch)
    found["train_accuracy"] = trainer.accuracy(images[:10_000])
    found["test_accuracy"] = trainer.accuracy(data.test)
    if arm == "crop_flip":  # the source's mistake: test images that are augmented too
        found["augmented_test_accuracy"] = [
            trainer.accuracy(Images(augmented(data.test.pixels, 4, draw), data.test.labels))
            for draw in range(DRAWS)
        ]
    context.write(part="augment", arm=arm, images=number, **found)


def jobs_of(context: Context, number: int, epochs: int, seeds: tuple[int, ...]) -> list[Job]:
    """First, seed by seed, the three that matter most; then crops and flips alone."""
    arms = list(AUGMENTATIONS)
    pairs = [(arm, seed) for part in (arms[:3], arms[3:]) for seed in seeds for arm in part]
    return [
        partial(one, context=context, number=number, epochs=epochs, arm=arm, seed=seed)
        for arm, seed in pairs
    ]


def lanes(context: Context) -> list[Lane]:
    made = []
    sizes, data = context.sizes, context.data
    for number, epochs in sorted(sizes.augment.items(), reverse=True):
        number = min(int(number), len(data.train))
        seeds = sizes.seeds if number > 10_000 else sizes.more_seeds
        batch_size = min(BATCH_SIZE, number // 4)
        options = {"schedule": "constant", "padding": TOO_FAR}
        recipe = Recipe("adam", batch_size, channels_last=context.channels_last, **options)
        images = chosen(data.train, number, 0)
        make = partial(Trainer, network, recipe, images, data.stats, max_epochs=epochs)
        members = 8 if number > 10_000 else 5
        made += team(f"augment {number}", make, members, jobs_of(context, number, epochs, seeds))
    return made
