"""Lesson 10's notebook is a project of its own: without the course, on untidy photos, it runs from
the folder to a model that the command line reads.
"""

import csv
import io
import json
import subprocess
import sys

import pytest
import torch
from click.testing import CliRunner

from course_utils.cli.commands import main
from course_utils.paths import WEIGHTS_DIR
from tests.helpers import notebook
from tests.lessons.lesson_10.photos import NAMES, make_photos

# A process in which the course cannot be imported, as on a machine without it.
ALONE = """
import json, sys
sys.modules["course_utils"] = None
import matplotlib
matplotlib.use("agg")
cells, parameters, last = json.load(sys.stdin)
names = {}
for source, is_parameters in cells:
    exec(source, names)
    if is_parameters:
        names |= parameters
print("LAST", json.dumps(eval(last, names)))
"""

# What the notebook's program says of every picture, by its path.
ANSWERS = "{str(p.path): name_picture(p.path, model_file) for p in pictures}"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The folder, what the notebook printed about it, and its ANSWERS."""
    home = tmp_path_factory.mktemp("project")
    folder = make_photos(home / "photos")
    parameters = {
        "dataset": str(folder),
        "weights": str(WEIGHTS_DIR / "vgg_mini.pt"),
        "picture": str(folder / "test" / NAMES[0] / "holiday.png"),
        "epochs": 1,
        "device": "cpu",
        "output_dir": str(home / "out"),
    }
    cells = [
        (cell.source, "parameters" in cell.metadata.get("tags", []))
        for cell in notebook("10").cells
        if cell.cell_type == "code"
    ]
    done = subprocess.run(
        [sys.executable, "-c", ALONE],
        input=json.dumps([cells, parameters, ANSWERS]),
        capture_output=True,
        text=True,
        cwd=home,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    printed, _, answers = done.stdout.partition("LAST ")
    return home, printed.splitlines(), json.loads(answers)


def test_it_finds_what_is_odd_in_the_folder(project):
    _, printed, _ = project
    first = f"train/{NAMES[0]}"
    assert "3 classes; split already: yes" in printed
    assert "48 pictures; other files: 1 .txt" in printed
    assert f"cannot be read: {first}/cut off.jpg (OSError)" in printed
    assert f"cannot be read: {first}/no picture.png (UnidentifiedImageError)" in printed
    assert "width: 40 to 1200 pixels, median 58" in printed


def test_it_finds_the_copy_across_the_splits_and_drops_that_of_training(project):
    _, printed, _ = project
    copies = f"train/{NAMES[0]}/holiday again.bmp = test/{NAMES[0]}/holiday.png"
    assert copies in printed
    assert "      test:    13 pictures, 4 to 5 of a class" in printed


def test_it_leaves_a_report_and_a_model_that_holds_plain_values(project):
    home, _, _ = project
    assert (home / "out" / "report.png").stat().st_size > 10_000
    saved = torch.load(home / "out" / "10_your_project.pt", weights_only=True)
    assert (saved["classes"], saved["size"]) == (sorted(NAMES), 32)


def test_the_command_line_answers_as_the_notebook_does_for_every_kind_of_picture(project):
    home, _, answers = project
    model = str(home / "out" / "10_your_project.pt")
    done = CliRunner().invoke(main, ["predict", "--csv", model, *answers])
    head, *rows = csv.reader(io.StringIO(done.stdout))
    assert head == ["picture", *sorted(NAMES)]
    assert [row[0] for row in rows] == list(answers)
    for path, *probabilities in rows:
        said = [answers[path][name] for name in sorted(NAMES)]
        assert [float(p) for p in probabilities] == pytest.approx(said, abs=0.02), path


def test_the_command_line_names_the_best_classes(project):
    home, _, answers = project
    picture = str(home / "photos" / "test" / NAMES[0] / "holiday.png")
    model = str(home / "out" / "10_your_project.pt")
    done = CliRunner().invoke(main, ["predict", "--top", "1", model, picture])
    best = max(answers[picture], key=answers[picture].get)
    assert done.stdout == f"{picture}: {best} {answers[picture][best]:.1%}\n"


def test_one_bad_picture_does_not_cost_the_others(project):
    home, _, _ = project
    folder = home / "photos" / "train" / NAMES[0]
    done = CliRunner().invoke(
        main, ["predict", str(home / "out" / "10_your_project.pt"), str(folder)]
    )
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) == 11
    errors = done.stderr.splitlines()
    assert len(errors) == 2
    assert errors[1] == (
        f"Error: cannot read the picture {folder / 'no picture.png'}: not a picture; "
        "repair it or remove it"
    )
