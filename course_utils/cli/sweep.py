"""`sweep`: one lesson over a grid of values."""

import ast
import hashlib
import itertools
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import click

from course_utils.cli import engine
from course_utils.cli.engine import Engine, located, named_dataset
from course_utils.cli.execution import Task, attempt, data_hash, short
from course_utils.cli.folders import make_writable
from course_utils.cli.notebooks import read_notebook, select_lessons
from course_utils.cli.parameters import check_names
from course_utils.cli.run import (
    NOTEBOOKS,
    Request,
    claim,
    lesson_values,
    plain_name,
    read_course,
    refuse_small_folders,
    unwritable,
)
from course_utils.cli.sweep_report import Point, check_metric, write_report, written
from course_utils.paths import RUNS_DIR, replacing, write_text

KEPT = (".ipynb", ".html", ".json", ".failed.ipynb")  # of a point; weights are not


@click.command()
@click.argument("lesson")
@click.option(
    "-p",
    "grid",
    nargs=2,
    multiple=True,
    metavar="NAME VALUES",
    help="A parameter and its values, separated by commas; may be repeated.",
)
@click.option("--preset", default="laptop", show_default=True, help="Values of the others.")
@click.option("--dataset", help="cifar10, shapes, auto, or a folder of pictures.")
@click.option("--metric", help="What to plot.  [default: test_accuracy, if it was measured]")
@click.option("--name", help="The folder under runs/.  [default: sweep-LESSON]")
@click.option("--resume", is_flag=True, help="Keep points that ran already, with the same course.")
@engine.options
def sweep(
    lesson: str,
    grid: tuple[tuple[str, str], ...],
    preset: str,
    dataset: str | None,
    metric: str | None,
    name: str | None,
    resume: bool,
    jobs: int,
    scheduler: str | None,
) -> None:
    """Run a lesson at every combination of VALUES, as in `sweep 03 -p learning_rate 1e-4,1e-3 -p
    seed 0,1,2`.

    Writes to runs/NAME: results.csv, one row a point; results.png, means with 95 % intervals over
    the seeds; index.html, with a page of each executed notebook.
    """
    request = Request((lesson,), preset=preset, dataset=dataset, overrides=grid, name=name)
    where = Engine(jobs, scheduler)
    raise SystemExit(run_sweep(NOTEBOOKS, RUNS_DIR, request, where, metric=metric, resume=resume))


def run_sweep(
    notebooks: Path,
    runs: Path,
    request: Request,
    where: Engine,
    *,
    metric: str | None = None,
    resume: bool = False,
) -> int:
    """Run a lesson at each point of a grid; `request.overrides` hold several values each.

    Returns:
        The exit status: 0, 1 if a point failed, 130 after Ctrl-C.

    Raises:
        click.ClickException: before anything runs, if a value does not fit.
    """
    from tqdm import tqdm

    path, points = plan(notebooks, runs, request, portable=where.scheduler is not None)
    check_metric(metric, notebooks / "results" / f"{path.stem}.json")
    folder = points[0].folder.parents[1]
    lock = claim(folder)
    jobs = describe(path, points)
    todo = [
        job for job, point in zip(jobs, points, strict=True) if not (resume and is_done(job, point))
    ]
    prepare(folder, points, [points[job["index"]] for job in todo])
    status = 0
    bar = tqdm(total=len(points), initial=len(points) - len(todo), desc=path.stem, disable=None)
    try:
        with bar:
            for job, result in where.run(run_point, todo):
                keep(points[job["index"]], job, result)
                bar.update()
                if result.get("status") != "ok":
                    named = label(points[job["index"]].swept)
                    said = result.get("report") or result.get("error")
                    click.echo(f"{named} failed\n{said}", err=True)
    except KeyboardInterrupt:
        click.echo("interrupted: the same command with --resume goes on", err=True)
        status = 130
    lock.release()
    failed = write_report(folder, path.stem, points, metric)
    click.echo(f"{len(points)} points, {failed} without results: {short(folder / 'index.html')}")
    return status or int(failed > 0)


def plan(
    notebooks: Path, runs: Path, request: Request, *, portable: bool = False
) -> tuple[Path, list[Point]]:
    """The notebook, and the points of the grid, all values checked.

    With `portable`, data sets are given by names that mean the same on every machine.

    Raises:
        click.ClickException: if something does not fit.
    """
    paths = select_lessons(notebooks, request.lessons)
    if len(paths) != 1:
        raise click.ClickException(f"{', '.join(request.lessons)}: a sweep wants one lesson")
    path = paths[0]
    declared, presets = read_course(notebooks, request.preset)
    parameters = declared[path.stem]
    names = [name for name, _ in request.overrides]
    refuse_repeated(names, "a parameter's values stand in one -p")
    check_names(names, {path.stem: parameters})
    if not names:
        raise click.ClickException("nothing to sweep: give values, as in -p seed 0,1,2")
    folder = runs / plain_name(request.name or f"sweep-{path.stem[:2]}") / "points"
    points = []
    for texts in itertools.product(*(split_values(text) for _, text in request.overrides)):
        chosen = tuple(zip(names, texts, strict=True))
        one = Request(preset=request.preset, dataset=request.dataset, overrides=chosen)
        values = lesson_values(path.stem, parameters, presets[request.preset], one)
        swept = {name: values[name] for name in names}
        points.append(Point(swept, values, folder / folder_name(swept)))
    refuse_repeated([label(point.swept) for point in points], "give each value once")
    tasks = [Task(path, point.values, point.folder) for point in points]
    refuse_small_folders(tasks, notebooks, set(declared))
    if "dataset" in parameters:
        default = ast.literal_eval(parameters["dataset"].default)
        for point in points:
            chosen_set = point.values.get("dataset", default)
            point.values["dataset"] = named_dataset(chosen_set, portable)
    return path, points


def split_values(text: str) -> list[str]:
    """Values separated by commas; commas in brackets belong to a value: "[8,16],[16,32]"."""
    return [value.strip() for value in re.split(r",(?![^\[(]*[\])])", text)]


def label(swept: dict[str, Any]) -> str:
    """The point in words, as "learning_rate=0.001, seed=0"."""
    return ", ".join(f"{name}={written(value)}" for name, value in swept.items())


def folder_name(swept: dict[str, Any]) -> str:
    """A plain name of a folder for a point; a hash where the values make none."""
    name = label(swept).replace(", ", ",")
    if re.fullmatch(r"[\w.=,+-]{1,100}", name):
        return name
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def refuse_repeated(items: list[str], way_out: str) -> None:
    for item in items:
        if items.count(item) > 1:
            raise click.ClickException(f"{item} is there twice: {way_out}")


def describe(path: Path, points: list[Point]) -> list[dict[str, Any]]:
    """Jobs: for each point all that another machine needs to run it."""
    import nbformat

    from course_utils.cli.cluster import course_version

    notebook = read_notebook(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    text = nbformat.writes(notebook)
    jobs = []
    for index, point in enumerate(points):
        same = json.dumps([text, point.values, course_version(), data_hash(point.values)])
        job = {"index": index, "lesson": path.stem, "notebook": text, "values": point.values}
        hashed = hashlib.sha256(same.encode()).hexdigest()
        jobs.append({**job, "dataset": point.values.get("dataset"), "fingerprint": hashed})
    return jobs


def is_done(job: dict[str, Any], point: Point) -> bool:
    """Whether an earlier run of the same cells, values and course ended well."""
    done = point.outcome() or {}
    return done.get("fingerprint") == job["fingerprint"] and done.get("status") == "ok"


def prepare(folder: Path, points: list[Point], todo: list[Point]) -> None:
    """Empty the sweep's folder of what is not kept.

    Raises:
        click.ClickException: if it cannot be written.
    """
    try:
        make_writable(folder)
        make_writable(folder / "points")
        kept = {point.folder for point in points} - {point.folder for point in todo}
        for old in (folder / "points").iterdir():
            if old not in kept:
                shutil.rmtree(old)
        for name in ("results.csv", "results.png", "index.html"):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from None


def run_point(job: dict[str, Any]) -> dict[str, Any]:
    """Run a point in a temporary folder, here or on another machine; its files come back."""
    with tempfile.TemporaryDirectory(prefix="sweep-") as name:
        folder = Path(name) / job["lesson"]
        source = Path(name) / "source" / f"{job['lesson']}.ipynb"
        for each in (folder, source.parent):
            each.mkdir()
        source.write_text(job["notebook"], encoding="utf-8")
        variables = {"COURSE_RUNS": name, "OMP_NUM_THREADS": str(job["threads"])}
        outcome = attempt(Task(source, located(job["values"]), folder, variables=variables))
        paths = [folder / f"{job['lesson']}{ending}" for ending in KEPT]
        files = {path.name: path.read_bytes() for path in paths if path.exists()}
    return {
        "status": outcome.status,
        "seconds": outcome.seconds,
        "report": outcome.report,
        "files": files,
    }


def keep(point: Point, job: dict[str, Any], result: dict[str, Any]) -> None:
    """Write what came back of a point; `point.json`, which says that all is there, comes last."""
    point.folder.mkdir(exist_ok=True)
    for name, content in result.get("files", {}).items():
        with replacing(point.folder / name) as file:
            file.write(content)
    outcome = {
        "fingerprint": job["fingerprint"],
        "status": result.get("status", "failed"),
        "seconds": round(result.get("seconds", 0.0), 1),
        "values": point.values,
    }
    write_text(point.folder / "point.json", json.dumps(outcome, indent=1) + "\n")
