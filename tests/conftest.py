"""No test sees the data sets or the runs of this machine: the package reads these variables when it
is imported.
"""

import os
import signal
import tempfile

# a test run in the background of a shell inherits a deaf ear for Ctrl-C, and so do its children
signal.signal(signal.SIGINT, signal.default_int_handler)

_home = tempfile.TemporaryDirectory(prefix="course-tests-")
for _variable, _name in (("COURSE_DATA", "data"), ("COURSE_RUNS", "runs")):
    os.environ[_variable] = os.path.join(_home.name, _name)  # noqa: PTH118
    os.mkdir(os.environ[_variable])  # noqa: PTH102
os.environ.pop("COURSE_SHAPES", None)

import pytest  # noqa: E402
from PIL import Image  # noqa: E402


@pytest.fixture
def make_folder(tmp_path):
    """Makes an image folder: make_folder({"train": {"cat": 3}, "test": {"cat": 1}}) draws 3 + 1
    pictures of cats.
    """

    def make(counts, *, size=(10, 8), name="pictures"):
        number = 0
        for split, classes in counts.items():
            for label, (class_name, count) in enumerate(classes.items()):
                folder = tmp_path / name / split / class_name
                folder.mkdir(parents=True)
                for index in range(count):
                    number += 1  # no two pictures are alike, and a picture's red tells its class
                    Image.new("RGB", size, (label * 40, number, 255 - number)).save(
                        folder / f"{index}.png"
                    )
        return tmp_path / name

    return make


@pytest.fixture(scope="module")
def splits():
    """Healthy data for the sanity check."""
    # here, so that no other test waits for it
    from tests.lessons.lesson_07.diagnosis_helpers import (
        make_splits,
        part,
    )

    return make_splits(part(240, 0), part(200, 1), part(200, 2))
