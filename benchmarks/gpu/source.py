"""The source tutorial's two recipes: 50,000 images, batches of 32, Adam at one rate, float32.

Its ResNet: rate 1e-4, crops with padding 1. Its CNN: rate 1e-3, crops with padding 4. The test
images are looked at after every epoch, and nothing is chosen by them: this is an experiment about
evaluation. "proper" is evaluation mode, unaugmented; "training_mode" normalises each batch of 32 by
its own statistics; "augmented" crops and mirrors the test images; "source" is both, as it measured.
"""

import torch

from benchmarks.gpu.data import SOURCE_MEAN, SOURCE_STD
from benchmarks.gpu.lanes import Context, Lane, fit
from benchmarks.gpu.trainer import Recipe, Trainer, augmented
from course_utils.models import VGG, SourceResNet

STATS = torch.tensor(SOURCE_MEAN), torch.tensor(SOURCE_STD)
NETWORKS = {"source's ResNet": (SourceResNet, 1e-4, 1), "source's CNN": (VGG, 1e-3, 4)}


def recipe(padding: int) -> Recipe:
    return Recipe(
        "adam", batch_size=32, schedule="constant", padding=padding, precision="float32",
        channels_last=False, drop_last=False,
    )  # fmt: skip


def four_ways(trainer: Trainer, context: Context, epoch: int) -> dict[str, float]:
    """Test accuracy, properly, and every so many epochs in the other three ways."""
    test, padding = context.data.test, trainer.recipe.padding
    found = {"proper": trainer.accuracy(test)}
    if epoch % context.sizes.every == 0:
        spoilt = type(test)(augmented(test.pixels, padding, epoch), test.labels)
        found["training_mode"] = trainer.accuracy(test, training=True, batch_size=32)
        found["augmented"] = trainer.accuracy(spoilt)
        found["source"] = trainer.accuracy(spoilt, training=True, batch_size=32)
    return found


def lanes(context: Context) -> list[Lane]:
    sizes = context.sizes
    epochs = {("source's ResNet", seed): sizes.source_resnet for seed in sizes.seeds}
    epochs |= {("source's CNN", seed): sizes.source_cnn for seed in sizes.seeds}
    epochs["source's CNN", sizes.seeds[0]] = sizes.source_cnn_long
    made = []
    for name, (network, lr, padding) in NETWORKS.items():
        for seed in sizes.seeds:
            if not epochs[name, seed]:
                continue

            def job(trainer: Trainer, name=name, lr=lr, seed=seed) -> None:
                def watch(epoch: int) -> dict[str, float]:
                    found = four_ways(trainer, context, epoch)
                    context.write(part="source epoch", arm=name, seed=seed, epoch=epoch, **found)
                    return found

                options = {"epochs": epochs[name, seed], "watch": watch, "keep_partial": True}
                found = fit(context, trainer, seed=seed, lr=lr, **options)
                context.write(part="source", arm=name, **found)

            def make(network=network, padding=padding, name=name, seed=seed) -> Trainer:
                longest = epochs[name, seed]
                return Trainer(
                    network, recipe(padding), context.data.whole, STATS, max_epochs=longest
                )

            made.append(Lane(f"{name}, seed {seed}", make, [job]))
    return made
