"""What a reader of the site relies on: nothing missing, nothing from elsewhere, readable by all."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urljoin

import pytest

from course_utils.paths import ROOT
from tests.e2e.judging import overflow, serious_violations

SITE = ROOT / "docs" / "_build" / "html"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
FIRST_PAGE = 1_000_000  # bytes
SEARCHES = {  # what a reader looks for, and the page that has it
    "batch normalisation": "glossary.html",
    "배치 정규화": "glossary.html",
    "residual network": "glossary.html",
    "own photos": "running.html",
    "loss nan": "troubleshooting.html",
    "start": "start.html",
}


class Anchors(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids = set()
        self.links = []
        self.images = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.ids |= {values[name] for name in ("id", "name") if values.get(name)}
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag == "img":
            self.images.append(values)


@pytest.fixture(scope="module")
def parsed():
    return {page: Anchors((SITE / page).read_text(encoding="utf-8")) for page in PAGES}


@pytest.mark.parametrize("name", PAGES)
def test_links_and_anchors_lead_somewhere(name, parsed):
    broken = []
    for link in parsed[name].links:
        if link.startswith(("http:", "https:", "mailto:", "data:")):
            continue
        path, anchor = urldefrag(urljoin(name, link))
        target = path or name
        there = (SITE / target).exists() and not target.endswith(".ipynb")
        if not there or (anchor and target in parsed and unquote(anchor) not in parsed[target].ids):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", PAGES)
def test_every_image_says_in_words_what_it_shows(name, parsed):
    missing = [image.get("src", "")[:80] for image in parsed[name].images if not image.get("alt")]
    assert missing == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_alone_without_complaint_and_fits_its_width(name, tab, address):
    tab.goto(address + name)
    assert tab.complaints == []
    assert overflow(tab) <= 0


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_serious_violation(name, tab, address):
    tab.goto(address + name)
    assert serious_violations(tab) == set()


def test_the_first_page_is_less_than_a_megabyte(tab, address):
    tab.goto(address + "index.html", wait_until="networkidle")
    assert 0 < sum(len(response.body()) for response in tab.received) < FIRST_PAGE


@pytest.mark.parametrize(("words", "page"), SEARCHES.items())
def test_search_finds_what_a_reader_looks_for(words, page, browser, address):
    tab = browser.new_page()
    tab.goto(f"{address}search.html?q={words}")
    tab.wait_for_selector(f'#search-results a[href*="{page}"]', timeout=10_000)
    tab.close()


@pytest.mark.parametrize("paper", ("A4", "Letter"))
def test_the_cheat_sheet_prints_on_one_page(paper, browser, address):
    tab = browser.new_page()
    tab.goto(address + "cheatsheet.html")
    assert len(re.findall(rb"/Type\s*/Page\b", tab.pdf(format=paper))) == 1
    tab.close()
