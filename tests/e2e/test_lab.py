"""A learner's first hour, in a browser: the first figure, other parameters, an exercise."""

import re
import time

import pytest

from tests.e2e.lab import Notebook, jupyterlab

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
    assert "recorded" in printed, "the last cell has not run"
    print(f"all cells: {time.monotonic() - start:.0f} s")
