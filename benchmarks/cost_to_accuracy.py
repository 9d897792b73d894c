"""From the source's recipe to the field's: what each change costs and gains, on CIFAR-10 (JPEG).
Lesson 08 draws it.

    python benchmarks/cost_to_accuracy.py data/cifar10-jpeg [PART ...]

The folder is the JPEG copy that make_jpeg_copy.py writes. The parts, in the order in which they are
meant to run, with minutes on two cores that have bfloat16:

- source (9): one epoch of the source's recipe (its ResNet, Adam, batches of 32, its transforms,
float32) on all
  training images, timed whole: times 30 it is the unit of cost;
- share (1): operations a second against those of a matrix product, and where the time of a step
goes; - search (17): which optimizer, then which rate, widths and images are best in half of a
fortieth of that cost; - finals (22): the best of these, and what helped together, in the whole
fortieth; - asides (30): the best of the finals with what did harm in the ladder's short trainings,
on validation images; - fortieth (20): the best of the finals, on all training images, three seeds,
timed; - eighth (75): wider, with skips and averaged weights, for an eighth, three seeds, of which
the first is timed; the
  others are trained two at a time, one thread each;
- fifth (3 x 40): as wide, without skips and average, for a fifth; a call trains the first seed that
is missing; - costs (11): time and operations of an image in each rung of ladder.py; - ladder (60):
each rung for a few epochs on some of the images, three seeds; a call hands out trainings for 40
minutes.

`search`, `finals`, `asides` and `ladder` measure accuracies: two trainings at a time, one thread
each, in bfloat16. The others use all cores and are timed: run nothing beside them. How many epochs
a share of the cost pays for is found by timing steps of both in turn, and where it is a goal by
trying (EPOCHS): `cost` says what they took. All is kept in the runs folder: what is done is not
done again, and a training goes on after its last whole epoch. Choices are made on validation
images; each finished network reads the test images once, without test-time augmentation; for a
goal, apart, also with mirror images.

Writes benchmarks/results/08_fast_training.cifar10-jpeg.json. A cost is a share of the source's 30
epochs; `drift` is how much slower steps of the source's training were just before a timed training
than before the timed epoch.
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import reduce
from operator import or_

import torch
from cost_cells import (
    DEVICE,
    convolution,
    fitting_epochs,
    matrix_product,
    profile_step,
    step_flops,
    step_time,
    time_source,
)
from cost_kept import (
    SEEDS,
    SOURCE_EPOCHS,
    Task,
    all_images,
    kept,
    needed,
    run_all,
    splits_of,
    two_processes,
    use_all_cores,
)
from goal_parts import BUDGETS, WIDER, eighth, fifth, flops_of_an_image, fortieth, ranked, winner
from ladder import FAST, Climb, Settings
from ladder_parts import ALL_IMAGES, costs, ladder
from parts import run_parts

from course_utils.data import Splits
from course_utils.results import RECORDED_DIR

RESULT = RECORDED_DIR / "08_fast_training.cifar10-jpeg.json"
MARGIN = 0.99  # of a budget, for the start
OPTIMIZERS = {  # changes of FAST
    "SGD": {"muon_rate": 0.0},
    "Muon, rate 0.12": {"muon_rate": 0.12},
}
VARIANTS = {  # changes of the better of these
    "Muon, rate 0.24": {"muon_rate": 0.24},
    "24 pixels first": {"small_size": 24},
    "widths 32, 160, 160": {"widths": (32, 160, 160)},
    "widths 48, 192, 192": {"widths": (48, 192, 192)},
}
ASIDES = {  # changes of the best of the finals
    "as chosen": {},
    "random start": {"network": "fast, random start"},
    "running average": {"average": 0.95},
}


def source(folder: str) -> dict:
    use_all_cores()
    splits = all_images(folder)
    kept("source", lambda: time_source(splits))
    flops = flops_of_an_image(splits, Settings().change(epochs=1)) * ALL_IMAGES * SOURCE_EPOCHS
    return {"train_images": len(splits.train), "epochs": SOURCE_EPOCHS, "flops": flops}


def share(folder: str) -> dict:
    """In epochs in which the first layer's bias does not learn, as most are."""
    use_all_cores()
    products = {name: matrix_product(getattr(torch, name)) for name in ("float32", "bfloat16")}
    trainings = {}
    kinds = {
        "source": Settings(),
        "fast, float32": FAST.change(bfloat16=False),
        "fast, bfloat16": FAST,
    }
    for name, settings in {**kinds, "wide, bfloat16": FAST.change(**WIDER)}.items():
        climb = Climb(splits_of(folder), settings.change(bias_epochs=0, epochs=1), 0, DEVICE)
        rate = step_flops(climb) / step_time(climb)
        trainings[name] = {
            f"of the {kind} product": rate / product for kind, product in products.items()
        }
        print(name, trainings[name], flush=True)
        trainings[name]["profile"] = profile_step(climb)
    one_convolution = {
        kind: convolution(getattr(torch, kind)) / product for kind, product in products.items()
    }
    ratio = products["bfloat16"] / products["float32"]
    return {
        "bfloat16 product over float32 product": ratio,
        "convolution": one_convolution,
        "trainings": trainings,
    }


def epochs_for(name: str, splits: Splits, settings: Settings, budget: float) -> float:
    """How many epochs a share of the source's cost pays for; found once, all cores."""
    use_all_cores()
    pays = MARGIN * budget * SOURCE_EPOCHS
    return kept(f"{name}.plan", lambda: {"epochs": fitting_epochs(splits, settings, pays)})[
        "epochs"
    ]


def try_all(
    folder: str, part: str, candidates: dict[str, Settings], budget: float
) -> dict[str, dict]:
    """Settings and validation accuracy of each candidate, with as many epochs as the budget pays
    for.
    """
    tasks, never = {}, float("inf")
    for label, settings in candidates.items():
        epochs = epochs_for(f"{part}.{label}", splits_of(folder), settings, budget)
        tasks[label] = Task(
            f"{part}.{label}", folder, 0, settings.change(epochs=epochs), SEEDS[0], False, never
        )
    with two_processes() as pool:
        found = run_all(pool, tasks.values())
    return {
        label: {"settings": asdict(task.settings), "val_accuracy": found[task.name]["val_accuracy"]}
        for label, task in tasks.items()
    }


def search(folder: str) -> dict:
    budget = BUDGETS["fortieth"] / 2
    found = try_all(
        folder, "search", {label: FAST.change(**OPTIMIZERS[label]) for label in OPTIMIZERS}, budget
    )
    base = OPTIMIZERS[ranked(found)[0]]
    found |= try_all(
        folder,
        "search",
        {label: FAST.change(**{**base, **VARIANTS[label]}) for label in VARIANTS},
        budget,
    )
    return kept("searched", lambda: found)


def finalists(tried: dict[str, dict]) -> dict[str, dict]:
    """Changes of FAST: the best; widths and images that helped, together; the same with Muon's
    rate, if it helped.

    Helped is what beat the optimizer that it varies; of two widths the better counts. If nothing
    did, the best two.
    """
    ranking = ranked(tried)
    optimizer = next(label for label in ranking if label in OPTIMIZERS)
    base, helped = OPTIMIZERS[optimizer], {}
    for label in ranking[: ranking.index(optimizer)]:
        if not any(VARIANTS[label].keys() & VARIANTS[other].keys() for other in helped):
            helped[label] = VARIANTS[label]
    images = [label for label in helped if "muon_rate" not in helped[label]]
    found = {ranking[0]: base | helped.get(ranking[0], {})}
    for labels in (images, list(helped)):
        found[" and ".join(labels) or optimizer] = reduce(
            or_, (helped[label] for label in labels), base
        )
    others = {optimizer: base} | {
        label: OPTIMIZERS.get(label) or base | VARIANTS[label] for label in ranking[1:2]
    }
    return found if len(found) > 1 else found | others


def finals(folder: str) -> dict:
    candidates = {
        label: FAST.change(**changes)
        for label, changes in finalists(needed("searched", "search")).items()
    }
    tried = try_all(folder, "finals", candidates, BUDGETS["fortieth"])
    return kept("finals", lambda: tried)


def asides(folder: str) -> dict:
    """Validation accuracies by aside, (seeds,), and what they were trained with."""
    settings, never, seeds = winner()[1], float("inf"), SEEDS[:2]
    tasks = {
        (label, seed): Task(
            f"asides.{label}.{seed}", folder, 0, settings.change(**changes), seed, False, never
        )
        for label, changes in ASIDES.items()
        for seed in seeds
    }
    with two_processes() as pool:
        found = run_all(pool, tasks.values())
    accuracies = {
        label: [found[tasks[label, seed].name]["val_accuracy"] for seed in seeds]
        for label in ASIDES
    }
    trained_with = {"epochs": settings.recipe.epochs, "train_images": len(splits_of(folder).train)}
    return {**trained_with, "val_accuracy": accuracies}


PARTS: dict[str, Callable[[str], dict]] = {
    "source": source, "share": share, "search": search, "finals": finals, "asides": asides, "fortieth": fortieth,
    "eighth": eighth, "fifth": fifth, "costs": costs, "ladder": ladder,
}  # fmt: skip


def main() -> None:
    run_parts(PARTS, RESULT, {"dataset": "cifar10-jpeg", "test_images": 10_000}, __doc__)


if __name__ == "__main__":
    main()
