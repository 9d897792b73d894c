"""What an image costs in training, change by change; and where a step's time goes."""

from dataclasses import dataclass

import torch

from benchmarks.data import SOURCE_AUGMENT, splits_of
from benchmarks.harness import Run
from benchmarks.lesson_08 import measures
from benchmarks.lesson_08.ladder import FAST, SOURCE, SOURCE_BATCH, WIDE, Settings, timed_settings
from benchmarks.lesson_08.training import TimedTraining


@dataclass(frozen=True)
class Plan:
    train_images: int = 9_000  # that batches are drawn from
    steps: int = 10  # timed at a stretch
    rounds: int = 5  # of timing both in turn
    source: Settings = SOURCE
    fast: Settings = FAST
    wide: Settings = WIDE
    side: int = 2048  # of the matrices
    images: int = 500  # in the convolution


def costs(run: Run, plan: Plan | None = None) -> dict:
    """For each change: time and operations of an image in training, over those in the source's,
    which is timed in turn.
    """
    plan, found = plan or Plan(), {}
    measures.use_all_cores()
    splits = splits_of(run.dataset, augment=SOURCE_AUGMENT, train_size=plan.train_images)
    of_source = TimedTraining(splits, plan.source.change(epochs=1), 0)
    operations = measures.step_flops(of_source)
    for name, settings in timed_settings(plan.source).items():

        def cost(run: Run, settings: Settings = settings) -> dict[str, float]:
            training = TimedTraining(splits, settings.change(epochs=1), 0)
            share = SOURCE_BATCH / training.recipe.batch_size
            time = measures.over_source(of_source, training, plan.steps, plan.rounds)
            flops = measures.step_flops(training) / operations
            return {"time": time * share, "flops": flops * share}

        found[name] = run.once(plan, ("cost", name), cost)
    return {"costs": found}


def share(run: Run, plan: Plan | None = None) -> dict:
    """Operations a second against those of a matrix product, and where the time of a step goes, in
    epochs in which the first layer's bias does not learn, as most are.
    """
    plan = plan or Plan()
    measures.use_all_cores()
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    products = {name: measures.matrix_product(dtype, plan.side) for name, dtype in dtypes.items()}
    convolutions = {
        name: measures.convolution(dtype, plan.images) for name, dtype in dtypes.items()
    }
    kinds = {
        "source": plan.source,
        "fast, float32": plan.fast.change(bfloat16=False),
        "fast, bfloat16": plan.fast,
        "wide, bfloat16": plan.wide,
    }
    splits, trainings = splits_of(run.dataset, augment=SOURCE_AUGMENT), {}
    for name, settings in kinds.items():
        training = TimedTraining(splits, settings.change(bias_epochs=0, epochs=1), 0)
        flops = measures.step_flops(training) / measures.step_time(training, plan.steps)
        shares = {f"of the {kind} product": flops / products[kind] for kind in products}
        trainings[name] = {**shares, "profile": measures.profile_step(training)}
    found = {
        "bfloat16 product over float32 product": products["bfloat16"] / products["float32"],
        "convolution": {kind: convolutions[kind] / products[kind] for kind in products},
        "trainings": trainings,
    }
    return {"share": found}
