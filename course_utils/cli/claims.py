"""The bands that a lesson's results have to stay in: `claims.yaml`, keyed lesson, metric, data set,
preset.
"""

import math
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Verdict:
    """A claim held against a run's results: `broken` says why it does not hold, or is empty."""

    claim: str
    band: Band
    value: Any
    broken: str


def check_claims(
    claims: Claims, lesson: str, preset: str, results: dict[str, Any] | None
) -> list[Verdict]:
    """The verdict on each claim that fits a run.

    A claim fits by lesson, preset and the results' data set; results that are missing break every
    claim on the lesson.
    """
    fitting = [key for key in claims if (key[0], key[3]) == (lesson, preset)]
    if results is not None:
        fitting = [key for key in fitting if key[2] == results.get("dataset")]
    return [_judge(key, claims[key], results) for key in fitting]


def _judge(key: tuple[str, ...], band: Band, results: dict[str, Any] | None) -> Verdict:
    claim, (low, high) = ".".join(key), band
    if results is None:
        return Verdict(claim, band, None, f"{claim}: the lesson recorded no results")
    value = _look_up(results, key[1])
    reason = ""
    if not _is_number(value):
        names = ", ".join(sorted(set(results) - {"dataset"})) or "nothing"
        reason = f"{claim}: {key[1]} is no number in {key[0]}.json, which has {names}"
    elif not low <= value <= high:
        reason = f"{claim}: {value} is outside [{low}, {high}]"
    return Verdict(claim, band, value, reason)


def _look_up(results: dict[str, Any], metric: str) -> Any:
    """The result under a name, or under a dotted path such as `resnet.test_accuracy`."""
    value: Any = results
    for name in metric.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
