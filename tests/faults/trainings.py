"""Trainings that are killed, each in a process forked from this one: `python -m tests.faults.trainings
KILLS SEED FOLDER` prints what came of so many kills, as JSON.
"""

import json
import os
import random
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset

from course_utils import checkpoints
from course_utils.checkpoints import load_file
from course_utils.paths import replacing
from course_utils.runtime import seed_everything
from course_utils.training import fit

EPOCHS = 5
IN_A_WRITE = ("bytes", "synced", "renamed")  # where in the write a training may end


def train(path, *, seed=0):
    """The whole training, from its checkpoint if there is one; its weights are in the checkpoint."""
    generator = torch.Generator().manual_seed(0)
    images, labels = torch.randn(96, 64, generator=generator), torch.arange(96) % 3
    seed_everything(seed)
    train_loader = DataLoader(
        TensorDataset(images, labels), batch_size=16, shuffle=True, generator=generator
    )
    model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Dropout(), nn.Linear(256, 3))
    optimizer = AdamW(model.parameters(), lr=0.01)
    scheduler = OneCycleLR(optimizer, 0.01, total_steps=EPOCHS * len(train_loader))
    fit(
        model, train_loader, [(images, labels)], optimizer=optimizer, epochs=EPOCHS, scheduler=scheduler,
        device=torch.device("cpu"), checkpoint=path, resume=True, keep_best=True,
    )  # fmt: skip


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class Dying:
    """A file that ends its process when a share of the bytes to be written has arrived."""

    def __init__(self, file, share):
        self.file, self.share = file, share

    def write(self, data):
        self.file.write(bytes(data)[: int(self.share * len(data))])
        self.file.flush()
        die()


def dying_writer(where, chance):
    """`replacing` that ends its process in one of the training's writes."""
    write_number = chance.randint(1, EPOCHS)
    seen = []

    @contextmanager
    def replace(path):
        seen.append(path)
        if len(seen) < write_number:
            with replacing(path) as file:
                yield file
            return
        with replacing(path) as file:
            yield Dying(file, chance.random()) if where == "bytes" else file
            if where == "synced":
                file.flush()
                os.fsync(file.fileno())
                die()
        if where == "renamed":
            die()

    return replace


def attempt(path, chance, seconds, kill):
    """Train in a child that may be killed; whether it was."""
    where = chance.choice(IN_A_WRITE) if kill and chance.random() < 0.5 else ""
    child = os.fork()
    if child == 0:
        try:
            if where:
                checkpoints.replacing = dying_writer(where, chance)
            train(path, seed=chance.randint(1, 99) if path.exists() else 0)  # a new process
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
    if kill and not where:
        time.sleep(chance.uniform(0, seconds))
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    killed = os.WIFSIGNALED(status)
    if not killed and os.WEXITSTATUS(status):
        raise RuntimeError("a training failed")
    return killed, where


def run(kills, seed, folder):
    torch.set_num_threads(1)
    chance, found = random.Random(seed), {"kills": 0, "in a write": 0, "trainings": 0}
    found["damaged"] = found["different"] = 0
    train(folder / "whole.pt")  # imports all that it needs, which no child has to do again
    start = time.monotonic()
    train(folder / "timed.pt")
    seconds, whole = time.monotonic() - start, load_file(folder / "whole.pt")
    while found["kills"] < kills:
        path = folder / f"{found['trainings']}.pt"
        for left in reversed(range(7)):  # so often at most, then it may end
            killed, where = attempt(path, chance, seconds, kill=left > 0)
            found["kills"] += killed
            found["in a write"] += bool(killed and where)
            if path.exists():
                try:
                    load_file(path)
                except ValueError:
                    found["damaged"] += 1
            if not killed:
                break
        found["trainings"] += 1
        found["different"] += not same(load_file(path), whole)
    return found


def same(left, right):
    if isinstance(left, torch.Tensor):
        return torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))))
