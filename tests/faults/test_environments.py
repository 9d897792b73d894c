"""Where the course runs: languages, homes and kernels that are not there, folders that nobody may
write to, files that nobody may read, full disks.
"""

import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from PIL import Image

from tests.faults.commands import CODE, command, environment, small_course
from tests.faults.confined import confined, is_possible

SEVERAL = (
    CODE.removesuffix("main()\n")
    + """
import json
from click.testing import CliRunner
for arguments in json.loads(sys.argv[1]):
    result = CliRunner().invoke(main, arguments)
    crashed = "" if isinstance(result.exception, SystemExit) else repr(result.exception)
    said = (result.stderr.splitlines() or [""])[-1]
    print(json.dumps([crashed, result.exit_code, said]), file=sys.__stdout__)
"""
)
LOCKED = "(Permission denied)"
# for somebody who may not write here nor read what is locked: the command, and what it ends with
REFUSED = {
    "a run into a locked folder": (["run"], f"cannot write to {{here}}/closed/laptop {LOCKED}: set COURSE_RUNS to another folder"),
    "a sweep": (["sweep", "0", "-p", "epochs", "1"], f"cannot write to {{here}}/closed/sweep-00 {LOCKED}: set COURSE_RUNS to another folder"),
    "marks": (["grade", "{here}/handed"], f"cannot write to {{here}}/closed/grade-handed {LOCKED}: set COURSE_RUNS to another folder"),
    "a class set": (["assign", "{here}/closed/class"], f"cannot write to closed/class {LOCKED}: name another folder"),
    "publishing": (["publish"], f"cannot use {{here}}/notebooks {LOCKED}: repair it, or give another"),
    "a download": (["data", "cifar10"], f"cannot use the data folder {{here}}/closed {LOCKED}: repair it, or set COURSE_DATA to another"),
    "a class that nobody may read": (["run", "--dataset", "{here}/locked"], f"cannot use {{here}}/locked/cat {LOCKED}: repair it, or give another"),
    "a picture that nobody may read": (["fast", "{here}/unreadable"], "cannot read the picture {here}/unreadable/cat/0.png: Permission denied; repair it or remove it"),
    "weights that nobody may read": (["predict", "{here}/weights.pt", "{here}"], "Invalid value for 'MODEL': Path '{here}/weights.pt' is not readable."),
    "submissions that nobody may read": (["grade", "{here}/secret"], "Invalid value for 'FOLDER': Directory '{here}/secret' is not readable."),
    "points that nobody may read": (["grade", "{here}/handed", "--points", "{here}/weights.pt"], "Invalid value for '--points': File '{here}/weights.pt' is not readable."),
}  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A course whose notebook names a kernel that nobody has, in a folder with a name of two
    scripts.
    """
    root = tmp_path_factory.mktemp("Kürs 강의")
    folder = small_course(root)
    notebook = nbformat.read(folder / "00_good.ipynb", as_version=4)
    notebook.metadata.kernelspec.name = "a-kernel-that-nobody-has"
    nbformat.write(notebook, folder / "00_good.ipynb")
    for name in (
        "closed",
        "handed",
        "secret",
        "locked/cat",
        "locked/dog",
        "unreadable/cat",
        "unreadable/dog",
    ):
        (root / name).mkdir(parents=True)
    for path in (root / "locked", root / "unreadable"):
        for number in range(10):
            for animal in ("cat", "dog"):
                Image.new("RGB", (8, 8), (number, 0, 0)).save(path / animal / f"{number}.png")
    (root / "weights.pt").touch(mode=0o000)
    shutil.copyfile(folder / "00_good.ipynb", root / "handed" / "a.ipynb")
    return root


@pytest.mark.skipif(not is_possible(), reason="needs Linux, unshare and setpriv")
def test_what_may_not_be_written_or_read_is_told_in_one_line(here, record_property):
    record_property("environments", len(REFUSED))
    closed = [here / "closed", here / "notebooks", here / "locked" / "cat", here / "secret"]
    modes = [0o555, 0o555, 0o000, 0o000]
    arguments = [
        [each.replace("{here}", str(here)) for each in case[0]] for case in REFUSED.values()
    ]
    folders = dict.fromkeys(("COURSE_DATA", "COURSE_RUNS"), str(here / "closed"))
    (here / "unreadable" / "cat" / "0.png").chmod(0o000)
    for path, mode in zip(closed, modes, strict=True):
        path.chmod(mode)
    done = subprocess.run(
        confined([sys.executable, "-c", SEVERAL, json.dumps(arguments)]),
        cwd=here, env=environment(here, **folders), capture_output=True, text=True,
    )  # fmt: skip
    for path in closed:
        path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    lines = map(json.loads, done.stdout.splitlines())
    for (case, (_, wanted)), found in zip(REFUSED.items(), lines, strict=True):
        status = 2 if wanted.startswith("Invalid") else 1  # click's own refusals
        assert found == ["", status, f"Error: {wanted}".replace("{here}", str(here))], case


def test_a_lesson_runs_in_a_c_locale_without_a_home_behind_a_dead_proxy(here, record_property):
    record_property("environments", 3)
    variables = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    variables |= {"LC_ALL": "C"} | dict.fromkeys(("PYTHONUTF8", "HOME", "USERPROFILE"))
    done = subprocess.run(
        command("run", "--name", "evening"),
        cwd=here, env=environment(here, **variables), capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert b"00_good  ok" in done.stdout and done.stderr == b""


def test_letters_that_a_terminal_lacks_are_written_as_escapes(here):
    done = subprocess.run(
        command("run", "강의"),
        cwd=here, env=environment(here, PYTHONIOENCODING="cp1252"), capture_output=True, text=True,
    )  # fmt: skip
    said = "Error: \\uac15\\uc758: no such lesson; there are 00_good\n"
    assert (done.returncode, done.stderr) == (1, said)


FULL = """\
import resource
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
"""


@pytest.mark.skipif(os.name == "nt", reason="needs limits of file sizes")
def test_a_full_disk_fails_the_lesson_and_leaves_nothing_under_a_final_name(here):
    for arguments, said in (
        (["run", "--name", "full"], "cannot go on (File too large): make room, and give the same command again"),
        (["assign", str(here / "class")], "cannot write to class (File too large): name another folder"),
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", FULL + CODE, *arguments],
            cwd=here, env=environment(here), capture_output=True, text=True,
        )  # fmt: skip
        assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"Error: {said}")
        assert "Traceback" not in done.stderr
    left = [path.name for path in (here / "runs" / "full").iterdir()]
    assert left == ["00_good.failed.ipynb"]
    assert [path.name for path in here.glob("class*")] == []
