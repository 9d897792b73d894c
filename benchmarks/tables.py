"""Tables and numbers as RESULTS.md shows them."""

import torch


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def percent(accuracy: float, error: float | None = None) -> str:
    return f"{accuracy:.1%}" + ("" if error is None else f" ± {error * 100:.1f}")


def with_error(accuracy: float, images: int) -> str:
    """An accuracy that was measured on so many images, and its standard error."""
    return percent(accuracy, (accuracy * (1 - accuracy) / images) ** 0.5)


def largest_rate(losses: torch.Tensor, rates: list[float], chance: float) -> str:
    """The largest rate at which all seeds train, that is, end 0.1 below chance; losses[seed][rate]."""
    trains = (losses < chance - 0.1).all(dim=0).nonzero().flatten()
    return f"{rates[trains[-1]]:g}" if len(trains) else "none"


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
