"""Lessons with no way out but loopback and no privileges, in a checkout that nobody may write to;
and the same lessons again, as they are run every day: the same results, but for another seed.
"""

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import pytest

from course_utils.paths import ROOT
from tests.faults.confined import LOOPBACK, confined, is_possible

LESSONS = [path.stem for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]
if "STRESS_LESSONS" not in os.environ:
    LESSONS = LESSONS[2:3]  # one takes seconds, all of them minutes

pytestmark = [
    pytest.mark.skipif(not is_possible(), reason="needs Linux, unshare and setpriv"),
    pytest.mark.xdist_group("lessons"),  # one process: the offline run is made once
]


def run_smoke(checkout, folder, *options, confine=False):
    """A run at smoke of a checkout, with its data and runs in `folder`; confined, with a home there
    that nobody may write to.
    """
    for name in ("data", "runs", "home"):
        (folder / name).mkdir(parents=True)
    (folder / "home").chmod(0o555)
    places = {"COURSE_DATA": str(folder / "data"), "COURSE_RUNS": str(folder / "runs")}
    kept = ("PATH", "LD_LIBRARY_PATH", "HOME")
    bare = {name: os.environ[name] for name in kept if name in os.environ}
    bare |= {"HOME": str(folder / "home")} if confine else {}
    variables = {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}
    variables["COURSE_SHAPES"] = "few"
    command = [sys.executable, "-m", "course_utils", "run", "--preset", "smoke", *options, *LESSONS]
    done = subprocess.run(
        confined(command, folder / "listening") if confine else command,
        env={**bare, **variables, **places},
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    runs = folder / "runs" / "smoke"
    results = {lesson: (runs / f"{lesson}.json").read_text() for lesson in LESSONS}
    return SimpleNamespace(folder=folder, runs=runs, results=results)


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    """What the lessons leave that are run offline, without privileges and in a read-only checkout."""
    root = tmp_path_factory.mktemp("offline")
    checkout = root / "checkout"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("course_utils", "notebooks", "benchmarks/results", "data/weights"):
        shutil.copytree(ROOT / name, checkout / name, ignore=ignored)
    folders = [path for path in (checkout, *checkout.rglob("*")) if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    before = sorted(checkout.rglob("*"))
    yield run_smoke(checkout, root / "mine", confine=True)
    after = sorted(checkout.rglob("*"))
    for folder in folders:
        folder.chmod(0o755)  # so that it can be removed
    assert before == after


def test_every_lesson_runs_without_a_word_of_warning(offline, record_property):
    record_property("offline lessons", len(offline.results))
    for path in offline.runs.glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            outputs = cell.get("outputs", [])
            assert [each.text for each in outputs if each.get("name") == "stderr"] == []


def test_a_tenth_of_shapes_is_drawn_where_the_environment_asks_for_few(offline):
    said = (offline.runs / "02_normalization.ipynb").read_text()
    assert "200 validation pictures" in said  # a tenth of a tenth of 20,000


def test_nothing_listens_beyond_loopback(offline):
    addresses = json.loads((offline.folder / "listening").read_text())
    assert addresses and set(addresses) <= LOOPBACK  # kernels do listen


def test_the_same_seed_gives_the_same_files_of_results_and_another_others(offline, tmp_path):
    again = run_smoke(ROOT, tmp_path / "again")
    assert again.results == offline.results
    other = run_smoke(ROOT, tmp_path / "other", "-p", "seed", "1")
    for lesson, results in other.results.items():
        assert results != offline.results[lesson]
