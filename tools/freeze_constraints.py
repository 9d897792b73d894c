"""Prints constraints.txt: the versions of what requirements.txt has brought into this environment.

Left out is what differs from machine to machine: CUDA's packages, and the course itself.
"""

import platform
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"
OF_THE_MACHINE = ("nvidia-", "cuda-", "triton")


def read_requirements() -> list[Requirement]:
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return [Requirement(line.replace("-e .", "course_utils")) for line in lines if line]


def needed_by(requirement: Requirement) -> list[Requirement]:
    """What a package requires here, with the extras that it is asked for with."""
    lines = distribution(requirement.name).requires or []
    needed = [Requirement(line) for line in lines]
    extras = requirement.extras or {""}
    return [
        other
        for other in needed
        if not other.marker or any(other.marker.evaluate({"extra": extra}) for extra in extras)
    ]


def installed(waiting: list[Requirement]) -> dict[str, str]:
    """Name -> version of the packages required and, in turn, of those that they require."""
    versions: dict[str, str] = {}
    seen = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        key = name, tuple(sorted(requirement.extras))
        if key in seen or name.startswith(OF_THE_MACHINE):
            continue
        seen.add(key)
        try:
            version = distribution(name).version
        except PackageNotFoundError:
            raise SystemExit(f"{name} is not installed here: run `make test` first") from None
        versions[name] = version.partition("+")[0]  # 2.14.1+cpu is a 2.14.1
        waiting += needed_by(requirement)
    versions.pop("course-utils")
    return versions


if __name__ == "__main__":
    python = ".".join(platform.python_version_tuple()[:2])
    print(f"# The versions that the course was last tested with, by Python {python} on Linux:")
    print("#     python -m pip install -c constraints.txt -r requirements.txt")
    print(
        "# Written by `make constraints`. Python 3.10 and macOS before 14 need older ones: there, leave -c out."
    )
    for name, version in sorted(installed(read_requirements()).items()):
        print(f"{name}=={version}")
