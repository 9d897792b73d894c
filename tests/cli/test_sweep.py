"""Sweeps of a tiny lesson: here, and by Dask's workers, of which one is killed and one refused."""

import csv
import os
import signal
import threading
from types import SimpleNamespace

import click
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_utils.cli import cluster, sweep, sweep_report
from course_utils.cli.engine import Engine, named_dataset
from course_utils.cli.run import Request
from course_utils.cli.sweep import plan, run_sweep, split_values
from course_utils.paths import DATA_DIR
from tests.cli.conftest import until

PARAMETERS = """\
dataset: str = "auto"  # the images
learning_rate: float = 1.0e-2  # step size
widths: list[int] = [8]  # channels
seed: int = 0  # random seed
output_dir: str = ""  # where results go"""
WORK = """\
import os, time
from course_utils.results import record
if learning_rate == 0.5:
    raise ValueError("too large")
time.sleep(float(os.environ.get("TEST_SECONDS", "0")))
values = {"test_accuracy": round(0.5 + learning_rate + seed / 10, 3), "deep": {"n": sum(widths)}, "l": [1]}
values["threads"] = os.environ["OMP_NUM_THREADS"]
record("00_tiny", values, dataset=dataset, output_dir=output_dir)"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course") / "notebooks"
    (folder / "results").mkdir(parents=True)
    cells = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), new_code_cell(WORK)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, folder / "00_tiny.ipynb")
    (folder / "presets.yaml").write_text("laptop: {}\n", encoding="utf-8")
    published = '{"dataset": "shapes", "test_accuracy": 0.5, "deep": {"n": 1}}'
    (folder / "results" / "00_tiny.json").write_text(published, encoding="utf-8")
    return folder


def request(*grid, **options):
    return Request(("00",), overrides=grid, name="tiny", **options)


GRID = (("learning_rate", "0.1,0.2,0.5"), ("seed", "0, 1"))


@pytest.fixture(scope="module")
def swept(course, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        status = run_sweep(course, runs, request(*GRID), Engine(jobs=2))
    return SimpleNamespace(folder=runs / "tiny", runs=runs, status=status)


def table(folder):
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_has_a_row_for_each_point_and_a_failed_one_costs_only_itself(swept):
    rows = table(swept.folder)
    assert [(row["learning_rate"], row["seed"], row["status"]) for row in rows] == [
        *(("0.1", "0", "ok"), ("0.1", "1", "ok"), ("0.2", "0", "ok"), ("0.2", "1", "ok")),
        *(("0.5", "0", "failed"), ("0.5", "1", "failed")),
    ]
    assert rows[3]["test_accuracy"] == "0.8" and rows[4]["test_accuracy"] == ""
    assert rows[0]["deep.n"] == "8" and "l" not in rows[0]
    assert swept.status == 1


def test_the_index_links_each_notebook_and_says_the_plot_in_words(swept):
    page = (swept.folder / "index.html").read_text(encoding="utf-8")
    alt = (
        "test_accuracy by learning_rate, with 95 % intervals over the seeds. "
        "0.65 (0.0147 to 1.29, 2 runs) at learning_rate 0.1; "
        "0.75 (0.115 to 1.39, 2 runs) at learning_rate 0.2."
    )
    assert f'<img src="results.png" alt="{alt}">' in page
    assert (swept.folder / "results.png").stat().st_size > 1000
    assert page.count("00_tiny.html") == 4 and page.count("00_tiny.failed.ipynb") == 2
    executed = swept.folder / "points" / "learning_rate=0.2,seed=1" / "00_tiny.ipynb"
    assert "learning_rate = 0.2" in executed.read_text(encoding="utf-8")


def test_a_point_keeps_its_notebook_page_and_results(swept):
    point = swept.folder / "points" / "learning_rate=0.2,seed=1"
    assert {path.name for path in point.iterdir()} == {
        "00_tiny.html",
        "00_tiny.ipynb",
        "00_tiny.json",
        "point.json",
    }


def test_resume_runs_what_failed_or_is_new_and_nothing_else(swept, course, monkeypatch):
    ran = []
    monkeypatch.setattr(
        sweep, "run_point", lambda job: ran.append(job["values"]) or {"error": "no"}
    )
    larger = (("learning_rate", "0.1,0.2,0.5"), ("seed", "0,1,2"))
    run_sweep(course, swept.runs, request(*larger), Engine(), resume=True)
    assert [(each["learning_rate"], each["seed"]) for each in ran] == [
        *((0.1, 2), (0.2, 2), (0.5, 0), (0.5, 1), (0.5, 2)),
    ]
    assert [row["status"] for row in table(swept.folder)[:3]] == ["ok", "ok", "failed"]


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ((), "nothing to sweep: give values, as in -p seed 0,1,2"),
        ((("seed", "0,x"),), "00_tiny: seed is 'x', which is no int (default 0)"),
        ((("seed", "0,0"),), "seed=0 is there twice: give each value once"),
        (
            (("seed", "0"), ("seed", "1")),
            "seed is there twice: a parameter's values stand in one -p",
        ),
        ((("output_dir", "x"),), "output_dir: the run sets it; name the run's folder with --name"),
    ],
)
def test_values_are_checked_before_anything_runs(course, tmp_path, grid, message):
    with pytest.raises(click.ClickException) as error:
        run_sweep(course, tmp_path, request(*grid), Engine())
    assert error.value.message == message
    assert list(tmp_path.iterdir()) == []


def test_a_metric_that_is_not_measured_is_refused_before_anything_runs(course, tmp_path):
    with pytest.raises(click.ClickException) as error:
        run_sweep(course, tmp_path, request(("seed", "0")), Engine(), metric="test_acuracy")
    message = "--metric test_acuracy: 00_tiny does not measure it; did you mean test_accuracy?"
    assert error.value.message == message


def test_lists_are_values_too(course, tmp_path):
    assert split_values("[8, 16],[32]") == ["[8, 16]", "[32]"]
    _, points = plan(course, tmp_path, request(("widths", "[8, 16],[32]")))
    assert [point.values["widths"] for point in points] == [[8, 16], [32]]
    assert len({point.folder.name for point in points}) == 2


def test_other_machines_get_data_sets_by_name(tmp_path):
    assert named_dataset("auto", portable=True) == "shapes"
    assert named_dataset(str(DATA_DIR / "leaves"), portable=True) == "leaves"
    assert named_dataset(str(tmp_path), portable=False) == str(tmp_path)
    with pytest.raises(click.ClickException, match=r"put it into the data folder of each$"):
        named_dataset(str(tmp_path), portable=True)


def test_curves_of_words_and_of_several_parameters():
    rows = [
        {"optimizer": name, "depth": depth, "seed": seed, "status": "ok", "loss": depth + seed}
        for name in ("sgd", "adam")
        for depth in (1, 2)
        for seed in (0, 2)
    ]
    x, curves = sweep_report.arranged(rows, ["optimizer", "depth", "seed"], "loss")
    assert x == "optimizer"
    assert curves == {
        "depth=1": {"sgd": [1, 3], "adam": [1, 3]},
        "depth=2": {"sgd": [2, 4], "adam": [2, 4]},
    }
    axes = sweep_report.draw(curves, x, "loss").axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["sgd", "adam"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["depth=1", "depth=2"]


# More than one machine


def test_workers_do_the_same_though_one_is_killed_and_one_is_refused(
    lab, swept, course, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(cluster, "LOOK", 0.5)
    grid = (("learning_rate", "0.1,0.2"), ("seed", "0,1"))
    run_sweep(course, tmp_path / "here", request(*grid), Engine(jobs=2))
    other = tmp_path / "other"  # a course that is not this one
    (other / "course_utils" / "cli").mkdir(parents=True)
    for name in ("__init__.py", "cli/__init__.py"):
        (other / "course_utils" / name).write_text("", encoding="utf-8")
    monkeypatch.setenv("TEST_SECONDS", "1.5")  # so that a point is running when its worker dies
    workers = [lab.worker("a"), lab.worker("b")]
    others = os.pathsep.join([str(other), os.environ.get("PYTHONPATH", "")])
    lab.worker("old", PYTHONPATH=others)
    points = tmp_path / "there" / "tiny" / "points"

    def kill_one():
        until(lambda: any(points.glob("*/point.json")))
        os.killpg(workers[0].pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    kept = []
    keep = sweep.keep
    monkeypatch.setattr(sweep, "keep", lambda *given: kept.append(given[0]) or keep(*given))
    where = Engine(scheduler=lab.address)
    assert run_sweep(course, tmp_path / "there", request(*grid), where) == 0
    killer.join()
    assert workers[0].wait() == -signal.SIGKILL
    assert sorted(point.folder.name for point in kept) == sorted(p.name for p in points.iterdir())
    here, there = (tmp_path / place / "tiny" for place in ("here", "there"))
    for path in here.glob("points/*/00_tiny.json"):
        assert path.read_bytes() == (there / path.relative_to(here)).read_bytes()
    assert (there / "results.csv").read_bytes() == (here / "results.csv").read_bytes()
    assert "refused: it cannot use the course" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (("{here}", ["shapes", "leaves"]), ""),
        (("{here}", ["shapes"]), "leaves is not in its data folder"),
        (("1.0 (0)", ["shapes", "leaves"]), "its course is 1.0 (0), here it is {here}"),
        (ImportError("no such\nmodule"), "it cannot use the course (no such module)"),
    ],
)
def test_why_a_worker_gets_no_jobs(answer, reason):
    here = cluster.course_version()
    if isinstance(answer, tuple):
        answer = (answer[0].format(here=here), answer[1])
    door = cluster.Door(None, {"shapes", "leaves"})
    assert door.refusal(answer) == reason.format(here=here)


def test_a_worker_tells_the_version_of_the_files_that_its_kernels_will_read(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "ROOT", tmp_path)
    module = tmp_path / "course_utils" / "training.py"
    module.parent.mkdir()
    module.write_text("x = 1\n", encoding="utf-8")
    before = cluster.describe_worker()
    module.write_bytes(b"x = 1\r\n")  # as a checkout on Windows has it
    assert cluster.describe_worker() == before
    module.write_text("x = 2\n", encoding="utf-8")
    assert cluster.describe_worker() != before
    cluster.course_version.cache_clear()


def test_a_scheduler_that_does_not_answer_is_named(course, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "ANSWER", 1)
    with pytest.raises(
        click.ClickException, match=r"no answer .*: start it with `dask scheduler`$"
    ):
        run_sweep(course, tmp_path, request(("seed", "0")), Engine(scheduler="tcp://127.0.0.1:9"))
