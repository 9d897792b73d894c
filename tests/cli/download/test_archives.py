"""Archives that do not unpack, and disks without room: nothing is left, and the reason is said."""

import errno
import gzip
import os
import shutil
import tarfile
from collections import namedtuple

import pytest

from course_utils.cli import data as command
from course_utils.cli import download as cli
from tests.cli.download.archive import BATCHES, FILES, FOLDER, GOOD, HALF, SIZE, entry, pack


def replaced(content):
    return pack({**FILES, "test_batch": content})


def flipped(position, content=GOOD):
    content = bytearray(content)
    content[position] ^= 255
    return bytes(content)


TAR = gzip.decompress(GOOD)
STORED = gzip.compress(TAR, compresslevel=0)
BLOCK = (
    10 + 5 + int.from_bytes(STORED[11:13], "little")
)  # after the file's header, the first block's, and itself


UNENDED = gzip.compress(
    TAR[: TAR.rindex(FILES["batches.meta"]) + 512]
)  # no zeros at the end: read to its check sum


BAD_ARCHIVES = {
    "parent": (pack(FILES, entry("../evil")), "'../evil' would be extracted to"),
    "deep parent": (pack(FILES, entry(f"{FOLDER}/../../../evil")), "would be extracted to"),
    "link outside": (pack(FILES, entry("evil", tarfile.SYMTYPE, "../..")), "would link to"),
    "absolute link": (
        pack(FILES, entry("evil", tarfile.SYMTYPE, "/")),
        "is a link to an absolute path",
    ),
    "hard link": (pack(FILES, entry("evil", tarfile.LNKTYPE, "../../evil")), "would link to"),
    "device": (pack(FILES, entry("evil", tarfile.CHRTYPE)), "is a special file"),
    "no files": (pack({}), "files are missing or damaged"),
    "file missing": (pack({name: FILES[name] for name in BATCHES}), "files are missing or damaged"),
    "file damaged": (replaced(b"damaged"), "files are missing or damaged"),
    "not a tar": (gzip.compress(b"no tar" * 200), ""),
    "not gzip inside": (b"\x1f\x8b no gzip", ""),
    "ends early": (GOOD[:HALF], "ended before"),
    "bit flipped": (flipped(HALF), ""),
    "block damaged": (flipped(BLOCK + 1, STORED), "invalid stored block lengths"),
    "check sum wrong": (flipped(-8, UNENDED), "CRC check failed"),
}


@pytest.mark.parametrize(("content", "reason"), BAD_ARCHIVES.values(), ids=BAD_ARCHIVES)
def test_an_archive_that_does_not_unpack_leaves_nothing(course, tmp_path, content, reason):
    course.use(content)
    course.folder.mkdir(parents=True)
    (course.folder / "mine").write_bytes(b"kept")
    result = course.run("/good")
    (line,) = result.stderr.splitlines()
    assert result.exit_code == 1 and reason in line
    assert line.startswith(f"Error: cannot unpack {course.part} (")
    assert line.endswith("): delete that file and run the same command again")
    assert not list(tmp_path.rglob("evil*"))
    assert [path.name for path in course.home.rglob("*") if path != course.part] == [FOLDER, "mine"]


def test_an_absolute_path_stays_inside(course, tmp_path):
    course.use(pack(FILES, entry(str(tmp_path / "evil"))))
    course.assert_ready(course.run("/good"))
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize(("left", "brought"), [(0, False), (HALF, False), (0, True)])
def test_a_full_disk_is_noticed_beforehand(course, monkeypatch, left, brought):
    course.home.mkdir()
    course.part.write_bytes(GOOD[:left])
    if brought:
        course.brought.write_bytes(GOOD)
    needed = cli.CIFAR10.unpacked_size + (0 if brought else SIZE - left)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, needed - 1))
    line = (
        f"the disk of {course.home} is too full ({needed / 1e6:.0f} MB needed, {(needed - 1) / 1e6:.0f} MB free): "
        "free some space, or set COURSE_DATA to a folder on another disk"
    )
    course.assert_failed(course.run("/good"), line)
    assert course.web.asked == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, needed))
    course.assert_ready(course.run("/good"))


def test_a_disk_that_fills_up_is_reported(course, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    line = f"cannot use the data folder {course.home} (No space left on device): "
    course.assert_failed(course.run("/good"), line + "repair it, or set COURSE_DATA to another")


@pytest.mark.parametrize(("below", "reason"), [("", "File exists"), ("below", "Not a directory")])
def test_a_data_folder_that_is_a_file_is_reported(course, monkeypatch, tmp_path, below, reason):
    (tmp_path / "file").write_bytes(b"")
    home = tmp_path / "file" / below
    monkeypatch.setattr(command, "DATA_DIR", home)
    line = f"cannot use the data folder {home} ({reason}): repair it, or set COURSE_DATA to another"
    course.assert_failed(course.run("/good"), line)
