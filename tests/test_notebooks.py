"""The committed notebooks: their form, that what they define is what the package holds, and how CI
compares them.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import torch
from nbformat.validator import isvalid

from course_utils.cli.publish import find_faults, is_stale
from course_utils.paths import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
COMMON = (
    "dataset",
    "epochs",
    "batch_size",
    "learning_rate",
    "train_size",
    "seed",
    "device",
    "output_dir",
)
# What the package has with more options than the lesson that writes it; held equal by outputs.
MORE_OPTIONS = {"VGG", "conv_block"}


def package_definitions() -> dict[str, ast.AST]:
    """The functions and classes at the top level of the package's modules, by name."""
    found = {}
    for path in sorted((ROOT / "course_utils").rglob("*.py")):
        if "cli" in path.parts:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found[node.name] = node
    return found


PACKAGE = package_definitions()


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: nbformat.NotebookNode, tag: str = "") -> list[nbformat.NotebookNode]:
    return [
        c
        for c in notebook.cells
        if c.cell_type == "code" and (not tag or tag in c.metadata.get("tags", []))
    ]


def definitions(path: Path) -> dict[str, ast.AST]:
    """The functions and classes in a notebook's cells tagged `define`, by name."""
    trees = [ast.parse(cell.source) for cell in code_cells(read(path), "define")]
    nodes = [node for tree in trees for node in tree.body]
    return {node.name: node for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def bare(node: ast.AST) -> str:
    """A definition's syntax tree as text, without docstrings and annotations."""
    for child in ast.walk(node):
        if isinstance(child, ast.FunctionDef):
            child.returns = None
        if isinstance(child, ast.arg):
            child.annotation = None
        if (
            isinstance(child, (ast.FunctionDef, ast.ClassDef))
            and ast.get_docstring(child) is not None
        ):
            child.body = child.body[1:]
    return ast.dump(node)


def test_there_are_notebooks():
    assert [p.stem for p in NOTEBOOKS][:1] == ["00_training_loop"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_published(path):
    notebook = read(path)
    assert isvalid(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert list(find_faults(notebook)) == []
    assert not is_stale(notebook, path.stem), "run `make publish`"
    assert path.stat().st_size < 1_500_000
    assert [c.execution_count for c in code_cells(notebook)] == list(
        range(1, len(code_cells(notebook)) + 1)
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_form(path):
    notebook = read(path)
    assert notebook.cells[0].source.startswith(f"# {path.stem[:2]} ")
    (parameters,) = code_cells(notebook, "parameters")
    lines = ast.parse(parameters.source).body
    assert all(isinstance(line, ast.AnnAssign) for line in lines)
    assert set(COMMON) <= {line.target.id for line in lines}
    assert all(
        line.count("#") == 1 and "=" not in line.partition("#")[2]
        for line in parameters.source.splitlines()
    )
    assert len(code_cells(notebook, "nbval-ignore-output")) <= 2
    assert not any(
        "NBVAL_" in cell.source for cell in notebook.cells
    )  # nbval obeys such comments too
    assert not any("raises-exception" in cell.metadata.get("tags", []) for cell in notebook.cells)
    folded = [c for c in code_cells(notebook) if c.metadata.get("jupyter", {}).get("source_hidden")]
    solutions = code_cells(notebook, "solution")
    assert solutions and all(cell in folded for cell in solutions)
    prose = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    assert prose.count("**Predict") >= 3
    assert prose.count("<details>") == prose.count("</details>")


@pytest.mark.parametrize("path", [*NOTEBOOKS, *ROOT.glob("*.md")], ids=lambda p: p.name)
def test_links_to_files_lead_somewhere(path):
    text = (
        "\n".join(c.source for c in read(path).cells if c.cell_type == "markdown")
        if path.suffix == ".ipynb"
        else path.read_text(encoding="utf-8")
    )
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_figures_carry_alt_text(path):
    outputs = [
        o for c in code_cells(read(path)) for o in c.outputs if "image/png" in o.get("data", {})
    ]
    assert outputs
    for output in outputs:
        assert len(output.metadata["image/png"]["alt"]) > 20


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_what_a_lesson_defines_is_what_the_package_has_under_that_name(path):
    for name, node in definitions(path).items():
        if name in PACKAGE and name not in MORE_OPTIONS:
            assert bare(node) == bare(PACKAGE[name]), name


def test_the_package_has_most_of_what_the_lessons_define():
    defined = {name for path in NOTEBOOKS for name in definitions(path)}
    assert {"train_one_epoch", "evaluate", "predict", "VGG", "ResNet"} <= defined & set(PACKAGE)


def test_lesson_03_builds_the_package_network():
    from course_utils.models import VGG

    space = {"nn": torch.nn, "F": torch.nn.functional, "torch": torch}
    for cell in code_cells(read(ROOT / "notebooks" / "03_vgg_cnn.ipynb"), "define"):
        exec(cell.source, space)
    ours, theirs = VGG(num_classes=5), space["VGG"](num_classes=5)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(ours(images), theirs(images))


def test_nbval_sees_a_changed_output(tmp_path):
    cells = [
        nbformat.v4.new_code_cell(
            f"print({printed})",
            execution_count=number,
            outputs=[nbformat.v4.new_output("stream", name="stdout", text="42\n")],
        )
        for number, printed in enumerate(("6 * 7", "6 * 7 + 1e-9"), start=1)
    ]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=read(NOTEBOOKS[0]).metadata)
    nbformat.write(notebook, tmp_path / "lesson.ipynb")
    options = [
        "--nbval",
        "--nbval-sanitize-with",
        str(ROOT / "tests" / "nbval_sanitize.cfg"),
        "-p",
        "no:cacheprovider",
    ]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "lesson.ipynb"],
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    assert ".F" in run.stdout and "1 failed, 1 passed" in run.stdout
