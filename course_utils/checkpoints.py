"""Checkpoints: everything that a training is made of, in one file of tensors and plain values."""

import random
from pathlib import Path

import torch
from torch import Generator, Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from course_utils.paths import replacing

PLAIN = (bool, int, float, str, type(None))  # and no NumPy float, which is a float too


def save_file(values: dict, path: str | Path) -> None:
    """Write tensors and plain values: even after a crash `path` holds the old file or the new one.

    Raises:
        TypeError: if `values` holds anything else; the message says where.
    """
    _check_plain(values, "values")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        torch.save(values, file)


def _check_plain(value: object, where: str) -> None:
    """Refuse what `load_file` would: better no file than one that nobody can read back."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_plain(item, f"{where}[{key!r}]")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check_plain(item, f"{where}[{index}]")
    elif not isinstance(value, Tensor) and type(value) not in PLAIN:
        holds = "a file holds tensors, numbers, text, lists and dicts"
        raise TypeError(f"{where} is a {type(value).__name__}: {holds}")


def load_file(path: str | Path) -> dict:
    """Read tensors and plain values onto the CPU; nothing else is unpickled, so no code can run.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, or holds more than tensors and plain values.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise FileNotFoundError(f"no file {path}: train first, or give another path") from None
    except Exception:  # a damaged file raises nearly anything
        damaged = f"{Path(path).name} is damaged, or no file of tensors"
        raise ValueError(f"{damaged}: delete it and train again") from None


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
    """Write all that a training is made of, random states included; `generator` is the loader's.

    Raises:
        TypeError: as `save_file`.
    """
    version, numbers, gauss = random.getstate()
    values = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": None if scheduler is None else scheduler.state_dict(),
        "kinds": _kinds(optimizer, scheduler),
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


def _kinds(optimizer: Optimizer, scheduler: LRScheduler | None) -> str:
    """What `load_state_dict` does not look at: it would take the state of another class."""
    schedule = "no scheduler" if scheduler is None else type(scheduler).__name__
    return f"{type(optimizer).__name__} and {schedule}"


def load_checkpoint(
    path: str | Path,
    *,
    model: nn.Module,
    optimizer: Optimizer,
    scheduler: LRScheduler | None,
    generator: Generator | None,
) -> dict:
    """Put back what `save_checkpoint` wrote into the given objects; returns the file's values.

    Raises:
        FileNotFoundError, ValueError: as `load_file`, and if the file is of another model,
        optimizer or scheduler.
    """
    values = load_file(path)
    if not isinstance(values, dict) or "kinds" not in values:
        raise ValueError(f"{Path(path).name} is no checkpoint of a training: use another name")
    try:
        if values["kinds"] != (kinds := _kinds(optimizer, scheduler)):
            raise ValueError(f"{values['kinds']}, not {kinds}")
        model.load_state_dict(values["model"])
        optimizer.load_state_dict(values["optimizer"])
        if scheduler is not None:
            scheduler.load_state_dict(values["scheduler"])
    except (RuntimeError, ValueError) as error:
        # of a model's error, the first line only announces the others
        other = f"is of another training ({str(error).splitlines()[-1].strip()})"
        raise ValueError(f"{Path(path).name} {other}: delete it or use another name") from None
    states = values["random"]
    version, numbers, gauss = states["python"]
    random.setstate((version, tuple(numbers), gauss))
    torch.set_rng_state(states["torch"])
    if states["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(states["cuda"])
    if generator is not None and states["loader"] is not None:
        generator.set_state(states["loader"])
    return values
