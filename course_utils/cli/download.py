"""Downloads, checks and unpacks the data sets that the course does not draw itself."""

import os
import shutil
import tarfile
import time
import zlib
from dataclasses import dataclass
from gzip import BadGzipFile
from itertools import chain
from pathlib import Path

import click
import requests
from torchvision import datasets
from torchvision.datasets.utils import check_integrity
from tqdm import tqdm
from urllib3.exceptions import HTTPError, ReadTimeoutError

from course_utils.cli.folders import make_writable

TIMEOUT = 20  # seconds to wait for a connection, and for each next bytes
TRIES = 5  # requests to one server whose connection keeps breaking
PAUSE = 2.0  # seconds before asking it again
CHUNK = 1 << 16  # bytes
GZIP_MAGIC = b"\x1f\x8b"
# failures in a few words (the libraries' own messages run on for lines); the first that fits counts
REASONS = (
    (
        ValueError,
        "not an http or https address",
    ),  # the base of requests' and urllib3's errors of that kind
    ((requests.Timeout, ReadTimeoutError), f"no answer within {TIMEOUT} s"),
    (requests.TooManyRedirects, "it redirects without end"),
    (requests.exceptions.ProxyError, "the proxy does not answer, see HTTP_PROXY and HTTPS_PROXY"),
    (requests.exceptions.SSLError, "no trusted TLS connection (a wrong certificate or clock)"),
    (requests.ConnectionError, "no connection (offline, no such host, or refused)"),
    (Exception, "the connection broke off"),
)


@dataclass(frozen=True)
class Archive:
    """A .tar.gz to download and what must be in it; sizes are in bytes, checksums MD5."""

    title: str
    name: str
    urls: tuple[str, ...]  # tried in this order
    size: int
    md5: str
    folder: str  # the one folder that the archive holds
    members: dict[str, str]  # file in that folder: its MD5
    unpacked_size: int


CIFAR10 = Archive(
    title="CIFAR-10",
    name="cifar-10-python.tar.gz",
    urls=("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
    size=170_498_071,
    md5="c58f30108f718f92721af3b95e74349a",
    folder="cifar-10-batches-py",
    members={
        **dict(datasets.CIFAR10.train_list + datasets.CIFAR10.test_list),
        datasets.CIFAR10.meta["filename"]: datasets.CIFAR10.meta["md5"],
    },
    unpacked_size=187_000_000,  # rounded up
)


class MirrorError(Exception):
    """One server cannot give the archive; another may."""


def fetch(archive: Archive, data_dir: Path) -> Path:
    """Have `archive` downloaded, checked and unpacked in `data_dir`; returns the unpacked folder.

    Nothing is done if the folder is whole already. The download keeps its temporary name until it
    is unpacked and removed, so that a file under the archive's own name is always one that somebody
    put there: it is used and kept.

    Raises:
        click.ClickException: if no server gives the right file, the disk is full or not writable,
        or the
            archive cannot be unpacked; its one line says what to do.
    """
    folder, file = data_dir / archive.folder, data_dir / archive.name
    part = file.with_name(f"{file.name}.part")
    try:
        if _is_whole(folder, archive):
            click.echo(f"{archive.title} is already in {folder}, whole: nothing to do")
            return folder
        if not hasattr(tarfile, "data_filter"):
            raise click.ClickException(
                "this Python cannot unpack safely: use 3.10.12, 3.11.4, 3.12 or newer"
            )
        make_writable(data_dir)
        brought = check_integrity(file, archive.md5)
        if file.exists() and not brought:
            click.echo(
                f"{file.name} in the data folder is not the official file: ignored", err=True
            )
        _check_space(
            data_dir, archive.unpacked_size + (0 if brought else archive.size - _length(part))
        )
        if not brought:
            _download(archive, part)
        _unpack(archive, file if brought else part, folder)
        part.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise click.ClickException(
            f"cannot use the data folder {data_dir} ({reason}): repair it, or set COURSE_DATA to another"
        ) from None
    click.echo(f"{archive.title} is ready in {folder}")
    return folder


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _is_whole(folder: Path, archive: Archive) -> bool:
    return all(check_integrity(folder / name, md5) for name, md5 in archive.members.items())


def _check_space(data_dir: Path, needed: int) -> None:
    free = shutil.disk_usage(data_dir).free
    if free < needed:
        raise click.ClickException(
            f"the disk of {data_dir} is too full ({needed / 1e6:.0f} MB needed, {free / 1e6:.0f} MB free): "
            "free some space, or set COURSE_DATA to a folder on another disk"
        )


def _download(archive: Archive, part: Path) -> None:
    """Fill `part` from the first server that has the right bytes."""
    for url in archive.urls:
        try:
            return _download_from(url, part, archive)
        except MirrorError as error:
            click.echo(f"{url}: {error}", err=True)
    raise click.ClickException(
        f"no server gave {archive.title}: check the connection and run the same command again, name other servers in "
        f"COURSE_CIFAR10_URL, or put {archive.name} into {part.parent} by hand"
    )


def _download_from(url: str, part: Path, archive: Archive) -> None:
    if _length(part) > archive.size:
        part.unlink()
    resumed = _length(part) > 0
    _fill(url, part, archive)
    if check_integrity(part, archive.md5):
        return
    part.unlink()
    if not resumed:
        raise MirrorError(f"its file has the wrong MD5, not {archive.md5}: removed")
    # The bytes from an earlier run may be the wrong ones, so this server deserves a clean start.
    click.echo("the resumed download has the wrong MD5: removed, starting over", err=True)
    _download_from(url, part, archive)


def _fill(url: str, part: Path, archive: Archive) -> None:
    """Bring `part` to its full size, asking again for the rest when the connection breaks."""
    before = _length(part)
    if before == archive.size:
        return
    for tries_left in reversed(range(TRIES)):
        try:
            return _pull(url, part, archive)
        except (requests.RequestException, HTTPError) as error:
            # A server that has given nothing is not there; one that has is worth another request.
            if _length(part) == before or not tries_left:
                raise MirrorError(
                    next(text for kind, text in REASONS if isinstance(error, kind))
                ) from None
        click.echo(
            f"the connection broke off at {_length(part)} of {archive.size} bytes: resuming",
            err=True,
        )
        time.sleep(PAUSE)


def _pull(url: str, part: Path, archive: Archive) -> None:
    """Ask once for what `part` misses and write it; what was there is kept until the answer is
    known to fit.
    """
    with _ask(url, _length(part)) as response:
        _check_answer(response, archive.size)
        start = (
            _length(part) if response.status_code == 206 else 0
        )  # 200: the whole file, whatever was asked for
        # Undecoded: some servers announce .gz files as compressed pages, which requests would
        # unzip.
        chunks = response.raw.stream(CHUNK, decode_content=False)
        first = next(chunks, b"")
        if start == 0 and not first.startswith(GZIP_MAGIC):
            raise MirrorError("what it sends is no gzip file (a network's log-in page?)")
        bar = tqdm(total=archive.size, initial=start, unit="B", unit_scale=True, desc=archive.title)
        with bar, part.open("ab" if start else "wb") as file:
            for chunk in chain([first], chunks):
                bar.update(file.write(chunk))
                if file.tell() > archive.size:
                    raise MirrorError(f"it sends more than {archive.size} bytes")
            file.flush()
            os.fsync(file.fileno())
    if _length(part) < archive.size:  # a server that announces no length can break off unnoticed
        raise HTTPError


def _ask(url: str, start: int) -> requests.Response:
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        response = requests.get(url, headers=headers, stream=True, timeout=TIMEOUT)
    except requests.RequestException:
        raise
    except OSError:  # requests' own, before it calls anybody
        raise MirrorError(
            "there are no certificates where REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE says"
        ) from None
    fits = response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
    if (
        start and response.status_code in (206, 416) and not fits
    ):  # the whole file may still be right
        response.close()
        return _ask(url, 0)
    return response


def _check_answer(response: requests.Response, size: int) -> None:
    if response.status_code == 200:
        total = response.headers.get("Content-Length", "*")
    elif response.status_code == 206:
        total = response.headers.get("Content-Range", "").rpartition("/")[2]
    else:
        raise MirrorError(f"HTTP status {response.status_code}")
    if total not in (str(size), "*"):
        raise MirrorError(f"its file has {total} bytes, not {size}")


def _unpack(archive: Archive, file: Path, folder: Path) -> None:
    """Unpack beside the target, check, then rename, so that no half folder is ever seen."""
    click.echo(f"unpacking {archive.title}")
    work = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        with tarfile.open(file, "r:gz") as tar:
            tar.extractall(work, filter="data")
        if not _is_whole(work / archive.folder, archive):
            raise tarfile.TarError("files are missing or damaged")
        if folder.exists() or folder.is_symlink():
            folder.replace(work / "old")
        (work / archive.folder).replace(folder)
    except (tarfile.TarError, EOFError, zlib.error, BadGzipFile) as error:
        raise click.ClickException(
            f"cannot unpack {file} ({error}): delete that file and run the same command again"
        ) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
