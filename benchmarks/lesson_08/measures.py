"""Time and operations of a step, and where its time goes.

Times are in seconds, stay in the runs folder, and never leave it: records hold ratios.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from statistics import median
from time import perf_counter

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.lesson_08.ladder import Settings
from benchmarks.lesson_08.training import LadderTraining
from course_utils.data import Splits
from course_utils.lessons.lesson_08.fast import Recipe
from course_utils.training import train_one_epoch

Kind = tuple[bool, bool]  # of an epoch: small images or not, first layer's bias learns or not
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


def source_step(training: LadderTraining, steps: int) -> float:
    """Mean seconds of a step of the source's training; its loader's start is not counted."""
    batches = islice(training.batches(), steps + 1)
    train_one_epoch(training.model, [next(batches)], training.optimizers[0], training.device)
    start = perf_counter()
    train_one_epoch(training.model, batches, training.optimizers[0], training.device)
    return (perf_counter() - start) / steps


def one_step(training: LadderTraining, epoch: int = 0) -> None:
    """One step of an epoch, with all that belongs to it; the epoch does not move on."""
    batches, before = training.batches, training.epoch
    training.epoch = epoch
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
        small = bool(recipe.small_size) and epoch < recipe.epochs // 2
        kind = small, epoch < recipe.bias_epochs
        first, number = found.get(kind, (epoch, 0.0))
        found[kind] = first, number + min(1.0, recipe.epochs - epoch)
    return found


def step_flops(training: LadderTraining) -> float:
    """Operations of a step (a multiplication and an addition are two), as torch counts them, in the
    mean of epochs.
    """
    total = 0.0
    for first, number in kinds_of_epochs(training.recipe).values():
        with FlopCounterMode(display=False) as counter:
            one_step(training, first)
        total += counter.get_total_flops() * number
    return total / training.recipe.epochs


def time_steps(training: LadderTraining, epoch: int, steps: int = 4) -> float:
    """Seconds of a step, after one to warm up."""
    one_step(training, epoch)
    start = perf_counter()
    for _ in range(steps):
        one_step(training, epoch)
    return (perf_counter() - start) / steps


def step_time(training: LadderTraining, steps: int) -> float:
    """Seconds of a step, in the mean over epochs."""
    if training.settings.is_source:
        return source_step(training, steps)
    kinds = kinds_of_epochs(training.recipe).values()
    total = sum(time_steps(training, first) * number for first, number in kinds)
    return total / training.recipe.epochs


def over_source(
    source: LadderTraining,
    training: LadderTraining,
    examples: dict[Kind, tuple[Recipe, int]],
    steps: int,
    rounds: int = 5,
) -> dict[Kind, float]:
    """Time of a step over that of the source's, by kind of epoch; `examples` has a recipe and an
    epoch of each kind.

    Both are timed in turn, and the median of the rounds counts: the machine's speed comes and goes.
    """
    ratios: dict[Kind, list[float]] = {kind: [] for kind in examples}
    for _ in range(rounds):
        unit = source_step(source, steps)
        for kind, (recipe, epoch) in examples.items():
            training.recipe = recipe
            is_source = training.settings.is_source
            took = source_step(training, steps) if is_source else time_steps(training, epoch)
            ratios[kind].append(took / unit)
    return {kind: median(values) for kind, values in ratios.items()}


def fitting_epochs(
    splits: Splits, source: Settings, settings: Settings, budget: float, steps: int, most: int = 30
) -> float:
    """How many epochs, to a tenth, cost at most `budget` epochs of the source's training, both
    timed by some steps.
    """
    unit = LadderTraining(splits, source, 0)
    training = LadderTraining(splits, settings, 0)
    recipes = [replace(training.recipe, epochs=tenths / 10) for tenths in range(10, 10 * most + 1)]
    examples = {}
    for recipe in recipes:
        for kind, (first, _) in kinds_of_epochs(recipe).items():
            examples[kind] = (recipe, first)
    times = over_source(unit, training, examples, steps)
    share = training.steps_per_epoch / len(unit.loader)

    def cost(recipe: Recipe) -> float:
        kinds = kinds_of_epochs(recipe).items()
        return share * sum(times[kind] * number for kind, (_, number) in kinds)

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
    layer = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
    layer = layer.to(dtype, memory_format=torch.channels_last)
    maps = torch.randn(images, channels, side, side)
    maps = maps.to(dtype, memory_format=torch.channels_last)
    with torch.no_grad():
        return fastest(lambda: layer(maps), 2 * images * side**2 * 9 * channels**2, tries)


def profile_step(training: LadderTraining, epoch: int = 0) -> dict[str, float]:
    """Share of the time of a step of an epoch in each of GROUPS and "the rest"."""
    one_step(training, epoch)
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        one_step(training, epoch)
    shares = dict.fromkeys([*GROUPS, "the rest"], 0.0)
    for event in profiler.key_averages():
        shares[group_of(event.key)] += event.self_cpu_time_total
    total = sum(shares.values())
    return {group: part / total for group, part in shares.items()}


def group_of(operation: str) -> str:
    """Which of GROUPS an operation belongs to."""
    for group, names in GROUPS.items():
        if any(name in operation for name in names):
            return group
    return "the rest"
