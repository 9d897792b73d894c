"""Images a second of several networks, alone and several at once: how to pack the trainings."""

import time
from collections.abc import Callable
from contextlib import nullcontext

import torch

from benchmarks.gpu.lanes import Context
from benchmarks.gpu.source import recipe
from benchmarks.gpu.trainer import Recipe, Trainer
from course_utils.models import VGG, ResNet, SourceResNet

SECONDS = 0.4
KINDS: dict[str, tuple[Callable, Callable[[], Recipe]]] = {
    "source's ResNet, float32, 32": (SourceResNet, lambda: recipe(1)),
    "source's CNN, float32, 32": (VGG, lambda: recipe(4)),
    "ResNet-20, bfloat16": (ResNet, lambda: Recipe("sgd")),
    "ResNet-20, bfloat16, channels first": (ResNet, lambda: Recipe("sgd", channels_last=False)),
    "ResNet-20, float32": (
        ResNet, lambda: Recipe("sgd", channels_last=False, precision="float32"),
    ),
    "ResNet-50, bfloat16": (lambda: ResNet(50), lambda: Recipe("sgd")),
    "source's ResNet, bfloat16": (SourceResNet, lambda: Recipe("adam")),
    "source's CNN + BN, bfloat16": (lambda: VGG(batch_norm=True), lambda: Recipe("adam")),
}  # fmt: skip


def measure(context: Context, counts: tuple[int, ...] = (1, 6)) -> None:
    """For each kind, so many trainers at once: images a second, all together."""
    for name, (network, make_recipe) in KINDS.items():
        began = time.monotonic()
        torch.backends.cudnn.benchmark = True
        trainers = []
        for _ in range(max(counts)):
            data = context.data
            trainers.append(Trainer(network, make_recipe(), data.train, data.stats, max_epochs=50))
            trainers[-1].capture()
            if trainers[-1].stream is None:
                break
        prepared = time.monotonic() - began
        for count in (c for c in counts if c <= len(trainers)):
            rate = images_a_second(trainers[:count])
            context.write(
                part="timing", arm=name, lanes=count, images_a_second=rate, prepared=prepared
            )
            print(f"{name}: {count} at once, {rate:,.0f} images/s ({prepared:.1f} s)", flush=True)
        del trainers
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def images_a_second(trainers: list[Trainer]) -> float:
    run = [trainer.plan[0][0] for trainer in trainers]
    steps = 8 if trainers[0].stream is not None else 1
    for trainer in trainers:
        trainer.reset(0, 1e-3, 40)
        trainer.shuffle()

    def once() -> None:
        for trainer, step in zip(trainers, run, strict=True):
            stream = trainer.stream
            with torch.cuda.stream(stream) if stream is not None else nullcontext():
                trainer.position.zero_()
                trainer.count.zero_()
                step()

    def wait() -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    wait()
    once()
    wait()
    began = time.monotonic()
    once()
    wait()
    times = max(1, int(SECONDS / (time.monotonic() - began)))
    began = time.monotonic()
    for _ in range(times):
        once()
    wait()
    images = times * steps * trainers[0].recipe.batch_size * len(trainers)
    return images / (time.monotonic() - began)
