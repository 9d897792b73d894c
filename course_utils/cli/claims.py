"""The bands that a lesson's results have to stay in: `claims.yaml`, keyed lesson, metric, data set,
preset.
"""

import math
from pathlib import Path
from typing import Any

import click

from course_utils.cli.parameters import read_yaml

Band = tuple[float, float]
Claims = dict[tuple[str, str, str, str], Band]


def read_claims(path: Path, lessons: set[str], presets: set[str]) -> Claims:
    """The bands of a file, by (lesson, metric, data set, preset).

    Raises:
        click.ClickException: if the file is missing, is nested otherwise, names a lesson or a
        preset that does not
            exist, or holds a band that is not two numbers in order.
    """
    claims = {}
    for key, band in _flatten(read_yaml(path), ()):
        where = f"{path.name}: {'.'.join(key)}"
        if len(key) != 4:
            raise click.ClickException(
                f"{where}: wants four levels: lesson, metric, data set, preset"
            )
        if key[0] not in lessons:
            raise click.ClickException(f"{where}: no such lesson: {key[0]}")
        if key[3] not in presets:
            raise click.ClickException(
                f"{where}: no such preset: {key[3]}; there are {', '.join(sorted(presets))}"
            )
        if (
            not isinstance(band, list)
            or len(band) != 2
            or not all(_is_number(edge) for edge in band)
        ):
            raise click.ClickException(f"{where}: {band!r} is no band: write [low, high]")
        if band[0] > band[1]:
            raise click.ClickException(f"{where}: {band!r} is no band: low is above high")
        claims[key] = (band[0], band[1])
    return claims


def _flatten(value: Any, key: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    if not isinstance(value, dict):
        return [(key, value)]
    return [item for name, below in value.items() for item in _flatten(below, (*key, str(name)))]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


def check_claims(
    claims: Claims, lesson: str, preset: str, results: dict[str, Any] | None
) -> tuple[int, list[str]]:
    """How many of the claims that fit a run hold, and one line for each that does not.

    A claim fits by lesson, preset and the results' data set; results that are missing break every
    claim on the lesson.
    """
    held, broken = 0, []
    for (its_lesson, metric, dataset, its_preset), (low, high) in claims.items():
        if (its_lesson, its_preset) != (lesson, preset):
            continue
        claim = f"{lesson}.{metric}.{dataset}.{preset}"
        if results is None:
            broken.append(f"{claim}: the lesson recorded no results")
        elif dataset == results.get("dataset"):
            value = _look_up(results, metric)
            if not _is_number(value):
                names = ", ".join(sorted(set(results) - {"dataset"}))
                broken.append(
                    f"{claim}: {metric} is no number in {lesson}.json, which has {names or 'nothing'}"
                )
            elif low <= value <= high:
                held += 1
            else:
                broken.append(f"{claim}: {value} is outside [{low}, {high}]")
    return held, broken


def _look_up(results: dict[str, Any], metric: str) -> Any:
    """The result under a name, or under a dotted path such as `resnet.test_accuracy`."""
    value: Any = results
    for name in metric.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
