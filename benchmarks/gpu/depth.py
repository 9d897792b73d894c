"""Depth 8, 20 and 50, with BatchNorm, skips none and identity (lesson 06); ResNet-20 and its plain
twin by the standard recipe, shortened, are two of the six.

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

SKIPS, LRS = ("identity", "none"), (0.03, 0.1, 0.3)
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
    sizes, made = context.sizes, []
    for depth, skip in product(sizes.depths, SKIPS):
        name = f"depth {depth}, {skip}"
        jobs = [search(context, name, LRS)]
        for seed in sizes.seeds:

            def job(trainer: Trainer, name=name, seed=seed) -> None:
                lr, epochs = context.rate_of(name), sizes.depth
                trainer.reset(seed, lr, epochs)
                ratio = first_to_last(trainer)

                def watch(epoch: int) -> dict[str, float]:
                    return {"val_accuracy_by_epoch": trainer.accuracy(context.data.val)}

                found = fit(context, trainer, seed=seed, lr=lr, epochs=epochs, watch=watch)
                found |= finished(context, trainer)
                context.write(part="depth", arm=name, ratio_start=ratio, **found)

            jobs.append(job)

        def make(depth=depth, skip=skip) -> Trainer:
            options = {"weight_decay": 5e-4, "channels_last": context.channels_last}
            recipe = Recipe("sgd", sizes.batch_size, **options)
            longest = max(sizes.depth, sizes.search_epochs)
            network = partial(ResNet, depth, skip=skip)
            return Trainer(
                network, recipe, context.data.train, context.data.stats, max_epochs=longest
            )

        made.append(Lane(name, make, jobs))
    return made
