"""What a lesson needs of a folder of pictures: `needs` in presets.yaml."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from course_utils.cli.commands import told

LEAST = {"train_per_class": 2}  # one of them is for validation
VAL_FRACTION = 0.1  # of the training pictures, where a folder has no val/
COUNTED = {  # what is missing is named in this order
    "parts": "parts, train/ and test/",
    "train_per_class": "training pictures of each class",
    "val": "validation pictures",
    "test": "test pictures",
}


@dataclass(frozen=True)
class Folder:
    """How many pictures a folder has, by the keys of COUNTED, and the class with the fewest."""

    name: str
    counts: dict[str, int]
    smallest: str


def count_pictures(path: str) -> Folder:
    """Count by names alone, as the lessons will: no picture is decoded.

    Raises:
        click.ClickException: if the folder is none that a lesson can open.
    """
    from course_utils.data.datasets import open_folder

    try:
        parts = open_folder(path, say=False)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(told(error)) from None
    train = parts["train"]
    counted = Counter(train.targets)
    number, smallest = min((counted[label], label) for label in range(len(train.classes)))
    val = max(round(VAL_FRACTION * len(train)), len(train.classes))
    counts = {
        "parts": 0 if train.root == parts["test"].root else 2,
        "train_per_class": number,
        "val": len(parts["val"]) if "val" in parts else val,
        "test": len(parts["test"]),
    }
    return Folder(Path(path).name, counts, train.classes[smallest])


def check_needs(lessons: list[str], path: str, needs: dict[str, dict[str, int]]) -> None:
    """Refuse a folder that is too small for a lesson.

    Raises:
        click.ClickException: naming the first such lesson, what it misses, and the lessons that the
        folder is large enough for.
    """
    folder = count_pictures(path)
    for lesson in lessons:
        wanted = needs.get(lesson, {})
        for what in COUNTED:
            if folder.counts[what] < (least := wanted.get(what, 0)):
                raise click.ClickException(_refusal(lesson, what, least, folder, needs))


def _refusal(
    lesson: str, what: str, least: int, folder: Folder, needs: dict[str, dict[str, int]]
) -> str:
    where = f"{folder.name}/{folder.smallest}" if what == "train_per_class" else folder.name
    fit = [
        other[:2]
        for other, wanted in needs.items()
        if all(folder.counts[key] >= number for key, number in wanted.items())
    ]
    run = f"run {', '.join(fit)}, or " if fit else ""
    way_out = "make these folders" if what == "parts" else "add pictures"
    return (
        f"{lesson} needs {least} {COUNTED[what]}; {where} has {folder.counts[what]}: {run}{way_out}"
    )


def read_needs(content: Any, lessons: set[str], where: str) -> dict[str, dict[str, int]]:
    """What each lesson needs, by its name: LEAST, and what is listed.

    Raises:
        click.ClickException: if `content` names no lesson, or is nested otherwise.
    """
    content = content or {}
    if not isinstance(content, dict):
        raise click.ClickException(f"{where}: needs: wants lessons, has {content!r}")
    for lesson, wanted in content.items():
        if lesson not in lessons:
            raise click.ClickException(f"{where}: needs: {lesson}: no such lesson")
        good = isinstance(wanted, dict) and set(wanted) <= set(COUNTED)
        if not good or not all(type(number) is int for number in wanted.values()):
            raise click.ClickException(
                f"{where}: needs: {lesson}: wants numbers for {', '.join(COUNTED)}, has {wanted!r}"
            )
    return {lesson: {**LEAST, **content.get(lesson, {})} for lesson in sorted(lessons)}
