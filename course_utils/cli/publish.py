"""`publish`: executes the committed notebooks whose code changed, and keeps only outputs that may
be committed.
"""

import ast
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from course_utils.cli.folders import make_writable
from course_utils.cli.notebooks import describe_failure, read_notebook, select_lessons
from course_utils.paths import ROOT, write_text
from course_utils.results import RECORDED_DIR

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTEBOOKS = ROOT / "notebooks"
LESSONS = ROOT / "course_utils" / "lessons"
MAX_BYTES = 1_500_000
WIDGET = "application/vnd.jupyter.widget-view+json"


@click.command()
@click.argument("lessons", nargs=-1)
@click.option("--force", is_flag=True, help="Execute even what did not change.")
@click.option("--check", is_flag=True, help="Execute nothing: name what changed, and fail if any.")
def publish(lessons: tuple[str, ...], force: bool, check: bool) -> None:
    """Execute the notebooks of LESSONS (all of them if none is named) in place, on Shapes, if their
    code changed, and keep their results in notebooks/results.
    """
    if check:
        check_lessons(NOTEBOOKS, lessons)
    else:
        publish_lessons(NOTEBOOKS, lessons, force=force)


def check_lessons(folder: Path, names: tuple[str, ...] = ()) -> None:
    """Name the notebooks that are stale.

    Raises:
        click.ClickException: if there are any.
    """
    stale = [
        path.stem
        for path in select_lessons(folder, names)
        if is_stale(read_notebook(path), path.stem)
    ]
    if stale:
        raise click.ClickException(f"changed since they were published: {', '.join(stale)}")


def publish_lessons(folder: Path, names: tuple[str, ...] = (), *, force: bool = False) -> None:
    """Execute stale notebooks in place, and write what they recorded to `results/<lesson>.json`;
    one that is refused stays as it was.

    Raises:
        click.ClickException: at the first notebook that fails, or whose outputs may not be
        committed.
        OSError: before that notebook is executed, if the folder cannot be written.
    """
    import nbformat

    for path in select_lessons(folder, names):
        lesson, notebook = path.stem, read_notebook(path)
        if not force and not is_stale(notebook, lesson):
            click.echo(f"{lesson}: up to date")
            continue
        for place in (folder, folder / "results"):  # before what takes minutes
            if place.exists():
                make_writable(place)
        click.echo(f"{lesson}: executing")
        recorded = execute(notebook, path)
        normalise(notebook, lesson)
        text = nbformat.writes(notebook) + "\n"
        faults = [*find_faults(notebook), *_size_faults(text)]
        if faults:
            raise click.ClickException("\n".join(f"{lesson}: {fault}" for fault in faults))
        if recorded:
            results = folder / "results" / f"{lesson}.json"
            results.parent.mkdir(exist_ok=True)
            write_text(results, recorded)
        write_text(path, text)
        click.echo(f"{lesson}: published")


def is_stale(notebook: "NotebookNode", lesson: str) -> bool:
    """Whether what a notebook's outputs depend on is other than when they were published."""
    return notebook.metadata.get("course", {}).get("code_sha256") != code_hash(notebook, lesson)


def code_hash(notebook: "NotebookNode", lesson: str) -> str:
    """A hash of what a notebook's outputs depend on: its code and that of its lesson's folder,
    whatever the layout or comments, Shapes' version, and the recorded results that it draws.

    Raises:
        SyntaxError: if a code cell is not Python.
    """
    cells = [ast.parse(cell.source) for cell in _code_cells(notebook)]
    modules = [
        (path.name, _canonical(ast.parse(path.read_text(encoding="utf-8"))))
        for path in sorted((LESSONS / f"lesson_{lesson[:2]}").rglob("*.py"))
    ]
    recorded = [
        (name, (RECORDED_DIR / f"{name}.json").read_text(encoding="utf-8"))
        for name in recorded_names(cells)
    ]
    parts = (shapes_version(), [_canonical(cell) for cell in cells], modules, recorded)
    return hashlib.sha256(ascii(parts).encode()).hexdigest()


def recorded_names(trees: list[ast.Module]) -> list[str]:
    """The recorded results that code names, or means by an f-string given to `load_recorded`."""
    names, patterns = set(), []
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Constant):
            names.add(node.value)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "load_recorded":
            patterns += [_pattern(given) for given in node.args if isinstance(given, ast.JoinedStr)]
    known = sorted(path.stem for path in RECORDED_DIR.glob("*.json"))
    return [name for name in known if name in names or any(re.fullmatch(p, name) for p in patterns)]


def _pattern(string: ast.JoinedStr) -> str:
    """A regular expression for what an f-string may become."""
    parts = (getattr(part, "value", None) for part in string.values)
    return "".join(re.escape(part) if isinstance(part, str) else ".*" for part in parts)


def shapes_version() -> int:
    from course_utils.data.shapes import VERSION

    return VERSION


def _canonical(node: Any) -> Any:
    """A syntax tree as nested tuples, without what differs between versions of Python: empty
    fields, a string's u.
    """
    if isinstance(node, list):
        return [_canonical(item) for item in node]
    if not isinstance(node, ast.AST):
        return node
    fields = [(name, _canonical(value)) for name, value in ast.iter_fields(node) if name != "kind"]
    return type(node).__name__, [
        (name, value) for name, value in fields if value is not None and value != []
    ]


def execute(notebook: "NotebookNode", path: Path) -> str:
    """Execute a notebook at its defaults, where no data set is on disk, nor weights in torch's
    cache; returns the results that it recorded, as JSON, or "".

    Raises:
        click.ClickException: with the cell and its error, if one fails.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    from course_utils.cli.kernels import OwnKernelManager

    with tempfile.TemporaryDirectory() as folder:
        names = ("COURSE_DATA", "COURSE_RUNS", "TORCH_HOME")
        for name in names:
            (Path(folder) / name).mkdir()
        own = {name: str(Path(folder) / name) for name in names}
        env = {**os.environ, **own, "TQDM_DISABLE": "1"}
        for name in ("OMP_NUM_THREADS", "COURSE_SHAPES"):  # readers have them unset
            env.pop(name, None)
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            kernel_manager_class=OwnKernelManager,
            force_raise_errors=True,
            store_widget_state=False,
        )
        try:
            client.execute(cwd=str(path.parent), env=env)
        except (CellExecutionError, RuntimeError) as error:  # a cell fails; the kernel dies
            raise click.ClickException(
                f"{path.stem} failed\n{describe_failure(notebook, error)}"
            ) from None
        results = Path(own["COURSE_RUNS"], path.stem, f"{path.stem}.json")
        return results.read_text(encoding="utf-8") if results.exists() else ""


def normalise(notebook: "NotebookNode", lesson: str) -> None:
    """Keep in the metadata only what is the same on every machine, count executions from 1, join
    what a kernel printed in pieces, and store the hash.
    """
    from nbconvert.preprocessors import CoalesceStreamsPreprocessor

    CoalesceStreamsPreprocessor().preprocess(notebook, {})
    notebook.metadata.kernelspec = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata.language_info = {"name": "python"}
    notebook.metadata.pop("widgets", None)
    notebook.metadata["course"] = {"code_sha256": code_hash(notebook, lesson)}
    for count, cell in enumerate(_code_cells(notebook), start=1):
        cell.execution_count = count
        cell.metadata.pop("execution", None)  # times
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count


def find_faults(notebook: "NotebookNode") -> Iterator[str]:
    """What in a notebook may not be committed, one line each."""
    from nbformat.validator import isvalid

    if notebook.nbformat_minor < 5 or not isvalid(notebook):
        yield "is no valid notebook of format 4.5 with unique cell ids"
    for cell in _code_cells(notebook):
        where = f"cell [{cell.execution_count}]"
        for output in cell.outputs:
            text = _text(output)
            if output.output_type == "error":
                yield f"{where} holds an error: catch it with try"
            elif output.get("name") == "stderr":
                yield f"{where} writes to stderr: {text.strip().splitlines()[0] if text.strip() else ''}"
            elif WIDGET in output.get("data", {}):
                yield f"{where} shows a widget: use plain tqdm"
            if found := _absolute_path().search(text):
                yield f"{where} shows an absolute path: {found[0]}"


def _code_cells(notebook: "NotebookNode") -> "list[NotebookNode]":
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _text(output: "NotebookNode") -> str:
    """The text of an output: what it prints or shows, without images."""
    shown = [
        value for kind, value in output.get("data", {}).items() if not kind.startswith("image/")
    ]
    metadata = output.get("metadata", {})  # alt texts
    return "\n".join([output.get("text", ""), *map(str, shown), str(metadata or "")])


def _absolute_path() -> re.Pattern[str]:
    """Matches this machine's own folders: the course's, the user's, the temporary one."""
    folders = {str(folder) for folder in (ROOT, Path.home(), Path(tempfile.gettempdir()))}
    folders |= {str(Path(folder).resolve()) for folder in folders}
    alternatives = "|".join(
        re.escape(folder) for folder in sorted(folders, key=len, reverse=True) if len(folder) > 1
    )
    return re.compile(rf"(?<![\w.])(?:{alternatives})(?!\w)[^\s'\"]*")


def _size_faults(text: str) -> list[str]:
    size = len(text.encode())
    return (
        [f"has {size:,} bytes, more than {MAX_BYTES:,}: use fewer or smaller figures"]
        if size > MAX_BYTES
        else []
    )
