"""Bad input at the command line: one line that names the thing, its value and the way out, never a
traceback, and nothing is run or written.
"""

import shutil

import pytest
from click.testing import CliRunner
from PIL import Image

from course_utils.cli import assign, execution, grade, publish, run, sweep
from course_utils.cli.commands import main
from tests.cli.course import make_course
from tests.faults.cases import COMMAND_LINES


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Everything that the cases name, and the tiny course."""
    root = tmp_path_factory.mktemp("bad")
    make_course(root)

    def pictures(folder, **counts):
        for name, count in counts.items():
            (root / folder / name).mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", (8, 8), (40 * number, 0, 0)).save(
                    root / folder / name / f"{number}.png"
                )

    (root / "file").touch()
    (root / "handed").mkdir()
    (root / "b\udcff").mkdir()
    pictures("encoded", cat=3, **{"b\udcff": 3})
    shutil.copyfile(root / "notebooks" / "00_good.ipynb", root / "handed" / "a.ipynb")
    (root / "empty").mkdir()
    (root / "dangling").symlink_to(root / "no")
    (root / "loop").symlink_to(root / "loop")
    pictures("one", cat=3)
    pictures("hollow", cat=3, dog=0)
    pictures("half/train", cat=3, dog=3)
    pictures("uneven/train", cat=3, dog=3)
    pictures("uneven/test", cat=3, dog=3, bird=3)
    pictures("few", cat=2, dog=9)
    pictures("round", cat=3, dog=3)
    (root / "round" / "cat" / "again").symlink_to(root / "round" / "cat")
    pictures("renamed", cat=9, dog=9)
    (root / "renamed" / "cat" / "0.png").write_text("no picture", encoding="utf-8")
    return root


@pytest.mark.parametrize("case", COMMAND_LINES)
def test_bad_input_is_refused_in_one_line(case, here, monkeypatch, record_property):
    record_property("bad input", 1)
    arguments, status, message = COMMAND_LINES[case]
    arguments = [each.replace("{here}", str(here)) for each in arguments]
    for module in (assign, grade, publish, run, sweep):
        monkeypatch.setattr(module, "NOTEBOOKS", here / "notebooks")
    for module in (grade, run, sweep):
        monkeypatch.setattr(module, "RUNS_DIR", here / "runs")
    monkeypatch.setattr(execution, "execute", lambda task: pytest.fail("executed"))
    before = sorted(here.rglob("*"))
    result = CliRunner().invoke(main, arguments)
    line, wanted = result.stderr.splitlines()[-1], f"Error: {message}".replace("{here}", str(here))
    assert line == wanted or (status == 2 and line.startswith(wanted))
    assert result.exit_code == status
    assert isinstance(result.exception, SystemExit)  # and no other, which would be a traceback
    assert sorted(here.rglob("*")) == before


def test_there_are_many_kinds():
    assert len({str(case) for case in COMMAND_LINES.values()}) == len(COMMAND_LINES) >= 60
