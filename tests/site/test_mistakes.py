"""The page of common mistakes: all of them, and no cost written by hand."""

import re

from course_utils.paths import ROOT

PAGE = (ROOT / "docs" / "mistakes.md").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| S")]


def test_every_mistake_of_the_source_is_there_once_with_what_to_do_and_what_it_costs():
    assert [row[0] for row in ROWS] == [f"S{number}" for number in range(1, 22)]
    assert {len(row) for row in ROWS} == {4}


def test_what_a_mistake_costs_is_read_from_the_records():
    costs = [re.sub(r"\{\{.*?\}\}", "", row[3]) for row in ROWS]
    typed = [
        cost for cost in costs if re.search(r"\d(\.\d+)? (%|points|MB|parameters|times)", cost)
    ]
    assert typed == []
