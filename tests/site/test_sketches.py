"""The glossary's small pictures."""

import re
import sys
from xml.etree import ElementTree

import pytest

from course_utils.paths import ROOT
from tests.helpers import raises

sys.path.append(str(ROOT / "docs"))
from extensions.sketches import draw, layers, training

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
USED = re.findall(r"\{sketch\} (\S+)", GLOSSARY)
LARGEST = 4_000  # bytes: with all its pictures the glossary stays a small page


@pytest.mark.parametrize("name", USED)
def test_a_picture_is_small_says_what_it_shows_and_has_nothing_beyond_its_edge(name):
    text = draw(name).svg()
    svg = ElementTree.fromstring(text)
    assert len(text) < LARGEST and len(svg.get("aria-label")) > 30
    right, bottom = float(svg.get("width")), float(svg.get("height"))
    for box in svg.iter("rect"):
        assert float(box.get("x")) >= 0 and float(box.get("x")) + float(box.get("width")) < right
        assert float(box.get("y")) + float(box.get("height")) < bottom


def test_each_picture_stands_in_the_glossary_once():
    assert sorted(USED) == sorted({**layers.SKETCHES, **training.SKETCHES})


def test_an_unknown_picture_is_refused_with_the_names_of_those_there_are():
    with raises(ValueError, f"no sketch 'x': there are {', '.join(sorted(USED))}"):
        draw("x")


def test_the_overfitted_model_gets_better_then_worse_on_what_it_has_not_seen():
    train, val = training._overfitted()
    assert train == sorted(train, reverse=True)
    assert min(val) < 0.8 * val[0] and min(val) < 0.8 * val[-1]
