"""Images a second of captured trainings, each part alone and all side by side: how to pack them."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import torch

from benchmarks.gpu.lanes import Context, Lane
from benchmarks.gpu.trainer import Trainer

SECONDS = 1.5


def measure(context: Context, parts: dict[str, list[tuple[Lane, Trainer]]]) -> None:
    """Images a second of each part's trainers together, part by part and then all at once."""
    mixes = [{name: ready} for name, ready in parts.items()]
    if len(parts) > 1:
        mixes.append(parts)
    for mix in mixes:
        trainers = {name: [trainer for _, trainer in ready] for name, ready in mix.items()}
        rates = images_a_second(trainers)
        context.write(part="timing", images_a_second=rates)


def images_a_second(trainers: dict[str, list[Trainer]]) -> dict[str, float]:
    """Each trainer repeats its first steps on a thread of its own for a while."""
    everyone = [trainer for group in trainers.values() for trainer in group]
    for trainer in everyone:
        trainer.reset(0, 1e-3, 1)
        trainer.shuffle()
    start = threading.Barrier(len(everyone))
    with ThreadPoolExecutor(len(everyone)) as pool:
        rates = list(pool.map(lambda trainer: repeat(trainer, start), everyone))
    by_trainer = dict(zip(map(id, everyone), rates, strict=True))
    return {
        name: sum(by_trainer[id(trainer)] for trainer in group) for name, group in trainers.items()
    }


def repeat(trainer: Trainer, start: threading.Barrier) -> float:
    """Images a second of one trainer's first steps, once all have begun."""
    run, times = trainer.plan[0]
    size = trainer.shares[0]
    images, stream, done = size * trainer.shares.count(size) // times, trainer.stream, 0

    with torch.cuda.stream(stream) if stream is not None else nullcontext():
        start.wait()
        began = time.monotonic()
        while time.monotonic() - began < SECONDS:
            trainer.position.zero_()
            trainer.count.zero_()
            run()
            if stream is not None:
                stream.synchronize()
            done += images
        return done / (time.monotonic() - began)
