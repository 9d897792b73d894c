"""Processes that train, and a scheduler that gives them what comes first in a list of programs."""

import json
import multiprocessing
import statistics
import time
import traceback
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import wait
from pathlib import Path

from benchmarks.gpu.ladder.arms import Arm, share, source_operations, total_steps

Program = Generator[list["Task"], list[dict | None], None]
SPAWN = multiprocessing.get_context("spawn")
OPERATIONS_A_SECOND, STEP_SECONDS = 100e12, 4e-4  # a guess, held against what trainings take
RESTARTS = 8


@dataclass(frozen=True)
class Task:
    """A training. `images`: "train" (45,000, validated) or "whole" (50,000, tested)."""

    part: str
    name: str
    seed: int
    images: str
    arm: Arm

    @property
    def key(self) -> str:
        return f"{self.images} {self.seed} {self.arm}"

    def about(self) -> dict:
        return {
            "part": self.part, "name": self.name, "seed": self.seed, "images": self.images,
            "operations": share(self.arm) if self.images == "whole" else None,
            "operations_of_50000": share(self.arm), "epochs": self.arm.recipe.epochs,
            "arm": asdict(self.arm), "key": self.key,
        }  # fmt: skip

    def guess(self, images: int) -> float:
        """Seconds that it would take alone."""
        operations = share(self.arm) * source_operations() * images / 50_000
        return operations / OPERATIONS_A_SECOND + total_steps(self.arm, images) * STEP_SECONDS


def work(connection, folder: Path, limit: int) -> None:
    """A process's life: trainings as they come. After an error of the device it ends."""
    import torch

    from benchmarks.gpu.data import load
    from benchmarks.gpu.ladder.trainer import OutOfTime, train

    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = True  # Muon's products; all else is in bfloat16
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data = load(folder, device, limit=limit)
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    connection.send({"device": name, "torch": torch.__version__})
    while True:
        task, deadline = connection.recv()
        try:
            found = train(data, task.arm, task.seed, task.images, deadline)
        except OutOfTime as error:
            found = {"stopped": str(error)}
        except Exception:
            found = {"failed": traceback.format_exc()[-2000:]}
        lost = not is_sound(device)
        connection.send(found | {"device": name, "lost": lost})
        if lost:
            return  # a new process takes over


def is_sound(device) -> bool:
    """Whether the device still answers: after an error in a kernel a process has lost it."""
    import torch

    if device.type != "cuda":
        return True
    try:
        torch.cuda.empty_cache()
        torch.cuda.synchronize()
    except RuntimeError:
        return False
    return True


@dataclass
class Pool:
    """Workers, and where results go."""

    folder: Path
    out: Path
    deadline: float  # by time.time()
    workers: int
    limit: int = 0
    known: dict[str, dict] = field(default_factory=dict)
    began: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self.images = {"whole": self.limit or 50_000, "train": (self.limit or 50_000) * 9 // 10}
        self.slowness = [float(self.workers)]  # seconds of trainings over guesses
        self.processes, self.busy, self.idle, self.starts = {}, {}, [], 0
        for _ in range(self.workers):
            self.start()

    def start(self) -> None:
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(target=work, args=(theirs, self.folder, self.limit), daemon=True)
        process.start()
        theirs.close()
        self.processes[ours], self.starts = process, self.starts + 1
        self.busy[ours] = None  # until it says that it is there

    def write(self, **values: object) -> None:
        """One more line, on disk at once."""
        values["at"] = round(time.time() - self.began, 2)
        with (self.out / "ladder.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")

    def fits(self, task: Task) -> bool:
        slowness = statistics.median(self.slowness[-7:])
        return time.time() + slowness * task.guess(self.images[task.images]) < self.deadline

    def run(self, programs: list["Running"], later: "Later") -> None:
        """All programs, and what they leave for later; a lower priority comes first."""
        runs = [*programs, later]
        while time.time() < self.deadline:
            self.fill(runs)
            if all(run.over for run in runs) or not self.busy:
                break
            for connection in wait(list(self.busy), timeout=0.5):
                self.receive(connection)
        for running in self.busy.values():
            if running is not None:
                self.write(**running[1].about(), stopped="the time was over")
        for process in self.processes.values():
            process.kill()

    def fill(self, runs: list["Running"]) -> None:
        """Give idle workers the first tasks that there are."""
        while True:
            waiting = [(priority, number, task, run) for number, run in enumerate(runs)
                       for priority, task in run.tasks()]  # fmt: skip
            if not waiting:
                return
            _, _, task, run = min(waiting, key=lambda one: one[:2])
            if task.key in self.known:
                run.take(task, self.known[task.key])
            elif not self.fits(task):
                self.write(**task.about(), skipped="it would not be over in time")
                run.take(task, None)
            elif self.idle:
                connection = self.idle.pop()
                run.started.add(task)
                self.busy[connection] = run, task
                connection.send((task, self.deadline))
            else:
                return

    def receive(self, connection) -> None:
        running = self.busy.pop(connection)
        try:
            found = connection.recv()
        except (EOFError, OSError):
            found = {"failed": "its process ended", "lost": True}
        if found.pop("lost", False):
            self.processes.pop(connection)
            if self.starts < self.workers + RESTARTS:
                self.start()
        else:
            self.idle.append(connection)
        if running is None:
            self.write(part="worker", **found)
            return
        run, task = running
        self.write(**task.about(), **found)
        if "seconds" in found:
            self.slowness.append(found["seconds"] / task.guess(self.images[task.images]))
            self.known[task.key] = found
        print(f"{time.time() - self.began:6.1f} s  {task.part}  {task.name}  {task.seed}  "
              f"{found.get('test_accuracy', found.get('val_accuracy', 'failed'))}", flush=True)  # fmt: skip
        run.take(task, found if "seconds" in found else None)


class Running:
    """A program under way: what it waits for."""

    def __init__(self, program: Program, priority: float):
        self.program, self.priority, self.over = program, priority, False
        self.advance(None)

    def advance(self, found: list[dict | None] | None) -> None:
        """Let the program go on; it is given a result, or None, for each task it asked for."""
        self.found, self.started = {}, set()
        try:
            self.asked = self.program.send(found)
        except StopIteration:
            self.asked, self.over = [], True
            return
        if not self.asked:
            self.advance([])

    def tasks(self) -> list[tuple[float, Task]]:
        """What nobody has begun yet, with its priority."""
        open_ = dict.fromkeys(t for t in self.asked if t not in self.started | self.found.keys())
        return [(self.priority, task) for task in open_]

    def take(self, task: Task, found: dict | None) -> None:
        self.found[task] = found
        if all(one in self.found for one in self.asked):
            self.advance([self.found[one] for one in self.asked])


class Later:
    """Trainings that nothing waits for."""

    def __init__(self) -> None:
        self.asked: dict[Task, float] = {}
        self.started: set[Task] = set()

    @property
    def over(self) -> bool:
        return not self.asked

    def add(self, priority: float, task: Task) -> None:
        self.asked[task] = priority

    def tasks(self) -> list[tuple[float, Task]]:
        return [(p, task) for task, p in self.asked.items() if task not in self.started]

    def take(self, task: Task, found: dict | None) -> None:
        del self.asked[task]
