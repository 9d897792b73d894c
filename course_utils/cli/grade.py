"""`grade`: points for handed-in notebooks, each exercise checked in a process of its own."""

import hashlib
import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from course_utils.cli import engine
from course_utils.cli.assign import read_points
from course_utils.cli.engine import Engine, named_dataset
from course_utils.cli.execution import short
from course_utils.cli.finite import Finite
from course_utils.cli.folders import make_writable
from course_utils.cli.grading import limits
from course_utils.cli.grading.cells import Exercise, find_exercises, is_starter, program
from course_utils.cli.grading.report import Mark, write_marks
from course_utils.cli.notebooks import find_lessons, read_notebook
from course_utils.cli.run import (
    NOTEBOOKS,
    Request,
    claim,
    lesson_values,
    plain_name,
    read_course,
    unwritable,
)
from course_utils.paths import RUNS_DIR, write_text

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class Rules:
    """What a submission's code may take, and the values that lessons run with."""

    seconds: float = 300
    memory: int = 4000  # megabytes, beyond what the lesson itself takes
    preset: str = "laptop"
    dataset: str = "shapes"


@dataclass(frozen=True)
class Submission:
    """A notebook that somebody has handed in for a lesson."""

    who: str
    path: Path
    lesson: str
    notebook: "NotebookNode"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--points",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A sheet of `assign`, edited.",
)
@click.option(
    "--seconds",
    type=Finite(min=0, min_open=True),
    default=300.0,
    show_default=True,
    help="For each exercise.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=1),
    default=4000,
    show_default=True,
    help="Megabytes for each exercise.",
)
@click.option("--preset", default="laptop", show_default=True, help="Values that lessons run with.")
@click.option("--dataset", default="shapes", show_default=True, help="What lessons train on.")
@click.option("--name", help="The folder under runs/.  [default: grade-FOLDER]")
@click.option("--resume", is_flag=True, help="Keep what is checked already, and has not changed.")
@engine.options
def grade(
    folder: Path, points: Path | None, name: str | None, resume: bool, jobs: int,
    scheduler: str | None, **rules: Any,
) -> None:  # fmt: skip
    """Check the notebooks in FOLDER: one for each person, or a folder for each.

    Writes marks.csv and index.html to runs/NAME: points, the checker's line, seconds.
    """
    worth = read_points(points) if points else None
    folder = folder.expanduser().resolve()
    out = RUNS_DIR / plain_name(name or f"grade-{folder.name}")
    where = Engine(jobs, scheduler)
    raise SystemExit(
        run_grade(NOTEBOOKS, folder, out, Rules(**rules), where, worth=worth, resume=resume)
    )


def run_grade(
    notebooks: Path,
    folder: Path,
    out: Path,
    rules: Rules,
    where: Engine,
    *,
    worth: dict[str, float] | None = None,
    resume: bool = False,
) -> int:
    """Grade a folder of notebooks into `out`.

    `worth` holds the points of each exercise that counts. Without it every exercise of a lesson
    that somebody has handed in counts 1.

    Returns:
        The exit status: 0, 1 if a lesson's own cells failed, 130 after Ctrl-C.

    Raises:
        click.ClickException: if nothing was handed in, a rule does not fit, `worth` names an
            exercise that the course does not have, or `out` cannot be written or is another
            process's.
    """
    lessons = {path.stem: read_notebook(path) for path in find_lessons(notebooks)}
    exercises = counted(lessons, worth)
    submissions, problems = find_submissions(folder, lessons)
    values = lessons_values(notebooks, rules, portable=where.scheduler is not None)
    marks, jobs = marks_and_jobs(lessons, exercises, submissions, values, rules)
    if worth is not None:
        marks += not_handed_in(submissions, exercises)
        marks.sort(key=lambda mark: (mark.who, mark.lesson))
    lock = claim(out)
    try:
        make_writable(out)
        make_writable(out / "checked")
    except OSError as error:
        raise unwritable(out, error) from None
    try:
        faults = check(jobs, len(marks), out / "checked", where, resume=resume)
    except KeyboardInterrupt:
        click.echo("interrupted: the same command with --resume goes on", err=True)
        return 130
    for problem in [*faults, *problems]:
        click.echo(problem, err=True)
    write_marks(out, marks, problems, worth or {})
    lock.release()
    people = len({mark.who for mark in marks})
    click.echo(f"{people} submissions, {len(marks)} exercises: {short(out / 'index.html')}")
    return int(bool(faults))


def marks_and_jobs(
    lessons: dict[str, "NotebookNode"],
    exercises: dict[str, list[Exercise]],
    submissions: list[Submission],
    values: dict[str, dict],
    rules: Rules,
) -> tuple[list[Mark], dict[str, tuple[dict, list[Mark]]]]:
    """A mark for each exercise of each submission, and the jobs that are to fill them in, by key:
    equal answers share one.
    """
    marks, jobs = [], {}
    for submission in submissions:
        for exercise in exercises[submission.lesson]:
            mark = Mark(submission.who, submission.lesson, exercise.name, exercise.measured)
            marks.append(mark)
            job = describe(lessons[submission.lesson], exercise, submission, rules)
            if isinstance(job, str):
                mark.line = job
                continue
            its_values = values[submission.lesson]
            job |= {"values": its_values, "dataset": its_values.get("dataset")}
            job["key"] = key(job)
            jobs.setdefault(job["key"], (job, []))[1].append(mark)
    return marks, jobs


def counted(
    lessons: dict[str, "NotebookNode"], worth: dict[str, float] | None
) -> dict[str, list[Exercise]]:
    """The exercises of each lesson that may bring points.

    Raises:
        click.ClickException: if `worth` names an exercise that there is not.
    """
    found = {lesson: find_exercises(notebook) for lesson, notebook in lessons.items()}
    known = {exercise.name for exercises in found.values() for exercise in exercises}
    if unknown := sorted(set(worth or ()) - known):
        raise click.ClickException(
            f"no exercise {unknown[0]} in the course: see the sheet of points"
        )
    if worth is None:
        return found
    return {lesson: [e for e in each if worth.get(e.name)] for lesson, each in found.items()}


def not_handed_in(
    submissions: list[Submission], exercises: dict[str, list[Exercise]]
) -> list[Mark]:
    """Marks for the lessons that each person has left out."""
    there = {(submission.who, submission.lesson) for submission in submissions}
    return [
        Mark(who, lesson, exercise.name, exercise.measured, line="not handed in.")
        for who in {submission.who for submission in submissions}
        for lesson in exercises
        for exercise in exercises[lesson]
        if (who, lesson) not in there
    ]


def check(
    jobs: dict[str, tuple[dict[str, Any], list[Mark]]],
    total: int,
    folder: Path,
    where: Engine,
    *,
    resume: bool,
) -> list[str]:
    """Run jobs, equal ones once, and fill in their marks; a line for each lesson that failed.

    With `resume`, verdicts in `folder` are kept: they lie there under all that they depend on.
    """
    from tqdm import tqdm

    todo, faults = [], {}
    for name, (job, marks) in jobs.items():
        path = folder / f"{name}.json"
        if resume and path.exists():
            fill(marks, json.loads(path.read_text(encoding="utf-8")))
        else:
            todo.append(job)
    left = sum(len(jobs[job["key"]][1]) for job in todo)
    with tqdm(total=total, initial=total - left, desc="grade", disable=None) as bar:
        for job, result in where.run(limits.run, todo):
            marks = jobs[job["key"]][1]
            verdict = judged(job["exercise"], result)
            fill(marks, verdict)
            bar.update(len(marks))
            if reason := result.get("fault") or result.get("error"):
                faults[marks[0].lesson] = f"{marks[0].lesson}: {verdict['line']} {reason}"
            else:
                text = json.dumps(verdict, ensure_ascii=False) + "\n"
                write_text(folder / f"{job['key']}.json", text)
    return list(faults.values())


def fill(marks: list[Mark], verdict: dict[str, Any]) -> None:
    for mark in marks:
        mark.share, mark.line, mark.seconds = (verdict[n] for n in ("share", "line", "seconds"))


def key(job: dict[str, Any]) -> str:
    """A hash of all that a verdict depends on, but for the machine."""
    from course_utils.cli.cluster import course_version

    text = json.dumps([job, course_version()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def lessons_values(notebooks: Path, rules: Rules, *, portable: bool) -> dict[str, dict[str, Any]]:
    """The values of each lesson's parameters as the rules say; `portable` as in `named_dataset`.

    Raises:
        click.ClickException: if there is no such preset or data set.
    """
    declared, presets = read_course(notebooks, rules.preset)
    request = Request(preset=rules.preset, dataset=rules.dataset)
    found = {}
    for lesson, parameters in declared.items():
        values = lesson_values(lesson, parameters, presets[rules.preset], request)
        if "dataset" in values:
            values["dataset"] = named_dataset(values["dataset"], portable)
        found[lesson] = values
    return found


def find_submissions(
    folder: Path, lessons: dict[str, "NotebookNode"]
) -> tuple[list[Submission], list[str]]:
    """The notebooks that were handed in, and a line for each one that cannot be graded. A notebook
    is somebody's by its name, or by that of its folder, and a lesson's by its exercises.

    Raises:
        click.ClickException: if there is no notebook.
    """
    paths = [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    if not paths:
        raise click.ClickException(f"no notebooks in {folder.name}")
    numbers = {lesson[:2]: lesson for lesson in lessons}
    found: dict[tuple[str, str], Submission] = {}
    problems = []
    for path in paths:
        inside = path.relative_to(folder)
        named = readable(inside.as_posix())
        who = readable(inside.parts[0] if len(inside.parts) > 1 else path.stem)
        try:
            notebook = read_notebook(path)
            lesson = numbers[find_exercises(notebook)[0].name[:2]]
        except click.ClickException as error:
            problems.append(f"{named}: {error.message.partition(': ')[2]}")
        except (LookupError, AttributeError, TypeError):
            problems.append(f"{named}: holds no exercise of a lesson")
        else:
            new = Submission(who, path, lesson, notebook)
            old = found.setdefault((who, lesson), new)
            if old is not new:
                problems.append(f"{named}: not graded, {old.path.name} is there for {lesson}")
    return sorted(found.values(), key=lambda each: (each.who, each.lesson)), problems


def readable(name: str) -> str:
    """A file's name as text: composed letters, and escapes for bytes that an archive in another
    encoding left.
    """
    return unicodedata.normalize("NFC", name.encode("utf-8", "backslashreplace").decode("utf-8"))


def describe(
    lesson: "NotebookNode", exercise: Exercise, submission: Submission, rules: Rules
) -> dict[str, Any] | str:
    """A job, or the line that an exercise gets which need not run."""
    cells = program(lesson, exercise, submission.notebook)
    if cells["answer"] is None:
        return f'no cell calls check("{exercise.name}", ...)'
    if is_starter(cells["answer"], exercise):
        return "not begun: the cell is the starter's."
    limited = {"seconds": rules.seconds, "memory": rules.memory}
    return {**cells, **limited, "exercise": exercise.name}


def judged(exercise: str, result: dict[str, Any]) -> dict[str, Any]:
    """The verdict, made here, on what came back from a submission's process."""
    share, line = _verdict(exercise, result)
    return {"share": share, "line": tidy(line), "seconds": round(result.get("seconds", 0.0), 1)}


def _verdict(exercise: str, result: dict[str, Any]) -> tuple[int, str]:
    from course_utils.cli.grading import values
    from course_utils.exercises import judge

    if result.get("fault"):
        return 0, "not judged: the lesson's own cells fail."
    if result.get("error"):
        return 0, "not judged: it could not be run."
    if result["collected"] is None:
        return 0, f"not yet. {result['stopped']}."
    try:
        collected = values.loads(result["collected"])
        called = type(collected) is dict and collected["called"] is True
    except (ValueError, KeyError):
        return 0, "not yet. What came back cannot be read."
    if not called:
        return 0, f'not yet. The cell ran, and never called check("{exercise}", ...).'
    verdict = judge(exercise, collected.get("value"))
    return int(verdict.correct), verdict.message


def tidy(text: str) -> str:
    """One line of at most 300 printable characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:3000]).split())
    return line if len(line) <= 300 else f"{line[:297]}..."
