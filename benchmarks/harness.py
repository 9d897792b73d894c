"""Benchmarks in parts: what is finished stands in a file, whole or not at all, and is not measured
again.

This module imports no torch, so that lists and `--help` come at once: a part names the function
that measures it as text.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from course_utils.paths import DATA_DIR, ROOT, RUNS_DIR, write_text
from course_utils.results import RECORDED_DIR

TITLES = {"cifar10": "CIFAR-10", "shapes": "Shapes"}


def read_json(path: Path) -> dict:
    """What the file holds; nothing if there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write_json(path: Path, value: dict | list | float) -> None:
    """Write a value as the committed results are written: the file is there whole or as before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def once(path: Path, measure: Callable[[], dict]) -> dict:
    """What `measure` finds: from its file if that is there, else measured and written to it."""
    if not path.exists():
        write_json(path, measure())
    return read_json(path)


def name_of(dataset: str) -> str:
    """A data set's name in a record: that of its folder, if it is one."""
    return Path(dataset).name


def title_of(dataset: str) -> str:
    """A data set's name in a table."""
    return TITLES.get(name_of(dataset), name_of(dataset))


@dataclass(frozen=True)
class Run:
    """What a measuring function is given: a data set, a device, a place for what is finished."""

    dataset: str  # "cifar10", "shapes" or an image folder
    folder: Path  # for the tasks of this part
    record: Path = Path()  # the file that earlier parts stand in
    device: str = "cpu"
    workers: int = 2  # processes of one thread each; 0: all in this process
    checkpoint: Path | None = None  # of the one task that is under way

    @property
    def title(self) -> str:
        return title_of(self.dataset)

    def entry(self, name: str) -> dict:
        """What an earlier part has recorded.

        Raises:
            FileNotFoundError: if it has not run.
        """
        record = read_json(self.record)
        if name not in record:
            raise FileNotFoundError(f"{name!r} is not in {self.record.name}: run that part first")
        return record[name]

    def file(self, plan: object, *task: object) -> Path:
        """Where a task's result lies: another plan has another folder, so that none mix.

        Of a plan's fields only single values count; a tuple says which tasks there are, and may
        grow.
        """
        values = {k: v for k, v in asdict(plan).items() if not isinstance(v, tuple | list)}
        digest = hashlib.sha256(repr((self.device, values)).encode()).hexdigest()[:8]
        words = (f"{word:g}" if isinstance(word, float) else str(word) for word in task)
        name = re.sub(r"[^\w.+-]+", "_", " ".join(words))
        if len(name) > 100:
            name = name[:80] + hashlib.sha256(name.encode()).hexdigest()[:12]
        return self.folder / digest / f"{name}.json"

    def once(self, plan: object, task: tuple, measure: Callable[["Run"], dict]) -> dict:
        """A task's result, measured once; `measure` may leave its state in `run.checkpoint`."""
        path = self.file(plan, *task)
        checkpoint = path.with_suffix(".pt")
        path.parent.mkdir(parents=True, exist_ok=True)
        found = once(path, lambda: measure(replace(self, checkpoint=checkpoint)))
        checkpoint.unlink(missing_ok=True)
        return found

    def map(self, measure: Callable[..., dict], plan: object, tasks: Iterable[tuple]) -> dict:
        """{task: measure(run, plan, *task)}, each measured once, by the workers.

        Put the longest tasks first: then the workers end together.
        """
        jobs = [(self, measure, plan, task) for task in tasks]
        if not self.workers:
            return dict(map(_work, jobs))
        with get_context("spawn").Pool(self.workers, _start_worker) as pool:
            found = dict(pool.imap_unordered(_work, jobs))
            pool.close()
            pool.join()
        return {job[-1]: found[job[-1]] for job in jobs}


def _start_worker() -> None:
    import torch

    torch.set_num_threads(1)


def _work(job: tuple) -> tuple[tuple, dict]:
    run, measure, plan, task = job
    name = measure.__name__.strip("_")
    found = run.once(plan, (name, *task), lambda run: measure(run, plan, *task))
    print(name, *task, "done", flush=True)
    return task, found


def in_new_process(work: Callable, *arguments: object) -> object:
    """What `work` gives in a process of its own, which has nothing in memory yet."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


@dataclass(frozen=True)
class Part:
    """A piece of a benchmark: under two hours, recorded as soon as it is finished."""

    name: str
    about: str
    measure: str  # "benchmarks.lesson_02.scaling:sweep": called with a Run and `arguments`
    record: str  # the file in results/; {dataset} stands for the data set's name
    order: int  # its place in the queue
    minutes: int  # on two cores
    arguments: tuple = ()
    entry: str = ""  # of the record, there when the part is finished; by default `name`
    workers: int = 2
    precision: str = "float32"
    needs: str = ""  # a folder in DATA_DIR, beside the data set
    timed: bool = False  # nothing else should run beside it

    def record_file(self, dataset: str, results: Path = RECORDED_DIR) -> Path:
        return results / f"{self.record.format(dataset=name_of(dataset))}.json"

    def is_finished(self, dataset: str, results: Path = RECORDED_DIR) -> bool:
        return (self.entry or self.name) in read_json(self.record_file(dataset, results))

    def missing(self) -> str:
        """What it needs and is not there, or nothing."""
        return self.needs if self.needs and not (DATA_DIR / self.needs).exists() else ""

    def function(self) -> Callable[..., dict]:
        """What measures it."""
        module, _, name = self.measure.partition(":")
        return getattr(import_module(module), name)

    def run(
        self,
        dataset: str,
        *,
        device: str = "cpu",
        again: bool = False,
        results: Path = RECORDED_DIR,
        runs: Path = RUNS_DIR,
    ) -> Path:
        """Measure it, put what was found into its record, and say which file that is."""
        record = self.record_file(dataset, results)
        folder = runs / "benchmarks" / record.stem / self.name.replace(" ", "_")
        if again:
            shutil.rmtree(folder, ignore_errors=True)
        run = Run(dataset, folder, record, device, self.workers)
        found = self.function()(run, *self.arguments)
        before = read_json(record)
        about = {"machine": {**before.get("machine", {}), self.name: self.machine(device)}}
        if "{dataset}" in self.record:
            about["dataset"] = name_of(dataset)
        write_json(record, {**before, **found, **about})
        return record

    def machine(self, device: str) -> str:
        """What a reader must know of the machine: kind, threads and precision, no names."""
        import torch

        kind = f"CPU ({torch.backends.cpu.get_cpu_capability()})"
        if device.startswith("cuda"):
            kind = torch.cuda.get_device_name(device)
        threads = f"{torch.get_num_threads()} threads"
        if self.workers:
            threads = f"{self.workers} processes of one thread"
        return f"{kind}, {threads}, {self.precision}, torch {torch.__version__.split('+')[0]}"


def packages(module: str = "run") -> list[str]:
    """The names of all packages with such a module: the lessons', then what belongs to none."""
    names = (path.parent.name for path in (ROOT / "benchmarks").glob(f"*/{module}.py"))
    return sorted(names, key=lambda name: (not name.startswith("lesson"), name))


def all_parts() -> dict[str, list[Part]]:
    """The parts of each package."""
    return {name: import_module(f"benchmarks.{name}.run").PARTS for name in packages()}


def columns(runs: list[dict]) -> dict[str, list]:
    """Results of several seeds, turned: for each metric one entry a seed."""
    return {key: [one[key] for one in runs] for key in runs[0]}
