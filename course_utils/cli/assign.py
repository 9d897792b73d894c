"""`assign`: what a class gets, made from the course."""

import csv
import math
import re
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from course_utils.cli.execution import short
from course_utils.cli.grading.cells import (
    bound,
    find_exercises,
    is_exercise,
    parsed,
    tags,
    used,
)
from course_utils.cli.notebooks import read_notebook, select_lessons
from course_utils.cli.pages import csv_text, page, table
from course_utils.cli.run import NOTEBOOKS
from course_utils.paths import ROOT, replacing, write_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

# What a class needs besides the notebooks, from the course's folder.
FILES = (
    *("README.md", "LICENSE", "CITATION.cff", "RESULTS.md", "Makefile", "pyproject.toml"),
    *("requirements.txt", "constraints.txt", "docs/cost.png", "docs/shapes.png"),
    *("docs/site.webp", "docs/start.md", "docs/running.md", "docs/troubleshooting.md"),
    *("notebooks/presets.yaml", "notebooks/claims.yaml"),
    *("data/README.md", "benchmarks/README.md", "CONTRIBUTING.md", "docs/instructors.md"),  # links
)
FOLDERS = ("course_utils", "benchmarks/results", "data/weights", "notebooks/results")
SHEET = "exercises.csv"
HEADING = re.compile(r"\n*^#+ Solutions?\s*$", re.MULTILINE)
NOTE = """\
> **A class set**: lessons {numbers}, without their solutions. What is said below of other lessons, of `make site`, and of
> developing the course, holds for the whole course.

"""
POINTER = re.compile(r" ?Solutions are folded at the end[^.;]*(\.|; (?=\w))")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("lessons", nargs=-1)
@click.option("--clear", is_flag=True, help="Remove the outputs of the lessons' own cells, too.")
def assign(folder: Path, lessons: tuple[str, ...], clear: bool) -> None:
    """Write to FOLDER what a class gets, of LESSONS (all of them if none is named).

    Notebooks without solutions, the package that they import, a sheet of exercises with points
    (exercises.csv, which `grade` reads, and exercises.html), and all of it as FOLDER.zip.
    """
    make_class_set(NOTEBOOKS, folder.expanduser().resolve(), lessons, clear=clear)


def make_class_set(
    notebooks: Path, folder: Path, lessons: tuple[str, ...] = (), *, clear: bool = False
) -> None:
    """Write a class set to a folder that does not exist yet, or is empty.

    Raises:
        click.ClickException: if there is something in the folder, or a lesson does not exist.
    """
    import nbformat

    selected = select_lessons(notebooks, lessons)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise click.ClickException(f"{short(folder)} is there already: name another folder")
    work = folder.with_name(f"{folder.name}.part")  # a class set has its name once it is whole
    try:
        shutil.rmtree(work, ignore_errors=True)
        (work / "notebooks").mkdir(parents=True)
        rows = []
        for path in selected:
            notebook = read_notebook(path)
            rows += [(path.stem, each.name, each.title, 1) for each in find_exercises(notebook)]
            text = nbformat.writes(without_solutions(notebook, clear=clear)) + "\n"
            write_text(work / "notebooks" / path.name, text)
        write_sheet(work, rows)
        copy_course(work)
        note = NOTE.format(numbers=", ".join(path.stem[:2] for path in selected))
        readme = work / "README.md"
        write_text(readme, note + readme.read_text(encoding="utf-8"))
        size = pack(work, folder)
        if folder.exists():
            folder.rmdir()
        work.replace(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise click.ClickException(
            f"cannot write to {short(folder)} ({reason}): name another folder"
        ) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    click.echo(
        f"{len(selected)} lessons, {len(rows)} exercises in {short(folder)}; "
        f"{folder.name}.zip beside it has {size / 1e6:.1f} MB"
    )


def without_solutions(notebook: "NotebookNode", *, clear: bool = False) -> "NotebookNode":
    """A lesson without solutions and what uses them, and without the outputs of its exercises;
    with `clear`, without any.
    """
    from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor

    hidden, solved = set_aside(notebook), False
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id in hidden:
            cell.metadata["tags"] = [*tags(cell), "assign-remove"]
        elif cell.cell_type == "code" and is_exercise(cell):
            cell.metadata["tags"] = [*tags(cell), "assign-clean"]
            cell.execution_count = None
        elif cell.cell_type == "markdown":
            heading = HEADING.search(cell.source)
            kept = "" if solved else cell.source[: heading.start() if heading else None]
            cell.source, solved = POINTER.sub("", kept), solved or heading is not None
            if not cell.source.strip():
                cell.metadata["tags"] = [*tags(cell), "assign-remove"]
    remover = TagRemovePreprocessor(
        remove_cell_tags={"assign-remove"}, remove_all_outputs_tags={"assign-clean"}
    )
    remover.enabled = True
    notebook, _ = remover.preprocess(notebook, {})
    if clear:
        notebook, _ = ClearOutputPreprocessor().preprocess(notebook, {})
    for cell in notebook.cells:
        if left := [tag for tag in tags(cell) if not tag.startswith("assign-")]:
            cell.metadata["tags"] = left
        else:
            cell.metadata.pop("tags", None)
    notebook.metadata.pop("course", None)  # the hash of what was published
    return notebook


def set_aside(notebook: "NotebookNode") -> set[str]:
    """The ids of the cells tagged `solution`, and of those that use a name which only they define."""
    hidden: set[str] = set()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    elsewhere = {n for c in code if "solution" not in tags(c) for n in bound(parsed(c.source))}
    names: set[str] = set()
    for cell in code:
        tree = parsed(cell.source)
        if "solution" in tags(cell) or used(tree) & names:
            hidden.add(cell.id)
            names |= bound(tree) - elsewhere
    return hidden


def write_sheet(folder: Path, rows: list[tuple[str, str, str, int]]) -> None:
    header = ("lesson", "exercise", "title", "points")
    write_text(folder / SHEET, csv_text(header, rows))
    total = f"<p>{sum(row[-1] for row in rows)} points in all.</p>"
    write_text(folder / "exercises.html", page("Exercises", table(header, rows), total))


def read_points(sheet: Path) -> dict[str, float]:
    """The points of each exercise on a sheet, which may be edited.

    Raises:
        click.ClickException: if it cannot be read, or a number of points is none.
    """
    try:
        with sheet.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            points = {row["exercise"]: float(row["points"]) for row in rows}
        if not points or not all(0 <= each < math.inf for each in points.values()):
            raise ValueError("no exercise" if not points else "points from 0 on")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise click.ClickException(
            f"{sheet.name}: wants columns exercise and points, with numbers ({error})"
        ) from None
    return points


def copy_course(folder: Path) -> None:
    """Copy what the notebooks import and draw; not `docs`, where a site may hold solutions."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", ".*", "*.part")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in FILES:
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def pack(work: Path, folder: Path) -> int:
    """Write what is in `work` to FOLDER.zip, with the folder's name before each name in it; its
    size in bytes.
    """
    archive = folder.with_name(f"{folder.name}.zip")
    with replacing(archive) as target, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(work.rglob("*")):
            if path.is_file():
                file.write(path, folder.name / path.relative_to(work))
    return archive.stat().st_size
