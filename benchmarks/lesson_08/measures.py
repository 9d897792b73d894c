"""Time and operations of a step, and where its time goes.

Times are in seconds, stay in the runs folder, and never leave it: records hold ratios.
"""

import os
from collections.abc import Callable
from itertools import islice
from statistics import median
from time import perf_counter

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.lesson_08.training import TimedTraining
from course_utils.training import train_one_epoch

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


def use_all_cores() -> None:
    torch.set_num_threads(os.cpu_count())


def source_step(training: TimedTraining, steps: int) -> float:
    """Mean seconds of a step of the source's training; its loader's start is not counted."""
    batches = islice(training.batches(), steps + 1)
    train_one_epoch(training.model, [next(batches)], training.optimizers[0], training.device)
    start = perf_counter()
    train_one_epoch(training.model, batches, training.optimizers[0], training.device)
    return (perf_counter() - start) / steps


def one_step(training: TimedTraining) -> None:
    """One step of the first epoch, with all that belongs to it; the epoch does not move on."""
    batches = training.batches
    training.batches = lambda: islice(batches(), 1)
    try:
        training.run_epoch()
    finally:
        training.batches, training.epoch = batches, 0


def step_flops(training: TimedTraining) -> float:
    """Operations of a step (a multiplication and an addition are two), as torch counts them."""
    with FlopCounterMode(display=False) as counter:
        one_step(training)
    return counter.get_total_flops()


def step_time(training: TimedTraining, steps: int) -> float:
    """Seconds of a step, after one to warm up."""
    if training.settings.is_source:
        return source_step(training, steps)
    one_step(training)
    start = perf_counter()
    for _ in range(steps):
        one_step(training)
    return (perf_counter() - start) / steps


def over_source(
    source: TimedTraining, training: TimedTraining, steps: int, rounds: int = 5
) -> float:
    """Time of a step over that of the source's.

    Both are timed in turn, and the median of the rounds counts: the machine's speed comes and goes.
    """
    ratios = []
    for _ in range(rounds):
        unit = source_step(source, steps)
        ratios.append(step_time(training, steps) / unit)
    return median(ratios)


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


def profile_step(training: TimedTraining) -> dict[str, float]:
    """Share of the time of a step in each of GROUPS and "the rest"."""
    one_step(training)
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        one_step(training)
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
