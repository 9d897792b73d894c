"""What a sweep measured: a table, a plot of means with intervals, and an index of its pages."""

import difflib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from course_utils.cli.pages import Markup, csv_text, escaped, link, page, table
from course_utils.paths import replacing, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = dict[str, Any]
Curves = dict[str, dict[Any, list[float]]]  # what a line is of -> x -> one value for each seed


@dataclass(frozen=True)
class Point:
    """One point of a grid: its swept values, all of the lesson's, and the folder of its files."""

    swept: dict[str, Any]
    values: dict[str, Any]
    folder: Path

    def outcome(self) -> dict[str, Any] | None:
        """What became of it in an earlier run, or None."""
        path = self.folder / "point.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def check_metric(metric: str | None, published: Path) -> None:
    """Refuse a metric that the lesson's published results do not have.

    Raises:
        click.ClickException: naming the nearest.
    """
    if metric is None or not published.exists():
        return
    known = [name for name, value in _numbers(published) if _is_number(value)]
    if metric not in known:
        nearest = difflib.get_close_matches(metric, known, n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(known)}"
        raise click.ClickException(
            f"--metric {metric}: {published.stem} does not measure it; {hint}"
        )


def write_report(folder: Path, lesson: str, points: "list[Point]", metric: str | None) -> int:
    """Write results.csv, results.png and index.html; how many points have no results."""
    rows = [row(point, lesson) for point in points]
    swept = list(points[0].swept)
    good = [each for each in rows if each["status"] == "ok"]
    measured = sorted({name for each in good for name in each} - {*swept, "status"})
    header = [*swept, "status", *measured]
    text = csv_text(header, [[each.get(name, "") for name in header] for each in rows])
    write_text(folder / "results.csv", text)
    parts = []
    metric = metric or default_metric(good, measured)
    if metric in measured:
        x, curves = arranged(good, swept, metric)
        figure, alt = draw(curves, x, metric), described(curves, x, metric)
        with replacing(folder / "results.png") as file:
            figure.savefig(file, format="png", dpi=150, metadata={"Description": alt})
        parts = [f'<p><img src="results.png" alt="{escaped(alt)}"></p>', f"<p>{escaped(alt)}</p>"]
    elif metric and good:
        click.echo(f"no plot: {lesson} does not measure {metric}", err=True)
    lines = [index_row(point, lesson, metric) for point in points]
    parts.append(table([*swept, "status", metric or "", "seconds", "notebook"], lines))
    parts.append(f"<p>{link('results.csv', 'results.csv')}: every number, one row a point.</p>")
    write_text(folder / "index.html", page(f"Sweep of {lesson}", *parts))
    return len(rows) - len(good)


def row(point: Point, lesson: str) -> Row:
    """A point's values, its status, and each single number or word of its results."""
    outcome = point.outcome()
    status = outcome["status"] if outcome else "not run"
    path = point.folder / f"{lesson}.json"
    measured = dict(_numbers(path)) if status == "ok" and path.exists() else {}
    return (
        measured
        | {name: written(value) for name, value in point.swept.items()}
        | {"status": status}
    )


def written(value: Any) -> Any:
    """A swept value as it stands in tables: a folder by its name, a list as text."""
    if isinstance(value, str) and Path(value).is_absolute():
        return Path(value).name
    return value if isinstance(value, int | float | str) else str(value)


def index_row(point: Point, lesson: str, metric: str | None) -> list[object]:
    its, outcome = row(point, lesson), point.outcome() or {}
    files = [
        link(f"points/{point.folder.name}/{path.name}", path.suffix[1:])
        for ending in (".html", ".ipynb", ".failed.ipynb")
        if (path := point.folder / f"{lesson}{ending}").exists()
    ]
    shown = its.get(metric, "") if metric else ""
    shown = f"{shown:.4g}" if isinstance(shown, float) else shown
    values = [its[name] for name in point.swept]
    return [*values, its["status"], shown, outcome.get("seconds", ""), Markup(" ".join(files))]


def _numbers(path: Path) -> Iterator[tuple[str, Any]]:
    yield from _flattened(json.loads(path.read_text(encoding="utf-8")), "")


def _flattened(results: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Results under dotted names; lists are left out."""
    for name, value in results.items():
        if isinstance(value, dict):
            yield from _flattened(value, f"{prefix}{name}.")
        elif not isinstance(value, list):
            yield f"{prefix}{name}", value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def default_metric(rows: list[Row], measured: list[str]) -> str | None:
    """The test accuracy, else another accuracy, else the first number; None if nothing is one."""
    numbers = [name for name in measured if all(_is_number(each.get(name)) for each in rows)]
    accuracies = [name for name in numbers if name.endswith("accuracy")]
    best = [name for name in accuracies if name.endswith("test_accuracy")]
    return next(iter([*best, *accuracies, *numbers]), None)


def arranged(rows: list[Row], swept: list[str], metric: str) -> tuple[str, Curves]:
    """The parameter along the x axis, and a curve for each combination of the others but the seed,
    over which intervals are taken.
    """
    others = [name for name in swept if name != "seed"]
    x = others[0] if others else swept[0]
    curves: Curves = {}
    for each in rows:
        if _is_number(each.get(metric)):
            name = ", ".join(f"{other}={each[other]}" for other in others[1:])
            curves.setdefault(name, {}).setdefault(each[x], []).append(each[metric])
    return x, curves


def draw(curves: Curves, x: str, metric: str) -> "Figure":
    """Means with 95 % t-intervals where there are several seeds; single values as points."""
    from matplotlib.figure import Figure

    from course_utils.intervals import interval

    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    values = list(dict.fromkeys(value for curve in curves.values() for value in curve))
    numeric = all(map(_is_number, values))
    for number, (name, curve) in enumerate(curves.items()):
        places = list(curve) if numeric else [values.index(value) for value in curve]
        bands = [interval(seeds) for seeds in curve.values()]
        means = [mean for mean, _, _ in bands]
        halves = [high - mean if math.isfinite(high) else 0.0 for mean, _, high in bands]
        marker = "osD^vP*X"[number % 8]
        axes.errorbar(places, means, yerr=halves, marker=marker, capsize=3, label=name or None)
    if numeric and min(values) > 0 and max(values) / min(values) >= 20:
        axes.set_xscale("log")
    if not numeric:
        axes.set_xticks(range(len(values)), [str(value) for value in values])
    axes.set(xlabel=x, ylabel=metric)
    if metric.endswith("accuracy"):
        axes.set_ylim(top=1)
    if any(curves):
        axes.legend()
    return figure


def described(curves: Curves, x: str, metric: str) -> str:
    """The plot in words: each mean with its interval."""
    sentences = []
    for name, curve in curves.items():
        parts = [f"{said(seeds)} at {x} {value}" for value, seeds in curve.items()]
        sentences.append(f"{name + ': ' if name else ''}{'; '.join(parts)}.")
    return f"{metric} by {x}, with 95 % intervals over the seeds. {' '.join(sentences)}"


def said(seeds: list[float]) -> str:
    """A mean and its interval in words."""
    from course_utils.intervals import interval

    mean, low, high = interval(seeds)
    if len(seeds) == 1:
        return f"{mean:.3g} (one run)"
    return f"{mean:.3g} ({low:.3g} to {high:.3g}, {len(seeds)} runs)"
