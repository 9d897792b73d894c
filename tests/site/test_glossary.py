"""Terms of the lessons lead to the glossary."""

import re
import sys

import nbformat
import pytest

from course_utils.paths import ROOT

sys.path.append(str(ROOT / "docs"))
from extensions.notebooks import BOLD, find_term, glossary_terms, link_terms

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
SOURCE_TERMS = """합성곱 신경망, 특징 맵, 데이터 증강, 데이터 전처리, 이미지 정규화, 패딩, 크롭핑, 최대 풀링,
평균 풀링, 전이 학습, 기울기 소실, 배치 정규화, 레이어 정규화, 스킵 커넥션, 드롭아웃, 최적화 기법, 학습률, 손실, 역전파,
분류기, stride, kernel, activation function, forward pass, cross-entropy, overfitting, epoch, batch,
instance normalisation, Adam, convolution, CNN, ResNet"""
LESSONS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
LONGEST = 3  # words of a term
# In bold within a sentence, and no terms: aims of exercises, stressed words, names of a part at hand
EMPHASIS = """six points, two points better, three points better, quarter, three quarters, one,
Long, column, for each channel, portions, recomputed, instance, first-to-last ratio, same
multiply-adds, first loss, accuracy of guessing, outputs, on validation images, by heart,
parameters, step, input, forget, output, update, reset, same training, same search, steps between,
pairs, reproduced, vanishes, weighs"""


@pytest.fixture(scope="module")
def terms():
    return glossary_terms(GLOSSARY)


def test_the_glossary_has_the_terms_of_the_field_in_english_and_korean(terms):
    wanted = [" ".join(name.split()).lower() for name in SOURCE_TERMS.split(",")]
    assert [name for name in wanted if name not in terms] == []


def test_no_name_stands_twice():
    body = GLOSSARY.split("::::{glossary}\n")[1]
    names = [line.lower() for line in body.splitlines() if re.match(r"[^\s:]", line)]
    assert sorted(names) == sorted(set(names))


def test_a_term_in_the_plural_leads_to_its_entry(terms):
    assert find_term("Batches", terms) == "batch"
    assert find_term("Predict:", terms) is None


def test_bold_terms_become_links_and_other_bold_words_stay(terms):
    text = link_terms("A **loader** deals. **Predict:** how many?", terms)
    assert text == "A **{term}`loader <loader>`** deals. **Predict:** how many?"


def test_every_term_that_the_glossary_refers_to_is_in_it(terms):
    references = re.findall(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", GLOSSARY)
    assert [name for name in references if name.lower() not in terms] == []


def bold_within_sentences(text):
    """Words in bold but those that open a line or end in a stop, as labels do, and numbers."""
    for match in BOLD.finditer(text):
        before = text[: match.start()].rpartition("\n")[2].strip()
        label = before in ("", "-", "|") or re.fullmatch(r"\d+\.", before) or match[1][-1] in ".:?"
        if not label and len(match[1].split()) <= LONGEST and not re.search(r"\d", match[1]):
            yield match[1]


def test_labels_and_numbers_in_bold_are_no_terms():
    text = "**Predict** it.\n- **mat1** is a **batch** of **at most 40**. **So:** a **kernel**."
    assert list(bold_within_sentences(text)) == ["batch", "kernel"]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem[:2])
def test_every_term_in_bold_is_in_the_glossary(lesson, terms):
    emphasis = {" ".join(words.split()) for words in EMPHASIS.split(",")}
    prose = [
        c.source for c in nbformat.read(lesson, as_version=4).cells if c.cell_type == "markdown"
    ]
    found = [words for text in prose for words in bold_within_sentences(text)]
    unknown = {words for words in found if not find_term(words, terms)} - emphasis
    assert unknown == set(), "add the term to docs/glossary.md, or what is stressed to EMPHASIS"
