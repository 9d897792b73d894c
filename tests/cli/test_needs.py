"""What lessons need of a folder of pictures: on small ones they run, or are refused before they start."""

from itertools import product

import click
import pytest
from PIL import Image

from course_utils.cli import execution, run
from course_utils.cli.needs import check_needs, count_pictures, read_needs
from course_utils.cli.run import Request, run_lessons

NEEDS = {
    "00_all": {},
    "01_many": {"train_per_class": 5},
    "02_val": {"val": 3},
    "03_test": {"test": 2, "train_per_class": 4},
}
# On two classes with ten pictures each, without parts
REFUSED = {
    "00": "00_training_loop needs 2 parts, train/ and test/; L has 0",
    "01": "01_data_augmentation needs 7 validation pictures; L has 2",
    "05": "05_batch_normalization needs 16 training pictures of each class; L/cat has 8",
    "07": "07_diagnosis needs 16 training pictures of each class; L/cat has 8",
}
RUN = [
    path.name[:2]
    for path in sorted(run.NOTEBOOKS.glob("[0-9]*.ipynb"))
    if path.name[:2] not in REFUSED
]


@pytest.fixture
def ten_each(tmp_path):
    """Two classes with ten pictures each, in colour, or in grey: in one folder, or in each part."""

    def make(mode, parts=("",)):
        for part, (label, name) in product(parts, enumerate(("cat", "dog"))):
            folder = tmp_path / mode / part / name
            folder.mkdir(parents=True)
            for number in range(10):
                picture = Image.linear_gradient("L").resize((40 + number, 36)).convert("RGB")
                picture.paste(("navy", "orange")[label], (5, 5, 15 + number, 20))
                picture.convert(mode).save(folder / f"{number}.png")
        return str(tmp_path / mode)

    return make


def test_pictures_are_counted_by_their_names(make_folder):
    folder = make_folder({"train": {"cat": 4, "dog": 3}, "test": {"cat": 1, "dog": 2}})
    for path in folder.rglob("*.png"):
        path.write_text("no picture")
    counted = count_pictures(str(folder))
    assert counted.counts == {"parts": 2, "train_per_class": 3, "val": 2, "test": 3}
    assert counted.smallest == "dog"


def test_validation_pictures_of_a_folder_of_their_own_are_counted(make_folder):
    many, few = {"cat": 40, "dog": 40}, {"cat": 1, "dog": 1}
    taken = make_folder({"train": many, "test": few}, name="taken")
    assert count_pictures(str(taken)).counts["val"] == 8
    own = make_folder({"train": many, "val": few, "test": few}, name="own")
    assert count_pictures(str(own)).counts["val"] == 2


def test_a_lesson_that_lacks_pictures_is_refused_with_those_that_do_not(make_folder):
    folder = make_folder({"train": {"cat": 4, "dog": 9}, "test": {"cat": 1, "dog": 1}})
    check_needs(["00_all", "03_test"], str(folder), NEEDS)
    with pytest.raises(click.ClickException) as error:
        check_needs(["00_all", "01_many"], str(folder), NEEDS)
    assert error.value.message == (
        "01_many needs 5 training pictures of each class; pictures/cat has 4: "
        "run 00, 03, or add pictures"
    )
    with pytest.raises(click.ClickException) as error:
        check_needs(["02_val"], str(folder), {"02_val": NEEDS["02_val"]})
    assert error.value.message == "02_val needs 3 validation pictures; pictures has 2: add pictures"


def test_one_picture_of_each_class_is_too_few_for_any_lesson(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "few" / name).mkdir(parents=True)
        (tmp_path / "few" / name / "1.png").touch()
    with pytest.raises(click.ClickException) as error:
        check_needs(["00_a"], str(tmp_path / "few"), read_needs(None, {"00_a"}, "presets.yaml"))
    assert error.value.message == (
        "00_a needs 2 training pictures of each class; few/cat has 0: add pictures"
    )


def test_a_folder_that_no_lesson_can_open_is_refused(make_folder):
    folder = make_folder({"train": {"cat": 4}, "test": {"cat": 1}})
    with pytest.raises(click.ClickException) as error:
        count_pictures(str(folder))
    assert error.value.message == (
        f"{folder} has one class, 'cat': a classifier needs at least two"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, None),
        ("all", "needs: wants lessons, has 'all'"),
        ({"09_x": {}}, "needs: 09_x: no such lesson"),
        (
            {"00_a": {"images": 3}},
            "needs: 00_a: wants numbers for parts, train_per_class, val, test, has {'images': 3}",
        ),
        (
            {"00_a": {"val": "3"}},
            "needs: 00_a: wants numbers for parts, train_per_class, val, test, has {'val': '3'}",
        ),
    ],
)
def test_needs_that_do_not_fit_are_refused(content, message):
    if message is None:
        assert read_needs(content, {"00_a"}, "presets.yaml") == {"00_a": {"train_per_class": 2}}
        return
    with pytest.raises(click.ClickException) as error:
        read_needs(content, {"00_a"}, "presets.yaml")
    assert error.value.message == f"presets.yaml: {message}"


@pytest.mark.parametrize("lesson", REFUSED)
def test_no_kernel_starts_for_a_lesson_that_ten_of_each_class_are_too_few_for(
    ten_each, tmp_path, monkeypatch, lesson
):
    monkeypatch.setattr(execution, "execute", lambda task: pytest.fail("executed"))
    request = Request(("03", lesson), "smoke", dataset=ten_each("L"))
    with pytest.raises(click.ClickException) as error:
        run_lessons(run.NOTEBOOKS, tmp_path / "runs", request)
    way_out = "make these folders" if lesson == "00" else "add pictures"
    assert error.value.message == f"{REFUSED[lesson]}: run {', '.join(RUN)}, or {way_out}"
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("mode", "parts", "lessons"),
    [("RGB", ("train", "test"), ("00", *RUN[1::2])), ("L", ("",), tuple(RUN[::2]))],
    ids=["colour", "grey"],
)
def test_all_other_lessons_run_on_ten_of_each_class(
    ten_each, tmp_path, capsys, mode, parts, lessons
):
    request = Request(lessons, "smoke", dataset=ten_each(mode, parts))
    status = run_lessons(run.NOTEBOOKS, tmp_path / "runs", request)
    assert status == 0, capsys.readouterr().err
