"""Nothing that comes from outside is executed, and nothing that protects is switched off."""

import ast
import pickle

import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook, new_output

from benchmarks.gpu.data import read_batch
from course_utils.checkpoints import load_checkpoint, load_file
from course_utils.cli import pages
from course_utils.cli.html import to_html
from course_utils.paths import ROOT
from tests.cli.course import PIXEL
from tests.cli.test_pages import Page
from tests.helpers import raises
from tests.trainings import linear, small_fit

FILES = [path for name in ("course_utils", "benchmarks") for path in (ROOT / name).rglob("*.py")]
NEVER = {"eval", "exec", "os.system", "os.popen", "pickle.load", "pickle.loads", "yaml.load"}
DEMANDED = {  # calls that are safe with this argument alone
    "torch.load": ("weights_only", "True"),
    "tar.extractall": ("filter", "'data'"),
}


def calls():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                keywords = {each.arg: ast.unparse(each.value) for each in node.keywords}
                yield f"{path.relative_to(ROOT)}:{node.lineno}", ast.unparse(node.func), keywords


CALLS = list(calls())


ALLOWED = {
    ("course_utils/cli/grading/collecting.py", "exec"),  # submissions, in a process of their own
}


def test_no_code_or_pickle_is_executed_by_a_call_that_could():
    found = {(where.partition(":")[0], name) for where, name, _ in CALLS if name in NEVER}
    assert found == ALLOWED


@pytest.mark.parametrize("name", DEMANDED)
def test_what_reads_files_from_elsewhere_reads_them_safely(name):
    keyword, wanted = DEMANDED[name]
    found = [(where, keywords.get(keyword)) for where, each, keywords in CALLS if each == name]
    assert found and [each for each in found if each[1] != wanted] == []


@pytest.mark.parametrize(("keyword", "wrong"), [("shell", "True"), ("verify", "False")])
def test_no_shell_is_built_and_no_certificate_is_ignored(keyword, wrong):
    assert [where for where, _, keywords in CALLS if keywords.get(keyword) == wrong] == []


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize(
    "write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))]
)
def test_code_in_a_file_of_weights_does_not_run(tmp_path, write):
    path = tmp_path / "x.pt"
    write({"model": Harmful(tmp_path / "harm")}, path)
    with raises(ValueError, "x.pt is damaged, or no file of tensors: delete it and train again"):
        load_file(path)
    with raises(ValueError, "x.pt is damaged, or no file of tensors: delete it and train again"):
        small_fit(linear(), 1, checkpoint=path, resume=True)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("values", [3, [], {}, {"settings": 1}, {"settings": {"optimizer": "SGD"}}])
def test_a_file_of_something_else_is_no_checkpoint(tmp_path, values):
    torch.save(values, tmp_path / "x.pt")
    optimizer = torch.optim.SGD(linear().parameters(), lr=0.1)
    parts = {"model": linear(), "optimizer": optimizer, "scheduler": None, "generator": None}
    parts["settings"] = {"optimizer": "SGD"}
    with pytest.raises(ValueError, match=r"^x\.pt is "):
        load_checkpoint(tmp_path / "x.pt", **parts)


def test_code_in_a_file_of_images_does_not_run(tmp_path):
    path = tmp_path / "data_batch_1"
    path.write_bytes(pickle.dumps({b"data": Harmful(tmp_path / "harm")}))
    with pytest.raises(pickle.UnpicklingError, match=r"^io\.open in a file of images: "):
        read_batch(path)
    assert not (tmp_path / "harm").exists()


HOSTILE = ["<script>alert(1)</script>", "a'b\"c & <b>", 'x" onload="alert(1)']


@pytest.mark.parametrize("text", HOSTILE)
def test_pages_of_tables_escape_what_comes_from_data(text):
    page = pages.page(text, pages.table([text], [[text, pages.link(text, text)]]))
    assert "<script>alert" not in page and "<b>" not in page and 'onload="' not in page


@pytest.mark.parametrize("text", HOSTILE)
def test_pages_of_lessons_escape_what_comes_from_data(text):
    figure = {"image/png": PIXEL, "text/plain": text}
    failed = new_output("error", ename=text, evalue=text, traceback=[text])
    outputs = [
        new_output("stream", text=text),
        new_output("execute_result", {"text/plain": text}),
        new_output("display_data", figure, metadata={"image/png": {"alt": text}}),
        failed,
    ]
    cells = [new_code_cell(repr(text), outputs=outputs)]
    page = Page(to_html(new_notebook(cells=cells), text, [text, "00_a"]))
    assert "script" not in page.tags and "b" not in page.tags and "onload" not in page.attributes
    assert page.alts == [text] and page.words.count(text) >= 4


def test_nothing_is_told_to_listen_on_every_address():
    for path in (*FILES, ROOT / "Makefile"):
        assert "0.0.0.0" not in path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1"])
def test_cells_of_a_csv_file_are_no_formulas(text):
    assert pages.csv_text(["a"], [[text]]).splitlines()[1].lstrip('"').startswith("'")
