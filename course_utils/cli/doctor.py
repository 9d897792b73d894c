"""`doctor`: what is installed and found here, for a bug report."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module, metadata
from pathlib import Path

import click

from course_utils.paths import ROOT

REQUIREMENTS = ROOT / "requirements.txt"
WAY_OUT = "python -m pip install -r requirements.txt"
OF_CUDA = ("nvidia-", "cuda-", "triton")
SMALLER = "docs/start.md, 'Without a GPU', installs torch without them"
VARIABLES = (
    "COURSE_DATA",
    "COURSE_RUNS",
    "COURSE_CIFAR10_URL",
    "COURSE_SHAPES",
    "OMP_NUM_THREADS",
)


class Problem(Exception):
    """What is wrong, in one line."""


@click.command()
def doctor() -> None:
    """Print what a bug report needs: versions, devices, data found. Exit status 1 if something is
    missing.
    """
    healthy = True
    for label, probe in probes():
        try:
            value = probe()
        except Problem as problem:
            value, healthy = str(problem), False
        except Exception as error:  # whatever it is, it belongs in the report, not in a traceback
            value, healthy = f"fails: {_one_line(error)}", False
        click.echo(f"{label:<20}{value}")
    raise SystemExit(0 if healthy else 1)


def probes() -> Iterator[tuple[str, Callable[[], str]]]:
    """A label and a function that finds out, for each line of the report."""
    yield (
        "python",
        lambda: (
            f"{platform.python_version()}{' in an environment' if sys.prefix != sys.base_prefix else ''}"
        ),
    )
    yield "platform", platform.platform
    yield "course_utils", course_version
    for package in required_packages():
        yield package, lambda package=package: package_version(package)
    yield "devices", devices
    yield "cuda libraries", cuda_libraries
    yield "threads", threads
    yield "memory", memory
    yield "data", lambda: folder("DATA_DIR")
    yield "runs", lambda: folder("RUNS_DIR")
    yield "cifar10", cifar10
    yield "image folders", image_folders
    yield "weights", weights
    yield "vgg16", vgg16
    for variable in VARIABLES:
        if variable in os.environ:
            yield variable, lambda variable=variable: _home(os.environ[variable])


def required_packages() -> list[str]:
    """The names in requirements.txt; none if it is not there."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines() if REQUIREMENTS.exists() else []
    return [match[0] for line in lines if (match := re.match(r"[A-Za-z0-9][\w.-]*", line))]


def package_version(package: str) -> str:
    """The version of a package that is installed and can be imported.

    Raises:
        Problem: if it is not installed, or fails to import.
    """
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        raise Problem(f"missing: {WAY_OUT}") from None
    try:
        return getattr(
            import_module(package), "__version__", version
        )  # torch's own says for which CUDA
    except (
        Exception
    ) as error:  # ImportError, OSError for a library, AttributeError for versions that do not fit
        raise Problem(
            f"{version}, fails: {_one_line(error)}: {WAY_OUT} --force-reinstall"
        ) from None


def course_version() -> str:
    try:
        version = metadata.version("course_utils")
    except metadata.PackageNotFoundError:
        raise Problem(f"missing: {WAY_OUT}") from None
    git = ["git", "describe", "--always", "--dirty"]
    try:
        commit = subprocess.run(
            git, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = "unknown"
    return f"{version}, commit {commit}"


def devices() -> str:
    import torch

    found = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    found += ["mps"] if torch.backends.mps.is_available() else []
    return ", ".join(["cpu", *found])


def cuda_libraries() -> str:
    """How much of the disk CUDA's packages take, and, where no GPU uses them, the way to less."""
    import torch

    packages = [each for each in metadata.distributions() if each.name.startswith(OF_CUDA)]
    size = sum(file.size or 0 for package in packages for file in package.files or ())
    if not size:
        return "none"
    taken = _gigabytes(size)
    return taken if torch.cuda.is_available() else f"{taken}, unused without a GPU: {SMALLER}"


def threads() -> str:
    import torch

    return f"{torch.get_num_threads()} of torch's on {os.cpu_count()} cores"


def memory() -> str:
    if not hasattr(os, "sysconf"):  # Windows
        return "unknown"
    return _gigabytes(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def folder(name: str) -> str:
    """One of runtime's folders, and the room that is left where it is or will be."""
    path: Path = getattr(import_module("course_utils.paths"), name)
    existing = next(place for place in (path, *path.parents) if place.exists())
    return f"{_home(str(path))}, {_gigabytes(shutil.disk_usage(existing).free)} free"


def cifar10() -> str:
    from torchvision.datasets import CIFAR10

    from course_utils.paths import DATA_DIR

    found = (DATA_DIR / CIFAR10.base_folder).is_dir()
    return "found" if found else "not here; to get it: python -m course_utils data cifar10"


def image_folders() -> str:
    from course_utils.paths import DATA_DIR

    inside = DATA_DIR.iterdir() if DATA_DIR.is_dir() else ()
    return _listed(
        path.name for path in inside if (path / "train").is_dir() and (path / "test").is_dir()
    )


def weights() -> str:
    from course_utils.paths import WEIGHTS_DIR

    return _listed(path.name for path in WEIGHTS_DIR.glob("*.pt"))


def vgg16() -> str:
    import torch

    return _listed(
        path.name for path in (Path(torch.hub.get_dir()) / "checkpoints").glob("vgg16-*.pth")
    )


def _listed(names: Iterator[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _home(path: str) -> str:
    return path.replace(str(Path.home()), "~", 1) if path.startswith(str(Path.home())) else path


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
