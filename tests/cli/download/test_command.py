"""`course_utils data`: what it finds, fetches and leaves alone, and how it is interrupted."""

import io
import pickle
import shutil
import tarfile
from functools import partial

import numpy as np
import pytest
from click.testing import CliRunner
from torchvision import datasets
from tqdm import tqdm

from course_utils.cli import data as command
from course_utils.cli import download as cli
from tests.cli.download.archive import BATCHES, CLASSES, FILES, FOLDER, GOOD, HALF, SIZE, md5


def test_the_archive_is_the_official_one():
    official = datasets.CIFAR10
    assert (
        cli.CIFAR10.urls
        == ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",)
        == (official.url,)
    )
    assert (cli.CIFAR10.size, cli.CIFAR10.md5) == (170498071, "c58f30108f718f92721af3b95e74349a")
    assert (cli.CIFAR10.name, cli.CIFAR10.folder) == (official.filename, official.base_folder)
    assert sorted(cli.CIFAR10.members) == ["batches.meta", *BATCHES]


def test_torchvision_loads_what_was_unpacked(course, monkeypatch):
    course.assert_ready(course.run("/good"))
    sums = [[name, md5(FILES[name])] for name in BATCHES]
    monkeypatch.setattr(datasets.CIFAR10, "train_list", sums[:5])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", sums[5:])
    monkeypatch.setattr(
        datasets.CIFAR10, "meta", {**datasets.CIFAR10.meta, "md5": md5(FILES["batches.meta"])}
    )
    train, test = (datasets.CIFAR10(root=course.home, train=train) for train in (True, False))
    assert (len(train), len(test), train.classes) == (15, 3, CLASSES)
    assert (
        np.asarray(test[0][0])[0, 0].tolist()
        == pickle.loads(FILES["test_batch"])["data"][0, ::1024].tolist()
    )


def test_a_bar_counts_bytes(course, monkeypatch):
    monkeypatch.setattr(cli, "tqdm", partial(tqdm, disable=False))  # whatever TQDM_DISABLE says
    stderr = course.run("/good").stderr
    assert (
        "CIFAR-10: 100%" in stderr
        and f"| {SIZE / 1000:.1f}k/{SIZE / 1000:.1f}k [" in stderr
        and "B/s" in stderr
    )
    shutil.rmtree(course.folder)
    course.part.write_bytes(GOOD[:HALF])
    assert course.run("/good").stderr.startswith(f"\rCIFAR-10:  {100 * HALF / SIZE:.0f}%|")


def test_what_is_whole_is_left_alone(course):
    course.run("/good")
    course.web.asked.clear()
    result = course.run("/good")
    assert (result.exit_code, result.stderr, course.web.asked) == (0, "", [])
    assert result.stdout == f"CIFAR-10 is already in {course.folder}, whole: nothing to do\n"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [None, b"", b"damaged"])
def test_a_folder_that_is_not_whole_is_replaced(course, name, content):
    course.folder.mkdir(parents=True)
    for other, right in FILES.items():
        (course.folder / other).write_bytes(right)
    (course.folder / name).unlink()
    if content is not None:
        (course.folder / name).write_bytes(content)
    course.assert_ready(course.run("/good"))


def test_leftovers_in_the_way_are_replaced(course, tmp_path):
    work = course.home / f"{FOLDER}.part" / FOLDER  # as a killed run leaves it
    work.mkdir(parents=True)
    (work / "data_batch_9").write_bytes(b"old")
    course.folder.symlink_to(tmp_path / "nowhere")
    course.assert_ready(course.run("/good"))


INTERRUPTED = "interrupted: run the same command again, it goes on where it stopped"


def test_an_interrupted_download_goes_on_next_time(course, monkeypatch):
    class Impatient(tqdm):
        def update(self, n=1):
            super().update(n)
            if self.n >= HALF:
                raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cli, "tqdm", partial(Impatient, file=io.StringIO(), disable=False))
        course.assert_failed(course.run("/good"), INTERRUPTED)
    assert course.part.read_bytes() == GOOD[:HALF]
    course.assert_ready(course.run("/good"))
    assert course.web.asked[1:] == [("/good", f"bytes={HALF}-")]


def test_an_interrupted_unpacking_leaves_no_half_folder(course, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tarfile.TarFile, "extractall", interrupt)
        course.assert_failed(course.run("/good"), INTERRUPTED)
    assert list(course.home.iterdir()) == [course.part]
    course.assert_ready(course.run("/good"))
    assert len(course.web.asked) == 1


def test_an_old_python_is_told_so(course, monkeypatch):
    monkeypatch.delattr(tarfile, "data_filter")
    line = "this Python cannot unpack safely: use 3.10.12, 3.11.4, 3.12 or newer"
    course.assert_failed(course.run("/good"), line)
    assert course.web.asked == []


@pytest.mark.parametrize(
    ("value", "urls"),
    [
        (None, cli.CIFAR10.urls),
        ("", cli.CIFAR10.urls),
        (" \n\t", cli.CIFAR10.urls),
        ("http://127.0.0.1/a", ("http://127.0.0.1/a",)),
        (
            "  http://127.0.0.1/a\n http://127.0.0.1/b ",
            ("http://127.0.0.1/a", "http://127.0.0.1/b"),
        ),
    ],
)
def test_the_variable_names_servers_instead_of_the_official_one(course, monkeypatch, value, urls):
    asked = []
    monkeypatch.delenv("COURSE_CIFAR10_URL", raising=False)
    if value is not None:
        monkeypatch.setenv("COURSE_CIFAR10_URL", value)
    monkeypatch.setattr(
        cli, "fetch", lambda archive, data_dir: asked.append((archive.urls, data_dir))
    )
    assert CliRunner().invoke(command.data, ["cifar10"]).exit_code == 0
    assert asked == [(urls, course.home)]


def test_other_names_are_refused(course):
    result = CliRunner().invoke(command.data, ["cifar100"])
    assert result.exit_code == 2 and "'cifar100' is not 'cifar10'" in result.stderr


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_that_are_not_there_are_named(course, monkeypatch, tmp_path, variable):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)  # it counts before the other
    monkeypatch.setenv(variable, str(tmp_path / "no.pem"))
    url = course.url("/good").replace("http:", "https:")
    said = "there are no certificates where REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE says"
    course.assert_failed(course.run(url), course.no_server, f"{url}: {said}")
