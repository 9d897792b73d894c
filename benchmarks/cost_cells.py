"""What cost_to_accuracy.py measures: one training, time and operations of an epoch, FLOP/s, a
profile.

Times are kept in seconds, in the runs folder, and never leave it: results hold ratios.
"""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
from ladder import Climb, Settings
from parts import write_json
from torch import nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from course_utils.checkpoints import load_file, save_file
from course_utils.data import Splits, make_loaders
from course_utils.lessons.lesson_08.fast import Recipe
from course_utils.lessons.lesson_08.mirrored import Mirrored
from course_utils.training import evaluate, train_one_epoch

DEVICE = torch.device("cpu")
Kind = tuple[
    bool, bool
]  # of an epoch: whether images are small, whether the first layer's bias learns
BESIDE = 20  # steps of the source's training, which other times are held against
GROUPS = {  # operations of the profile, by a part of their names; the first that fits counts
    "convolution, backward": ("convolution_backward",),
    "convolution, forward": ("mkldnn_convolution", "thnn_conv2d", "_convolution"),
    "batch normalisation": ("batch_norm",),
    "pooling": ("pool", "amax"),
    "activations": ("gelu", "relu", "threshold"),
    "linear layer, Muon": ("addmm", "::mm", "linear"),
    "optimizer and average": ("_fused_sgd", "_fused_adam", "_foreach", "optimizer", "lerp"),
    "copies, casts and zeros": ("copy_", "_to_copy", "clone", "contiguous", "fill_", "zero"),
    "augmentation": ("index", "sub", "div", "randint", "arange"),
}


def source_step(training: Climb, number: int = BESIDE) -> float:
    """Seconds of a step of the source's training, in the mean; its loader's start is not counted."""
    batches = islice(training.batches(), number + 1)
    train_one_epoch(training.model, [next(batches)], training.optimizers[0], DEVICE)
    start = perf_counter()
    train_one_epoch(training.model, batches, training.optimizers[0], DEVICE)
    return (perf_counter() - start) / number


def time_source(splits: Splits) -> dict[str, float]:
    """Seconds of the source's epoch, and of a step before it, when the machine is warm."""
    training = Climb(splits, Settings(), 0, DEVICE)
    source_step(training, 3)
    step, start = source_step(training), perf_counter()
    training.run_epoch()
    return {"epoch": perf_counter() - start, "step": step}


def keep(training: Climb, found: dict, path: Path) -> None:
    optimizers = {str(i): optimizer.state_dict() for i, optimizer in enumerate(training.optimizers)}
    models = {"model": training.model.state_dict(), "result": training.result.state_dict()}
    save_file({**models, "optimizers": optimizers, "epoch": training.epoch, "found": found}, path)


def go_on(training: Climb, path: Path) -> dict:
    """Put a kept training back; what it had found."""
    kept = load_file(path)
    training.model.load_state_dict(kept["model"])
    training.result.load_state_dict(kept["result"])
    for i, optimizer in enumerate(training.optimizers):
        optimizer.load_state_dict(kept["optimizers"][str(i)])
    training.epoch = kept["epoch"]
    return kept["found"]


def train(
    path: Path,
    splits: Splits,
    settings: Settings,
    seed: int,
    *,
    test: bool = False,
    mirrored: bool = False,
) -> dict:
    """One training, kept after every epoch in `path`.pt and when it is done in `path`.json; made
    once.

    "setup" and "epochs" are seconds. Validation images are read at the end; so are the test images,
    if asked, and their mirror images.
    """
    done, checkpoint = Path(f"{path}.json"), Path(f"{path}.pt")
    if done.exists():
        return json.loads(done.read_text(encoding="utf-8"))
    path.parent.mkdir(parents=True, exist_ok=True)
    start = perf_counter()
    training = Climb(splits, settings, seed, DEVICE)
    found = {"setup": perf_counter() - start, "epochs": [], "loss": []}
    found = go_on(training, checkpoint) if checkpoint.exists() else found
    while training.epoch < settings.recipe.epochs:
        start = perf_counter()
        found["loss"].append(training.run_epoch())
        found["epochs"].append(perf_counter() - start)
        keep(training, found, checkpoint)
        print(
            f"{path.name}, epoch {training.epoch}: {found['epochs'][-1]:.0f} s, loss {found['loss'][-1]:.4f}",
            flush=True,
        )
    loaders = make_loaders(splits, 500)
    found["val_accuracy"] = evaluate(training.result, loaders.val, DEVICE).accuracy
    if test:
        found["test_accuracy"] = evaluate(training.result, loaders.test, DEVICE).accuracy
    if mirrored:
        found["test_accuracy_mirrored"] = evaluate(
            Mirrored(training.result), loaders.test, DEVICE
        ).accuracy
    write_json(done, found)
    checkpoint.unlink(missing_ok=True)
    print(path.name, *(f"{key} {found[key]:.4f}" for key in found if "accuracy" in key), flush=True)
    return found


def one_step(training: Climb, epoch: int = 0) -> None:
    """One step of an epoch, with all that belongs to it; the epoch does not move on."""
    batches, before, training.epoch = training.batches, training.epoch, epoch
    training.batches = lambda: islice(batches(), 1)
    try:
        training.run_epoch()
    finally:
        training.batches, training.epoch = batches, before


def kinds_of_epochs(recipe: Recipe) -> dict[Kind, tuple[int, float]]:
    """Epochs that differ in cost: for each kind the first of its epochs, and how many there are.

    They differ in the size of the images, and in whether the first layer's bias learns.
    """
    found: dict[Kind, tuple[int, float]] = {}
    for epoch in range(math.ceil(recipe.epochs)):
        kind = bool(recipe.small_size) and epoch < recipe.epochs // 2, epoch < recipe.bias_epochs
        first, number = found.get(kind, (epoch, 0.0))
        found[kind] = first, number + min(1.0, recipe.epochs - epoch)
    return found


def step_flops(training: Climb) -> float:
    """Operations of a step (a multiplication and an addition are two), as torch counts them, in the
    mean of epochs.
    """
    total = 0.0
    for first, number in kinds_of_epochs(training.recipe).values():
        with FlopCounterMode(display=False) as counter:
            one_step(training, first)
        total += counter.get_total_flops() * number
    return total / training.recipe.epochs


def time_steps(training: Climb, epoch: int, steps: int = 4) -> float:
    """Seconds of a step, after one to warm up."""
    one_step(training, epoch)
    start = perf_counter()
    for _ in range(steps):
        one_step(training, epoch)
    return (perf_counter() - start) / steps


def step_time(training: Climb) -> float:
    """Seconds of a step, in the mean over epochs."""
    if training.plain:
        return source_step(training)
    kinds = kinds_of_epochs(training.recipe).values()
    return (
        sum(time_steps(training, first) * number for first, number in kinds)
        / training.recipe.epochs
    )


def over_source(
    source: Climb, training: Climb, examples: dict[Kind, tuple[Recipe, int]], rounds: int = 5
) -> dict[Kind, float]:
    """Time of a step over that of the source's, by kind of epoch; `examples` has a recipe and an
    epoch of each kind.

    Both are timed in turn, and the median of the rounds counts: the machine's speed comes and goes.
    """
    ratios: dict[Kind, list[float]] = {kind: [] for kind in examples}
    for _ in range(rounds):
        unit = source_step(source, BESIDE // 2)
        for kind, (training.recipe, epoch) in examples.items():
            took = (
                source_step(training, BESIDE // 2)
                if training.plain
                else time_steps(training, epoch)
            )
            ratios[kind].append(took / unit)
    return {kind: median(found) for kind, found in ratios.items()}


def fitting_epochs(splits: Splits, settings: Settings, budget: float, *, most: int = 30) -> float:
    """How many epochs, to a tenth, cost at most `budget` epochs of the source's training, both
    timed by some steps.
    """
    source, training = Climb(splits, Settings(), 0, DEVICE), Climb(splits, settings, 0, DEVICE)
    recipes = [replace(training.recipe, epochs=tenths / 10) for tenths in range(10, 10 * most + 1)]
    examples = {
        kind: (recipe, first)
        for recipe in recipes
        for kind, (first, _) in kinds_of_epochs(recipe).items()
    }
    times, share = over_source(source, training, examples), training.steps / len(source.loader)

    def cost(recipe: Recipe) -> float:
        return share * sum(
            times[kind] * number for kind, (_, number) in kinds_of_epochs(recipe).items()
        )

    return max((recipe.epochs for recipe in recipes if cost(recipe) <= budget), default=1.0)


def fastest(work: Callable[[], object], operations: float, tries: int) -> float:
    """Operations a second of some work, the fastest of some tries of five."""
    times = []
    for _ in range(tries):
        start = perf_counter()
        for _ in range(5):
            work()
        times.append((perf_counter() - start) / 5)
    return operations / min(times)


def matrix_product(dtype: torch.dtype, side: int = 2048, tries: int = 8) -> float:
    """Operations a second of torch's matrix product."""
    left, right = torch.randn(side, side).to(dtype), torch.randn(side, side).to(dtype)
    return fastest(lambda: left @ right, 2 * side**3, tries)


def convolution(
    dtype: torch.dtype, images: int = 500, channels: int = 128, side: int = 15, tries: int = 8
) -> float:
    """Operations a second of one convolution such as the fast network's, forward, counted as torch
    counts them.
    """
    layer = nn.Conv2d(channels, channels, 3, padding=1, bias=False).to(
        dtype, memory_format=torch.channels_last
    )
    maps = torch.randn(images, channels, side, side).to(dtype, memory_format=torch.channels_last)
    with torch.no_grad():
        return fastest(lambda: layer(maps), 2 * images * side**2 * 9 * channels**2, tries)


def profile_step(training: Climb, epoch: int = 0) -> dict[str, float]:
    """Share of the time of a step of an epoch in each of GROUPS and "the rest"."""
    one_step(training, epoch)
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        one_step(training, epoch)
    shares = dict.fromkeys([*GROUPS, "the rest"], 0.0)
    for event in profiler.key_averages():
        group = next(
            (g for g, names in GROUPS.items() if any(n in event.key for n in names)), "the rest"
        )
        shares[group] += event.self_cpu_time_total
    total = sum(shares.values())
    return {group: part / total for group, part in shares.items()}
