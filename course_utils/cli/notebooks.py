"""What `run` and `publish` share: finding lessons, reading one, saying what failed in it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from nbformat import NotebookNode


def find_lessons(folder: Path) -> list[Path]:
    """The notebooks `NN_*.ipynb` of a folder, in order."""
    return sorted(folder.glob("[0-9][0-9]_*.ipynb"))


def select_lessons(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """The notebooks of the lessons named by number ("03" or "3"), stem ("03_vgg_cnn") or path; all
    of them if none is.

    Raises:
        click.ClickException: if a name fits no notebook.
    """
    lessons = find_lessons(folder)
    if not lessons:
        raise click.ClickException(f"no lessons (NN_*.ipynb) in {folder}")
    selected = []
    for name in names:
        found = [path for path in lessons if _means(name, path)]
        if not found:
            raise click.ClickException(
                f"{name or repr(name)}: no such lesson; there are {', '.join(path.stem for path in lessons)}"
            )
        selected += found
    return list(dict.fromkeys(selected)) or lessons


def _means(name: str, path: Path) -> bool:
    if name.endswith(".ipynb"):
        return path.name == name or path == Path(name).expanduser().resolve()
    return name == path.stem or (name != "" and name.zfill(2) == path.stem[:2])


def read_notebook(path: Path) -> "NotebookNode":
    """A notebook, in the current format.

    Raises:
        click.ClickException: if the file is no notebook.
    """
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises a dozen kinds
        raise click.ClickException(
            f"{path.name}: no readable notebook ({_first_line(error)})"
        ) from None


def describe_failure(notebook: "NotebookNode | None", error: Exception, lines: int = 12) -> str:
    """The first lines of the cell that failed (or that the kernel died in), and the error's name
    and value.
    """
    # papermill's and nbclient's errors carry the kernel's
    name = getattr(error, "ename", type(error).__name__)
    value = getattr(error, "evalue", _first_line(error) if str(error) else "")
    message = f"{name}: {value}" if value else name
    source = _failing_source(notebook).splitlines() if notebook else []
    shown = source[:lines] + (["..."] if len(source) > lines else [])
    return "\n".join([*(f"    {line}" for line in shown), message])


def _failing_source(notebook: "NotebookNode") -> str:
    """The source of the cell that holds an error, else of the last one that papermill started."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    failed = [
        cell for cell in cells if any(output.output_type == "error" for output in cell.outputs)
    ]
    started = [cell for cell in cells if cell.metadata.get("papermill", {}).get("start_time")]
    return (failed or started or [{"source": ""}])[-1]["source"]


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
