"""Measures a learner's first hour, for the page "Start here": docs/first_hour.json.

make first-hour, on a machine that does nothing else
"""

import json
import os
import shutil
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

from playwright.sync_api import sync_playwright

from course_utils.cli.doctor import OF_CUDA
from course_utils.paths import ROOT, write_text
from tests.e2e.lab import Notebook, jupyterlab

STEPS = {  # what a learner has then, and words of the cell that shows it
    "first_pictures": "def for_eyes(images)",
    "trained": "for epoch in range(1, epochs + 1):",
    "answers": "new_images, new_labels = next(iter(",
}


def measure() -> dict[str, float]:
    """Seconds from the command on until each step has run, and gigabytes on the disk."""
    measured = {**installed(), "cores": os.cpu_count() or 0}
    start = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyterlab(Path(folder)) as address,
        sync_playwright() as playwright,
    ):
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        notebook = Notebook(browser.new_page(), address)
        measured["open_seconds"] = round(time.monotonic() - start, 1)
        notebook.select_first()
        for name, words in STEPS.items():
            notebook.step(until=words)
            measured[f"{name}_seconds"] = round(time.monotonic() - start, 1)
        start = time.monotonic()
        notebook.run_all()
        measured["run_all_seconds"] = round(time.monotonic() - start, 1)
        browser.close()
    return measured


def installed() -> dict[str, float]:
    """Gigabytes of what requirements.txt brings, and of CUDA's part in it."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    wanted = {line.partition("==")[0] for line in lines if "==" in line}
    sizes = {"cuda": 0, "other": 0}
    for package in metadata.distributions():
        part = "cuda" if package.name.startswith(OF_CUDA) else "other"
        if part == "cuda" or package.name.lower().replace("_", "-") in wanted:
            sizes[part] += sum(file.size or 0 for file in package.files or ())
    gigabytes = {part: round(size / 1e9, 1) for part, size in sizes.items()}
    return {"cuda_gb": gigabytes["cuda"], "installed_gb": sum(gigabytes.values())}


if __name__ == "__main__":
    target = ROOT / "docs" / "first_hour.json"
    write_text(target, json.dumps(measure(), indent=1) + "\n")
    print(target.read_text(encoding="utf-8"), file=sys.stderr)
