"""Pages that the README leads to read well where no site is built: on a host of repositories. And
what lessons lead to there, the site has too.
"""

import re
import sys

from course_utils.paths import ROOT

sys.path.append(str(ROOT / "docs"))
from extensions.notebooks import PLACES

CODE = re.compile(r"^(`{3,}).*?^\1$|`[^`\n]+`", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)")
OF_THE_SITE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{\w+\}(?=`)|^:{3,}.*|^\([\w-]+\)=$", re.MULTILINE)


def shown(path):
    """A page's text without its code and comments."""
    return CODE.sub("", COMMENT.sub("", path.read_text(encoding="utf-8")))


def read_from_the_readme():
    """The README and each Markdown file that links lead to from there."""
    found, left = set(), [ROOT / "README.md"]
    while left:
        page = left.pop()
        found.add(page)
        links = {(page.parent / path).resolve() for path, _ in LINK.findall(shown(page)) if path}
        left += [link for link in links - found - set(left) if link.suffix == ".md"]
    return sorted(found)


def anchors(path):
    """What such a host makes of a page's headings."""
    text = COMMENT.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_no_page_shows_what_only_the_site_understands():
    pages = read_from_the_readme()
    assert ROOT / "docs" / "instructors.md" in pages and ROOT / "docs" / "start.md" in pages
    # A role's name stands before its code, which `shown` takes away: here code stays.
    texts = {page: COMMENT.sub("", page.read_text(encoding="utf-8")) for page in pages}
    found = {page.name: OF_THE_SITE.findall(text) for page, text in texts.items()}
    assert {name: marks for name, marks in found.items() if marks} == {}


def test_links_and_anchors_of_the_pages_lead_somewhere():
    broken = []
    for page in read_from_the_readme():
        for path, anchor in LINK.findall(shown(page)):
            target = (page.parent / path).resolve() if path else page
            there = target.exists() and (not anchor or anchor in anchors(target))
            broken += [] if there else [f"{page.name}: {path}#{anchor}"]
    assert broken == []


def test_the_site_has_a_page_for_each_file_that_a_lesson_leads_to():
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "notebooks").glob("*.ipynb")]
    links = {link for text in texts for link in re.findall(r"\]\((\.\./[^)#]+)", text)}
    assert links <= set(PLACES)
    pages = {place.removeprefix("../").partition("#")[0] for place in PLACES.values()}
    assert all((ROOT / "docs" / page).exists() for page in pages)
