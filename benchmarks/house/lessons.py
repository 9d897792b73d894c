"""Lessons on photographs, what they record themselves; and lesson 08's fast recipe."""

import subprocess
import sys

import torch

from benchmarks.harness import Run, read_json
from benchmarks.house.run import LESSONS
from course_utils.data import load_splits, make_loaders
from course_utils.lessons.lesson_08.fast import Training
from course_utils.lessons.lesson_08.recipe import Recipe
from course_utils.lessons.scoreboard import score
from course_utils.paths import RUNS_DIR
from course_utils.training import evaluate


def run_lesson(run: Run, name: str) -> dict:
    lesson, _, parameters = LESSONS[name]
    folder = run.record.stem  # in the runs folder: the name of the run
    command = [sys.executable, "-m", "course_utils", "run"]
    command += ["--dataset", run.dataset, "--name", folder]
    for key, value in parameters.items():
        command += ["-p", key, str(value)]
    subprocess.run([*command, lesson], check=True)
    return read_json(RUNS_DIR / folder / f"{lesson}.json")


def run_fast(run: Run, recipe: Recipe | None = None, images: int = 0) -> dict:
    """`python -m course_utils fast`: the recipe at its defaults, all training images (or so many),
    one seed, the test images read once at the end.
    """
    splits, device = load_splits(run.dataset, train_size=images), torch.device(run.device)
    training = Training(splits, recipe or Recipe(), 0, device)
    loaders = make_loaders(splits, 500)
    val_accuracy = []
    while training.epoch < training.recipe.epochs:
        training.run_epoch()
        val_accuracy.append(evaluate(training.eval_model, loaders.val, device).accuracy)
        print(f"epoch {training.epoch}: validation accuracy {val_accuracy[-1]:.1%}", flush=True)
    test_accuracy = evaluate(training.eval_model, loaders.test, device).accuracy
    return {
        "epochs": training.recipe.epochs,
        "train_images": len(splits.train),
        "val_accuracy": val_accuracy,
        "test_accuracy": test_accuracy,
        "scoreboard": {"fast recipe": score(training.eval_model, test_accuracy)},
    }
