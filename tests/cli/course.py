"""A tiny course of four lessons, one of which ends well, for tests of the runner."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = """\
dataset: str = "auto"  # the images
epochs: int = 3  # passes
learning_rate: float = 1.0e-2  # step size
flip: bool = True  # mirror images
widths: list[int] = [16, 32]  # channels
output_dir: str = ""  # where results go"""


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
GOOD = [
    "from pathlib import Path\nprint('works in', Path.cwd().name)",
    f"from IPython.display import display\nimage = {{'image/png': '{PIXEL}'}}\n"
    "display(image, raw=True, metadata={'image/png': {'alt': 'a red dot'}})",
    "from course_utils.results import record\n"
    "values = {'test_accuracy': 0.5, 'epochs': epochs, 'deep': {'gap': learning_rate}, 'widths': widths}\n"
    "record('00_good', values, dataset=dataset, output_dir=output_dir)",
]


BAD = [
    "from pathlib import Path\nPath(output_dir, '01_bad.json').write_text('{}')",
    "wrong = 'no good'\nraise ValueError(wrong)",
    "print('never')",
]


PRESETS = """\
smoke:
  common: {dataset: shapes, epochs: 1}
  lessons:
    00_good: {learning_rate: 1.0e-3}
laptop: {}
"""


CLAIMS = """\
00_good:
  test_accuracy:
    shapes: {smoke: [0.6, 0.9], laptop: [0.99, 1]}
    cifar10: {smoke: [0.99, 1]}
  deep.gap:
    shapes: {smoke: [0.001, 0.002]}
  lost:
    shapes: {smoke: [0, 1]}
01_bad:
  test_accuracy:
    shapes: {smoke: [0, 1]}
"""


def write_notebook(path: Path, sources: list[str], declared: str = PARAMETERS) -> None:
    cells = [
        new_markdown_cell("# A lesson\n\nwith $x_1^2$"),
        new_code_cell(declared, metadata={"tags": ["parameters"]}),
        *map(new_code_cell, sources),
        new_code_cell(
            "answer = 42", metadata={"tags": ["solution"], "jupyter": {"source_hidden": True}}
        ),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def make_course(root: Path) -> Path:
    folder = root / "notebooks"
    folder.mkdir()
    write_notebook(folder / "00_good.ipynb", GOOD)
    write_notebook(folder / "01_bad.ipynb", BAD)
    write_notebook(folder / "02_exit.ipynb", ["import sys\nsys.exit()", "print('never')"])
    write_notebook(
        folder / "10_dead.ipynb", ["import os\nos._exit(1)"], "epochs: int = 3  # passes"
    )
    (folder / "presets.yaml").write_text(PRESETS, encoding="utf-8")
    (folder / "claims.yaml").write_text(CLAIMS, encoding="utf-8")
    return folder
