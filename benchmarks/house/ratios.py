"""What the package costs over plain PyTorch, as ratios of CPU time measured in turn: medians of one
run, with their least and greatest.
"""

import ast
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision.datasets import CIFAR10
from torchvision.transforms import v2

from benchmarks.data import CROP_FLIP
from benchmarks.harness import Run, in_new_process
from course_utils.data import load_splits
from course_utils.models import VGG, SourceResNet
from course_utils.paths import DATA_DIR, ROOT
from course_utils.training import fit as course_fit

CPU = torch.device("cpu")
NETWORKS = {"VGG": VGG, "SourceResNet": SourceResNet}


@dataclass(frozen=True)
class Plan:
    pairs: int = 7
    images: int = 512  # a training's
    batch_size: int = 32
    items: int = 2000
    rounds: int = 5  # of imports, and of photos: each in a process of its own
    photos: int = 100
    photo_size: tuple[int, int] = (4000, 3000)


def summary(ratios: Sequence[float]) -> dict[str, float]:
    return {"median": median(ratios), "min": min(ratios), "max": max(ratios)}


def cpu_time(work: Callable[[], object]) -> float:
    """CPU seconds of this process, all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start


def in_turn(ours: Callable[[], object], theirs: Callable[[], object], pairs: int) -> dict:
    """Our CPU time over theirs, pair by pair, after one of each to warm up; whoever is first
    changes.
    """
    ours(), theirs()
    ratios = []
    for pair in range(pairs):
        times = {work: cpu_time(work) for work in ((ours, theirs) if pair % 2 else (theirs, ours))}
        ratios.append(times[ours] / times[theirs])
    return summary(ratios)


def bare_fit(model: nn.Module, loader: DataLoader, val: DataLoader, optimizer) -> None:
    """An epoch as one would write it: it trains, counts loss and accuracy, and evaluates."""
    loss_sum, correct = 0.0, 0
    model.train()
    for images, labels in loader:
        logits = model(images)
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.item() * len(labels)
        correct += (logits.argmax(dim=1) == labels).sum().item()
    model.eval()
    with torch.no_grad():
        for images, labels in val:
            logits = model(images)
            loss_sum += F.cross_entropy(logits, labels).item() * len(labels)
            correct += (logits.argmax(dim=1) == labels).sum().item()


def fit(run: Run, plan: Plan | None = None) -> dict:
    """One epoch of `fit` over the bare one, for both networks."""
    plan, found = plan or Plan(), {}
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(plan.images, 3, 32, 32), torch.arange(plan.images) % 10)
    loader = DataLoader(data, plan.batch_size, shuffle=True)
    val = DataLoader(torch.utils.data.Subset(data, range(plan.batch_size)), plan.batch_size)
    for name, network in NETWORKS.items():
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
        how = {"optimizer": optimizer, "epochs": 1, "device": CPU}
        found[name] = in_turn(
            lambda model=model, how=how: course_fit(model, loader, val, **how),
            lambda model=model, optimizer=optimizer: bare_fit(model, loader, val, optimizer),
            plan.pairs,
        )
    return {"fit": {"pairs": plan.pairs, **found}}


def read_items(dataset: Sequence, number: int) -> None:
    for index in range(number):
        dataset[index]


def read_batches(dataset: Sequence, number: int) -> None:
    for _ in DataLoader(torch.utils.data.Subset(dataset, range(number)), 32):
        pass


def items(run: Run, plan: Plan | None = None) -> dict:
    """Items of `load_splits` over those of torchvision's CIFAR10, the same transforms."""
    plan, found = plan or Plan(), {}
    for name, augment in (("plain", []), ("crop and flip", [CROP_FLIP])):
        splits = load_splits("cifar10", augment=augment[0] if augment else None)
        steps = [v2.ToImage(), *augment, v2.ToDtype(torch.float32, scale=True)]
        transform = v2.Compose([*steps, v2.Normalize(splits.mean, splits.std)])
        theirs = CIFAR10(DATA_DIR, train=True, transform=transform)
        for way, read in (("one by one", read_items), ("by a DataLoader", read_batches)):
            found[f"{name}, {way}"] = in_turn(
                lambda read=read, ours=splits.train: read(ours, plan.items),
                lambda read=read, theirs=theirs: read(theirs, plan.items),
                plan.pairs,
            )
    return {"items": {"pairs": plan.pairs, **found}}


def imports_of(notebook: Path) -> str:
    """The import statements of a notebook, those behind a condition too, as a program."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    statements = []
    for source in code:
        lines = [line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))]
        nodes = ast.walk(ast.parse("\n".join(lines)))
        statements += [ast.unparse(s) for s in nodes if isinstance(s, ast.Import | ast.ImportFrom)]
    return "\n".join(statements)


def import_time(program: str) -> float:
    """CPU seconds of a new Python that runs the program."""
    import resource  # which Windows lacks

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = used()
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    return used() - before


def imports(run: Run, plan: Plan | None = None) -> dict:
    """For each lesson what it imports, over torch, torchvision and pyplot, measured in turn: the
    speed of a machine drifts within minutes.
    """
    plan, base = plan or Plan(), "import torch, torchvision, matplotlib.pyplot"
    by_lesson = {}
    for path in sorted(ROOT.glob("notebooks/[0-9]*.ipynb")):
        program = imports_of(path)
        import_time(program)  # files come from the disk only once
        ratios = [import_time(program) / import_time(base) for _ in range(plan.rounds)]
        by_lesson[path.stem] = summary(ratios)
    return {"imports": {"rounds": plan.rounds, **by_lesson}}


def make_photos(folder: Path, number: int, size: tuple[int, int]) -> None:
    """An image folder of JPEG photos, two classes, four fifths for training: few different ones,
    since only their size matters.
    """
    for index in range(number):
        split, label = ("test" if index % 5 == 4 else "train"), f"class{index % 2}"
        path = folder / split / label / f"{index:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        first = folder / f"{index % 4}.original"
        if not first.exists():
            coarse = torch.randint(0, 256, (size[1] // 8, size[0] // 8, 3), dtype=torch.uint8)
            Image.fromarray(coarse.numpy()).resize(size).save(first, "JPEG", quality=90)
        shutil.copyfile(first, path)


def draft_time(folder: str) -> float:
    """CPU seconds to decode all photos by Pillow's draft mode, nothing else."""

    def decode() -> None:
        for path in sorted(Path(folder).glob("*/*/*.jpg")):
            with Image.open(path) as image:
                image.draft("RGB", (32, 32))
                image.load()

    return cpu_time(decode)


def course_time(folder: str) -> float:
    """CPU seconds to load all photos with `load_splits`, and to read each once."""

    def items_of(splits) -> Iterator:
        for part in (splits.train_plain, splits.val, splits.test):
            yield from (part[index] for index in range(len(part)))

    return cpu_time(lambda: list(items_of(load_splits(folder))))


def photos(run: Run, plan: Plan | None = None) -> dict:
    """Each time in a new process: a process decodes a file once."""
    plan, ratios = plan or Plan(), []
    with tempfile.TemporaryDirectory() as folder:
        make_photos(Path(folder), plan.photos, plan.photo_size)
        for _ in range(plan.rounds):
            ours = in_new_process(course_time, folder)
            ratios.append(ours / in_new_process(draft_time, folder))
    return {"photos": {"photos": plan.photos, "rounds": plan.rounds, "ratio": summary(ratios)}}
