"""The least time to the accuracy that the source reports: the course's fast recipe, shortened.

`search`: one seed and 45,000 images for each number of epochs, shortest first; the first that is
clear of the goal on validation images is taken. `least`: three seeds with all cores and (nearly)
all 50,000 training images, each tested once. A cost is a training's seconds, its start counted in,
over those of the source's 30 epochs, which are its step, timed just before and after, times their
number.
"""

import math
from dataclasses import dataclass, replace
from statistics import fmean
from time import perf_counter

import torch

from benchmarks.data import SOURCE_AUGMENT, splits_of
from benchmarks.harness import Run
from benchmarks.lesson_08.ladder import SOURCE, Settings
from benchmarks.lesson_08.measures import source_step, use_all_cores
from benchmarks.lesson_08.training import TimedTraining
from course_utils.data import Splits, make_loaders
from course_utils.lessons.lesson_08.fast import Training
from course_utils.lessons.lesson_08.recipe import Recipe
from course_utils.training import evaluate

FAST = Recipe(bfloat16=True)


@dataclass(frozen=True)
class Plan:
    recipe: Recipe = FAST
    epochs: tuple[float, ...] = (2.0, 2.5, 3.0, 3.5, 4.0, 5.0)
    seeds: tuple[int, ...] = (0, 1, 2)
    search_seed: int = 100
    wanted: float = 0.876  # what the source reports of its ResNet
    margin: float = 0.003  # above it, on validation images
    held_out: float = 0.001  # of the training images: `load_splits` wants some
    images: int = 0  # of the search; 0: all 45,000
    source: Settings = SOURCE
    source_images: int = 50_000
    source_epochs: int = 30
    steps: int = 40  # of the source's training, timed


def trained(splits: Splits, recipe: Recipe, seed: int, device: torch.device) -> Training:
    training = Training(splits, recipe, seed, device)
    while training.epoch < recipe.epochs:
        training.run_epoch()
    return training


def search(run: Run, plan: Plan | None = None) -> dict:
    """The least epochs whose validation accuracy is clear of the goal; the last if none is."""
    plan, device = plan or Plan(), torch.device(run.device)
    found = {}
    splits = splits_of(run.dataset, train_size=plan.images)
    for epochs in plan.epochs:

        def one(run: Run, epochs: float = epochs) -> dict:
            recipe = replace(plan.recipe, epochs=epochs)
            model = trained(splits, recipe, plan.search_seed, device).eval_model
            return {"val_accuracy": evaluate(model, make_loaders(splits, 500).val, device).accuracy}

        found[f"{epochs:g}"] = run.once(plan, ("search", epochs), one)["val_accuracy"]
        if found[f"{epochs:g}"] >= plan.wanted + plan.margin:
            break
    return {"search": {"chosen": epochs, "val_accuracy": found, "train_images": len(splits.train)}}


def least(run: Run, plan: Plan | None = None) -> dict:
    """Costs and test accuracies of the recipe with the epochs that the search chose."""
    plan, device = plan or Plan(), torch.device(run.device)
    use_all_cores()
    recipe = replace(plan.recipe, epochs=run.entry("search")["chosen"])
    splits = splits_of(run.dataset, augment=SOURCE_AUGMENT, val_fraction=plan.held_out)
    batches = math.ceil(plan.source_images / plan.source.recipe.batch_size)
    source = TimedTraining(splits, plan.source, 0, run.device)
    found: dict[str, list[float]] = {"cost": [], "test_accuracy": []}
    for seed in plan.seeds:

        def one(run: Run, seed: int = seed) -> dict:
            before = source_step(source, plan.steps)
            start = perf_counter()
            model = trained(splits, recipe, seed, device).eval_model
            seconds = perf_counter() - start
            step = fmean([before, source_step(source, plan.steps)])
            whole = plan.source_epochs * batches * step
            accuracy = evaluate(model, make_loaders(splits, 500).test, device).accuracy
            print(f"seed {seed}: {seconds:.0f} s, the source's recipe {whole:.0f} s", flush=True)
            return {"cost": seconds / whole, "test_accuracy": accuracy}

        for key, value in run.once(plan, ("least", seed), one).items():
            found[key].append(value)
    precision = "bfloat16" if recipe.bfloat16 else "float32"
    about = {"epochs": recipe.epochs, "train_images": len(splits.train), "wanted": plan.wanted}
    return {"least": {**about, **found, "precision": precision, "seed": list(plan.seeds)}}
