"""`run`: executes lessons with chosen parameters, and checks what they measured."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from course_utils.cli.claims import Claims, check_claims, read_claims
from course_utils.cli.execution import (
    Outcome,
    Task,
    attempt,
    hold,
    is_complete,
    read_results,
    remove_results,
    run_all,
    short,
    write_page,
)
from course_utils.cli.folders import make_writable
from course_utils.cli.needs import check_needs, read_needs
from course_utils.cli.notebooks import find_lessons, read_notebook, select_lessons
from course_utils.cli.parameters import (
    Declared,
    Parameter,
    check_names,
    declared_parameters,
    parse,
    preset_values,
    read_presets,
    read_yaml,
    resolve_paths,
)
from course_utils.cli.run_pages import HEADER, Rows, write_run_pages
from course_utils.paths import ROOT, RUNS_DIR

if TYPE_CHECKING:
    from filelock import BaseFileLock

NOTEBOOKS = ROOT / "notebooks"
LONGEST_NAME = 100  # characters, which may be three bytes each


@dataclass(frozen=True)
class Request:
    """What the command line asks for."""

    lessons: tuple[str, ...] = ()
    preset: str = "laptop"
    dataset: str | None = None
    overrides: tuple[tuple[str, str], ...] = ()
    name: str | None = None
    resume: bool = False
    jobs: int = 1
    timeout: int | None = None


@click.command()
@click.argument("lessons", nargs=-1)
@click.option(
    "--preset", default="laptop", show_default=True, help="Values from notebooks/presets.yaml."
)
@click.option("--dataset", help="cifar10, shapes, auto, or a folder of pictures.")
@click.option(
    "-p",
    "overrides",
    nargs=2,
    multiple=True,
    metavar="NAME VALUE",
    help="One parameter; may be repeated.",
)
@click.option("--name", help="The run's folder under runs/.  [default: the preset's name]")
@click.option(
    "--resume", is_flag=True, help="Keep lessons that ran already: same course, parameters, data."
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Lessons to run at once, each in a kernel of its own.",
)
@click.option(
    "--timeout",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="Give a lesson up when one of its cells takes longer.",
)
def run(**options: Any) -> None:
    """Run LESSONS (03, 03_vgg_cnn or its path; all of them if none is named) with papermill.

    Writes the executed notebooks, an HTML page for each and their results to runs/NAME, and checks
    the results against notebooks/claims.yaml, unless -p changed something.
    """
    raise SystemExit(run_lessons(NOTEBOOKS, RUNS_DIR, Request(**options)))


def run_lessons(notebooks: Path, runs: Path, request: Request) -> int:
    """Run lessons of the folder `notebooks` into a folder in `runs`.

    Returns:
        The exit status: 0, or 1 if a lesson failed or a claim does not hold, or 130 after Ctrl-C.

    Raises:
        click.ClickException: before anything is run or written, if something asked for does not
        exist or fit.
    """
    tasks, claims = plan(notebooks, runs, request)
    lock = claim(tasks[0].folder)
    kept = [task for task in tasks if request.resume and is_complete(task)]
    prepare(tasks, kept)

    def work(task: Task) -> Outcome:
        click.echo(f"[{tasks.index(task) + 1}/{len(tasks)}] {task.lesson}")
        if task in kept:
            write_page(task, read_notebook(task.file(".ipynb")))  # its neighbours may be others now
            return Outcome(task.lesson, "kept", results=read_results(task))
        return attempt(task)

    def ended(outcome: Outcome) -> None:
        tell(outcome)
        if outcome.status in ("ok", "kept"):
            judge(outcome, claims, request)

    outcomes = run_all(tasks, request.jobs, work, ended)
    rows = [summary_row(outcome) for outcome in outcomes]
    click.echo(summary(rows))
    click.echo(f"their pages: {short(write_run_pages(tasks, outcomes, rows))}")
    lock.release()
    statuses = [outcome.status for outcome in outcomes]
    if "interrupted" in statuses or len(outcomes) < len(tasks):
        return 130
    return int("failed" in statuses or any(outcome.broken for outcome in outcomes))


def prepare(tasks: list[Task], kept: list[Task]) -> None:
    """Make the run's folder, and empty it of what lessons that are not kept left there: it must not
    pass for this run's.

    Raises:
        click.ClickException: if that cannot be done.
    """
    folder = tasks[0].folder
    try:
        make_writable(folder)
        for task in tasks:
            if task not in kept:
                remove_results(task)
    except OSError as error:
        raise unwritable(folder, error) from None


def claim(folder: Path) -> "BaseFileLock":
    """As `hold`, all in one line.

    Raises:
        click.ClickException: if another process has the folder, or it cannot be written.
    """
    try:
        return hold(folder)
    except OSError as error:
        raise unwritable(folder, error) from None


def unwritable(folder: Path, error: OSError) -> click.ClickException:
    reason = error.strerror or type(error).__name__
    return click.ClickException(
        f"cannot write to {folder} ({reason}): set COURSE_RUNS to another folder"
    )


def tell(outcome: Outcome) -> None:
    """Say on stderr why a lesson has no results."""
    if outcome.report:
        left = f"\nas far as it came: {short(outcome.left)}" if outcome.left else ""
        click.echo(f"{outcome.lesson} {outcome.status}\n{outcome.report}{left}", err=True)


def plan(notebooks: Path, runs: Path, request: Request) -> tuple[list[Task], Claims]:
    """The lessons to run with their values, and all claims.

    Raises:
        click.ClickException: if something does not fit.
    """
    selected = select_lessons(notebooks, request.lessons)
    declared, presets = read_course(notebooks, request.preset)
    claims = read_claims(notebooks / "claims.yaml", set(declared), set(presets))
    chosen = {path.stem: declared[path.stem] for path in selected}
    check_names([name for name, _ in request.overrides], chosen)
    if request.dataset is not None and not any(
        "dataset" in parameters for parameters in chosen.values()
    ):
        raise click.ClickException(
            f"--dataset {request.dataset}: no such parameter in {', '.join(chosen)}"
        )
    folder = runs / plain_name(request.preset if request.name is None else request.name)
    earlier = {name for name in declared if (folder / f"{name}.html").exists()}
    pages = tuple(sorted(earlier | set(chosen)))
    progress = request.jobs == 1 and not (os.environ.get("CI") or os.environ.get("TQDM_DISABLE"))
    tasks = []
    for path in selected:
        values = lesson_values(path.stem, chosen[path.stem], presets[request.preset], request)
        values |= {"output_dir": str(folder)} if "output_dir" in chosen[path.stem] else {}
        tasks.append(Task(path, values, folder, progress, pages=pages, timeout=request.timeout))
    refuse_small_folders(tasks, notebooks, set(declared))
    return tasks, claims


def read_course(notebooks: Path, preset: str) -> tuple[Declared, dict[str, dict[str, Any]]]:
    """The parameters that lessons declare, and the presets, of which `preset` is one.

    Raises:
        click.ClickException: if something there does not fit, or there is no such preset.
    """
    declared = {
        path.stem: declared_parameters(read_notebook(path), path.stem)
        for path in find_lessons(notebooks)
    }
    presets = read_presets(notebooks / "presets.yaml", declared)
    if preset not in presets:
        raise click.ClickException(
            f"{preset or repr(preset)}: no such preset; there are {', '.join(presets)}"
        )
    return declared, presets


def refuse_small_folders(tasks: list[Task], notebooks: Path, declared: set[str]) -> None:
    """Refuse a folder of pictures that a lesson cannot use.

    Raises:
        click.ClickException: as `check_needs`.
    """
    content = read_yaml(notebooks / "presets.yaml").get("needs")
    needs = read_needs(content, declared, "presets.yaml")
    lessons: dict[str, list[str]] = {}  # by folder
    for task in tasks:
        dataset = Path(task.values.get("dataset", ""))
        if dataset.is_absolute():
            lessons.setdefault(str(dataset), []).append(task.lesson)
    for folder, names in lessons.items():
        check_needs(names, folder, needs)


def lesson_values(
    lesson: str, parameters: dict[str, Parameter], preset: dict[str, Any], request: Request
) -> dict[str, Any]:
    """The values of one lesson's parameters: the preset's, then --dataset, then -p.

    Raises:
        click.ClickException: if a value does not fit its parameter, or names a file or a folder
        that does not exist.
    """
    try:
        values = preset_values(preset, lesson, parameters)
        if request.dataset is not None and "dataset" in parameters:
            values["dataset"] = request.dataset
        values |= {name: parse(text, parameters[name]) for name, text in request.overrides}
    except ValueError as error:
        raise click.ClickException(f"{lesson}: {error}") from None
    return resolve_paths(values, parameters)


def plain_name(name: str) -> str:
    special = name.startswith(".") or set(name) & set('\\/:*?"<>|') or not name.isprintable()
    if special or not 0 < len(name) <= LONGEST_NAME:
        shown = repr(name) if len(name) <= LONGEST_NAME else f"of {len(name)} characters"
        raise click.ClickException(f"--name {shown}: wants a plain folder name, such as 'evening'")
    return name


def judge(outcome: Outcome, claims: Claims, request: Request) -> None:
    """Hold a lesson's results against the claims, unless -p changed what they were made for."""
    if request.overrides:
        outcome.claims = "not checked (-p)"
        return
    outcome.verdicts = check_claims(claims, outcome.lesson, request.preset, outcome.results)
    if outcome.verdicts:
        held = len(outcome.verdicts) - len(outcome.broken)
        outcome.claims = f"{held} of {len(outcome.verdicts)} hold"
    for line in outcome.broken:
        click.echo(line, err=True)


def summary_row(outcome: Outcome) -> tuple[str, ...]:
    """Lesson, status, seconds, number of results (and the first accuracies), claims."""
    seconds, results = f"{outcome.seconds:.1f}", _headline(outcome.results)
    return outcome.lesson, outcome.status, seconds, results, outcome.claims


def summary(rows: Rows) -> str:
    """The rows of a run as a table of text."""
    widths = [max(map(len, column)) for column in zip(HEADER, *rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in (HEADER, *rows))


def _headline(results: dict[str, Any] | None) -> str:
    if results is None:
        return "-"
    floats = {name: value for name, value in results.items() if isinstance(value, float)}
    names = sorted(
        (name for name in floats if name.endswith("accuracy")),
        key=lambda name: name != "test_accuracy",
    )
    accuracies = [f"{name} {floats[name]:.4f}" for name in names]
    return f"{len(results) - 1}" + (f" ({', '.join(accuracies[:2])})" if accuracies else "")
