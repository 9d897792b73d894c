"""Five recurrent networks and a CNN of equal cost on CIFAR-10 images, read in three orders: lesson
09.

    python benchmarks/rnn.py data/cifar10-jpeg [search] [training] [clipping]

The folder is the JPEG copy that make_jpeg_copy.py writes. All six networks have parameters and
multiply-adds within one percent of each other, and get the same images, batches, optimizer (Adam,
gradients clipped to the norm CLIP) and schedule (one cycle: the rate rises, then falls to 0); no
augmentation. `search` trains each for SEARCH_EPOCHS on SEARCH_IMAGES images from a seed of its own
and takes the rate of RATES that is best on validation images: once for images as they are, whose
rate holds for columns as well, and once for permuted pixels. `training` trains each with its rate
for EPOCHS on TRAIN_IMAGES, three seeds; the test images once for each finished network. `clipping`
trains two networks for STEPS steps with SGD and with Adam, clipped and not, at several rates; a
loss is the mean of the last LAST steps, and CEILING if it is higher or the training diverged.

Every training has one thread, two run at a time: about 25 minutes on two cores (search 3, training
19, clipping 2). In float32: a state that is rounded at every step would be one more difference
between the networks. What is done is kept in the runs folder, long trainings epoch by epoch, so
that a run that was stopped goes on. The result is benchmarks/results/09_rnn.cifar10-jpeg.json; each
part replaces only itself there.
"""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from parts import keep, run_parts
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR
from workers import splits_of, two_workers

from course_utils.data import make_loaders
from course_utils.lessons.lesson_09.clipping import clip_each_step
from course_utils.lessons.lesson_09.probes import row_gradients
from course_utils.lessons.lesson_09.rnn import (
    Reordered,
    RowRNN,
    recurrent_multiply_adds,
    reorder,
    set_forget_bias,
    set_identity,
)
from course_utils.models import VGG, count_parameters
from course_utils.paths import RUNS_DIR
from course_utils.probes import multiply_adds
from course_utils.results import RECORDED_DIR
from course_utils.runtime import seed_everything
from course_utils.training import evaluate, fit, train_one_epoch

RESULT = RECORDED_DIR / "09_rnn.cifar10-jpeg.json"
KEPT = RUNS_DIR / "rnn"
SEEDS, BATCH, TRAIN_IMAGES, EPOCHS, CLIP = (0, 1, 2), 64, 30_000, 4, 1.0
RATES, SEARCH_IMAGES, SEARCH_EPOCHS, SEARCH_SEED = (3e-4, 1e-3, 3e-3, 1e-2), 10_000, 2, 100
STEPS, LAST, CLIPPING_IMAGES, CLIPPING_RATES = 100, 10, 10_000, (1e-4, 1e-3, 1e-2, 1e-1)
CEILING, BLANKS, GRADIENT_IMAGES = 2 * math.log(10), (0, 8, 16, 24, 28), 64
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "tanh": lambda: RowRNN("tanh", 293),
    "ReLU, identity": lambda: set_identity(RowRNN("relu", 293)),
    "GRU": lambda: RowRNN("gru", 153),
    "LSTM": lambda: RowRNN("lstm", 128),
    "LSTM, forget bias 2": lambda: set_forget_bias(RowRNN("lstm", 128), 2.0),
    "CNN": lambda: VGG(((12, 12), (16, 16), (32, 32)), (186,), batch_norm=True),
}
# the most expensive first, so that two processes end together; columns are nothing new for a CNN
PAIRS = [
    *(
        (name, order)
        for name in ("CNN", "GRU", "LSTM", "LSTM, forget bias 2")
        for order in ("rows", "permuted")
    ),
    *((name, "columns") for name in ("LSTM", "LSTM, forget bias 2")),
    *((name, "rows") for name in ("ReLU, identity", "tanh")),
]
CLIPPED = {  # title: network, optimizer
    f"{network.split(',')[0]}, {title}": (network, make)
    for network in ("ReLU, identity", "LSTM")
    for title, make in (("SGD", partial(torch.optim.SGD, momentum=0.9)), ("Adam", torch.optim.Adam))
}
WAYS = {"clipped": CLIP, "not clipped": math.inf}
DEVICE = torch.device("cpu")


def in_two_processes(
    measure: Callable[[tuple, Path], dict], tasks: list[tuple], folder: str
) -> dict[tuple, dict]:
    """Each task's result, by task."""
    with two_workers(folder) as pool:
        return dict(pool.map(partial(keep_task, measure=measure), tasks, chunksize=1))


def keep_task(task: tuple, measure: Callable[[tuple, Path], dict]) -> tuple[tuple, dict]:
    """What a task measured, kept in a file of its own."""
    name = " ".join(f"{part:g}" if isinstance(part, float) else str(part) for part in task)
    kept = KEPT / f"{name.replace(',', '').replace(' ', '_')}.json"
    found = keep(kept, lambda: measure(task, kept))
    kept.with_suffix(".pt").unlink(missing_ok=True)
    print(name, "done", flush=True)
    return task, found


def train(task: tuple[str, str, str, float, int], kept: Path) -> dict:
    """One training of `search` or `training`, and what is measured on the finished network."""
    part, name, order, rate, seed = task
    search = part == "search"
    splits, epochs = (
        splits_of(SEARCH_IMAGES if search else TRAIN_IMAGES),
        SEARCH_EPOCHS if search else EPOCHS,
    )
    loaders = make_loaders(splits, BATCH, seed=seed)
    seed_everything(seed)
    model = Reordered(NETWORKS[name](), order)
    images, labels = next(iter(make_loaders(splits, GRADIENT_IMAGES).train))
    read = reorder(images, order)  # the rows that the network reads
    found = {} if search else {"row_gradients_start": row_gradients(model.model, read, labels)}
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    clip_each_step(optimizer, CLIP)
    scheduler = OneCycleLR(optimizer, max_lr=rate, total_steps=epochs * len(loaders.train))
    try:
        history = fit(
            model, loaders.train, loaders.val, optimizer=optimizer, epochs=epochs, device=DEVICE, scheduler=scheduler,
            checkpoint=None if search else kept.with_suffix(".pt"), resume=not search,
        )  # fmt: skip
    except FloatingPointError:  # too high a rate: only a search should try such
        if not search:
            raise
        return {"val_accuracy_by_epoch": [0.0] * epochs}
    found |= {
        "val_accuracy_by_epoch": history.val_accuracy,
        "train_accuracy_by_epoch": history.train_accuracy,
    }
    if not search:
        found["row_gradients_end"] = row_gradients(model.model, read, labels)
        found["blanked_accuracy"] = [blanked_accuracy(model, loaders.val, rows) for rows in BLANKS]
        found["test_accuracy"] = evaluate(model, loaders.test, DEVICE).accuracy
    return found


def blanked_accuracy(model: Reordered, loader: torch.utils.data.DataLoader, rows: int) -> float:
    """Accuracy when the first `rows` rows of what the network reads are zeros, the mean colour."""

    def blanked():
        for images, labels in loader:
            read = reorder(images, model.order).clone()
            read[:, :, :rows] = 0
            yield read, labels

    return evaluate(model.model, blanked(), DEVICE).accuracy


def train_briefly(task: tuple[str, str, str, float, int], kept: Path) -> dict:
    """One training of `clipping`: the loss at each of STEPS steps, fewer if it diverges."""
    _, title, way, rate, seed = task
    name, make_optimizer = CLIPPED[title]
    seed_everything(seed)
    model, losses = NETWORKS[name](), []
    optimizer = make_optimizer(model.parameters(), lr=rate)
    clip_each_step(optimizer, WAYS[way])
    for batch, _ in zip(
        make_loaders(splits_of(CLIPPING_IMAGES), BATCH, seed=seed).train, range(STEPS), strict=False
    ):
        try:
            losses.append(train_one_epoch(model, [batch], optimizer, DEVICE).loss)
        except FloatingPointError:
            break
    return {"losses": losses}


def end_of(losses: list[float]) -> float:
    return min(sum(losses[-LAST:]) / LAST, CEILING) if len(losses) == STEPS else CEILING


def search(folder: str) -> dict:
    """For each network and each of rows and permuted: the validation accuracy at each rate, and the
    best rate.
    """
    pairs = [pair for pair in PAIRS if pair[1] != "columns"]
    tasks = [("search", *pair, rate, SEARCH_SEED) for pair in pairs for rate in RATES]
    trained = in_two_processes(train, tasks, folder)
    found = {task[1:4]: one["val_accuracy_by_epoch"][-1] for task, one in trained.items()}
    result: dict = {}
    for name, order in pairs:
        by_rate = {rate: found[name, order, rate] for rate in RATES}
        shown = {f"{rate:g}": accuracy for rate, accuracy in by_rate.items()}
        result.setdefault(name, {})[order] = {
            "rate": max(by_rate, key=by_rate.get),
            "val_accuracy": shown,
        }
    return result


def training(folder: str) -> dict:
    """For each network and order: each metric, one entry a seed."""
    rates = search(folder)
    best = {(n, o): rates[n]["rows" if o == "columns" else o]["rate"] for n, o in PAIRS}
    tasks = [("training", *pair, best[pair], seed) for pair in PAIRS for seed in SEEDS]
    found = in_two_processes(train, tasks, folder)
    result: dict = {}
    for name, order in PAIRS:
        by_seed = [found["training", name, order, best[name, order], seed] for seed in SEEDS]
        metrics = {key: [one[key] for one in by_seed] for key in by_seed[0]}
        result.setdefault(name, {})[order] = {"rate": best[name, order], **metrics}
    return result


def clipping(folder: str) -> dict:
    """For each network with each optimizer, and each way: the loss at the end, [seed][rate]."""
    tasks = [
        ("clipping", title, w, r, s)
        for title in CLIPPED
        for w in WAYS
        for r in CLIPPING_RATES
        for s in SEEDS
    ]
    found = in_two_processes(train_briefly, tasks, folder)
    return {
        title: {
            "rates": list(CLIPPING_RATES),
            **{
                way: [
                    [end_of(found["clipping", title, way, r, s]["losses"]) for r in CLIPPING_RATES]
                    for s in SEEDS
                ]
                for way in WAYS
            },
        }
        for title in CLIPPED
    }


def costs() -> dict:
    """Parameters and multiply-adds of each network."""
    found = {}
    for name, make in NETWORKS.items():
        model = make()
        work = multiply_adds(model) if name == "CNN" else recurrent_multiply_adds(model)
        found[name] = {"parameters": count_parameters(model), "multiply_adds": work}
    return found


PARTS = {"search": search, "training": training, "clipping": clipping}


def main() -> None:
    settings = {
        "batch_size": BATCH, "blanks": list(BLANKS), "ceiling": CEILING, "clip": CLIP, "costs": costs(),
        "dataset": "cifar10-jpeg", "epochs": EPOCHS, "search_epochs": SEARCH_EPOCHS, "search_images": SEARCH_IMAGES,
        "seeds": list(SEEDS), "steps": STEPS, "test_images": 10_000, "train_images": TRAIN_IMAGES,
    }  # fmt: skip
    run_parts(PARTS, RESULT, settings, __doc__)


if __name__ == "__main__":
    main()
