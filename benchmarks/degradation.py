"""Shallow and deep, with and without batch normalisation, with three kinds of skip: what trains,
and which gradient.

    python benchmarks/degradation.py data/cifar10-jpeg

The folder is the JPEG copy that make_jpeg_copy.py writes. An arm is a depth, batch normalisation or
none, and a kind of skip: ResNets of WIDTH channels on images of SIZE pixels, trained by Adam for
STEPS steps, its rate falling to 0. Each arm's rate is the one of RATES with the lowest training
loss after SEARCH_STEPS steps from a seed of its own; no validation or test image is used, for the
question is what can be *trained*. Two processes with one thread each: about half an hour on two
cores. What is done is kept in the runs folder, training by training, so that a run that was stopped
goes on. Writes benchmarks/results/06_resnet.cifar10-jpeg-degradation.json.

`loss` is the mean of the training loss over the last LAST steps; `curve` its means over EVERY steps
each. A training that diverges counts as CEILING from there on. `ratio_start` and `ratio_end` are
the root mean square of the gradient at the weights of the first 3x3 convolution over that at the
last.
"""

import math
import sys
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import torch
from parts import keep, write_json

from course_utils.data import load_splits
from course_utils.models import ResNet, count_parameters
from course_utils.models.resnet import SKIPS
from course_utils.paths import RUNS_DIR
from course_utils.probes import gradient_sizes, multiply_adds
from course_utils.results import RECORDED_DIR
from course_utils.runtime import seed_everything
from course_utils.training import train_one_epoch

RESULT = RECORDED_DIR / "06_resnet.cifar10-jpeg-degradation.json"
KEPT = RUNS_DIR / "degradation"
DEPTHS, WIDTH, SIZE = (8, 50), 8, 16
SEEDS, STEPS, BATCH, LAST, EVERY = (0, 1, 2), 1500, 64, 150, 50
RATES, SEARCH_STEPS, SEARCH_SEED = (1e-2, 3e-3, 1e-3), 250, 100
CEILING, PROBE = 2 * math.log(10), 256
DEVICE = torch.device("cpu")
ARMS = list(product(DEPTHS, (True, False), SKIPS))
DATA: dict = {}  # what a worker process keeps


def start_worker(folder: str) -> None:
    torch.set_num_threads(1)
    train = load_splits(folder, size=SIZE).train
    images = torch.stack([image for image, _ in train])  # (45000, 3, 16, 16), normalised
    DATA.update(images=images, labels=train.labels)


def name_of(arm: tuple[int, bool, str]) -> str:
    depth, batch_norm, skip = arm
    return f"depth {depth}, {'BN' if batch_norm else 'no BN'}, {skip}"


def make_model(arm: tuple[int, bool, str]) -> ResNet:
    depth, batch_norm, skip = arm
    return ResNet(depth, WIDTH, skip=skip, batch_norm=batch_norm)


def first_to_last(model: ResNet) -> tuple[float, float, float]:
    """The gradient's size at the first 3x3 convolution, at the last, and their ratio (0 if both are
    0).
    """
    sizes = gradient_sizes(model, DATA["images"][:PROBE], DATA["labels"][:PROBE])
    wide = [
        sizes[name]
        for name, layer in model.named_modules()
        if name in sizes and layer.kernel_size == (3, 3)
    ]
    ratio = wide[0] / wide[-1] if wide[-1] else 0.0
    return wide[0], wide[-1], ratio if math.isfinite(ratio) else 0.0


def train(model: ResNet, rate: float, steps: int, seed: int) -> list[float]:
    """The loss of each step; CEILING from where a training diverges."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    order = torch.Generator().manual_seed(seed)
    number = len(DATA["labels"])
    indices = torch.cat(
        [torch.randperm(number, generator=order) for _ in range(-(-steps * BATCH // number))]
    )
    losses = []
    for batch in indices.split(BATCH)[:steps]:
        data = [(DATA["images"][batch], DATA["labels"][batch])]
        try:
            losses.append(train_one_epoch(model, data, optimizer, DEVICE, scheduler=scheduler).loss)
        except FloatingPointError:
            break
    losses = [min(loss, CEILING) for loss in losses]
    return losses + [CEILING] * (steps - len(losses))


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def run(task: tuple[str, tuple[int, bool, str], float, int, int]) -> tuple[tuple, dict]:
    """One training, from its file if it is done; `kind` is "search" or "main"."""
    kind, arm, rate, _, seed = task
    kept = KEPT / f"{kind} {name_of(arm)} {rate:g} {seed}.json".replace(",", "").replace(" ", "_")
    return task, keep(kept, lambda: measure(*task))


def measure(kind: str, arm: tuple[int, bool, str], rate: float, steps: int, seed: int) -> dict:
    """One training, and the gradients before and after it."""
    seed_everything(seed)
    model = make_model(arm)
    first, last, ratio = first_to_last(model)
    losses = train(model, rate, steps, seed)
    found = {
        "loss": mean(losses[-min(LAST, steps // 5) :]),
        "curve": [mean(losses[i : i + EVERY]) for i in range(0, steps, EVERY)],
        "first_start": first, "last_start": last, "ratio_start": ratio, "ratio_end": first_to_last(model)[2],
    }  # fmt: skip
    print(
        f"{kind}, {name_of(arm)}, rate {rate:g}, seed {seed}: loss {found['loss']:.3f}", flush=True
    )
    return found


def arm_result(arm: tuple[int, bool, str], searched: dict, rate: float, runs: list[dict]) -> dict:
    depth, batch_norm, skip = arm
    model = make_model(arm)
    costs = {
        "parameters": count_parameters(model),
        "multiply_adds": multiply_adds(model, (3, SIZE, SIZE)),
    }
    settings = {
        "depth": depth,
        "batch_norm": batch_norm,
        "skip": skip,
        "rate": rate,
        "search_losses": searched,
    }
    return settings | costs | {key: [one[key] for one in runs] for key in runs[0]}


def main() -> None:
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        raise SystemExit(__doc__)
    deep_first = sorted(
        ARMS, key=lambda arm: -arm[0]
    )  # the long ones first, so that both processes end together
    with get_context("spawn").Pool(2, start_worker, (sys.argv[1],)) as pool:
        tasks = [
            ("search", arm, rate, SEARCH_STEPS, SEARCH_SEED) for arm in deep_first for rate in RATES
        ]
        losses = {task[1:3]: found["loss"] for task, found in pool.imap_unordered(run, tasks)}
        best = {arm: min(RATES, key=lambda rate, arm=arm: losses[arm, rate]) for arm in ARMS}
        tasks = [("main", arm, best[arm], STEPS, seed) for arm in deep_first for seed in SEEDS]
        found = dict(pool.imap_unordered(run, tasks))
        pool.close()
        pool.join()
    arms = {
        name_of(arm): arm_result(
            arm,
            {f"{rate:g}": losses[arm, rate] for rate in RATES},
            best[arm],
            [found["main", arm, best[arm], STEPS, seed] for seed in SEEDS],
        )
        for arm in ARMS
    }
    result = {
        "arms": arms, "batch_size": BATCH, "ceiling": CEILING, "dataset": "cifar10-jpeg", "every": EVERY, "last": LAST,
        "image_size": SIZE, "optimizer": "Adam, rate falling to 0", "search_steps": SEARCH_STEPS,
        "seeds": list(SEEDS), "steps": STEPS, "train_images": 45_000, "width": WIDTH,
    }  # fmt: skip
    write_json(RESULT, result)


if __name__ == "__main__":
    main()
