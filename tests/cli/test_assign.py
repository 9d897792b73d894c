"""The class set: what is left out, what stays, and that it holds together."""

import ast
import csv
import re
import zipfile
from types import SimpleNamespace

import click
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbformat.validator import isvalid

from course_utils.cli.assign import make_class_set, without_solutions
from course_utils.cli.grading.cells import find_exercises, tags
from course_utils.paths import ROOT

PRINTED = [new_output("stream", text="printed\n")]


def lesson():
    solved = {"tags": ["solution"], "jupyter": {"source_hidden": True}}
    cells = [
        new_code_cell("x = 1", outputs=PRINTED, execution_count=1),
        new_markdown_cell("## Exercises\n\nSolutions are folded at the end of the notebook."),
        new_markdown_cell("### 1. Softmax"),
        new_code_cell(
            'answer = ...\ncheck("00.softmax", answer)',
            outputs=PRINTED,
            execution_count=2,
            metadata={"tags": ["measured"]},
        ),
        new_markdown_cell("## What to keep\n\nAll of it.\n\n## Solutions"),
        new_markdown_cell("The first one is easy."),
        new_code_cell('solved = 3\ncheck("00.softmax", solved)', metadata=solved),
        new_code_cell("print(solved)"),
        new_code_cell("print(x)", outputs=PRINTED, execution_count=4),
    ]
    return new_notebook(cells=cells)


def test_solutions_go_and_what_uses_them_with_the_heading_and_the_pointer_to_it():
    cells = without_solutions(lesson()).cells
    assert [cell.source for cell in cells] == [
        "x = 1",
        "## Exercises\n\n",
        "### 1. Softmax",
        'answer = ...\ncheck("00.softmax", answer)',
        "## What to keep\n\nAll of it.",
        "print(x)",
    ]


def test_starters_are_clean_and_lessons_keep_their_outputs_and_tags():
    cells = without_solutions(lesson()).cells
    assert (cells[3].outputs, cells[3].execution_count, tags(cells[3])) == ([], None, ["measured"])
    assert cells[0].outputs and cells[-1].outputs
    assert not any("assign-" in tag for cell in cells for tag in tags(cell))


def test_a_cell_that_uses_a_solutions_name_for_something_of_its_own_stays():
    notebook = lesson()
    notebook.cells[-1].source = "print([solved for solved in (1, 2)])"
    assert without_solutions(notebook).cells[-1].source == "print([solved for solved in (1, 2)])"


def test_all_outputs_go_where_that_is_asked_for():
    cells = without_solutions(lesson(), clear=True).cells
    assert not any(cell.get("outputs") for cell in cells)


@pytest.fixture(scope="module")
def class_set(tmp_path_factory):
    folder = tmp_path_factory.mktemp("autumn") / "Ünïversität"
    make_class_set(ROOT / "notebooks", folder)
    notebooks = [
        nbformat.read(path, as_version=4)
        for path in sorted((folder / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    ]
    return SimpleNamespace(folder=folder, notebooks=notebooks)


def test_the_courses_own_class_set_holds_no_solution(class_set):
    originals = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    assert len(class_set.notebooks) == len(originals) > 0
    for notebook in class_set.notebooks:
        assert isvalid(notebook)
        assert find_exercises(notebook)
        assert any("record(" in cell.source for cell in notebook.cells)
        for cell in notebook.cells:
            assert "solution" not in tags(cell)
            assert not re.search(r"^#+ Solutions?\s*$", cell.source, re.MULTILINE)
            names = ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ()
            assert not any(getattr(node, "id", "").startswith("solution_") for node in names)


def test_the_sheet_names_each_exercise_with_its_points(class_set):
    with (class_set.folder / "exercises.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [each.name for notebook in class_set.notebooks for each in find_exercises(notebook)]
    assert [row["exercise"] for row in rows] == names
    assert all(re.match(r"\d\. ", row["title"]) and row["points"] == "1" for row in rows)


def test_the_links_of_its_pages_and_its_notebooks_lead_to_files_in_it(class_set):
    texts = {class_set.folder: (class_set.folder / "README.md").read_text(encoding="utf-8")}
    texts[class_set.folder / "notebooks"] = "\n".join(
        cell.source
        for notebook in class_set.notebooks
        for cell in notebook.cells
        if cell.cell_type == "markdown"
    )
    pages = [page.read_text(encoding="utf-8") for page in (class_set.folder / "docs").glob("*.md")]
    texts[class_set.folder / "docs"] = re.sub(r"<!--.*?-->", "", "\n".join(pages), flags=re.DOTALL)
    links = {
        folder / link
        for folder, text in texts.items()
        for link in re.findall(r"\]\((?!\w+:)([^)#\s]+)", text)
    }
    assert len(links) > 10 and [link for link in links if not link.exists()] == []


def test_its_first_page_says_what_it_is(class_set):
    first = (class_set.folder / "README.md").read_text(encoding="utf-8").split("\n\n")[0]
    assert first.startswith("> **A class set**: lessons 00, 01, 02, ")
    assert "without their solutions" in first


def test_the_archive_holds_all_that_the_folder_does(class_set):
    with zipfile.ZipFile(class_set.folder.with_name("Ünïversität.zip")) as archive:
        inside = set(archive.namelist())
    files = {path for path in class_set.folder.rglob("*") if path.is_file()}
    assert inside == {path.relative_to(class_set.folder.parent).as_posix() for path in files}
    for needed in ("requirements.txt", "course_utils/__init__.py", "notebooks/presets.yaml"):
        assert f"Ünïversität/{needed}" in inside
    assert not any("__pycache__" in name for name in inside)


def test_a_folder_with_something_in_it_is_not_touched(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(click.ClickException, match=r"is there already: name another folder$"):
        make_class_set(ROOT / "notebooks", tmp_path / "set")
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
