"""A learner at JupyterLab: the course's notebooks on loopback, worked through in Chromium."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import nbformat
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from course_utils.paths import ROOT

LESSON = "00_training_loop.ipynb"
ALL_CELLS = {"windowingMode": "none"}  # cells out of sight are in the page, too
PATIENCE = 600_000  # milliseconds for what trains


@contextmanager
def jupyterlab(
    folder: Path,
    name: str = LESSON,
    parameters: dict[str, Any] | None = None,
    course: Path = ROOT / "notebooks",
):
    """JupyterLab's address, with one lesson, without its outputs, in a folder of its own."""
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    lesson = load_notebook_node(str(course / name))
    for cell in lesson.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if parameters:
        lesson = parameterize_notebook(lesson, parameters)
    nbformat.write(lesson, notebooks / name)
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps(ALL_CELLS), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    options = {
        "IdentityProvider.token": "",
        "LabApp.user_settings_dir": str(folder / "settings"),
        "LabApp.workspaces_dir": str(folder / "workspaces"),
        "LabApp.news_url": "",
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": str(port),
        "ServerApp.port_retries": "0",
        "ServerApp.root_dir": str(notebooks),
    }
    variables = {**os.environ, "COURSE_RUNS": str(folder / "runs"), "TQDM_DISABLE": "1"}
    server = subprocess.Popen(
        [*command, *(f"--{name}={value}" for name, value in options.items())],
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until_it_answers(f"http://127.0.0.1:{port}/api", server)
        yield f"http://127.0.0.1:{port}/lab/tree/{name}"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(notebooks)


def _until_it_answers(address: str, server: subprocess.Popen) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError(f"JupyterLab ended at once, with status {server.returncode}")
        try:
            urlopen(address).close()
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"{address} does not answer")


class Notebook:
    """The open notebook in a browser's page. Cells are found by what is written in them."""

    def __init__(self, page, address: str) -> None:
        self.page = page
        page.goto(address)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PATIENCE)
        page.get_by_text("| Idle").wait_for(timeout=PATIENCE)  # the status bar, of a kernel
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Until nothing runs, and nothing waits to run."""
        self.page.wait_for_function(
            """() => document.querySelector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
            && ![...document.querySelectorAll(".jp-InputPrompt")]
                .some(prompt => prompt.textContent.includes("*"))""",
            timeout=PATIENCE,
        )

    def cell(self, words: str):
        """The first code cell that has these words in its code."""
        return self.page.locator(".jp-CodeCell", has=self.page.get_by_text(words)).first

    def step(self, until: str) -> None:
        """Shift+Enter from the selected cell on, up to the cell with the words `until`."""
        target = self.cell(until)
        while not self.has_run(target):
            self.page.keyboard.press("Shift+Enter")
            self.page.wait_for_timeout(100)
            self.wait_for_kernel()

    def has_run(self, cell) -> bool:
        return cell.locator(".jp-InputPrompt").inner_text().strip("[]: ").isdigit()

    def select_first(self) -> None:
        self.page.locator(".jp-Notebook .jp-Cell").first.click(position={"x": 5, "y": 5})
        self.page.keyboard.press("Escape")

    def write(self, cell, code: str) -> None:
        """Replace the code of a cell."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(code)

    def run(self, cell) -> str:
        """Run the cell that is being written, and wait; what it prints."""
        self.page.keyboard.press("ControlOrMeta+Enter")
        self.page.wait_for_timeout(100)
        self.wait_for_kernel()
        return "\n".join(cell.locator(".jp-OutputArea-output").all_inner_texts())

    def run_all(self) -> None:
        """Run > Run All Cells."""
        self.page.get_by_role("menuitem", name="Run", exact=True).first.click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.wait_for_timeout(500)
        self.wait_for_kernel()
