"""The folder that lesson 10 writes where a learner gives none."""

import pytest

from course_utils.data.pictures import read_picture
from course_utils.lessons.lesson_10.untidy import write_untidy


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder for 70 training pictures, and the data set's name."""
    return write_untidy("shapes", tmp_path_factory.mktemp("output"), 70)


def test_it_holds_a_folder_for_each_class_and_what_a_split_leaves_for_training(written):
    folder, name = written
    assert (name, folder.name) == ("shapes", "shapes_100")
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 10
    assert len(list(folder.rglob("0*.png"))) == 100


def test_one_picture_lies_there_three_times_once_in_another_class(written):
    folder, _ = written
    (first,) = folder.rglob("00000.png")
    (copy,) = folder.rglob("copy of the first.jpg")
    (misplaced,) = folder.rglob("sorted wrongly.png")
    assert copy.parent == first.parent
    assert misplaced.parent != first.parent
    assert misplaced.read_bytes() == first.read_bytes()


def test_one_file_cannot_be_read(written):
    folder, _ = written
    faulty = []
    for path in folder.rglob("*.*"):
        try:
            read_picture(path)
        except ValueError:
            faulty.append(path.name)
    assert faulty == ["broken.png"]
