"""Trainings that go on at once, in lanes: a trainer of its own, and jobs one after another."""

import json
import math
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.gpu.data import Data
from benchmarks.gpu.sizes import Sizes
from benchmarks.gpu.trainer import Trainer

FILE_BYTES = 10_000_000
Job = Callable[[Trainer], None]


class OutOfTime(Exception):
    """The deadline came before the end of a training."""


def read_lines(path: Path) -> list[dict]:
    """What a run wrote, line by line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@dataclass
class Context:
    """What all lanes share: data, sizes, where results go, and the rates found so far."""

    data: Data
    sizes: Sizes
    out: Path
    deadline: float  # by time.monotonic()
    channels_last: bool = True
    arrays: dict[str, Tensor] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    scores: dict[str, dict[float, float]] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    began: float = field(default_factory=time.monotonic)
    known: list[dict] = field(default_factory=list)  # lines of earlier runs of the same sizes

    def write(self, **values: object) -> None:
        """One more line of jobs.jsonl, on disk at once."""
        values["at"] = round(time.monotonic() - self.began, 2)
        with self.changed, (self.out / "jobs.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")

    def done(self, **wanted: object) -> dict | None:
        """The line of an earlier run that has these values, if there is one."""
        for line in self.known:
            if all(line.get(key) == value for key, value in wanted.items()):
                return line
        return None

    def keep(self, name: str, value: Tensor) -> None:
        """An array that is worth keeping beside the numbers, on disk at once."""
        with self.changed:
            self.arrays[name] = value.cpu()
            self.save_arrays()

    def save_arrays(self) -> None:
        """Write what was kept to arrays-0.pt, arrays-1.pt, ..., none much over FILE_BYTES."""
        parts, size = [{}], 0
        for name, value in self.arrays.items():
            if size > FILE_BYTES:
                parts.append({})
                size = 0
            parts[-1][name] = value
            size += value.nbytes
        for number, part in enumerate(parts):
            torch.save(part, self.out / f"arrays-{number}.pt")

    def found_rate(self, arm: str, lr: float) -> None:
        with self.changed:
            self.rates[arm] = lr
            self.changed.notify_all()

    def found_score(self, arm: str, lr: float, score: float, of: int) -> None:
        """How one rate did; with the last `of` so many, the best one is the arm's."""
        with self.changed:
            scores = self.scores.setdefault(arm, {})
            scores[lr] = score
            done = len(scores) == of
        if done:
            self.found_rate(arm, max(sorted(scores), key=scores.get))

    def rate_of(self, arm: str) -> float:
        """The rate that an arm's search found, once it has."""
        with self.changed:
            while arm not in self.rates:
                left = self.deadline - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    raise OutOfTime
            return self.rates[arm]


@dataclass
class Lane:
    """Jobs on one trainer, in order; each gets the trainer, and writes what it finds."""

    name: str
    make: Callable[[], Trainer]
    jobs: list[Job]
    most: int = 12  # steps in one graph: more take longer to capture


def fit(
    context: Context,
    trainer: Trainer,
    *,
    seed: int,
    lr: float,
    epochs: int,
    prepare: Callable | None = None,
    watch: Callable[[int], dict[str, float]] = lambda epoch: {},
    keep_partial: bool = False,
    may_diverge: bool = False,
) -> dict[str, list[float] | float]:
    """Train, and note for each epoch the losses and what `watch` finds after it.

    Where the deadline comes first, `keep_partial` takes the epochs that are done; that makes sense
    where the rate is constant. One that `may_diverge` ends with the epoch in which it does.
    """
    began = time.monotonic()
    trainer.reset(seed, lr, epochs, prepare)
    found: dict = {"seed": seed, "lr": lr, "epochs": epochs, "train_loss": [], "last_loss": []}
    for epoch in range(1, epochs + 1):
        if time.monotonic() > context.deadline:
            if keep_partial:
                break
            raise OutOfTime
        mean, last = trainer.run_epoch()
        found["train_loss"].append(mean)
        found["last_loss"].append(last)
        for name, value in watch(epoch).items():
            found.setdefault(name, []).append(value)
        if may_diverge and not math.isfinite(mean):
            break
    return found | {"seconds": time.monotonic() - began}


def search(context: Context, arm: str, lrs: tuple[float, ...]) -> Callable[[Trainer], None]:
    """A job that finds an arm's rate: a few epochs with each, validation accuracy decides."""

    def job(trainer: Trainer) -> None:
        scores = {}
        sizes = context.sizes
        for lr in lrs[: sizes.rates]:
            if earlier := context.done(part="search", arm=arm, lr=lr):
                scores[lr] = earlier["val_accuracy"]
                continue
            found = fit(context, trainer, seed=sizes.search_seed, lr=lr, epochs=sizes.search_epochs)
            scores[lr] = trainer.accuracy(context.data.val)
            context.write(
                part="search", arm=arm, lr=lr, val_accuracy=scores[lr],
                train_loss=found["train_loss"], seconds=found["seconds"],
            )  # fmt: skip
        context.found_rate(arm, max(scores, key=scores.get))

    return job


def try_rates(
    context: Context,
    arm: str,
    lrs: tuple[float, ...],
    epochs: int,
    prepare: Job | None = None,
) -> list[Job]:
    """A search in jobs of one rate each, for a team. `prepare` gets the trainer first."""
    lrs = lrs[: context.sizes.rates]

    def one(trainer: Trainer, lr: float) -> None:
        score = -1.0
        try:
            if prepare is not None:
                prepare(trainer)
            options = {"seed": context.sizes.search_seed, "lr": lr, "epochs": epochs}
            found = fit(context, trainer, **options, may_diverge=True)
            score = trainer.accuracy(context.data.val)
            found = {name: found[name] for name in ("train_loss", "seconds")}
            context.write(part="search", arm=arm, lr=lr, val_accuracy=score, **found)
        finally:  # the others wait for it, even where it failed
            context.found_score(arm, lr, score, len(lrs))

    return [partial(one, lr=lr) for lr in lrs]


def team(name: str, make: Callable[[], Trainer], members: int, jobs: list[Job]) -> list[Lane]:
    """So many lanes of one kind that share their jobs: each takes the next one that is left."""
    left = deque(jobs)

    def take_one(trainer: Trainer) -> None:
        try:
            job = left.popleft()
        except IndexError:
            return
        job(trainer)

    members = min(members, len(jobs)) if torch.cuda.is_available() else 1
    return [Lane(f"{name}, {n}", make, [take_one] * len(jobs), most=6) for n in range(members)]


def run_lane(context: Context, lane: Lane, trainer: Trainer) -> None:
    stream = trainer.stream
    with torch.cuda.stream(stream) if stream is not None else nullcontext():
        for number, job in enumerate(lane.jobs):
            try:
                job(trainer)
            except OutOfTime:
                context.write(part="stopped", arm=lane.name, job=number)
                return
            except Exception:
                context.write(part="failed", arm=lane.name, job=number, why=traceback.format_exc())


def captured(context: Context, lanes: list[Lane], priority: int) -> list[tuple[Lane, Trainer]]:
    """The lanes with their trainers, ready to run; from the main thread, on an idle device."""
    ready = []
    torch.backends.cudnn.benchmark = True
    for lane in lanes:
        try:
            trainer = lane.make()
            trainer.capture(priority, lane.most)
            ready.append((lane, trainer))
        except Exception:
            context.write(part="failed", arm=lane.name, job=-1, why=traceback.format_exc())
    torch.backends.cudnn.benchmark = False
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    context.write(part="captured", lanes=len(ready))
    return ready


def run_lanes(context: Context, ready: list[tuple[Lane, Trainer]], workers: int) -> None:
    """Run so many lanes at once, the first ones first."""
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(run_lane, context, *each) for each in ready]:
            done.result()
