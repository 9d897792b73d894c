"""What the usual faults cost on photographs: lesson 07's recorded results,
07_diagnosis.cifar10-jpeg.json.

    python benchmarks/diagnosis.py data/cifar10-jpeg

The folder is the JPEG copy that make_jpeg_copy.py writes. Three seeds; the trainings stand in
diagnosis_faults.py, here they are distributed and made into one table. Two processes with one
thread each, in bfloat16: about half an hour on two cores that have it in hardware. What is done is
kept in the runs folder, training by training, so that a run that was stopped goes on; the result is
written as soon as a seed is whole, and later seeds are added to it.

All accuracies are on test images: nothing is chosen on them, but for the experiments about choosing
and about leaks, which need them. Three kinds of faults. "training": `healthy` is the accuracy of a
network trained without it, `faulty` with it. "use": a healthy network, used rightly and wrongly.
"report": `healthy` is what the network is worth on images that it neither saw nor was chosen by,
`faulty` what the report says. The rows on a pretrained network are taken from lesson 04's record.
"""

import sys
from multiprocessing import get_context
from pathlib import Path

import diagnosis_faults as faults
import torch
from parts import keep, write_json

from course_utils.paths import RUNS_DIR
from course_utils.results import RECORDED_DIR, load_recorded

SEEDS = (0, 1, 2)
KEPT = RUNS_DIR / "diagnosis"
RESULT = RECORDED_DIR / "07_diagnosis.cifar10-jpeg.json"
OTHER = ", with batch norm, crops and flips"  # the other network that the same fault was planted in

# Title, kind, and where the two accuracies stand: task, then name.
ROWS = [
    *(
        (title, "training", ("healthy plain", "test"), (f"{fault} plain", "test"))
        for fault, title in (
            ("softmax", "softmax before cross-entropy"),
            ("zero_grad", "forgotten zero_grad"),
            ("rate", "learning rate ten times too high"),
            ("labels", "labels shuffled against images"),
            ("raw", "raw bytes throughout"),
            ("half dead", "half of the ReLUs dead in each convolution"),
        )
    ),
    (
        "learning rate ten times too high" + OTHER,
        "training",
        ("healthy norm", "test"),
        ("rate norm", "test"),
    ),
    ("raw bytes throughout" + OTHER, "training", ("healthy norm", "test"), ("raw norm", "test")),
    (
        "mirror that changes labels (animal left or right)",
        "training",
        ("pair", "test"),
        ("pair mirrored", "test"),
    ),
    *(
        (title, "use", ("healthy norm", "test"), ("healthy norm", key))
        for key, title in (
            ("training mode 32", "evaluation in training mode, batches of 32"),
            ("training mode 4", "evaluation in training mode, batches of 4"),
            ("training mode sorted", "evaluation in training mode, of 32, sorted by class"),
            ("augmented", "test images augmented too (source)"),
            ("bgr", "fed BGR"),
            ("raw", "fed raw bytes"),
            ("0 to 1", "fed pixels from 0 to 1"),
            ("wrapped", "fed images cast to bytes while normalised (source)"),
        )
    ),
    (
        "trained on the test images (source)",
        "report",
        ("duplicates", "fresh"),
        ("duplicates", "known"),
    ),
    (
        "three test images in ten among the training images",
        "report",
        ("duplicates", "fresh"),
        ("duplicates", "test"),
    ),
    *(
        (
            f"best of 50 chosen on {n:,} test images",
            "report",
            ("candidates", f"rest {n}"),
            ("candidates", f"best {n}"),
        )
        for n in faults.CHOSEN_ON
    ),
]
PRETRAINED = {
    "CIFAR-10's": "pretrained network, CIFAR-10's numbers (source)",
    "raw bytes": "pretrained network, raw bytes",
}


def start_worker() -> None:
    torch.set_num_threads(1)


def run(task: tuple[str, str, int]) -> tuple[tuple[str, int], dict]:
    """One task with one seed, and what it measured, from its file if it is done."""
    folder, name, seed = task

    def measure() -> dict:
        found = faults.measure(folder, name, seed)
        print(
            name,
            seed,
            *(f"{key} {value:.4f}" for key, value in found.items() if key != "calibration"),
            flush=True,
        )
        return found

    return (name, seed), keep(KEPT / f"{name.replace(' ', '_')}.{seed}.json", measure)


def rows(found: dict[tuple[str, int], dict], seeds: list[int]) -> list[dict]:
    """One entry for each fault, with an accuracy for each seed."""
    made = []
    for title, kind, *places in ROWS:
        healthy, faulty = ([found[task, seed][name] for seed in seeds] for task, name in places)
        made.append({"fault": title, "kind": kind, "healthy": healthy, "faulty": faulty})
    scaling = load_recorded("04_transfer_learning.cifar10-jpeg")["scaling"]["throughout"]
    for key, title in PRETRAINED.items():
        accuracies = {"healthy": scaling["the weights' own"], "faulty": scaling[key]}
        made.append({"fault": f"{title}, lesson 04", "kind": "training", **accuracies})
    return made


def collect(found: dict[tuple[str, int], dict]) -> None:
    """Write what is done so far: the seeds for which all tasks are."""
    seeds = [seed for seed in SEEDS if all((name, seed) in found for name in faults.TASKS)]
    if not seeds:
        return
    networks = {
        f"batch norm, crops and flips, {faults.EPOCHS} epochs": "healthy norm",
        f"batch norm, no augmentation, {faults.LONG} epochs": "duplicates",
    }
    calibration = {}
    for title, task in networks.items():
        measured = [found[task, seed]["calibration"] for seed in seeds]
        calibration[title] = {key: [values[key] for values in measured] for key in measured[0]}
    result = {
        "batch_size": faults.BATCH, "calibration": calibration, "candidate_epochs": faults.CANDIDATE_EPOCHS,
        "candidate_images": faults.CANDIDATE_IMAGES, "candidate_network": f"VGG(blocks={faults.SMALLER})",
        "candidate_rates": list(faults.CANDIDATE_RATES), "dataset": "cifar10-jpeg", "draws": faults.DRAWS,
        "duplicates": faults.DUPLICATES, "epochs": faults.EPOCHS, "epochs_leaks": faults.LONG,
        "faults": rows(found, seeds), "images": faults.IMAGES, "learning_rate": faults.RATE, "optimizer": "Adam",
        "network": f"VGG(blocks={faults.BLOCKS}, hidden={faults.HIDDEN})", "precision": "bfloat16", "seeds": seeds,
        "setting": f"CIFAR-10 (JPEG), {faults.IMAGES:,} images, {faults.EPOCHS} epochs, {len(seeds)} seeds",
        "test_images": 10_000,
    }  # fmt: skip
    write_json(RESULT, result)


def main() -> None:
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        raise SystemExit(__doc__)
    found: dict[tuple[str, int], dict] = {}
    tasks = [(sys.argv[1], name, seed) for seed in SEEDS for name in faults.TASKS]
    with get_context("spawn").Pool(2, start_worker) as pool:
        for task, values in pool.imap_unordered(run, tasks):
            found[task] = values
            collect(found)
        pool.close()
        pool.join()


if __name__ == "__main__":
    main()
