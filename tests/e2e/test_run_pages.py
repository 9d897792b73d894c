"""The pages of a run, as a browser shows them: made here of the published lessons."""

import re

import nbformat
import pytest

from course_utils.cli.claims import Verdict
from course_utils.cli.execution import Outcome, Task
from course_utils.cli.html import to_html
from course_utils.cli.run_pages import write_run_pages
from course_utils.paths import ROOT
from tests.e2e.judging import overflow, serious_violations

LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
NAMES = tuple(path.stem for path in LESSONS)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of all lessons of which the last has failed."""
    folder = tmp_path_factory.mktemp("run")
    for path in LESSONS[:-1]:
        page = to_html(nbformat.read(path, as_version=4), path.stem, NAMES)
        (folder / f"{path.stem}.html").write_text(page, encoding="utf-8")
    tasks = [Task(path, {}, folder, pages=NAMES) for path in LESSONS]
    band = Verdict(f"{NAMES[0]}.a_metric_with_a_long_name.shapes.laptop", (0.5, 1), 0.7, "")
    outcomes = [Outcome(name, "ok", verdicts=[band]) for name in NAMES[:-1]]
    outcomes.append(Outcome(NAMES[-1], "failed", report=f"ValueError: {'long ' * 40}"))
    rows = [
        (
            each.lesson,
            each.status,
            "61.5",
            "12 (test_accuracy 0.7486, val_accuracy 0.7493)",
            "9 of 9",
        )
        for each in outcomes
    ]
    write_run_pages(tasks, outcomes, rows)
    return folder


@pytest.mark.parametrize("name", ("index", *NAMES))
def test_a_page_of_a_run_loads_alone_fits_its_width_and_is_readable(name, tab, run):
    tab.goto((run / f"{name}.html").as_uri())
    assert [text for text in tab.complaints if not text.startswith(run.as_uri())] == []
    assert overflow(tab) <= 0
    assert serious_violations(tab) == set()


@pytest.mark.parametrize("name", ("index", *NAMES))
def test_the_links_of_a_page_lead_to_pages_of_the_run(name, run):
    text = (run / f"{name}.html").read_text(encoding="utf-8")
    links = re.findall(r'<a [^>]*href="(?!https?:|#)([^"#]+)', text)
    assert links and [link for link in links if not (run / link).exists()] == []
