"""Depth 8, 20 and 50, with BatchNorm, skips none and identity (lesson 06).

SGD with Nesterov momentum 0.9 and weight decay 5e-4 in one cycle, batches of 256, crops and flips,
45,000 images; each arm's peak rate from one search on validation images. `ratio_start` is the root
mean square of the gradient at the weights of the first 3x3 convolution over that at the last,
before the first step.
"""

from functools import partial
from itertools import product

from benchmarks.gpu.lanes import Context, Lane, fit, search
from benchmarks.gpu.networks import finished
from benchmarks.gpu.trainer import Recipe, Trainer
from course_utils.models import ResNet
from course_utils.probes import gradient_rms

SKIPS, LRS = ("identity", "none"), (0.03, 0.1, 0.3, 0.01, 1.0)
PROBE = 256


def first_to_last(trainer: Trainer) -> float:
    """The gradient's size at the first 3x3 convolution over that at the last, in float32."""
    images = trainer.normalised(trainer.unpadded()[:PROBE], trainer.mean, trainer.std)
    sizes = gradient_rms(trainer.model, images, trainer.labels[:PROBE])
    wide = [
        sizes[name]
        for name, layer in trainer.model.named_modules()
        if name in sizes and layer.kernel_size == (3, 3)
    ]
    return wide[0] / wide[-1]


def lanes(context: Context) -> list[Lane]:
    """A lane for each arm and seed; that of an arm's first seed finds the arm's rate."""
    sizes, made = context.sizes, []
    longest = max(sizes.depth, sizes.search_epochs)
    recipe = Recipe("sgd", sizes.batch_size, weight_decay=5e-4, channels_last=context.channels_last)
    for seed, depth, skip in product(sizes.seeds, sizes.depths, SKIPS):
        name = f"depth {depth}, {skip}"
        make = partial(
            Trainer, partial(ResNet, depth, skip=skip), recipe, context.data.train,
            context.data.stats, max_epochs=longest,
        )  # fmt: skip
        jobs = [partial(train, context, name=name, seed=seed)]
        if seed == sizes.seeds[0]:
            jobs.insert(0, search(context, name, LRS))
        made.append(Lane(f"{name}, seed {seed}", make, jobs))
    return made


def train(context: Context, trainer: Trainer, *, name: str, seed: int) -> None:
    """One training at the arm's rate, unless an earlier run has it."""
    lr, epochs = context.rate_of(name), context.sizes.depth
    if context.done(part="depth", arm=name, seed=seed, lr=lr):
        return
    trainer.reset(seed, lr, epochs)
    ratio = first_to_last(trainer)
    found = fit(
        context, trainer, seed=seed, lr=lr, epochs=epochs,
        watch=lambda epoch: {"val_accuracy_by_epoch": trainer.accuracy(context.data.val)},
    )  # fmt: skip
    context.write(part="depth", arm=name, ratio_start=ratio, **found | finished(context, trainer))
