"""The pages of a run beside its lessons': an index with what each lesson measured and which claims
hold, and a note in place of each page that a lesson did not come to.
"""

import html
from collections.abc import Sequence
from pathlib import Path

from course_utils.cli.claims import Verdict
from course_utils.cli.execution import Outcome, Task
from course_utils.cli.pages import INDEX, link, page, table
from course_utils.paths import write_text

HEADER = ("lesson", "status", "seconds", "results", "claims")
Rows = Sequence[tuple[str, ...]]


def write_run_pages(tasks: Sequence[Task], outcomes: Sequence[Outcome], rows: Rows) -> Path:
    """Write the index of the run, with `rows` of its summary, and a note for each lesson that has
    no page; where the index lies.
    """
    folder = tasks[0].folder
    reports = {each.lesson: each for each in outcomes}
    for task in tasks:
        if not task.file(".html").exists():
            write_text(task.file(".html"), _note(task, reports.get(task.lesson)))
    told = {row[0] for row in rows}
    earlier = [lesson for lesson in tasks[0].pages if lesson not in told]
    every = [*rows, *((lesson, *_elsewhere(lesson, tasks)) for lesson in earlier)]
    lines = [(link(f"{row[0]}.html", row[0]), *row[1:]) for row in sorted(every)]
    parts = [table(HEADER, lines)]
    verdicts = [verdict for outcome in outcomes for verdict in outcome.verdicts]
    if verdicts:
        parts.append("<h2>Claims</h2>")
        parts.append("<p>What the lessons say, held against what this run measured.</p>")
        parts.append(
            table(("claim", "wants", "measured", "holds"), [_line(each) for each in verdicts])
        )
    write_text(folder / INDEX, page(f"The run {folder.name}", *parts))
    return folder / INDEX


def _elsewhere(lesson: str, tasks: Sequence[Task]) -> tuple[str, ...]:
    started = lesson in {task.lesson for task in tasks}
    return ("not run" if started else "of an earlier run", "-", "-", "-")


def _line(verdict: Verdict) -> tuple[str, ...]:
    low, high = verdict.band
    value = f"{verdict.value:.4g}" if isinstance(verdict.value, int | float) else "-"
    return verdict.claim, f"{low:g} to {high:g}", value, "no" if verdict.broken else "yes"


def _note(task: Task, outcome: Outcome | None) -> str:
    """What stands in place of a lesson's page: why it has none, and what is left of it."""
    if outcome is None:
        return page(task.lesson, "<p>Not run.</p>", f"<p>{link(INDEX, 'All lessons')}</p>")
    parts = [f"<p>This lesson {html.escape(outcome.status)}.</p>"]
    if outcome.report:
        parts.append(f'<pre tabindex="0">{html.escape(outcome.report)}</pre>')
    if outcome.left:
        parts.append(f"<p>As far as it came, as a notebook: {html.escape(outcome.left.name)}</p>")
    return page(task.lesson, *parts, f"<p>{link(INDEX, 'All lessons of this run')}</p>")
