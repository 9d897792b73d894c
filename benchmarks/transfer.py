"""What a backbone saves in labels, on photographs: lesson 04's record,
results/04_transfer_learning.cifar10-jpeg.json.

    python benchmarks/transfer.py data/cifar10-jpeg [WEIGHTS]

The folder is the JPEG copy that make_jpeg_copy.py writes; WEIGHTS is what `load_backbone` takes, by
default "mini". Two processes with one thread each, in bfloat16: under forty minutes on two cores
that have it in hardware. What is done is kept in the runs folder, cell by cell; a run that was
stopped goes on. Delete that folder after a change of the weights.

Every classifier learns from LABELS images of each class and is tested once, on all test images. A
seed chooses the images and the first weights; the layers of `random` are one draw for all seeds.
`scratch` and `fine_tuning` see cropped and flipped images, with rates that fall to 0 on a straight
line; fine-tuning starts from a probe. `probe` and `random` (the same layers, once with random
weights) are logistic regressions on features of plain images, with the weight decay that is best on
validation; `probe_fixed` has HEAD_DECAY, for whoever has no validation images. Two controls, one
seed each: `scratch_longer` has twice the steps, `fine_tuning_plain` sees plain images as the probe
does. `scaling`: the probe with images scaled in another way, throughout or only when it is tested.
`leak`: the whole network trained on plain training images or, by mistake, on test images; tested on
those (`asked`), and on the other ones (`fresh`).
"""

import json
import sys
from multiprocessing import get_context
from pathlib import Path

from parts import write_json
from transfer_cells import (
    BACKBONE_RATE,
    BATCH,
    HEAD_DECAY,
    HEAD_RATE,
    KEPT,
    LABELS,
    LEAK_EPOCHS,
    LEAK_LABELS,
    LEAK_RATE,
    OWN,
    SCALINGS,
    SCRATCH_RATE,
    SEEDS,
    STEPS,
    cache_features,
    features_file,
    kept_file,
    leak,
    probe_all,
    probes,
    scaling,
    start_worker,
    trained_arm,
)

from course_utils.lessons.lesson_04.backbones import load_backbone
from course_utils.results import RECORDED_DIR

LEAKS = [("leak", "honest"), ("leak", "leaked")]
CELLS = {
    "features": cache_features,
    "probes": probes,
    "probe_all": probe_all,
    "scaling": scaling,
    "arm": trained_arm,
    "leak": leak,
}


def run(task: tuple) -> None:
    """One cell of the record, kept as a file."""
    if (features_file(task[1]) if task[0] == "features" else kept_file(*task)).exists():
        return
    found = CELLS[task[0]](*task[1:])
    if task[0] == "features":  # they have been kept as tensors
        return
    print(*task, f"{found:.4f}" if isinstance(found, float) else "", flush=True)
    write_json(kept_file(*task), found)


def seeds_of(arm: str, number: int) -> tuple[int, ...]:
    """The seeds of an arm with a number of labels: the two controls have one, and one number."""
    return (
        ()
        if number not in STEPS[arm]
        else SEEDS
        if arm in ("scratch", "fine_tuning")
        else SEEDS[:1]
    )


def tasks() -> list[list[tuple]]:
    """The cells in two stages: the features, then what needs them."""
    trained = [
        ("arm", arm, n, seed)
        for n in sorted(LABELS, reverse=True)
        for arm in STEPS
        for seed in seeds_of(arm, n)
    ]
    short = [("probe_all",), ("probes", OWN), ("probes", "random"), ("scaling",)]
    return [[("features", name) for name in (OWN, "random", *SCALINGS)], [*LEAKS, *trained, *short]]


def collect(description: str) -> dict:
    """The record, from the kept cells."""

    def kept(*task):
        return json.loads(kept_file(*task).read_text(encoding="utf-8"))

    arms = {
        arm: {n: [kept("arm", arm, n, seed) for seed in seeds_of(arm, n)] for n in STEPS[arm]}
        for arm in STEPS
    }
    spaces = {"probe": kept("probes", OWN), "random": kept("probes", "random")}
    return {
        "arms": arms
        | {arm: found["test_accuracy"] for arm, found in spaces.items()}
        | {"probe_fixed": spaces["probe"]["fixed"]},
        "augmentation": "RandomCrop(32, padding=4), RandomHorizontalFlip",
        "backbone": description, "backbone_rate": BACKBONE_RATE, "batch_size": BATCH, "dataset": "cifar10-jpeg",
        "head_decay": HEAD_DECAY, "head_rate": HEAD_RATE, "labels_per_class": list(LABELS),
        "leak": {name: kept("leak", name) for name in ("honest", "leaked")}
        | {"images": 10 * LEAK_LABELS, "epochs": LEAK_EPOCHS, "learning_rate": LEAK_RATE},
        "optimizer": "Adam, the rates falling to 0", "precision": "bfloat16", "probe_all": kept("probe_all"),
        "scaling": kept("scaling"), "scratch_rate": SCRATCH_RATE, "seeds": len(SEEDS), "steps": STEPS,
        "test_images": 10_000, "weight_decay": {arm: found["weight_decay"] for arm, found in spaces.items()},
    }  # fmt: skip


def main() -> None:
    if len(sys.argv) not in (2, 3) or not Path(sys.argv[1]).is_dir():
        raise SystemExit(__doc__)
    folder, weights = sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else "mini"
    KEPT.mkdir(parents=True, exist_ok=True)
    with get_context("spawn").Pool(2, start_worker, (folder, weights)) as pool:
        for stage in tasks():
            list(pool.imap_unordered(run, stage))
        pool.close()
        pool.join()
    result = collect(load_backbone(weights).description)
    write_json(RECORDED_DIR / "04_transfer_learning.cifar10-jpeg.json", result)


if __name__ == "__main__":
    main()
