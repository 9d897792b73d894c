"""A lesson can be studied in the time that it promises: its core and its Deeper stay short."""

import re
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from course_utils.paths import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
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
    """Whether a code cell is read for what it teaches: exercises with their solutions, the record
    at the end, and what is folded (the scoreboard) are not.
    """
    if {"course", "solution"} & set(cell.metadata.get("tags", [])):
        return False
    if cell.metadata.get("jupyter", {}).get("source_hidden"):
        return False
    return re.search(r"^(check|record)\(", cell.source, flags=re.MULTILINE) is None


def lengths(cells: list[nbformat.NotebookNode]) -> dict[str, Length]:
    """Code cells and words by section. Code before section 1 is parameters and set-up, and does
    not count; an exercise outside "Exercises" counts as one of them.
    """
    found = dict.fromkeys(["core", *SECTIONS.values()], Length(0, 0))
    section = "core"
    exercise, begun = False, False
    for cell in cells:
        if cell.cell_type == "code":
            if begun and is_of_the_lesson(cell):
                place = "exercises" if exercise else section
                found[place] = found[place]._replace(cells=found[place].cells + 1)
            continue
        for part in re.split(r"^(?=###? )", cell.source, flags=re.MULTILINE):
            begun = begun or part.startswith("## 1.")
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
        code("import torch"),
        markdown("## 1. Begin"),
        code("loss.backward()"),
        code("print(scoreboard())", metadata={"jupyter": {"source_hidden": True}}),
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
    assert found["core"] == Length(cells=2, words=14)
    assert found["deeper"] == Length(cells=1, words=2)
    assert found["exercises"] == Length(cells=0, words=7)
