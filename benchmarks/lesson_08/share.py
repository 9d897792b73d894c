"""Operations a second against those of a matrix product, and where the time of a step goes."""

import torch

from benchmarks.harness import Run
from benchmarks.lesson_08.measures import (
    convolution,
    matrix_product,
    profile_step,
    step_flops,
    step_time,
)
from benchmarks.lesson_08.plan import WIDER, Plan, use_all_cores
from benchmarks.lesson_08.training import Images, LadderTraining


def share(run: Run, plan: Plan | None = None, side: int = 2048, images: int = 500) -> dict:
    """In epochs in which the first layer's bias does not learn, as most are."""
    plan = plan or Plan()
    use_all_cores()
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    products = {name: matrix_product(dtype, side) for name, dtype in dtypes.items()}
    convolutions = {name: convolution(dtype, images) for name, dtype in dtypes.items()}
    kinds = {
        "source": plan.source,
        "fast, float32": plan.fast.change(bfloat16=False),
        "fast, bfloat16": plan.fast,
        "wide, bfloat16": plan.fast.change(**dict(WIDER)),
    }
    splits, trainings = Images().splits(run.dataset), {}
    for name, settings in kinds.items():
        training = LadderTraining(splits, settings.change(bias_epochs=0, epochs=1), 0)
        flops = step_flops(training) / step_time(training, plan.steps)
        shares = {f"of the {kind} product": flops / products[kind] for kind in products}
        trainings[name] = {**shares, "profile": profile_step(training)}
    found = {
        "bfloat16 product over float32 product": products["bfloat16"] / products["float32"],
        "convolution": {kind: convolutions[kind] / products[kind] for kind in products},
        "trainings": trainings,
    }
    return {"share": found}
