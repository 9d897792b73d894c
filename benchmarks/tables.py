"""Tables and numbers as RESULTS.md shows them, and the records that they are made of."""

from collections.abc import Sequence

import torch

from benchmarks.harness import read_json, title_of
from course_utils.intervals import paired
from course_utils.results import RECORDED_DIR

DATASET = "cifar10"


def recorded(record: str, *entries: str) -> tuple[dict, str]:
    """A record of CIFAR-10, and the data set's title.

    Raises:
        FileNotFoundError: if there is no such record, or if it lacks one of the `entries`.
    """
    found = read_json(RECORDED_DIR / f"{record.format(dataset=DATASET)}.json")
    if not found or not set(entries) <= set(found):
        raise FileNotFoundError(f"no record {record} with {', '.join(entries) or 'anything'}")
    return found, title_of(DATASET)


def table(header: list[str], rows: list[list[str]], *, align: str = "") -> str:
    """A table in Markdown; `align` has a letter for each column, l or r."""
    rules = ["--:" if side == "r" else "---" for side in align or "l" * len(header)]
    lines = [header, rules, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def percent(accuracy: float, error: float | None = None) -> str:
    return f"{accuracy:.1%}" + ("" if error is None else f" ± {error * 100:.1f}")


def with_error(accuracy: float, images: int) -> str:
    """An accuracy that was measured on so many images, and its standard error."""
    return percent(accuracy, (accuracy * (1 - accuracy) / images) ** 0.5)


def largest_lr(losses: torch.Tensor, lrs: list[float], chance: float) -> str:
    """The largest rate at which all seeds end 0.1 below chance; losses[seed][lr]."""
    trains = (losses < chance - 0.1).all(dim=0).nonzero().flatten()
    return f"{lrs[trains[-1]]:g}" if len(trains) else "none"


def over_seeds(accuracies: list[float]) -> str:
    """The mean, and the standard deviation over seeds if there are several."""
    values = torch.tensor(accuracies)
    return percent(values.mean(), values.std() if len(values) > 1 else None)


def with_deviation(values: torch.Tensor, digits: int = 2) -> str:
    """The mean of values that are no accuracies, and their standard deviation over seeds."""
    return f"{values.mean():.{digits}f} ± {values.std():.{digits}f}"


def points(differences: torch.Tensor) -> str:
    """A difference of accuracies in points, its mean and its standard deviation over seeds."""
    return f"{100 * differences.mean():+.1f} ± {100 * differences.std():.1f}"


def gain(accuracies: Sequence[float], before: Sequence[float]) -> str:
    """What one thing gains over another, seed by seed, such as "+3.8 points (1.6 to 6.0)": the 95 %
    t-interval.
    """
    mean, low, high = (100 * value for value in paired(accuracies, before))
    return f"{mean:+.1f} points ({low:.1f} to {high:.1f})"
