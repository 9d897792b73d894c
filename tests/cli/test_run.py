"""The runner, on tiny notebooks that are made here. One run of all of them serves most tests."""

import _thread
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import redirect_stderr, redirect_stdout
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import click
import nbformat
import pytest
import yaml
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.cli import claims, execution, parameters, run
from course_utils.cli.commands import COMMANDS, main
from course_utils.cli.run import Request, run_lessons

PARAMETERS = """\
dataset: str = "auto"  # the images
epochs: int = 3  # passes
learning_rate: float = 1.0e-2  # step size
flip: bool = True  # mirror images
widths: list[int] = [16, 32]  # channels
output_dir: str = ""  # where results go"""

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="

GOOD = [
    "from pathlib import Path\nprint('works in', Path.cwd().name)",
    f"from IPython.display import display\nimage = {{'image/png': '{PIXEL}'}}\n"
    "display(image, raw=True, metadata={'image/png': {'alt': 'a red dot'}})",
    "from course_utils.results import record\n"
    "values = {'test_accuracy': 0.5, 'epochs': epochs, 'deep': {'gap': learning_rate}, 'widths': widths}\n"
    "record('00_good', values, dataset=dataset, output_dir=output_dir)",
]
BAD = [
    "from pathlib import Path\nPath(output_dir, '01_bad.json').write_text('{}')",
    "wrong = 'no good'\nraise ValueError(wrong)",
    "print('never')",
]

PRESETS = """\
smoke:
  common: {dataset: shapes, epochs: 1}
  lessons:
    00_good: {learning_rate: 1.0e-3}
laptop: {}
"""
CLAIMS = """\
00_good:
  test_accuracy:
    shapes: {smoke: [0.6, 0.9], laptop: [0.99, 1]}
    cifar10: {smoke: [0.99, 1]}
  deep.gap:
    shapes: {smoke: [0.001, 0.002]}
  lost:
    shapes: {smoke: [0, 1]}
01_bad:
  test_accuracy:
    shapes: {smoke: [0, 1]}
"""


def write_notebook(path: Path, sources: list[str], declared: str = PARAMETERS) -> None:
    cells = [
        new_markdown_cell("# A lesson\n\nwith $x_1^2$"),
        new_code_cell(declared, metadata={"tags": ["parameters"]}),
        *map(new_code_cell, sources),
        new_code_cell(
            "answer = 42", metadata={"tags": ["solution"], "jupyter": {"source_hidden": True}}
        ),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def make_course(root: Path) -> Path:
    folder = root / "notebooks"
    folder.mkdir()
    write_notebook(folder / "00_good.ipynb", GOOD)
    write_notebook(folder / "01_bad.ipynb", BAD)
    write_notebook(folder / "02_exit.ipynb", ["import sys\nsys.exit()", "print('never')"])
    write_notebook(
        folder / "10_dead.ipynb", ["import os\nos._exit(1)"], "epochs: int = 3  # passes"
    )
    (folder / "presets.yaml").write_text(PRESETS, encoding="utf-8")
    (folder / "claims.yaml").write_text(CLAIMS, encoding="utf-8")
    return folder


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path)


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """All lessons, run once, over what an earlier run left, and beside a kernel of the same name
    that does not work.
    """
    root = tmp_path_factory.mktemp("course {braced}")
    folder, out = make_course(root), root / "runs" / "smoke"
    out.mkdir(parents=True)
    for name in (
        "00_good.failed.ipynb",
        "01_bad.ipynb",
        "01_bad.html",
        "01_bad.json",
        "10_dead.json",
    ):
        (out / name).write_text("stale", encoding="utf-8")
    kernel = root / "jupyter" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(
        '{"argv": ["no-such-python"], "display_name": "Other", "language": "python"}',
        encoding="utf-8",
    )
    printed, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), redirect_stderr(errors):
        patch.setenv("JUPYTER_PATH", str(root / "jupyter"))
        patch.setenv("TQDM_DISABLE", "1")
        patch.chdir(root)
        status = run_lessons(folder, root / "runs", Request(preset="smoke"))
    return SimpleNamespace(
        notebooks=folder,
        out=out,
        status=status,
        printed=printed.getvalue(),
        errors=errors.getvalue(),
    )


def test_run_leaves_a_notebook_a_page_and_results_of_what_ended_well_and_only_of_that(smoke):
    assert sorted(path.name for path in smoke.out.iterdir()) == [
        "00_good.html",
        "00_good.ipynb",
        "00_good.json",
        "01_bad.failed.ipynb",
        "02_exit.failed.ipynb",
        "10_dead.failed.ipynb",
    ]


def test_values_come_from_the_preset_and_reach_the_results(smoke):
    assert json.loads((smoke.out / "00_good.json").read_text(encoding="utf-8")) == {
        "dataset": "shapes",
        "deep": {"gap": 0.001},
        "epochs": 1,
        "test_accuracy": 0.5,
        "widths": [16, 32],
    }


def test_kernels_work_in_the_notebooks_folder(smoke):
    assert "works in notebooks" in (smoke.out / "00_good.ipynb").read_text(encoding="utf-8")


def test_summary_says_how_each_lesson_went(smoke):
    assert smoke.status == 1
    lines = [re.sub(r"\b\d+\.\d\b", "S", line) for line in smoke.printed.splitlines()]
    assert [re.sub(" +", " ", line) for line in lines] == [
        "[1/4] 00_good",
        "[2/4] 01_bad",
        "[3/4] 02_exit",
        "[4/4] 10_dead",
        "lesson status seconds results claims",
        "00_good ok S 4 (test_accuracy 0.5000) 1 of 3 hold",
        "01_bad failed S - -",
        "02_exit failed S - -",
        "10_dead failed S - -",
        f"HTML pages in {Path('runs', 'smoke')}",
    ]


def test_failures_are_told_with_their_cells(smoke):
    runs = Path("runs", "smoke")
    assert smoke.errors.splitlines() == [
        "00_good.test_accuracy.shapes.smoke: 0.5 is outside [0.6, 0.9]",
        "00_good.lost.shapes.smoke: lost is no number in 00_good.json, which has deep, epochs, test_accuracy, widths",
        "01_bad failed",
        "    wrong = 'no good'",
        "    raise ValueError(wrong)",
        "ValueError: no good",
        f"as far as it came: {runs / '01_bad.failed.ipynb'}",
        "02_exit failed",
        "    import sys",
        "    sys.exit()",
        "RuntimeError: the notebook ended before its last cell",
        f"as far as it came: {runs / '02_exit.failed.ipynb'}",
        "10_dead failed",
        "    import os",
        "    os._exit(1)",
        "DeadKernelError: Kernel died",
        f"as far as it came: {runs / '10_dead.failed.ipynb'}",
    ]


class Page(HTMLParser):
    """The links of a page, the alt texts of its images, the text of its folded parts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links, self.alts, self.scripts, self.folded, self.inside = [], [], 0, "", 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.links += [
            value or "" for name, value in attrs if name in ("src", "href") and tag != "a"
        ]
        self.alts += [dict(attrs).get("alt")] if tag == "img" else []
        self.scripts += tag == "script"
        self.inside += tag == "details"

    def handle_endtag(self, tag):
        self.inside -= tag == "details"

    def handle_data(self, data):
        self.folded += data if self.inside else ""


def test_page_loads_nothing_folds_solutions_and_keeps_alt_texts(smoke):
    text = (smoke.out / "00_good.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.scripts == 0
    assert [link[:21] for link in page.links] == ["data:image/png;base64"]
    assert not re.search(r"(url\(|@import )['\"]?(https?:)?//", text)
    assert page.alts == ["a red dot"]
    assert page.folded.split() == ["Solution", "answer", "=", "42"]
    assert "<title>00_good</title>" in text and "$x_1^2$" in text


def task_of(smoke, **values):
    request = Request(lessons=("0",), preset="smoke", overrides=tuple(values.items()))
    return run.plan(smoke.notebooks, smoke.out.parent, request)[0][0]


def test_resume_keeps_a_complete_lesson_and_checks_its_claims_again(smoke, monkeypatch, capsys):
    monkeypatch.setattr(execution, "execute", lambda task: pytest.fail("executed"))
    request = Request(lessons=("00_good",), preset="smoke", resume=True)
    assert run_lessons(smoke.notebooks, smoke.out.parent, request) == 1
    assert re.search(
        r"00_good +kept +0\.0 +4 \(test_accuracy 0\.5000\) +1 of 3 hold", capsys.readouterr().out
    )
    assert (smoke.out / "00_good.ipynb").exists()


def test_resume_runs_again_what_has_other_parameters_other_cells_or_failed(smoke):
    task = task_of(smoke)
    assert execution.is_complete(task)
    assert not execution.is_complete(
        execution.Task(task.path, {**task.values, "epochs": 2}, task.folder)
    )
    assert not execution.is_complete(
        execution.Task(smoke.notebooks / "01_bad.ipynb", task.values, task.folder)
    )
    original = task.path.read_text(encoding="utf-8")
    try:
        task.path.write_text(original.replace("# A lesson", "# The lesson"), encoding="utf-8")
        assert not execution.is_complete(task)
    finally:
        task.path.write_text(original, encoding="utf-8")


@pytest.fixture
def fake(monkeypatch):
    """Lessons that are not executed: the tasks that would be, and what each should do."""
    done = []
    monkeypatch.setattr(execution, "execute", done.append)
    return done


def test_results_of_an_earlier_run_go_before_the_first_lesson_starts(course, tmp_path, monkeypatch):
    stale = tmp_path / "runs" / "laptop" / "01_bad.json"
    stale.parent.mkdir(parents=True)
    stale.write_text("{}", encoding="utf-8")
    seen = []
    monkeypatch.setattr(execution, "execute", lambda task: seen.append(stale.exists()))
    run_lessons(course, tmp_path / "runs", Request(lessons=("0", "1")))
    assert seen == [False, False]


def test_ctrl_c_stops_the_run_and_keeps_the_partial_notebook(course, tmp_path, monkeypatch, capsys):
    def interrupted(task):
        task.file(".partial.ipynb").write_text("{}", encoding="utf-8")
        task.file(".json").write_text("{}", encoding="utf-8")
        _thread.interrupt_main()
        time.sleep(1)
        raise RuntimeError("the kernel died")

    monkeypatch.setattr(execution, "execute", interrupted)
    assert run_lessons(course, tmp_path / "runs", Request()) == 130
    assert [path.name for path in (tmp_path / "runs" / "laptop").iterdir()] == [
        "00_good.failed.ipynb"
    ]
    captured = capsys.readouterr()
    assert re.search(r"00_good +interrupted", captured.out) and "01_bad" not in captured.out
    assert captured.err.startswith("00_good interrupted\n--resume goes on from here\n")


@pytest.mark.skipif(os.name == "nt", reason="a signal to one process")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_in_running_cells_ends_without_traceback(tmp_path, jobs):
    folder = make_course(tmp_path)
    for number, lesson in enumerate(("00_good", "01_bad")):
        source = f"import time\nopen('started{number}', 'w').close()\ntime.sleep(60)"
        write_notebook(folder / f"{lesson}.ipynb", [source])
    code = (  # a test run in the background of a shell inherits a deaf ear for SIGINT: listen again
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import sys; from pathlib import Path; from course_utils.cli.run import Request, run_lessons\n"
        "sys.exit(run_lessons(Path('notebooks'), Path('runs'), Request(('0', '1', '2'), jobs=int(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", code, str(jobs)]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not (folder / f"started{jobs - 1}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert printed.count("interrupted") == jobs
    assert "Traceback" not in errors and "encryption" not in errors
    left = sorted(path.name for path in (tmp_path / "runs" / "laptop").iterdir())
    assert left == ["00_good.failed.ipynb", "01_bad.failed.ipynb"][:jobs]


def test_jobs_run_at_once_and_stay_in_order(course, tmp_path, monkeypatch, capsys):
    both_run = threading.Barrier(2)

    def execute(task):
        both_run.wait(timeout=30)
        time.sleep(0.3 * (task.lesson == "00_good"))  # the second ends first

    monkeypatch.setattr(execution, "execute", execute)
    assert run_lessons(course, tmp_path / "runs", Request(("0", "10"), jobs=2)) == 1
    printed = capsys.readouterr().out.splitlines()
    assert sorted(printed[:2]) == ["[1/2] 00_good", "[2/2] 10_dead"]
    assert [line.split()[0] for line in printed[2:5]] == ["lesson", "00_good", "10_dead"]


def test_lessons_at_once_work_in_the_notebooks_folder_with_absolute_folders(tmp_path, monkeypatch):
    folder = make_course(tmp_path)
    sources = [
        "import os, time\nopen(f'{epochs}.started', 'w').close()\n"
        "while not {'1.started', '2.started'} <= set(os.listdir()): time.sleep(0.05)\n"
        "print(os.environ['COURSE_DATA'], os.environ['COURSE_RUNS'])"
    ]
    for number, lesson in enumerate(("00_good", "01_bad"), start=1):
        write_notebook(folder / f"{lesson}.ipynb", sources, f"epochs: int = {number}")
    (folder / "presets.yaml").write_text("laptop: {}", encoding="utf-8")
    (folder / "claims.yaml").write_text("", encoding="utf-8")
    monkeypatch.setenv("COURSE_DATA", "here")
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    assert run_lessons(folder, tmp_path / "runs", Request(("0", "1"), jobs=2)) == 0
    for lesson in ("00_good", "01_bad"):
        notebook = nbformat.read(tmp_path / "runs" / "laptop" / f"{lesson}.ipynb", as_version=4)
        printed = notebook.cells[2].outputs[0].text
        assert printed == f"{tmp_path / 'here'} {tmp_path / 'runs'}\n"


def test_a_failure_alone_fails_the_run_and_the_next_lesson_is_run(
    course, tmp_path, monkeypatch, capsys
):
    def full_disk(task):
        if task.lesson == "00_good":
            raise OSError("no space left")

    monkeypatch.setattr(execution, "execute", full_disk)
    assert run_lessons(course, tmp_path / "runs", Request(("00", "10"))) == 1
    captured = capsys.readouterr()
    assert captured.err == "00_good failed\nOSError: no space left\n"
    assert re.search(r"00_good +failed", captured.out) and re.search(r"10_dead +ok", captured.out)


def test_laptop_is_the_default_preset_and_changes_nothing(course, tmp_path, fake):
    assert run_lessons(course, tmp_path / "runs", Request(lessons=("10_dead", "0"))) == 1
    folder = tmp_path / "runs" / "laptop"
    assert [(task.lesson, task.values) for task in fake] == [
        ("10_dead", {}),
        ("00_good", {"output_dir": str(folder)}),
    ]


def test_values_given_on_the_command_line_win_and_are_typed(course, tmp_path, fake, monkeypatch):
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(4):
            (tmp_path / "photos" / name / f"{number}.png").touch()
    monkeypatch.chdir(tmp_path)
    given = (("epochs", "7"), ("learning_rate", "1e-3"), ("flip", "false"), ("widths", "(8, 9)"))
    request = Request(("00",), "smoke", dataset="photos", overrides=given, name="evening")
    run_lessons(course, tmp_path / "runs", request)
    assert fake[0].values == {
        "dataset": str(tmp_path / "photos"),
        "epochs": 7,
        "learning_rate": 0.001,
        "flip": False,
        "widths": [8, 9],
        "output_dir": str(tmp_path / "runs" / "evening"),
    }


FILES = """\
weights: str = "auto"  # auto, mini, or the path of a file of weights
picture: str = ""  # path of a picture (empty for none)
title: str = "path"  # text"""


def run_with_files(tmp_path, *overrides):
    folder = tmp_path / "notebooks"
    folder.mkdir(exist_ok=True)
    write_notebook(folder / "00_files.ipynb", [], FILES)
    (folder / "presets.yaml").write_text("laptop: {}", encoding="utf-8")
    (folder / "claims.yaml").write_text("", encoding="utf-8")
    run_lessons(folder, tmp_path / "runs", Request(overrides=overrides))


def test_files_are_looked_for_where_the_command_is_given(tmp_path, fake, monkeypatch):
    (tmp_path / "vgg.pth").touch()
    (tmp_path / "title").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    run_with_files(tmp_path, ("weights", "vgg.pth"), ("picture", "~/vgg.pth"), ("title", "title"))
    assert fake[0].values == {
        "weights": str(tmp_path / "vgg.pth"),
        "picture": str(tmp_path / "vgg.pth"),
        "title": "title",
    }


def test_a_word_that_stands_for_no_file_stays_a_word(tmp_path, fake, monkeypatch):
    (tmp_path / "mini").touch()
    monkeypatch.chdir(tmp_path)
    run_with_files(tmp_path, ("weights", "mini"), ("picture", ""))
    assert fake[0].values == {"weights": "mini", "picture": ""}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("weights", "x.pth", "weights 'x.pth': no such file; give the path of one, or auto, mini"),
        ("weights", ".", "weights '.': no such file; give the path of one, or auto, mini"),
        ("picture", "x.jpg", "picture 'x.jpg': no such file; give the path of one"),
        ("weights", "", "00_files: weights is '': give text, for instance 'auto'"),
    ],
)
def test_a_file_that_is_not_there_is_refused(tmp_path, fake, name, value, message):
    with pytest.raises(click.ClickException) as error:
        run_with_files(tmp_path, (name, value))
    assert error.value.message == message
    assert fake == []


def test_the_lessons_say_which_parameters_are_paths():
    path = run.NOTEBOOKS / "04_transfer_learning.ipynb"
    declared = parameters.declared_parameters(nbformat.read(path, as_version=4), path.stem)
    words = {"weights": "auto", "picture": ""}
    assert parameters.resolve_paths(words, declared) == words
    for name in words:
        with pytest.raises(click.ClickException, match=f"^{name} 'nowhere': no such file"):
            parameters.resolve_paths({name: "nowhere"}, declared)


@pytest.mark.parametrize("name", ["00_good.ipynb", "notebooks/00_good.ipynb"])
def test_a_lesson_may_be_named_by_its_path(course, tmp_path, fake, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    run_lessons(course, tmp_path / "runs", Request((name,)))
    assert [task.lesson for task in fake] == ["00_good"]


def test_a_runs_folder_that_cannot_be_made_is_told_in_one_line(course, tmp_path, fake):
    (tmp_path / "file").touch()
    with pytest.raises(click.ClickException) as error:
        run_lessons(course, tmp_path / "file" / "runs", Request())
    folder = tmp_path / "file" / "runs" / "laptop"
    assert re.fullmatch(
        rf"cannot write to {re.escape(str(folder))} \([\w ]+\): set COURSE_RUNS to another folder",
        error.value.message,
    )
    assert fake == []


def test_a_dataset_goes_to_the_lessons_that_have_one(course, tmp_path, fake):
    run_lessons(course, tmp_path / "runs", Request(("0", "10"), dataset="arrows"))
    assert [task.values.get("dataset") for task in fake] == ["arrows", None]


def test_claims_are_not_checked_when_a_parameter_was_given(course, tmp_path, fake, capsys):
    request = Request(("0",), "smoke", overrides=(("epochs", "2"),))
    assert run_lessons(course, tmp_path / "runs", request) == 0
    assert "not checked (-p)" in capsys.readouterr().out


def test_a_claim_on_a_lesson_without_results_fails(course, tmp_path, fake, capsys):
    assert run_lessons(course, tmp_path / "runs", Request(("1",), "smoke")) == 1
    assert (
        capsys.readouterr().err
        == "01_bad.test_accuracy.shapes.smoke: the lesson recorded no results\n"
    )


HAS = "(it has: dataset, epochs, flip, learning_rate, output_dir, widths)"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(("7",)), "7: no such lesson; there are 00_good, 01_bad, 02_exit, 10_dead"),
        (Request(preset="smok"), "smok: no such preset; there are smoke, laptop"),
        (
            Request(("0",), overrides=(("epcohs", "2"),)),
            f"epcohs: no such parameter in 00_good; did you mean 'epochs'? {HAS}",
        ),
        (Request(("0",), overrides=(("zzz", "2"),)), f"zzz: no such parameter in 00_good {HAS}"),
        (
            Request(("0", "1"), overrides=(("flipp", "2"),)),
            "flipp: no such parameter in 00_good, 01_bad; did you mean 'flip'? "
            + HAS.replace("it has", "they have"),
        ),
        (
            Request(overrides=(("flip", "true"),)),
            "flip: no such parameter in 10_dead; select only lessons that have it: 00_good, 01_bad, 02_exit",
        ),
        (
            Request(("0",), overrides=(("output_dir", "x"),)),
            "output_dir: the run sets it; name the run's folder with --name",
        ),
        (
            Request(("0",), overrides=(("epochs", "2.5"),)),
            "00_good: epochs is '2.5', which is no int (default 3)",
        ),
        (
            Request(("0",), overrides=(("learning_rate", "fast"),)),
            "00_good: learning_rate is 'fast', which is no float (default 1.0e-2)",
        ),
        (
            Request(("0",), overrides=(("learning_rate", "nan"),)),
            "00_good: learning_rate is nan, which is no float (default 1.0e-2)",
        ),
        (
            Request(("0",), overrides=(("learning_rate", "-1"),)),
            "00_good: learning_rate is -1.0: give a number above 0",
        ),
        (
            Request(("0",), overrides=(("epochs", "0"),)),
            "00_good: epochs is 0: give a whole number, at least 1",
        ),
        (
            Request(("0",), overrides=(("flip", "1"),)),
            "00_good: flip is '1', which is no bool (default True)",
        ),
        (
            Request(("0",), overrides=(("widths", "[1, 'a']"),)),
            "00_good: widths is [1, 'a'], which is no list[int] (default [16, 32])",
        ),
        (
            Request(dataset="nowhere"),
            "dataset 'nowhere': no such folder; give one of pictures, or auto, cifar10, shapes, arrows",
        ),
        (
            Request(overrides=(("dataset", "nowhere"),), lessons=("0",)),
            "dataset 'nowhere': no such folder; give one of pictures, or auto, cifar10, shapes, arrows",
        ),
        (Request(("10",), dataset="shapes"), "--dataset shapes: no such parameter in 10_dead"),
        (Request(name="a/b"), "--name 'a/b': wants a plain folder name, such as 'evening'"),
        (Request(name=""), "--name '': wants a plain folder name, such as 'evening'"),
        (Request(name="a\n"), "--name 'a\\n': wants a plain folder name, such as 'evening'"),
        (
            Request(name="a" * 300),
            "--name of 300 characters: wants a plain folder name, such as 'evening'",
        ),
        (Request(("",)), "'': no such lesson; there are 00_good, 01_bad, 02_exit, 10_dead"),
        (
            Request(("notebooks/07_lost.ipynb",)),
            "notebooks/07_lost.ipynb: no such lesson; there are 00_good, 01_bad, 02_exit, 10_dead",
        ),
        (
            Request(("elsewhere/00_good.ipynb",)),
            "elsewhere/00_good.ipynb: no such lesson; there are 00_good, 01_bad, 02_exit, 10_dead",
        ),
        (
            Request(dataset=""),
            "dataset '': no such folder; give one of pictures, or auto, cifar10, shapes, arrows",
        ),
        (
            Request(dataset="a" * 5000),
            f"dataset '{'a' * 5000}': no such folder; give one of pictures, or auto, cifar10, shapes, arrows",
        ),
        (
            Request(("0",), overrides=(("dataset", "a\0"),)),
            "dataset 'a\\x00': no such folder; give one of pictures, or auto, cifar10, shapes, arrows",
        ),
        (Request(name=".."), "--name '..': wants a plain folder name, such as 'evening'"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    course, tmp_path, request_, message
):
    with pytest.raises(click.ClickException) as error:
        run_lessons(course, tmp_path / "runs", request_)
    assert error.value.message == message
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("presets", "message"),
    [
        (
            "laptop:\n  common: {epoch: 1}",
            "presets.yaml: laptop: epoch: no lesson has it; did you mean 'epochs'?",
        ),
        ("laptop:\n  lessons: {04_x: {epochs: 1}}", "presets.yaml: laptop: 04_x: no such lesson"),
        (
            "laptop:\n  lessons: {10_dead: {epoch: 1}}",
            "presets.yaml: laptop: epoch: no such parameter in 10_dead; did you mean 'epochs'? (it has: epochs)",
        ),
        (
            "laptop: {epochs: 1}",
            "presets.yaml: laptop: wants `common` and `lessons`, has {'epochs': 1}",
        ),
        (
            "laptop:\n  common: {learning_rate: 1e-3}",
            "00_good: learning_rate is '1e-3', which is no float "
            "(default 1.0e-2; YAML reads 1e-3 as text: write 1.0e-3)",
        ),
        (
            "laptop:\n  common: {epochs: true}",
            "00_good: epochs is True, which is no int (default 3)",
        ),
        ("- laptop", "presets.yaml: wants a mapping, has list"),
    ],
)
def test_presets_that_do_not_fit_are_refused(course, tmp_path, presets, message):
    (course / "presets.yaml").write_text(presets, encoding="utf-8")
    (course / "claims.yaml").write_text("", encoding="utf-8")
    with pytest.raises(click.ClickException) as error:
        run_lessons(course, tmp_path / "runs", Request())
    assert error.value.message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: {b: [0, 1]}", "a.b: wants four levels: lesson, metric, data set, preset"),
        ("a: {b: {c: {smoke: [0, 1]}}}", "a.b.c.smoke: no such lesson: a"),
        (
            "00_good: {b: {c: {smok: [0, 1]}}}",
            "00_good.b.c.smok: no such preset: smok; there are laptop, smoke",
        ),
        ("00_good: {b: {c: {smoke: 1}}}", "00_good.b.c.smoke: 1 is no band: write [low, high]"),
        (
            "00_good: {b: {c: {smoke: [0, x]}}}",
            "00_good.b.c.smoke: [0, 'x'] is no band: write [low, high]",
        ),
        (
            "00_good: {b: {c: {smoke: [2, 1]}}}",
            "00_good.b.c.smoke: [2, 1] is no band: low is above high",
        ),
    ],
)
def test_claims_that_do_not_fit_are_refused(tmp_path, text, message):
    (tmp_path / "claims.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(click.ClickException) as error:
        claims.read_claims(tmp_path / "claims.yaml", {"00_good"}, {"smoke", "laptop"})
    assert error.value.message == f"claims.yaml: {message}"


@pytest.mark.parametrize(
    ("value", "held"), [(0.6, 1), (1, 1), (0.59, 0), (1.01, 0), (True, 0), ("0.7", 0)]
)
def test_bands_include_their_edges_and_numbers_only(value, held):
    band = {("00_good", "accuracy", "shapes", "smoke"): (0.6, 1)}
    results = {"accuracy": value, "dataset": "shapes"}
    assert claims.check_claims(band, "00_good", "smoke", results)[0] == held


@pytest.mark.parametrize(
    "line",
    ["rate: float | None = 0.1  # x", "rate: float = 0.1  # x = 1", "rate: tuple[int, ...] = (1,)"],
)
def test_a_parameter_that_papermill_would_not_see_is_refused(tmp_path, line):
    write_notebook(tmp_path / "00_x.ipynb", [], f"epochs: int = 1\n{line}")
    notebook = nbformat.read(tmp_path / "00_x.ipynb", as_version=4)
    with pytest.raises(
        click.ClickException, match=r"^00_x: papermill cannot read the parameter 'rate'; write it "
    ):
        parameters.declared_parameters(notebook, "00_x")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "1", 1),
        ("float", "3", 3.0),
        ("str", "3", "3"),
        ("bool", "True", True),
        ("tuple[int, float]", "(1, 2)", [1, 2.0]),
        ("list", "[1, 'a']", [1, "a"]),
    ],
)
def test_text_is_read_in_the_parameters_type(kind, text, value):
    read = parameters.parse(text, parameters.Parameter("x", kind, "0"))
    assert read == value and type(read) is type(value)


def test_a_whole_number_in_a_preset_passes_for_a_float():
    value = parameters.check(1, parameters.Parameter("x", "float", "0.1"))
    assert (value, type(value)) == (1.0, float)


@pytest.mark.parametrize(
    ("kind", "text"),
    [("tuple[int, int]", "(1,)"), ("dict", "{}"), ("list[int]", "3"), ("int", "[")],
)
def test_text_of_another_type_is_refused(kind, text):
    with pytest.raises(ValueError, match=re.escape(f"which is no {kind} (default 0)")):
        parameters.parse(text, parameters.Parameter("x", kind, "0"))


def test_command_line_passes_everything_on(course, tmp_path, monkeypatch, fake):
    monkeypatch.setattr(run, "NOTEBOOKS", course)
    monkeypatch.setattr(run, "RUNS_DIR", tmp_path / "runs")
    arguments = ["run", "--preset", "smoke", "--dataset", "shapes", "--name", "n", "0"]
    arguments += ["-p", "epochs", "4", "-p", "learning_rate", "2"]
    refused = CliRunner().invoke(main, [*arguments, "3"])
    assert (refused.exit_code, refused.stderr) == (
        1,
        "Error: 3: no such lesson; there are 00_good, 01_bad, 02_exit, 10_dead\n",
    )
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert fake[0].folder == tmp_path / "runs" / "n"
    assert (fake[0].values["epochs"], fake[0].values["learning_rate"]) == (4, 2.0)


def test_committed_presets_and_claims_fit_the_committed_notebooks(tmp_path):
    if not list(run.NOTEBOOKS.glob("*.ipynb")):
        pytest.skip("no notebooks")
    presets = yaml.safe_load((run.NOTEBOOKS / "presets.yaml").read_text(encoding="utf-8"))
    assert {"smoke", "laptop", "full"} <= set(presets)
    for preset in set(presets) - {"needs"}:
        assert run.plan(run.NOTEBOOKS, tmp_path, Request(preset=preset))[0]


HEAVY = {"torch", "torchvision", "numpy", "matplotlib", "papermill", "nbformat", "nbconvert"}


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_imports_nothing_heavy(command):
    code = (
        "import sys; from course_utils.cli.commands import main\n"
        f"main({[*command, '--help']}, standalone_mode=False)\n"
        f"print('heavy:', *sorted({HEAVY} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage:" in done.stdout
    assert done.stdout.splitlines()[-1] == "heavy:"


def test_a_command_that_cannot_be_imported_points_to_doctor(monkeypatch):
    monkeypatch.setitem(sys.modules, "course_utils.cli.run", None)
    result = CliRunner().invoke(main, ["run"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: run: ")
    assert result.stderr.endswith("; `python -m course_utils doctor` says more\n")
