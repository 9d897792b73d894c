"""ResNet-20 and its plain twin by the standard recipe, shortened (lesson 06; He et al., 2016).

SGD with Nesterov momentum 0.9, rate 0.1 in one cycle, weight decay 5e-4, batches of 128, crops with
padding 4 and flips, 45,000 images. Nothing is chosen: the rate is the standard one.
"""

from functools import partial
from itertools import product

from benchmarks.gpu.depth import SKIPS
from benchmarks.gpu.lanes import Context, Lane, fit
from benchmarks.gpu.networks import finished
from benchmarks.gpu.trainer import Recipe, Trainer
from course_utils.models import ResNet

DEPTH, LR, WEIGHT_DECAY = 20, 0.1, 5e-4


def lanes(context: Context) -> list[Lane]:
    """A lane for each seed and twin, those with skips first."""
    sizes, made = context.sizes, []
    recipe = Recipe(
        "sgd", sizes.standard_batch_size, weight_decay=WEIGHT_DECAY,
        channels_last=context.channels_last,
    )  # fmt: skip
    for skip, seed in product(SKIPS, sizes.seeds):
        make = partial(
            Trainer, partial(ResNet, DEPTH, skip=skip), recipe, context.data.train,
            context.data.stats, max_epochs=sizes.standard,
        )  # fmt: skip
        job = partial(train, context, skip=skip, seed=seed)
        made.append(Lane(f"standard, {skip}, seed {seed}", make, [job]))
    return made


def train(context: Context, trainer: Trainer, *, skip: str, seed: int) -> None:
    found = fit(
        context, trainer, seed=seed, lr=LR, epochs=context.sizes.standard,
        watch=lambda epoch: {"val_accuracy_by_epoch": trainer.accuracy(context.data.val)},
    )  # fmt: skip
    context.write(part="standard", arm=skip, **found | finished(context, trainer))
