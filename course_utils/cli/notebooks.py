"""What `run` and `publish` share: finding lessons, starting a kernel for one, saying what failed in
it.
"""

import logging
import os
from pathlib import Path
from typing import Any

import click
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbformat import NotebookNode
from traitlets import default

logging.getLogger("papermill").setLevel(
    logging.CRITICAL
)  # what it warns of, the commands refuse in one line


class OwnKernelManager(AsyncKernelManager):
    """Starts kernels of the interpreter that runs this command.

    By name, "python3" may be a kernel that another environment has installed for the user.
    """

    @default("kernel_spec_manager")
    def _without_installed_kernels(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        # else each kernel warns that its local sockets are not encrypted, and after Ctrl-C writes a
        # traceback
        return super().format_kernel_cmd([*(extra_arguments or []), "--log-level=CRITICAL"])

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        # the notebook would keep each of the thousands of states of a progress bar
        options["env"] = {**(options.get("env") or os.environ), "TQDM_DISABLE": "1"}
        return await super()._async_pre_start_kernel(**options)


def find_lessons(folder: Path) -> list[Path]:
    """The notebooks `NN_*.ipynb` of a folder, in order."""
    return sorted(folder.glob("[0-9][0-9]_*.ipynb"))


def select_lessons(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """The notebooks of the lessons named by number ("03" or "3") or stem ("03_vgg_cnn"); all of
    them if none is.

    Raises:
        click.ClickException: if a name fits no notebook.
    """
    lessons = find_lessons(folder)
    if not lessons:
        raise click.ClickException(f"no lessons (NN_*.ipynb) in {folder}")
    selected = []
    for name in names:
        found = [path for path in lessons if name == path.stem or name.zfill(2) == path.stem[:2]]
        if not found:
            raise click.ClickException(
                f"{name}: no such lesson; there are {', '.join(path.stem for path in lessons)}"
            )
        selected += found
    return list(dict.fromkeys(selected)) or lessons


def read_notebook(path: Path) -> NotebookNode:
    """A notebook, in the current format.

    Raises:
        click.ClickException: if the file is no notebook.
    """
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises a dozen kinds
        raise click.ClickException(
            f"{path.name}: no readable notebook ({_first_line(error)})"
        ) from None


def describe_failure(notebook: NotebookNode | None, error: Exception, lines: int = 12) -> str:
    """The first lines of the cell that failed (or that the kernel died in), and the error's name
    and value.
    """
    name = getattr(
        error, "ename", type(error).__name__
    )  # papermill's and nbclient's errors carry the kernel's
    message = f"{name}: {getattr(error, 'evalue', None) or error}"
    source = _failing_source(notebook).splitlines() if notebook else []
    shown = source[:lines] + (["..."] if len(source) > lines else [])
    return "\n".join([*(f"    {line}" for line in shown), message])


def _failing_source(notebook: NotebookNode) -> str:
    """The source of the cell that holds an error, else of the last one that papermill started."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    failed = [
        cell for cell in cells if any(output.output_type == "error" for output in cell.outputs)
    ]
    started = [cell for cell in cells if cell.metadata.get("papermill", {}).get("start_time")]
    return (failed or started or [{"source": ""}])[-1]["source"]


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
