"""A learner's first hour, in a browser: the first figure, other parameters, an exercise; and every
lesson, from its first to its last cell.
"""

import re
import time

import pytest

from course_utils.cli.assign import make_class_set
from course_utils.cli.parameters import preset_values
from course_utils.cli.run import read_course
from course_utils.paths import ROOT
from tests.e2e.lab import Notebook, jupyterlab

LAST_LINE = re.compile(r"recorded \d+ results in \d\d_\w+\.json")
DECLARED, PRESETS = read_course(ROOT / "notebooks", "smoke")

WRONG = """\
def stable_softmax(logits):
    return logits.exp() / logits.exp().sum(dim=1, keepdim=True)


check("00.softmax", stable_softmax)"""
RIGHT = """\
def stable_softmax(logits):
    exponentials = (logits - logits.amax(dim=1, keepdim=True)).exp()
    return exponentials / exponentials.sum(dim=1, keepdim=True)


check("00.softmax", stable_softmax)"""


@pytest.fixture(scope="module")
def notebook(browser, tmp_path_factory):
    with jupyterlab(tmp_path_factory.mktemp("lab")) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        yield Notebook(page, address)
        page.close()


def test_cell_by_cell_a_learner_comes_to_the_first_pictures(notebook):
    start = time.monotonic()
    notebook.select_first()
    notebook.step(until="def for_eyes(images)")
    picture = notebook.cell("def for_eyes(images)").locator("img")
    assert picture.evaluate("image => image.naturalWidth") > 100
    print(f"the first pictures: {time.monotonic() - start:.0f} s")


def test_the_checker_answers_a_wrong_and_then_a_right_solution(notebook):
    exercise = notebook.cell("def stable_softmax(logits)")
    notebook.write(exercise, WRONG)
    assert notebook.run(exercise).startswith(
        "00.softmax: not yet. Small logits work, large ones overflow"
    )
    notebook.write(exercise, RIGHT)
    assert notebook.run(exercise).strip() == "00.softmax: correct."


def test_changed_parameters_hold_for_all_cells(notebook):
    start = time.monotonic()
    parameters = notebook.cell("passes over the training images")
    code = parameters.locator(".cm-content").inner_text()
    changed = re.sub(r"epochs: int = \d+", "epochs: int = 1", code)
    changed = re.sub(r"train_size: int = \d+", "train_size: int = 300", changed)
    notebook.write(parameters, changed.replace("\n\n", "\n"))
    notebook.run_all()
    printed = "\n".join(notebook.page.locator(".jp-OutputArea-output").all_inner_texts())
    assert "epoch 1:" in printed
    assert LAST_LINE.search(printed), "the last cell has not run"
    print(f"all cells: {time.monotonic() - start:.0f} s")


@pytest.mark.parametrize("lesson", DECLARED)
def test_a_lesson_runs_to_its_last_cell_without_a_red_box(browser, tmp_path, lesson):
    values = preset_values(PRESETS["smoke"], lesson, DECLARED[lesson])
    with jupyterlab(tmp_path, f"{lesson}.ipynb", values) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        notebook = Notebook(page, address)
        notebook.run_all()
        printed = page.locator(".jp-OutputArea-output").all_inner_texts()
        assert any(LAST_LINE.search(text) for text in printed), "the last cell has not run"
        red = "[data-mime-type='application/vnd.jupyter.stderr']"
        assert page.locator(red).all_inner_texts() == []
        cut = "figures => figures.filter(figure => !figure.naturalWidth).length"
        assert page.locator(".jp-OutputArea-output img").evaluate_all(cut) == 0
        page.close()


def test_an_assigned_lesson_opens_and_runs(browser, tmp_path):
    make_class_set(ROOT / "notebooks", tmp_path / "autumn", ("00",))
    notebooks = tmp_path / "autumn" / "notebooks"
    with jupyterlab(tmp_path, course=notebooks) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        notebook = Notebook(page, address)
        assert page.get_by_text("solution_").count() == 0
        notebook.select_first()
        notebook.step(until="def for_eyes(images)")
        picture = notebook.cell("def for_eyes(images)").locator("img")
        assert picture.evaluate("image => image.naturalWidth") > 100
        exercise = notebook.cell("def stable_softmax(logits)")
        notebook.write(exercise, RIGHT)
        assert notebook.run(exercise).strip() == "00.softmax: correct."
        page.close()
