"""The course's one table: what each lesson's model reaches, what it has to learn, and what it costs."""

import json
from typing import Any

from torch import nn

from course_utils.models import count_parameters
from course_utils.paths import ROOT
from course_utils.probes import multiply_adds

PUBLISHED = ROOT / "notebooks" / "results"
CIFAR10 = ROOT / "benchmarks" / "results" / "scoreboard.cifar10.json"
COSTS = ("parameters", "multiply-adds")


def score(model: nn.Module, accuracy: float) -> dict[str, Any]:
    """A model's row: its test accuracy from 0 to 1, parameters, multiply-adds for one 32x32 image."""
    return {
        "accuracy": accuracy,
        "parameters": count_parameters(model),
        "multiply_adds": multiply_adds(model),
    }


def scoreboard(
    lesson: str, live: dict[str, dict[str, Any]] | None = None, *, dataset: str = "shapes"
) -> str:
    """The table of the published results of all lessons before `lesson`, as text.

    `live` holds rows of this run, by the model's name, as `score` makes them; they come last. The
    published rows are those of Shapes; beside them stands what is recorded on CIFAR-10, if it is,
    and on how many training photographs.
    A run on another `dataset` has a column of its own.
    """
    rows = {}
    for path in sorted(PUBLISHED.glob("[0-9][0-9]_*.json")):
        if path.stem < lesson:
            published = json.loads(path.read_text(encoding="utf-8"))
            rows |= {
                (path.stem[:2], name): row for name, row in published.get("scoreboard", {}).items()
            }
    recorded = json.loads(CIFAR10.read_text(encoding="utf-8")) if CIFAR10.exists() else {}
    elsewhere = [f"{dataset}, this run"] if live and dataset != "shapes" else []
    lines = [("", "model", "Shapes", "CIFAR-10", "photos", *elsewhere, *COSTS)]
    own = {(lesson[:2], name): row for name, row in (live or {}).items()}
    for (number, name), row in [*rows.items(), *own.items()]:
        here = (number, name) in own
        accuracy = f"{row['accuracy']:.1%}"
        photos = on_photographs(recorded.get(name))
        accuracies = (accuracy, *photos)
        if elsewhere:
            accuracies = ("-", *photos, accuracy) if here else (accuracy, *photos, "-")
        shown = f"{name} (this run)" if here and not elsewhere else name
        numbers = f"{row['parameters']:,}", f"{row['multiply_adds']:,}"
        lines.append((number, shown, *accuracies, *numbers))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = []
    for line in lines:
        left = [cell.ljust(width) for cell, width in zip(line[:2], widths[:2], strict=True)]
        right = [cell.rjust(width) for cell, width in zip(line[2:], widths[2:], strict=True)]
        texts.append("  ".join([*left, *right]))
    return "\n".join(texts)


def on_photographs(record: dict[str, Any] | None) -> tuple[str, str]:
    """Accuracy on CIFAR-10 and number of training photographs, as a row shows them."""
    if record is None:
        return "-", "-"
    images = record.get("images")
    return f"{record['accuracy']:.1%}", f"{images:,}" if images else "-"


def published_rows() -> list[dict[str, Any]]:
    """The published rows of all lessons, in their order: `lesson`, `model`, what `score` gives, and
    `cifar10`, the record on CIFAR-10 (mean `accuracy`, `epochs`, `images`, `seeds`), or None.
    """
    recorded = json.loads(CIFAR10.read_text(encoding="utf-8")) if CIFAR10.exists() else {}
    rows = []
    for path in sorted(PUBLISHED.glob("[0-9][0-9]_*.json")):
        results = json.loads(path.read_text(encoding="utf-8"))
        for name, row in results.get("scoreboard", {}).items():
            names = {"lesson": path.stem[:2], "model": name}
            rows.append(names | row | {"cifar10": recorded.get(name)})
    return rows


def recorded_training(record: dict[str, Any]) -> str:
    """What a row's record on CIFAR-10 was trained on, "45,000 images, 24 epochs, 2 seeds": the
    images and the epochs only if it has one number of them.
    """
    counts = [(record[name], name) for name in ("images", "epochs", "seeds") if record[name]]
    return ", ".join(
        f"{count:,} {name.removesuffix('s') if count == 1 else name}" for count, name in counts
    )
