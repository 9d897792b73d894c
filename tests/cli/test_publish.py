"""Publishing, on tiny notebooks that are made here; two of them are executed."""

import os
import re
import tempfile
from pathlib import Path

import click
import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils.cli import publish
from course_utils.cli.publish import code_hash, find_faults, is_stale, publish_lessons

LOOK = """\
import os
names = ("COURSE_DATA", "COURSE_RUNS", "TORCH_HOME")
unset = {"OMP_NUM_THREADS", "COURSE_SHAPES"}.isdisjoint(os.environ)
print(*(os.listdir(os.environ[name]) for name in names), os.environ["TQDM_DISABLE"], unset)"""

HASH = "5237d60635f80f89d6908121a10c9f79db45799ac2be4652cbbb245887d167ec"
SHAPES_VERSION = publish.shapes_version  # most tests replace it


def make_notebook(*sources: str):
    return new_notebook(cells=[new_markdown_cell("# A lesson"), *map(new_code_cell, sources)])


@pytest.fixture(autouse=True)
def shapes(monkeypatch):
    monkeypatch.setattr(publish, "shapes_version", lambda: 1)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A folder after publishing: 00 as it came from an editor, 01 published before."""
    folder = tmp_path_factory.mktemp("notebooks")
    notebook = make_notebook(LOOK, "", "6 * 7")
    notebook.metadata = {
        "language_info": {"name": "python", "version": "2.7"},
        "widgets": {"state": {}},
    }
    notebook.cells[3].metadata = {"execution": {"iopub.status.busy": "now"}, "tags": ["define"]}
    nbformat.write(notebook, folder / "00_a.ipynb")
    before = [cell.id for cell in notebook.cells]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "shapes_version", lambda: 1)
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("COURSE_SHAPES", "few")
        current = make_notebook("1")
        current.metadata["course"] = {"code_sha256": code_hash(current, "01_b")}
        nbformat.write(current, folder / "01_b.ipynb")
        publish_lessons(folder)
        patch.setattr(publish, "execute", lambda *args: pytest.fail("executed what is published"))
        publish_lessons(folder)
    return nbformat.read(folder / "00_a.ipynb", as_version=4), before, folder


def test_outputs_are_made_where_no_data_are_on_all_shapes_and_threads_are_free(published):
    assert published[0].cells[1].outputs[0].text == "[] [] [] 1 True\n"


def test_metadata_hold_only_what_is_the_same_everywhere(published):
    notebook, before, _ = published
    assert notebook.metadata == {
        "course": {"code_sha256": code_hash(notebook, "00_a")},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert [cell.metadata for cell in notebook.cells] == [{}, {}, {}, {"tags": ["define"]}]
    assert [cell.id for cell in notebook.cells] == before


def test_executions_are_counted_from_one(published):
    cells = published[0].cells[1:]
    assert [cell.execution_count for cell in cells] == [1, 2, 3]
    assert (cells[2].outputs[0].execution_count, cells[2].outputs[0].data["text/plain"]) == (
        3,
        "42",
    )


def test_text_printed_in_pieces_is_one_output_up_to_a_figure_or_another_stream():
    notebook = make_notebook("...")
    figure = new_output("display_data", {"text/plain": "Figure: x"})
    printed = [new_output("stream", name="stdout", text=f"{number}\n") for number in range(4)]
    warned = new_output("stream", name="stderr", text="careful\n")
    notebook.cells[1].outputs = [*printed[:2], figure, printed[2], warned, printed[3]]
    publish.normalise(notebook, "00_a")
    texts = [output.get("text") for output in notebook.cells[1].outputs]
    assert texts == ["0\n1\n", None, "2\n", "careful\n", "3\n"]


def test_a_published_notebook_is_not_executed_again_unless_forced(published, monkeypatch, capsys):
    folder = published[2]
    executed = []
    monkeypatch.setattr(publish, "execute", lambda notebook, path: executed.append(path.stem))
    publish_lessons(folder, ("00",))
    assert executed == [] and capsys.readouterr().out == "00_a: up to date\n"
    text = (folder / "00_a.ipynb").read_bytes()
    publish_lessons(folder, ("00",), force=True)
    assert executed == ["00_a"] and (folder / "00_a.ipynb").read_bytes() == text


def test_results_of_the_published_run_are_kept(tmp_path):
    source = "from course_utils.results import record\nrecord('00_a', {'x': 1}, dataset='shapes')"
    nbformat.write(make_notebook(source), tmp_path / "00_a.ipynb")
    publish_lessons(tmp_path)
    results = tmp_path / "results" / "00_a.json"
    assert results.read_text(encoding="utf-8") == '{\n "dataset": "shapes",\n "x": 1\n}\n'


def test_check_names_what_changed_and_executes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "execute", lambda *args: pytest.fail("executed"))
    monkeypatch.setattr(publish, "NOTEBOOKS", tmp_path)
    current = make_notebook("1")
    current.metadata["course"] = {"code_sha256": code_hash(current, "01_b")}
    nbformat.write(current, tmp_path / "01_b.ipynb")
    assert CliRunner().invoke(publish.publish, ["--check"]).exit_code == 0
    nbformat.write(make_notebook("1"), tmp_path / "00_a.ipynb")
    nbformat.write(make_notebook("1"), tmp_path / "02_c.ipynb")
    result = CliRunner().invoke(publish.publish, ["--check"])
    assert result.exit_code == 1
    assert result.stderr == "Error: changed since they were published: 00_a, 02_c\n"
    assert CliRunner().invoke(publish.publish, ["--check", "01"]).exit_code == 0


def test_a_failing_cell_is_shown_and_the_file_stays_as_it_was(tmp_path):
    path = tmp_path / "00_a.ipynb"
    notebook = make_notebook("1 / 0")
    notebook.cells[1].metadata["tags"] = ["raises-exception"]
    nbformat.write(notebook, path)
    before = path.read_bytes()
    with pytest.raises(click.ClickException) as error:
        publish_lessons(tmp_path)
    assert error.value.message == "00_a failed\n    1 / 0\nZeroDivisionError: division by zero"
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == [
        "00_a.ipynb"
    ]


def test_all_faults_of_a_notebook_are_told_and_the_file_stays_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "00_a.ipynb"
    nbformat.write(make_notebook("1", "2"), path)
    before = path.read_bytes()

    def execute(notebook, path):
        notebook.cells[1].outputs = [new_output("stream", name="stderr", text="warning: old\nmore")]
        notebook.cells[2].outputs = [
            new_output("stream", name="stdout", text="x" * publish.MAX_BYTES)
        ]

    monkeypatch.setattr(publish, "execute", execute)
    with pytest.raises(click.ClickException) as error:
        publish_lessons(tmp_path)
    first, second = error.value.message.splitlines()
    assert first == "00_a: cell [1] writes to stderr: warning: old"
    assert re.fullmatch(
        r"00_a: has 1,50\d,\d{3} bytes, more than 1,500,000: use fewer or smaller figures", second
    )
    assert path.read_bytes() == before


HASHED = make_notebook("x = 1\nprint(x)", "y = None")


@pytest.mark.parametrize(
    "sources", [("x=1 # why\n\nprint( x )", "y = None"), ("x = 1; print(x)", "(y) = None")]
)
def test_hash_ignores_layout_comments_outputs_and_prose(sources):
    other = make_notebook(*sources)
    other.cells[0].source = "# Another title"
    other.cells[1].outputs = [new_output("stream", text="1")]
    assert code_hash(other, "99_a") == code_hash(HASHED, "99_a")


@pytest.mark.parametrize(
    "sources",
    [
        ("x = 2\nprint(x)", "y = None"),
        ("x = 1\nprint(x)", "y = 0"),
        ("x = 1\nprint(x)", "y = ...", "z"),
        ("x = 1", "print(x)\ny = None"),
        ("y = None", "x = 1\nprint(x)"),
        ("x = 1.0\nprint(x)", "y = None"),
        ("x = 1\nprint(x)", "y: int = None"),
    ],
)
def test_hash_covers_the_code_cell_by_cell(sources):
    assert code_hash(make_notebook(*sources), "99_a") != code_hash(HASHED, "99_a")


def test_hash_covers_the_version_of_shapes(monkeypatch):
    before = code_hash(HASHED, "99_a")
    monkeypatch.setattr(publish, "shapes_version", lambda: 2)
    assert code_hash(HASHED, "99_a") != before


def test_hash_covers_the_lessons_own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "LESSONS", tmp_path)
    module = tmp_path / "lesson_03" / "exercises.py"
    module.parent.mkdir()
    before = code_hash(HASHED, "03_x"), code_hash(HASHED, "04_x")
    module.write_text("x = 1", encoding="utf-8")
    after = code_hash(HASHED, "03_x"), code_hash(HASHED, "04_x")
    assert after[0] != before[0] and after[1] == before[1]
    module.write_text("x=1  # why", encoding="utf-8")
    assert code_hash(HASHED, "03_x") == after[0]


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("r = load_recorded('03_x.cifar10')", True),
        ("name = '03_x.cifar10'\nr = load_recorded(name)", True),
        ("r = [load_recorded(f'03_x.{kind}') for kind in kinds]", True),
        ("r = load_recorded('03_x')", False),
        ("r = load_recorded(f'04_x.{kind}')", False),
        ("print(f'{kind}')  # 03_x.cifar10", False),
    ],
)
def test_hash_covers_the_recorded_results_that_are_drawn(tmp_path, monkeypatch, source, drawn):
    monkeypatch.setattr(publish, "RECORDED_DIR", tmp_path)
    recorded = tmp_path / "03_x.cifar10.json"
    recorded.write_text("1", encoding="utf-8")
    before = code_hash(make_notebook(source), "99_a")
    recorded.write_text("2", encoding="utf-8")
    assert (code_hash(make_notebook(source), "99_a") != before) is drawn


def test_hash_is_the_same_in_every_version_of_python():
    """The value is Python 3.11's: if another Python finds another one, it finds every notebook
    stale.
    """
    source = "def f(x: int = 1, *a, **k) -> str:\n    'doc'\n    return f'{x!r:>{3}} ü' 'b' + u'c' if x else [*a]\n"
    assert code_hash(make_notebook(source, "class A(B): pass"), "99_a") == HASH


def test_stale_is_what_has_no_hash_or_another(monkeypatch):
    notebook = make_notebook("1")
    assert is_stale(notebook, "99_a")
    notebook.metadata["course"] = {"code_sha256": code_hash(notebook, "99_a")}
    assert not is_stale(notebook, "99_a")
    notebook.cells[1].source = "2"
    assert is_stale(notebook, "99_a")


def test_shapes_version_is_the_drawing_codes():
    from course_utils.data import shapes

    assert SHAPES_VERSION() is shapes.VERSION


TEMPORARY = str(Path(tempfile.gettempdir()) / "x.py")


@pytest.mark.parametrize(
    ("output", "fault"),
    [
        (
            new_output("stream", text=f"saved in {TEMPORARY}:3"),
            f"shows an absolute path: {TEMPORARY}:3",
        ),
        (new_output("stream", text=f"file://{TEMPORARY}"), f"shows an absolute path: {TEMPORARY}"),
        (
            new_output("display_data", {"text/html": f"<a href='{TEMPORARY}'>"}),
            f"shows an absolute path: {TEMPORARY}",
        ),
        (
            new_output(
                "display_data",
                {"image/png": "iVBO"},
                metadata={"image/png": {"alt": str(Path.home())}},
            ),
            f"shows an absolute path: {Path.home()}",
        ),
        (new_output("stream", text=f"{publish.ROOT}"), f"shows an absolute path: {publish.ROOT}"),
        (new_output("stream", name="stderr", text="w\n"), "writes to stderr: w"),
        (
            new_output("error", ename="E", evalue="", traceback=[]),
            "holds an error: catch it with try",
        ),
        (
            new_output("display_data", {publish.WIDGET: {"model_id": "1"}}),
            "shows a widget: use plain tqdm",
        ),
    ],
)
def test_outputs_that_may_not_be_committed(output, fault):
    notebook = make_notebook("1")
    notebook.cells[1].update(execution_count=1, outputs=[output])
    assert list(find_faults(notebook)) == [f"cell [1] {fault}"]


@pytest.mark.parametrize(
    "text", ["data/tmp/x", "./tmp", "a 1/3 of it", f"x{TEMPORARY}", os.sep, "/tmpfile", "10 %"]
)
def test_other_text_is_fine(text):
    notebook = make_notebook("1")
    notebook.cells[1].update(execution_count=1, outputs=[new_output("stream", text=text)])
    assert list(find_faults(notebook)) == []


def same_ids(notebook):
    notebook.cells[2].id = notebook.cells[1].id


def no_ids(notebook):
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]


@pytest.mark.parametrize("spoil", [same_ids, no_ids])
def test_cells_have_ids_of_their_own(spoil):
    notebook = make_notebook("1", "2")
    assert list(find_faults(notebook)) == []
    spoil(notebook)
    assert list(find_faults(notebook)) == [
        "is no valid notebook of format 4.5 with unique cell ids"
    ]
