"""What the usual faults cost: the trainings of trainings.py, made into one table.

All accuracies are on test images: nothing is chosen on them, but for the experiments about choosing
and about leaks, which need them. Three kinds of faults. "training": `healthy` is the accuracy of a
network trained without it, `faulty` with it. "use": a healthy network, used rightly and wrongly.
"report": `healthy` is what the network is worth on images that it neither saw nor was chosen by,
`faulty` what the report says. The rows on a pretrained network are taken from lesson 04's record.
"""

from typing import NamedTuple

from benchmarks.harness import Run, columns, name_of, read_json
from benchmarks.lesson_07.laboratory import Plan
from benchmarks.lesson_07.trainings import TASKS, measure

WITH_NORM = ", with batch norm, crops and flips"  # the other network with the same fault
PRETRAINED = {
    "CIFAR-10's": "pretrained network, CIFAR-10's numbers (source)",
    "raw bytes": "pretrained network, raw bytes",
}


class Row(NamedTuple):
    """A fault, and where its two accuracies stand: task, then name."""

    title: str
    kind: str
    healthy: tuple[str, str]
    faulty: tuple[str, str]


def _trained(title: str, task: str, healthy: str) -> Row:
    return Row(title, "training", (healthy, "test"), (task, "test"))


def _used(title: str, way: str) -> Row:
    return Row(title, "use", ("healthy norm", "test"), ("healthy norm", way))


ROWS = [
    _trained("softmax before cross-entropy", "softmax plain", "healthy plain"),
    _trained("forgotten zero_grad", "zero_grad plain", "healthy plain"),
    _trained("learning rate ten times too high", "rate plain", "healthy plain"),
    _trained("labels shuffled against images", "labels plain", "healthy plain"),
    _trained("raw bytes throughout", "raw plain", "healthy plain"),
    _trained("half of the ReLUs dead in each convolution", "half dead plain", "healthy plain"),
    _trained("learning rate ten times too high" + WITH_NORM, "rate norm", "healthy norm"),
    _trained("raw bytes throughout" + WITH_NORM, "raw norm", "healthy norm"),
    _trained("mirror that changes labels (animal left or right)", "pair mirrored", "pair"),
    _used("evaluation in training mode, batches of 32", "training mode 32"),
    _used("evaluation in training mode, batches of 4", "training mode 4"),
    _used("evaluation in training mode, of 32, sorted by class", "training mode sorted"),
    _used("test images augmented too (source)", "augmented"),
    _used("fed BGR", "bgr"),
    _used("fed raw bytes", "raw"),
    _used("fed pixels from 0 to 1", "0 to 1"),
    _used("fed images cast to bytes while normalised (source)", "wrapped"),
    Row(
        "trained on the test images (source)",
        "report",
        ("duplicates", "fresh"),
        ("duplicates", "known"),
    ),
    Row(
        "three test images in ten among the training images",
        "report",
        ("duplicates", "fresh"),
        ("duplicates", "test"),
    ),
    *(
        Row(
            f"best of 50 chosen on {number:,} test images",
            "report",
            ("candidates", f"rest {number}"),
            ("candidates", f"best {number}"),
        )
        for number in (100, 1000)
    ),
]


def rows_of(found: dict[tuple[str, int], dict], seeds: tuple[int, ...]) -> list[dict]:
    """One entry for each fault, with an accuracy for each seed; found[task, seed][name]."""
    made = []
    for row in ROWS:
        (healthy, name), (faulty, other) = row.healthy, row.faulty
        accuracies = {
            "healthy": [found[healthy, seed][name] for seed in seeds],
            "faulty": [found[faulty, seed][other] for seed in seeds],
        }
        made.append({"fault": row.title, "kind": row.kind, **accuracies})
    return made


def pretrained_rows(run: Run) -> list[dict]:
    """Two faults that lesson 04 has measured, if it has on these images."""
    name = f"04_transfer_learning.{name_of(run.dataset)}.json"
    record, rows = read_json(run.record.with_name(name)), []
    for key, title in PRETRAINED.items() if record else ():
        scaling = record["scaling"]["throughout"]
        accuracies = {"healthy": scaling["the weights' own"], "faulty": scaling[key]}
        rows.append({"fault": f"{title}, lesson 04", "kind": "training", **accuracies})
    return rows


def faults(run: Run, plan: Plan | None = None) -> dict:
    """Everything seed by seed, so that a run that is stopped has whole seeds."""
    plan = plan or Plan()
    found = run.map(measure, plan, [(task, seed) for seed in plan.seeds for task in TASKS])
    networks = {
        f"batch norm, crops and flips, {plan.epochs} epochs": "healthy norm",
        f"batch norm, no augmentation, {plan.epochs_leaks} epochs": "duplicates",
    }
    calibration = {
        title: columns([found[task, seed]["calibration"] for seed in plan.seeds])
        for title, task in networks.items()
    }
    setting = f"{plan.images:,} images, {plan.epochs} epochs, {len(plan.seeds)} seeds"
    return {
        "faults": rows_of(found, plan.seeds) + pretrained_rows(run),
        "calibration": calibration,
        "setting": f"{run.title}, {setting}",
        **plan.settings(),
    }
