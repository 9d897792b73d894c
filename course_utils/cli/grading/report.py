"""Marks as a table for spreadsheets and as a page."""

from dataclasses import dataclass
from pathlib import Path

from course_utils.cli.pages import csv_text, escaped, link, page, table
from course_utils.paths import write_text

MEASURED = (
    "Lines marked with * rest on accuracies and losses that the submission's own code measured: "
    "look at such a cell before you count its points. A fresh run on another machine may differ "
    "from a learner's by a little."
)


@dataclass
class Mark:
    """What an exercise of a submission got: `share` of its points, 1 or 0."""

    who: str
    lesson: str
    exercise: str
    measured: bool
    share: int = 0
    line: str = ""
    seconds: float = 0.0


def write_marks(out: Path, marks: list[Mark], problems: list[str], worth: dict[str, float]) -> None:
    """Write marks.csv, a row for each exercise, and index.html, a table for each person."""
    out.mkdir(parents=True, exist_ok=True)
    header = ("who", "lesson", "exercise", "points", "of", "measured", "line", "seconds")
    rows = [
        (
            *(m.who, m.lesson, m.exercise, f"{points(m, worth):g}", f"{of(m, worth):g}"),
            *("yes" if m.measured else "no", m.line, m.seconds),
        )
        for m in marks
    ]
    write_text(out / "marks.csv", csv_text(header, rows))
    people = list(dict.fromkeys(mark.who for mark in marks))
    theirs = {who: [mark for mark in marks if mark.who == who] for who in people}
    totals = [(who, total(theirs[who], worth)) for who in people]
    starred = [f"<p>{MEASURED}</p>"] if any(mark.measured for mark in marks) else []
    parts = [*starred, table(("who", "points"), totals)]
    parts.append(f"<p>{link('marks.csv', 'marks.csv')}: the same as one table.</p>")
    if problems:
        parts.append(table(("not graded",), [(problem,) for problem in problems]))
    for who in people:
        lines = [
            (
                m.exercise + ("*" if m.measured else ""),
                f"{points(m, worth):g} of {of(m, worth):g}",
                *(m.line, f"{m.seconds:.1f} s"),
            )
            for m in theirs[who]
        ]
        parts += [f"<h2>{escaped(who)}</h2>", table(("exercise", "points", "line", "time"), lines)]
    write_text(out / "index.html", page("Marks", *parts))


def of(mark: Mark, worth: dict[str, float]) -> float:
    return worth.get(mark.exercise, 1)


def points(mark: Mark, worth: dict[str, float]) -> float:
    return mark.share * of(mark, worth)


def total(marks: list[Mark], worth: dict[str, float]) -> str:
    got, best = (sum(rule(mark, worth) for mark in marks) for rule in (points, of))
    return f"{got:g} of {best:g}"
