"""Checkpoints: everything that a training is made of, in one file of tensors and plain values."""

import io
import random
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader

from course_utils.paths import replacing

PLAIN = (bool, int, float, str, type(None))  # and no NumPy float, which is a float too
PARTS = {"model", "optimizer", "scheduler", "history", "best_weights", "random"}
Plain = bool | int | float | str | None


def save_file(values: dict, path: str | Path) -> None:
    """Write tensors and plain values: even after a crash `path` holds the old file or the new one.

    Raises:
        TypeError: if `values` holds anything else; the message says where.
        OSError: if it cannot be written; what `path` held before is still there.
    """
    _check_plain(values, "values")
    path = Path(path)
    buffer = io.BytesIO()
    torch.save(values, buffer)  # not to the file: of a full disk torch makes a RuntimeError
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(buffer.getbuffer())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        way_out = "free some space, or give another folder"
        raise OSError(f"cannot write {path.name} ({reason}): {way_out}") from None


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


def settings_of(
    optimizer: Optimizer, scheduler: LRScheduler | None, loader: DataLoader
) -> dict[str, Plain]:
    """What a training is given and `load_state_dict` would silently put back or overlook, as plain
    values by name: the kinds of optimizer and schedule, rates, batch size, training images. To be
    asked before the first step.
    """
    images = loader.dataset
    settings: dict[str, Any] = {
        "optimizer": type(optimizer).__name__,
        "scheduler": "none" if scheduler is None else type(scheduler).__name__,
        "batch_size": loader.batch_size,
        "training images": len(images),  # type: ignore[arg-type]
        "checksum of the training images": checksum(images),
    }
    groups = optimizer.param_groups
    for number, group in enumerate(groups):
        of = f" of group {number}" if len(groups) > 1 else ""
        settings |= {f"{name}{of}": group[name] for name in group if name != "params"}
    for name, value in ({} if scheduler is None else scheduler.state_dict()).items():
        settings[f"{name} of {type(scheduler).__name__}"] = value
    return {name: v if type(v) in PLAIN else str(v) for name, v in settings.items()}


def checksum(dataset: object) -> int:
    """A number that differs where a data set's images or labels do; of pictures in files, where
    their names do. Nothing is drawn, transformed or decoded; of a data set of an unknown kind it
    is 0.
    """
    total = 0
    for name in ("tensors", "data", "targets", "samples", "images", "indices", "dataset"):
        total = _checksum(getattr(dataset, name, None), total)
    return total


def _checksum(value: object, total: int) -> int:
    if isinstance(value, Tensor):
        value = value.detach().cpu().contiguous().view(-1)
        value = value.view(torch.uint8).numpy() if value.numel() else None
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return zlib.crc32(np.ascontiguousarray(value).data, total)
    if isinstance(value, (list, tuple, np.ndarray)):
        for item in value:
            total = _checksum(item, total)
        return total
    if isinstance(value, (str, Path)):
        value = Path(value).parts[-2:]  # the same folder elsewhere holds the same pictures
    elif value is not None and type(value) not in PLAIN:
        return zlib.crc32(str(checksum(value)).encode(), total)  # a data set within this one
    return total if value is None else zlib.crc32(repr(value).encode(), total)


def save_checkpoint(
    path: str | Path,
    *,
    model: nn.Module,
    optimizer: Optimizer,
    scheduler: LRScheduler | None,
    generator: Generator | None,
    history: dict,
    best_weights: dict | None,
    settings: dict[str, Plain],
) -> None:
    """Write all that a training is made of, random states included; `generator` is the loader's,
    `settings` are those of `settings_of`.

    Raises:
        TypeError, OSError: as `save_file`.
    """
    version, numbers, gauss = random.getstate()
    values = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": None if scheduler is None else scheduler.state_dict(),
        "settings": settings,
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


def load_checkpoint(
    path: str | Path,
    *,
    model: nn.Module,
    optimizer: Optimizer,
    scheduler: LRScheduler | None,
    generator: Generator | None,
    settings: dict[str, Plain],
) -> dict:
    """Put back what `save_checkpoint` wrote into the given objects; returns the file's values.

    Raises:
        FileNotFoundError, ValueError: as `load_file`, and if the file is of another model, or of
            other `settings`, the kinds of optimizer and scheduler among them; nothing is put back
            then.
    """
    values = load_file(path)
    if not isinstance(values, dict) or not set(values) >= PARTS:
        raise ValueError(f"{Path(path).name} is no checkpoint of a training: use another name")
    try:
        saved = values.get("settings", {})
        for name, value in settings.items():
            if saved.get(name, value) != value:
                raise ValueError(f"{name} {saved[name]}, not {value}")
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
