"""Four networks trained alike (lesson 06): the source's CNN, the same with BatchNorm, the source's
ResNet, and ResNet-20.

Adam in one cycle, batches of 256, crops and flips, 45,000 images; only the peak rate is a network's
own, from one search on validation images. First for equal epochs, then, rates kept, for as many as
cost what those of the CNN cost. Each finished network sees the test images once.
"""

from collections.abc import Callable

import torch
from torch import nn

from benchmarks.gpu.data import CLASSES
from benchmarks.gpu.lanes import Context, Lane, fit, search
from benchmarks.gpu.trainer import Recipe, Trainer
from course_utils.models import VGG, ResNet, SourceResNet
from course_utils.probes import multiply_adds

NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "source's CNN": VGG,
    "source's CNN + BN": lambda: VGG(batch_norm=True),
    "source's ResNet": SourceResNet,
    "ResNet-20": ResNet,
}
LRS = (3e-4, 1e-3, 3e-3, 1e-2)
GAP_IMAGES = 10_000  # training images on which the finished network's training accuracy is measured


def epochs_for(name: str, budget: int) -> int:
    """As many epochs as cost what `budget` epochs of the source's CNN cost."""
    return max(1, round(budget * multiply_adds(VGG()) / multiply_adds(NETWORKS[name]())))


def finished(context: Context, trainer: Trainer) -> dict:
    """Accuracy and loss without augmentation: training and validation, for the gap; test, once."""
    data, found = context.data, {}
    for part, images in (
        ("train", data.train[:GAP_IMAGES]),
        ("val", data.val),
        ("test", data.test),
    ):
        logits = trainer.logits(images.pixels)
        right = (logits.argmax(dim=1) == images.labels).double()
        found[f"{part}_accuracy"] = right.mean().item()
        found[f"{part}_plain_loss"] = nn.functional.cross_entropy(logits, images.labels).item()
    sums = torch.zeros(10, dtype=torch.double, device=right.device)
    sums = sums.index_add(0, data.test.labels, right)
    shares = sums / data.test.labels.bincount(minlength=10)
    found["test_accuracy_by_class"] = dict(zip(CLASSES, shares.tolist(), strict=True))
    return found


def lanes(context: Context) -> list[Lane]:
    sizes, made = context.sizes, []
    for name, network in NETWORKS.items():
        plans = {"epochs": sizes.networks, "multiply_adds": epochs_for(name, sizes.networks)}
        if plans["epochs"] == plans["multiply_adds"]:
            del plans["multiply_adds"]
        jobs = [search(context, name, LRS)]
        for plan, epochs in plans.items():
            for seed in sizes.seeds:

                def job(trainer, name=name, plan=plan, epochs=epochs, seed=seed) -> None:
                    def watch(epoch: int) -> dict[str, float]:
                        return {"val_accuracy_by_epoch": trainer.accuracy(context.data.val)}

                    lr = context.rate_of(name)
                    found = fit(context, trainer, seed=seed, lr=lr, epochs=epochs, watch=watch)
                    found |= finished(context, trainer)
                    context.write(part="networks", arm=name, plan=plan, **found)

                if not context.done(part="networks", arm=name, plan=plan, seed=seed):
                    jobs.append(job)

        longest = max(*plans.values(), sizes.search_epochs)

        def make(network=network, longest=longest) -> Trainer:
            recipe = Recipe("adam", sizes.batch_size, channels_last=context.channels_last)
            return Trainer(
                network, recipe, context.data.train, context.data.stats, max_epochs=longest
            )

        if jobs[1:]:
            made.append(Lane(name, make, jobs))
    return made
