"""The values that a run gives to the lessons: where they come from, and what is refused."""

import re

import click
import nbformat
import pytest
import yaml

from course_utils.cli import parameters, run
from course_utils.cli.run import Request, run_lessons
from tests.cli.course import write_notebook


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


@pytest.mark.parametrize(
    ("lesson", "weights"), [("04_transfer_learning", "auto"), ("10_your_project", "resnet18")]
)
def test_the_lessons_say_which_parameters_are_paths(lesson, weights):
    path = run.NOTEBOOKS / f"{lesson}.ipynb"
    declared = parameters.declared_parameters(nbformat.read(path, as_version=4), path.stem)
    words = {"weights": weights, "picture": ""}
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


def test_committed_presets_and_claims_fit_the_committed_notebooks(tmp_path):
    if not list(run.NOTEBOOKS.glob("*.ipynb")):
        pytest.skip("no notebooks")
    presets = yaml.safe_load((run.NOTEBOOKS / "presets.yaml").read_text(encoding="utf-8"))
    assert {"smoke", "laptop", "full"} <= set(presets)
    for preset in set(presets) - {"needs"}:
        assert run.plan(run.NOTEBOOKS, tmp_path, Request(preset=preset))[0]
