"""A lesson can be studied in the time that it promises: its core and its Deeper stay short."""

import re
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from course_utils.paths import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
FIRST_EDITION = ("07_diagnosis", "08_fast_training", "09_rnn")  # longer, until they are rewritten
LONGEST_CELL = 35  # lines
# Sections by their headings; what no heading below names belongs to the core.
SECTIONS = {
    "Exercises": "exercises",
    "Deeper": "deeper",
    "What to keep": "end",
    "Solutions": "end",
}


class Length(NamedTuple):
    cells: int  # of code
    words: int


LIMITS = {"core": Length(35, 2300), "deeper": Length(20, 1200)}


def words(markdown: str) -> int:
    """How many words a reader sees; claims, tags and typeset formulas are none."""
    shown = re.sub(r"<!--.*?-->|<[^>]*>|\$\$.*?\$\$", " ", markdown, flags=re.DOTALL)
    return sum(any(c.isalnum() for c in word) for word in shown.split())


def is_of_the_lesson(cell: nbformat.NotebookNode) -> bool:
    """Whether a code cell is read and run for what it teaches: parameters, set-up, exercises with
    their solutions, and the record at the end are not.
    """
    if {"parameters", "course", "solution"} & set(cell.metadata.get("tags", [])):
        return False
    calls = r"^check_parameters\(|^check\(|^record\("
    return re.search(calls, cell.source, flags=re.MULTILINE) is None


def lengths(cells: list[nbformat.NotebookNode]) -> dict[str, Length]:
    """Code cells and words by section; an exercise outside "Exercises" counts as one of them."""
    found = dict.fromkeys(["core", *SECTIONS.values()], Length(0, 0))
    section, exercise = "core", False
    for cell in cells:
        if cell.cell_type == "code":
            if is_of_the_lesson(cell):
                place = "exercises" if exercise else section
                found[place] = found[place]._replace(cells=found[place].cells + 1)
            continue
        for part in re.split(r"^(?=###? )", cell.source, flags=re.MULTILINE):
            if part.startswith("## "):
                section = SECTIONS.get(part.partition("\n")[0][3:], "core")
                exercise = False
            elif part.startswith("### "):
                exercise = part.startswith("### Exercise")
            place = "exercises" if exercise else section
            found[place] = found[place]._replace(words=found[place].words + words(part))
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_core_and_deeper_are_short(path: Path):
    if path.stem in FIRST_EDITION:
        pytest.skip("of the first edition")
    notebook = nbformat.read(path, as_version=4)
    found = lengths(notebook.cells)
    for section, limit in LIMITS.items():
        assert found[section].cells <= limit.cells, section
        assert found[section].words <= limit.words, section
    longest = max(len(c.source.splitlines()) for c in notebook.cells if c.cell_type == "code")
    assert longest <= LONGEST_CELL


def test_what_counts_as_a_lesson():
    markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    cells = [
        markdown("# 00 A lesson\n\nFour words of text - <!-- claim: none --> <b>two</b> more."),
        code("dataset: str = 'auto'", metadata={"tags": ["parameters"]}),
        code("import torch\n\ncheck_parameters(globals())"),
        code("loss.backward()"),
        markdown("### Exercise 1. In between\n\nType."),
        code("def mine(): ...\n\n\ncheck('00.mine', mine)"),
        markdown("## 2. On\n\n$$e = m c^2$$\n\nHere."),
        code("record = 1"),
        markdown("## Exercises\n\nSome."),
        markdown("## Deeper\n\nOne."),
        code("model(images)"),
        markdown("## What to keep\n\n- All."),
        code("check('00.mine', solution)", metadata={"tags": ["solution"]}),
        code("record('00_lesson', {})"),
    ]
    found = lengths(cells)
    assert found["core"] == Length(cells=2, words=12)
    assert found["deeper"] == Length(cells=1, words=2)
    assert found["exercises"] == Length(cells=0, words=7)
