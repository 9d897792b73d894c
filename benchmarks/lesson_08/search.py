"""Which recipe is best for a fortieth of the source's cost: chosen on validation images."""

from dataclasses import asdict
from functools import reduce
from operator import or_

from benchmarks.harness import Run
from benchmarks.lesson_08.goals import winner
from benchmarks.lesson_08.ladder import Settings
from benchmarks.lesson_08.measures import fitting_epochs
from benchmarks.lesson_08.plan import GOALS, Plan, ranked, use_all_cores
from benchmarks.lesson_08.training import Images, train

ALL_BUT_VALIDATION = Images()
Candidates = dict[str, dict]  # changes of the fast settings, by label
OPTIMIZERS: Candidates = {"SGD": {"muon_rate": 0.0}, "Muon, rate 0.12": {"muon_rate": 0.12}}
VARIANTS: Candidates = {  # of the better of these
    "Muon, rate 0.24": {"muon_rate": 0.24},
    "24 pixels first": {"small_size": 24},
    "widths 32, 160, 160": {"widths": (32, 160, 160)},
    "widths 48, 192, 192": {"widths": (48, 192, 192)},
}
ASIDES: Candidates = {  # of the best of the finals
    "as chosen": {},
    "random start": {"network": "fast, random start"},
    "running average": {"average": 0.95},
}


def epochs_for(run: Run, plan: Plan, label: str, settings: Settings, budget: float) -> float:
    """How many epochs a share of the source's cost pays for; found once, all cores."""

    def fit(run: Run) -> dict:
        use_all_cores()
        splits, pays = ALL_BUT_VALIDATION.splits(run.dataset), plan.margin * budget
        pays *= plan.source_epochs
        most = plan.most_epochs
        epochs = fitting_epochs(splits, plan.source, settings, pays, plan.steps // 2, most)
        return {"epochs": epochs}

    return run.once(plan, ("epochs", label, settings), fit)["epochs"]


def try_all(run: Run, plan: Plan, candidates: Candidates, budget: float) -> dict[str, dict]:
    """Settings and validation accuracy of each candidate, with as many epochs as the budget pays
    for.
    """
    tasks = {}
    for label, changes in candidates.items():
        settings = plan.fast.change(**changes)
        epochs = epochs_for(run, plan, label, settings, budget)
        tasks[label] = (label, plan.seeds[0], settings.change(epochs=epochs))
    found = run.map(train, ALL_BUT_VALIDATION, tasks.values())
    return {
        label: {"settings": asdict(task[-1]), "val_accuracy": found[task]["val_accuracy"]}
        for label, task in tasks.items()
    }


def search(
    run: Run,
    plan: Plan | None = None,
    optimizers: Candidates = OPTIMIZERS,
    variants: Candidates = VARIANTS,
) -> dict:
    """Which optimizer, then which rate, widths and images are best in half of the budget."""
    plan, budget = plan or Plan(), GOALS["fortieth"].budget / 2
    found = try_all(run, plan, optimizers, budget)
    base = optimizers[ranked(found)[0]]
    varied = {label: base | changes for label, changes in variants.items()}
    return {"search": found | try_all(run, plan, varied, budget)}


def finalists(
    tried: dict[str, dict], optimizers: Candidates = OPTIMIZERS, variants: Candidates = VARIANTS
) -> Candidates:
    """The best; widths and images that helped, together; the same with Muon's rate, if it helped.

    Helped is what beat the optimizer that it varies; of two widths the better counts. If nothing
    did, the best two.
    """
    ranking = ranked(tried)
    optimizer = next(label for label in ranking if label in optimizers)
    base, helped = optimizers[optimizer], {}
    for label in ranking[: ranking.index(optimizer)]:
        if not any(variants[label].keys() & variants[other].keys() for other in helped):
            helped[label] = variants[label]
    images = [label for label in helped if "muon_rate" not in helped[label]]
    found = {ranking[0]: base | helped.get(ranking[0], {})}
    for labels in (images, list(helped)):
        together = reduce(or_, (helped[label] for label in labels), base)
        found[" and ".join(labels) or optimizer] = together
    if len(found) > 1:
        return found
    second = ranking[1]
    others = {optimizer: base, second: optimizers.get(second, base | variants.get(second, {}))}
    return found | others


def finals(
    run: Run,
    plan: Plan | None = None,
    optimizers: Candidates = OPTIMIZERS,
    variants: Candidates = VARIANTS,
) -> dict:
    """The finalists in the whole budget."""
    plan, candidates = plan or Plan(), finalists(run.entry("search"), optimizers, variants)
    return {"finals": try_all(run, plan, candidates, GOALS["fortieth"].budget)}


def asides(run: Run, plan: Plan | None = None) -> dict:
    """Validation accuracies by aside, two seeds, and what they were trained with."""
    plan, (_, settings) = plan or Plan(), winner(run.entry("finals"))
    tasks = {
        (label, seed): (label, seed, settings.change(**changes))
        for label, changes in ASIDES.items()
        for seed in plan.seeds[:2]
    }
    found = run.map(train, ALL_BUT_VALIDATION, tasks.values())
    accuracies: dict[str, list[float]] = {label: [] for label in ASIDES}
    for (label, _), task in tasks.items():
        accuracies[label].append(found[task]["val_accuracy"])
    images = len(ALL_BUT_VALIDATION.splits(run.dataset).train)
    trained_with = {"epochs": settings.recipe.epochs, "train_images": images}
    return {"asides": {**trained_with, "val_accuracy": accuracies}}
