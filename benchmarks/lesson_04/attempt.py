"""One attempt to better the shipped backbone at its size: it learns on from the shipped weights, on
the same images of Tiny ImageNet, without label smoothing.

Smoothed labels are known to make worse features (Kornblith, Shlens and Le 2019), and the shipped
weights learned with them. Nothing is chosen: the settings were set before, the weights are the last
epoch's, and the probes on them are held against the recorded ones of `transfer`, seed by seed.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.data import CROP_FLIP, CROP_FLIP_NAME, labels_of, rescaled
from benchmarks.harness import Run
from benchmarks.lesson_04 import backbone
from benchmarks.lesson_04.probes import (
    best_probe,
    chosen_by_some,
    features_of,
    probe_accuracy,
    sources,
)
from course_utils.checkpoints import load_file, save_file
from course_utils.lessons.lesson_04.backbones import MINI_FILE, VGGMini
from course_utils.lessons.lesson_04.features import few_of_each
from course_utils.runtime import seed_everything

LEARNING = backbone.Plan(epochs=4, peak_rate=0.02, label_smoothing=0.0, weights=Path())


@dataclass(frozen=True)
class Plan:
    learning: backbone.Plan = LEARNING
    seeds: tuple[int, ...] = (0, 1, 2)
    labels: tuple[int, ...] = (5, 100, 500)


def learn_on(run: Run, plan: Plan) -> dict:
    """Write weights that learned on into the run's folder, and give their history; goes on where
    it was stopped.
    """
    shipped, how = load_file(MINI_FILE), plan.learning
    mean, std = shipped["mean"], shipped["std"]
    train_raw, classes = backbone.read(how.folder / "train")
    val_raw, _ = backbone.read(how.folder / "val")
    train_set, val_set = rescaled(train_raw, mean, std, CROP_FLIP), rescaled(val_raw, mean, std)
    model = VGGMini(len(classes))
    model.load_state_dict(shipped["model"])
    seed_everything(how.seed)
    trained, history = backbone.train(run, how, model, train_set, val_set)
    save_file({**shipped, "model": backbone.in_float16(trained)}, run.folder / "weights.pt")
    return {"history": vars(history), "train_images": len(train_set)}


def probe(run: Run, plan: Plan) -> dict:
    """Test accuracy of probes on the new weights: for each number of labels one a seed."""
    source, splits = sources(run.dataset, str(run.folder / "weights.pt"))
    indices = chosen_by_some(splits, max(plan.labels), plan.seeds)
    scale = (splits.mean, splits.std)
    features = features_of(run, source.features, splits, indices, scale)
    labels, found = labels_of(splits.train), {}
    for number in plan.labels:
        rows = [features.rows(few_of_each(labels, number, seed)) for seed in plan.seeds]
        found[str(number)] = [
            probe_accuracy(best_probe(features, row)[0], features) for row in rows
        ]
    return found


def attempt(run: Run, plan: Plan | None = None) -> dict:
    plan = plan or Plan()
    before = run.entry("arms")["probe"]
    learned = run.once(plan, ("learning",), partial(learn_on, plan=plan))
    continued = run.once(plan, ("probe",), partial(probe, plan=plan))
    how = plan.learning
    found = {
        **learned,
        "augmentation": CROP_FLIP_NAME,
        "batch_size": how.batch_size,
        "epochs": how.epochs,
        "label_smoothing": how.label_smoothing,
        "learned_on": continued,
        "peak_rate": how.peak_rate,
        "seeds": len(plan.seeds),
        "shipped": {str(number): before[str(number)] for number in plan.labels},
    }
    return {"attempt": found}
