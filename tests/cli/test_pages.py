"""What the runner writes for the browser: lessons as pages, and the index of a run."""

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils.cli.claims import Verdict
from course_utils.cli.execution import Outcome, Task
from course_utils.cli.formulas import to_mathml
from course_utils.cli.html import to_html
from course_utils.cli.run_pages import write_run_pages
from course_utils.paths import ROOT
from tests.cli.course import PIXEL

LESSONS = ("00_tiny", "01_next", "03_other")
LONG = "a line of more characters than a phone's screen holds"
TABLE = "a table of              more characters than that"


class Page(HTMLParser):
    """What a page loads, links to and folds, its alt texts and its words outside the style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded, self.links = [], []
        self.alts, self.tags = [], []
        self.attributes = set()
        self.words, self.folded = "", ""
        self.inside = 0
        self.style = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.tags.append(tag)
        self.attributes |= set(values)
        self.loaded += [values[name] for name in ("src", "href") if name in values and tag != "a"]
        self.links += [values["href"]] if tag == "a" else []
        self.alts += [values.get("alt")] if tag == "img" else []
        self.inside += tag == "details"
        self.style = tag == "style"

    def handle_endtag(self, tag):
        self.inside -= tag == "details"
        self.style = False

    def handle_data(self, data):
        self.folded += data if self.inside else ""
        self.words += "" if self.style else data


def hidden(source, **metadata):
    return new_code_cell(source, metadata=metadata, outputs=[printed(f"{source} ran\n")])


def printed(text):
    return new_output("stream", name="stdout", text=text)


@pytest.fixture(scope="module")
def text():
    """The page of a lesson with one cell of each kind."""
    dot = new_output(
        "display_data", {"image/png": PIXEL}, metadata={"image/png": {"alt": "a red dot"}}
    )
    cells = [
        new_markdown_cell("# 00 A tiny one\n\nwith $x_1^2 < y$ and\n\n$$\\frac{a}{b}$$"),
        new_markdown_cell(
            "To [next](01_next.ipynb#two), [lost](09_rnn.ipynb), [a](https://a.org)."
        ),
        new_markdown_cell("| left | right |\n|---|---|\n| 1 | 2 |"),
        new_code_cell("seen = 1", outputs=[dot, printed("one\n"), printed(f"{LONG}\n")]),
        new_code_cell("table", outputs=[printed(f"{TABLE}\n")]),
        hidden("setup", jupyter={"source_hidden": True}),
        hidden("saved", jupyter={"source_hidden": True, "outputs_hidden": True}),
        hidden("answer", tags=["solution"], jupyter={"source_hidden": True}),
    ]
    return to_html(new_notebook(cells=cells), "00_tiny", LESSONS)


@pytest.fixture(scope="module")
def shown(text):
    return Page(text)


def test_a_page_runs_no_script_and_loads_nothing(text, shown):
    assert "script" not in shown.tags
    assert [link[:21] for link in shown.loaded] == ["data:,", "data:image/png;base64"]
    assert not re.search(r"(url\(|@import )['\"]?(https?:)?//", text)


def test_a_page_is_called_as_its_lesson(text):
    assert "<title>00 A tiny one</title>" in text


def test_a_page_fits_a_phone_and_has_colours_for_the_dark(text):
    assert re.search(r'<meta [^>]*content="width=device-width, initial-scale=1"', text)
    assert "@media (prefers-color-scheme: dark)" in text


def test_formulas_are_mathml(text, shown):
    assert shown.tags.count("math") == 2 and "$" not in shown.words
    assert "<mfrac>" in text and 'display="block"' in text


def test_a_function_stands_apart_from_its_argument_as_in_tex():
    assert '<mi>ln</mi><mspace width="0.167em" /><mn>10</mn>' in to_mathml(r"\ln 10")
    assert "mspace" not in to_mathml(r"\ln(f)")


def test_a_formula_that_cannot_be_read_stays_tex():
    cells = [new_markdown_cell(r"$\sqrt[$")]
    assert r"<code>\sqrt[</code>" in to_html(new_notebook(cells=cells), "00_tiny")


def test_setup_is_folded_and_solutions_with_what_they_print(shown):
    assert shown.folded.split() == [
        *("Code", "setup"),
        *("Code", "and", "output", "saved", "saved", "ran"),
        *("Solution", "answer", "answer", "ran"),
    ]
    assert "setup ran" in shown.words


def test_figures_keep_their_alt_texts(shown):
    assert shown.alts == ["a red dot"]


def test_a_table_wider_than_a_phone_scrolls_alone(text, shown):
    assert re.search(
        r'<div class="wide" tabindex="0"><table>\s*<thead>\s*<tr>\s*<th>left</th>', text
    )
    assert shown.tags.count("table") == 1 and "| left" not in shown.words


def test_links_lead_to_pages_of_the_run_and_to_no_notebook(shown):
    inside = ["01_next.html", "index.html"]
    assert sorted(set(shown.links)) == sorted({*inside, "01_next.html#two", "https://a.org"})
    assert "lost" in shown.words


def test_a_page_that_is_alone_has_no_way_to_others():
    page = Page(to_html(new_notebook(cells=[new_markdown_cell("[b](01_next.ipynb)")]), "00_tiny"))
    assert page.links == [] and "nav" not in page.tags


def test_what_is_printed_in_one_go_is_one_block(text):
    assert text.count("one\n" + LONG) == 1


def test_sentences_are_broken_and_a_wide_table_is_reached_by_the_keyboard(text):
    assert f'<pre class="sentences">one\n{LONG}' in text
    assert re.search(rf'<pre [^>]*tabindex="0"[^>]*>{TABLE}\n', text)


@pytest.mark.parametrize(
    "lesson", sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")), ids=lambda path: path.stem[:2]
)
def test_a_published_lesson_becomes_a_page_with_all_formulas_and_alt_texts(lesson):
    every = sorted(path.stem for path in lesson.parent.glob("[0-9]*.ipynb"))
    page = Page(to_html(nbformat.read(lesson, as_version=4), lesson.stem, every))
    assert None not in page.alts and "" not in page.alts
    assert not re.search(r"\$[^$\n]*\\[a-z]+[^$\n]*\$", page.words)
    assert [link for link in page.links if ".ipynb" in link] == []


@pytest.fixture
def index(tmp_path):
    """The index of a run of which one lesson ended well, one failed and one did not start, in a
    folder with a page of another run.
    """
    folder = tmp_path / "evening"
    folder.mkdir()
    tasks = [
        Task(Path(f"{name}.ipynb"), {}, folder, pages=(*LESSONS, "07_old")) for name in LESSONS
    ]
    for name in ("00_tiny", "07_old"):
        (folder / f"{name}.html").write_text("a page", encoding="utf-8")
    verdicts = [
        Verdict("00_tiny.accuracy.shapes.laptop", (0.5, 1), 0.71234, ""),
        Verdict("00_tiny.gap.shapes.laptop", (0, 1), 2, "00_tiny.gap: 2 is outside"),
    ]
    good = Outcome("00_tiny", "ok", verdicts=verdicts)
    bad = Outcome("01_next", "failed", report="1 < 0", left=folder / "01_next.failed.ipynb")
    rows = [("00_tiny", "ok", "1.0", "2", "1 of 2 hold"), ("01_next", "failed", "2.0", "-", "-")]
    write_run_pages(tasks, [good, bad], rows)
    return folder


def cells_of(page):
    text = (page).read_text(encoding="utf-8")
    rows = re.findall(r"<tr>(.*?)</tr>", text)
    return [re.findall(r"<t[hd]>(?:<a[^>]*>)?(.*?)(?:</a>)?</t[hd]>", row) for row in rows]


def test_the_index_has_what_each_lesson_measured_and_each_claim(index):
    assert cells_of(index / "index.html") == [
        ["lesson", "status", "seconds", "results", "claims"],
        ["00_tiny", "ok", "1.0", "2", "1 of 2 hold"],
        ["01_next", "failed", "2.0", "-", "-"],
        ["03_other", "not run", "-", "-", "-"],
        ["07_old", "of an earlier run", "-", "-", "-"],
        ["claim", "wants", "measured", "holds"],
        ["00_tiny.accuracy.shapes.laptop", "0.5 to 1", "0.7123", "yes"],
        ["00_tiny.gap.shapes.laptop", "0 to 1", "2", "no"],
    ]


def test_every_link_of_the_index_leads_somewhere(index):
    links = Page((index / "index.html").read_text(encoding="utf-8")).links
    assert links == ["00_tiny.html", "01_next.html", "03_other.html", "07_old.html"]
    assert all((index / link).exists() for link in links)


def test_a_lesson_without_a_page_has_a_note_that_says_why(index):
    failed = Page((index / "01_next.html").read_text(encoding="utf-8"))
    assert "This lesson failed." in failed.words and "1 < 0" in failed.words
    assert "01_next.failed.ipynb" in failed.words and failed.links == ["index.html"]
    assert "Not run." in (index / "03_other.html").read_text(encoding="utf-8")
    assert (index / "00_tiny.html").read_text(encoding="utf-8") == "a page"
