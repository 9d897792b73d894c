"""What several test files need."""

import ast
import re

import nbformat
import pytest
from torch import nn

from course_utils.paths import ROOT


def raises(error, message):
    """Expects an error with exactly this text."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


def small_features():
    """Feature layers with batch norm: (N, 3, H, W) -> (N, 5, H - 4, W - 4)."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5)
    )


def notebook(lesson):
    """The notebook of a lesson, such as "01"."""
    (path,) = (ROOT / "notebooks").glob(f"{lesson}_*.ipynb")
    return nbformat.read(path, as_version=4)


def _binds(source):
    """The names that a cell binds at its top level."""
    for line in ast.parse(source).body:
        if isinstance(line, (ast.FunctionDef, ast.ClassDef)):
            yield line.name
        elif isinstance(line, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name for alias in line.names)
        else:
            for node in ast.walk(line):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id


def names_of_lesson(lesson, *wanted, **parameters):
    """What a lesson's names are after running only those of its cells that bind one of `wanted`;
    `parameters` replace those of its parameters cell.
    """
    names = {}
    for cell in notebook(lesson).cells:
        if cell.cell_type != "code" or "solution" in cell.metadata.get("tags", []):
            continue
        if "parameters" in cell.metadata.get("tags", []):
            exec(cell.source, names)
            names |= parameters
        elif set(wanted) & set(_binds(cell.source)):
            exec(cell.source, names)
    return names


def shown_solution(lesson, exercise):
    """The code of an open exercise's solution, which its lesson shows without running it."""
    for cell in notebook(lesson).cells:
        if cell.cell_type == "markdown" and f'check("{exercise}"' in cell.source:
            (code,) = re.findall(r"```python\n(.*?)```", cell.source, flags=re.S)
            return code
    raise LookupError(f"lesson {lesson} shows no solution of {exercise}")
