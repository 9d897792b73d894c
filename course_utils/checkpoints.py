"""Checkpoints: everything that a training is made of, in one file of tensors and plain values."""

import os
import pickle
import random
from pathlib import Path

import torch
from torch import Generator, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


def save_file(values: dict, path: str | Path) -> None:
    """Write tensors and plain values so that `path` holds, even after a crash, either the old file or the new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        torch.save(values, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def load_file(path: str | Path) -> dict:
    """Read a file of tensors and plain values onto the CPU. Nothing else is unpickled, so the file cannot run code.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, or holds more than tensors and plain values.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise FileNotFoundError(f"no file {path}: train first, or give another path") from None
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError, KeyError, ValueError):
        raise ValueError(f"{Path(path).name} is damaged, or no file of tensors: delete it and train again") from None


def save_checkpoint(
    path: str | Path,
    *,
    model: nn.Module,
    optimizer: Optimizer,
    scheduler: LRScheduler | None,
    generator: Generator | None,
    history: dict,
    best_weights: dict | None,
) -> None:
    """Write model, optimizer, scheduler, history and the state of every random generator; `generator` is the loader's."""
    version, numbers, gauss = random.getstate()
    values = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": None if scheduler is None else _plain(scheduler.state_dict()),
        "history": history,
        "best_weights": best_weights,
        "random": {
            "python": [version, list(numbers), gauss],
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "loader": None if generator is None else generator.get_state(),
        },
    }
    save_file(values, path)


def _plain(state: dict) -> dict:
    """A scheduler's state without what is no plain value (functions, in LambdaLR and OneCycleLR): it is not restored."""
    kept = (bool, int, float, str, list, dict, type(None), torch.Tensor)
    return {name: value for name, value in state.items() if isinstance(value, kept)}


def load_checkpoint(
    path: str | Path,
    *,
    model: nn.Module,
    optimizer: Optimizer,
    scheduler: LRScheduler | None,
    generator: Generator | None,
) -> dict:
    """Put back what `save_checkpoint` wrote, into the given objects; returns the file's values, history among them.

    Raises:
        FileNotFoundError, ValueError: as `load_file`, and if the file is of another model, optimizer or scheduler.
    """
    values = load_file(path)
    try:
        model.load_state_dict(values["model"])
        optimizer.load_state_dict(values["optimizer"])
        if (scheduler is None) != (values["scheduler"] is None):
            raise ValueError("one of the two has a scheduler, the other has none")
        if scheduler is not None:
            scheduler.load_state_dict(values["scheduler"])
        states = values["random"]
    except (RuntimeError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"{Path(path).name} is of another training ({reason}): delete it or use another name"
        ) from None
    version, numbers, gauss = states["python"]
    random.setstate((version, tuple(numbers), gauss))
    torch.set_rng_state(states["torch"])
    if states["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(states["cuda"])
    if generator is not None and states["loader"] is not None:
        generator.set_state(states["loader"])
    return values
