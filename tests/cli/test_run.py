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
from pathlib import Path
from types import SimpleNamespace

import click
import nbformat
import pytest

from course_utils.cli import execution, kernels, run
from course_utils.cli.run import Request, run_lessons
from tests.cli.course import (
    make_course,
    write_notebook,
)


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


def test_run_leaves_a_notebook_and_results_of_what_ended_well_and_only_of_that(smoke):
    assert sorted(path.name for path in smoke.out.iterdir()) == [
        "00_good.html",
        "00_good.ipynb",
        "00_good.json",
        "01_bad.failed.ipynb",
        "01_bad.html",
        "02_exit.failed.ipynb",
        "02_exit.html",
        "10_dead.failed.ipynb",
        "10_dead.html",
        "index.html",
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
        f"their pages: {Path('runs', 'smoke', 'index.html')}",
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


def test_results_of_an_earlier_run_go_before_the_first_lesson_starts(course, tmp_path, monkeypatch):
    stale = tmp_path / "runs" / "laptop" / "01_bad.json"
    stale.parent.mkdir(parents=True)
    stale.write_text("{}", encoding="utf-8")
    seen = []
    monkeypatch.setattr(execution, "execute", lambda task: seen.append(stale.exists()))
    run_lessons(course, tmp_path / "runs", Request(lessons=("0", "1")))
    assert seen == [False, False]


def test_ctrl_c_stops_the_run_and_keeps_the_partial_notebook(course, tmp_path, monkeypatch, capsys):
    stopped = threading.Event()

    def interrupted(task):
        task.file(".partial.ipynb").write_text("{}", encoding="utf-8")
        task.file(".json").write_text("{}", encoding="utf-8")
        _thread.interrupt_main()
        stopped.wait(timeout=60)  # until the kernels are killed
        raise RuntimeError("the kernel died")

    monkeypatch.setattr(kernels, "kill_kernels", stopped.set)
    monkeypatch.setattr(execution, "execute", interrupted)
    assert run_lessons(course, tmp_path / "runs", Request()) == 130
    left = [path.name for path in (tmp_path / "runs" / "laptop").glob("*.ipynb")]
    assert left == ["00_good.failed.ipynb"]
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
    left = sorted(path.name for path in (tmp_path / "runs" / "laptop").glob("*.ipynb"))
    assert left == ["00_good.failed.ipynb", "01_bad.failed.ipynb"][:jobs]


def test_jobs_run_at_once_and_stay_in_order(course, tmp_path, monkeypatch, capsys):
    both_run, second_ended = threading.Barrier(2), threading.Event()

    def execute(task):
        both_run.wait(timeout=30)
        if task.lesson == "00_good":
            second_ended.wait(timeout=30)

    def tell(outcome):
        if outcome.lesson == "10_dead":
            second_ended.set()

    monkeypatch.setattr(execution, "execute", execute)
    monkeypatch.setattr(run, "tell", tell)
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


def test_resume_runs_a_lesson_again_after_its_data_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "DATA_DIR", tmp_path / "data")
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
    weights = tmp_path / "vgg.pth"
    task = execution.Task(
        run.NOTEBOOKS / "03_vgg_cnn.ipynb",
        {"dataset": str(tmp_path / "photos"), "weights": str(weights)},
        tmp_path,
    )
    auto = execution.Task(task.path, {}, tmp_path)
    seen = [task.fingerprint()]
    for change in (
        lambda: (tmp_path / "photos" / "cat" / "new.png").write_bytes(b"1"),
        lambda: (tmp_path / "photos" / "cat" / "new.png").write_bytes(b"12"),
        lambda: (tmp_path / "photos" / "cat" / "new.png").rename(tmp_path / "photos/dog/new.png"),
        lambda: weights.write_bytes(b"1"),
    ):
        change()
        assert task.fingerprint() not in seen
        seen.append(task.fingerprint())
        assert task.fingerprint() == seen[-1]
    before, shapes = auto.fingerprint(), execution.data_hash({"dataset": "shapes"})
    (tmp_path / "data" / "cifar-10-batches-py").mkdir(parents=True)
    (tmp_path / "data" / "cifar-10-batches-py" / "data_batch_1").touch()
    assert auto.fingerprint() != before
    assert execution.data_hash({"dataset": "shapes"}) == shapes
    monkeypatch.setenv("COURSE_SHAPES", "few")
    assert execution.data_hash({"dataset": "shapes"}) != shapes
    monkeypatch.delenv("COURSE_SHAPES")
    assert task.fingerprint() == seen[-1]


def test_resume_runs_a_lesson_again_after_the_course_changed(smoke, monkeypatch):
    task = task_of(smoke)
    assert execution.is_complete(task)
    monkeypatch.setattr(execution, "course_version", lambda: "another")
    assert not execution.is_complete(task)


def test_a_second_runner_into_the_same_folder_is_refused(course, tmp_path, fake):
    folder = tmp_path / "runs" / "laptop"
    code = (
        "import sys; from pathlib import Path; from course_utils.cli.execution import hold\n"
        "lock = hold(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(click.ClickException) as error:
            run_lessons(course, tmp_path / "runs", Request())
        other.kill()  # a lock does not outlive its process
        other.wait()
    assert error.value.message == (
        f"another process runs into {folder}: wait for it, or give another --name"
    )
    assert fake == [] and not folder.exists()
    run_lessons(course, tmp_path / "runs", Request(("00",)))
    run_lessons(course, tmp_path / "runs", Request(("00",)))
    assert len(fake) == 2


def test_ctrl_c_before_the_first_lesson_begins_runs_nothing(course, tmp_path, monkeypatch, fake):
    def interrupted(pool, work, item):
        raise KeyboardInterrupt

    monkeypatch.setattr(execution.ThreadPoolExecutor, "submit", interrupted)
    assert run_lessons(course, tmp_path / "runs", Request()) == 130
    assert fake == []
