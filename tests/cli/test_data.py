"""`course_utils data` against a small archive and a loopback server that is broken in every way we
know.
"""

import dataclasses
import errno
import gzip
import hashlib
import io
import os
import pickle
import shutil
import socket
import tarfile
import threading
import time
from collections import namedtuple
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from click.testing import CliRunner
from torchvision import datasets
from tqdm import tqdm

from course_utils.cli import data as command
from course_utils.cli import download as cli

FOLDER, NAME = "cifar-10-batches-py", "cifar-10-python.tar.gz"
BATCHES = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def small_files():
    """CIFAR-10's files with three images a batch; str keys are what torchvision finds in the Python
    2 originals.
    """
    draw = np.random.default_rng(0)
    files = {}
    for name in BATCHES:
        pixels = draw.integers(0, 256, (3, 3072), dtype=np.uint8)
        files[name] = pickle.dumps(
            {"data": pixels, "labels": draw.integers(0, 10, 3).tolist()}, protocol=2
        )
    files["batches.meta"] = pickle.dumps({"label_names": CLASSES}, protocol=2)
    return files


def pack(files, *extra):
    """A .tar.gz of CIFAR-10's layout; `extra` is TarInfo objects that come first."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for info in extra:
            tar.addfile(info, io.BytesIO(b"!" * info.size))
        for name, content in files.items():
            info = tarfile.TarInfo(f"{FOLDER}/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)  # no clock: every run tests the same bytes


def entry(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, 4 if kind == tarfile.REGTYPE else 0
    return info


FILES = small_files()
GOOD = pack(FILES)
SIZE = len(GOOD)
HALF = SIZE // 2048 * 1024  # where connections are cut: whole chunks of 1024 bytes
WRONG = GOOD[:HALF] + bytes(SIZE - HALF)  # right size and beginning, wrong MD5


def answer(content=GOOD, *, status=200, ranges=True, length=None, cut=None, hang=False, headers=()):
    """A way to answer: `length` is announced if not "", `cut` bytes are sent, then the line drops
    (or hangs).
    """

    def respond(handler):
        wanted, code, body, extra = handler.headers["Range"], status, content, dict(headers)
        if ranges and wanted:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            code, body = 206, content[start:]
            extra.setdefault("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.send_response(code)
        if length != "":
            extra.setdefault("Content-Length", str(length or len(body)))
        for header in extra.items():
            handler.send_header(*header)
        handler.end_headers()
        handler.wfile.write(body if cut is None else body[:cut])
        handler.server.sent.append(len(body))
        if hang:
            handler.server.released.wait(5)

    return respond


def stay_silent(handler):
    handler.server.released.wait(5)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers["Range"]))
        assert self.headers["Accept-Encoding"] == "identity"
        answers = self.server.routes[self.path]
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def web():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # clients that hang up are part of the game
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch):
    """No name is resolved, no other machine called, no proxy of the environment used."""
    connect = socket.socket.connect

    def guarded_connect(self, address):
        assert address[0] == "127.0.0.1", f"a test called {address}"
        return connect(self, address)

    def resolve(host, port, *_, **__):
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


class Course:
    """The command, pointed at a scratch data folder and at the loopback server."""

    def __init__(self, web, home, monkeypatch):
        self.web, self.home, self.monkeypatch = web, home, monkeypatch
        self.part, self.brought, self.folder = home / f"{NAME}.part", home / NAME, home / FOLDER
        web.routes, web.asked, web.sent, web.released = (
            {"/good": [answer()]},
            [],
            [],
            threading.Event(),
        )
        monkeypatch.setattr(command, "DATA_DIR", home)
        monkeypatch.setattr(cli, "PAUSE", 0)
        monkeypatch.setattr(cli, "CHUNK", 1024)
        monkeypatch.setattr(cli, "tqdm", partial(tqdm, disable=True))
        self.use(GOOD)

    def use(self, content):
        """Make `content` the archive that is expected."""
        members = {name: md5(file) for name, file in FILES.items()}
        sizes = {"size": len(content), "unpacked_size": sum(map(len, FILES.values()))}
        archive = dataclasses.replace(cli.CIFAR10, md5=md5(content), members=members, **sizes)
        self.monkeypatch.setattr(cli, "CIFAR10", archive)
        self.web.routes["/good"] = [answer(content)]

    def url(self, path):
        return f"http://127.0.0.1:{self.web.server_port}{path}"

    def run(self, *urls):
        self.monkeypatch.setenv(
            "COURSE_CIFAR10_URL", " ".join(self.url(u) if u[0] == "/" else u for u in urls)
        )
        result = CliRunner().invoke(command.data, ["cifar10"])
        self.web.released.set()
        assert result.exception is None or isinstance(result.exception, SystemExit), (
            result.exception
        )
        return result

    def route(self, path, *answers):
        self.web.routes[path] = list(answers)

    def assert_ready(self, result):
        assert result.exit_code == 0, result.output
        assert result.stdout.splitlines()[-1] == f"CIFAR-10 is ready in {self.folder}"
        assert {path.name: path.read_bytes() for path in self.folder.iterdir()} == FILES
        assert [path for path in self.home.iterdir() if path != self.brought] == [self.folder]

    def assert_failed(self, result, line, *before):
        """Exit status 1, the lines `before` about servers and one last line that says what to do."""
        assert (result.exit_code, result.stderr.splitlines()) == (1, [*before, f"Error: {line}"])

    @property
    def no_server(self):
        return (
            "no server gave CIFAR-10: check the connection and run the same command again, name other servers in "
            f"COURSE_CIFAR10_URL, or put {NAME} into {self.home} by hand"
        )


@pytest.fixture
def course(web, tmp_path, monkeypatch):
    return Course(web, tmp_path / "data", monkeypatch)


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


BAD_ANSWERS = {
    "missing": (answer(b"", status=404), "HTTP status 404"),
    "broken": (answer(b"", status=500), "HTTP status 500"),
    "no content": (answer(b"", status=204), "HTTP status 204"),
    "shorter": (answer(GOOD[:-1]), f"its file has {SIZE - 1} bytes, not {SIZE}"),
    "longer": (answer(GOOD + b"!"), f"its file has {SIZE + 1} bytes, not {SIZE}"),
    "longer, unannounced": (
        answer(GOOD + bytes(4096), length=""),
        f"it sends more than {SIZE} bytes",
    ),
    "wrong MD5": (answer(WRONG), f"its file has the wrong MD5, not {md5(GOOD)}: removed"),
    "log-in page": (
        answer(b"<html>", length=""),
        "what it sends is no gzip file (a network's log-in page?)",
    ),
    "nothing": (answer(b"", length=""), "what it sends is no gzip file (a network's log-in page?)"),
    "cut at once": (answer(cut=0), "the connection broke off"),
    "hangs up": (lambda _: None, "no connection (offline, no such host, or refused)"),
    "redirect loop": (
        answer(b"", status=302, headers={"Location": "/bad"}.items()),
        "it redirects without end",
    ),
    "redirect away": (
        answer(b"", status=302, headers={"Location": "ftp://127.0.0.1/"}.items()),
        "not an http or https address",
    ),
}


@pytest.mark.parametrize(("bad", "reason"), BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_a_bad_server_is_named_and_the_next_one_asked(course, bad, reason):
    course.route("/bad", bad)
    course.assert_failed(course.run("/bad"), course.no_server, f"{course.url('/bad')}: {reason}")
    assert not course.folder.exists() and not course.brought.exists()
    if "MD5" in reason:
        assert not course.part.exists()
    result = course.run("/bad", "/good")
    course.assert_ready(result)
    assert result.stderr == f"{course.url('/bad')}: {reason}\n"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://no-such-host.invalid/", "no connection (offline, no such host, or refused)"),
        ("http://127.0.0.1:1/", "no connection (offline, no such host, or refused)"),
        ("ftp://127.0.0.1/", "not an http or https address"),
        ("127.0.0.1/file", "not an http or https address"),
        ("C:\\file", "not an http or https address"),
        ("http://", "not an http or https address"),
        ("http://[", "not an http or https address"),
        ("http://127.0.0.1:99999/", "not an http or https address"),
        (f"http://{'x' * 70}.invalid/", "not an http or https address"),
    ],
)
def test_an_address_that_leads_nowhere_is_named(course, url, reason):
    course.assert_failed(course.run(url), course.no_server, f"{url}: {reason}")
    course.assert_ready(course.run(url, "/good"))


def test_proxy_and_tls_failures_are_named(course, monkeypatch):
    url = course.url("/good").replace("http:", "https:")
    line = f"{url}: no trusted TLS connection (a wrong certificate or clock)"
    course.assert_failed(course.run(url), course.no_server, line)
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    line = f"{course.url('/good')}: the proxy does not answer, see HTTP_PROXY and HTTPS_PROXY"
    course.assert_failed(course.run("/good"), course.no_server, line)


@pytest.mark.parametrize(
    "silent", [stay_silent, answer(cut=0, hang=True)], ids=["at once", "after its headers"]
)
def test_a_silent_server_is_given_up(course, monkeypatch, silent):
    monkeypatch.setattr(cli, "TIMEOUT", 0.3)
    course.route("/silent", silent)
    line = f"{course.url('/silent')}: no answer within 20 s"
    course.assert_failed(course.run("/silent"), course.no_server, line)


def broke_off_at(size):
    return f"the connection broke off at {size} of {SIZE} bytes: resuming\n"


@pytest.mark.parametrize(
    "cut", [answer(cut=HALF), answer(cut=HALF, length=""), answer(cut=HALF, hang=True)]
)
def test_a_cut_connection_is_resumed_where_it_broke(course, monkeypatch, cut):
    monkeypatch.setattr(cli, "TIMEOUT", 1)
    course.route("/good", cut, answer())
    result = course.run("/good")
    course.assert_ready(result)
    assert course.web.asked == [("/good", None), ("/good", f"bytes={HALF}-")]
    assert (course.web.sent[1], result.stderr) == (SIZE - HALF, broke_off_at(HALF))


def test_a_connection_that_always_breaks_is_given_up_and_its_bytes_kept(course, monkeypatch):
    pauses = []
    monkeypatch.setattr(cli, "PAUSE", 7)
    monkeypatch.setattr(time, "sleep", pauses.append)
    course.route("/cut", answer(cut=1024))
    lines = [broke_off_at(1024 * n).strip() for n in range(1, cli.TRIES)]
    result = course.run("/cut")
    course.assert_failed(
        result, course.no_server, *lines, f"{course.url('/cut')}: the connection broke off"
    )
    assert course.part.read_bytes() == GOOD[: 1024 * cli.TRIES] and pauses == [7] * (cli.TRIES - 1)
    course.web.asked.clear()
    course.assert_ready(course.run("/good"))
    assert course.web.asked == [("/good", f"bytes={1024 * cli.TRIES}-")]


RANGE_ANSWERS = {
    "ignored": answer(ranges=False),
    "416, then whole": [answer(b"", status=416, ranges=False), answer()],
    "416 with its size": [
        answer(b"", status=416, headers={"Content-Range": f"bytes */{SIZE}"}.items()),
        answer(),
    ],
    "other range": [
        answer(headers={"Content-Range": f"bytes 0-{SIZE - 1}/{SIZE}"}.items()),
        answer(),
    ],
    "no range named": [answer(headers={"Content-Range": ""}.items()), answer()],
}


@pytest.mark.parametrize("answers", RANGE_ANSWERS.values(), ids=RANGE_ANSWERS)
def test_a_server_without_proper_ranges_starts_over(course, answers):
    course.home.mkdir()
    course.part.write_bytes(GOOD[:HALF])
    course.route("/odd", *(answers if isinstance(answers, list) else [answers]))
    result = course.run("/odd")
    course.assert_ready(result)
    expected = [f"bytes={HALF}-", None] if isinstance(answers, list) else [f"bytes={HALF}-"]
    assert ([wanted for _, wanted in course.web.asked], result.stderr) == (expected, "")


@pytest.mark.parametrize(
    "bad",
    [
        answer(b"", status=404, ranges=False),
        answer(b"", status=416, ranges=False),
        answer(GOOD[:-1], ranges=False),
        answer(GOOD + b"!"),
        answer(b"<html>", ranges=False, length=""),
    ],
)
def test_a_bad_server_does_not_spoil_what_is_there(course, bad):
    course.home.mkdir()
    course.part.write_bytes(GOOD[:HALF])
    course.route("/bad", bad)
    assert course.run("/bad").exit_code == 1
    assert course.part.read_bytes() == GOOD[:HALF]


STARTING_OVER = "the resumed download has the wrong MD5: removed, starting over\n"
PARTS = {
    "right beginning": (GOOD[:HALF], [f"bytes={HALF}-"], ""),
    "wrong beginning": (bytes(HALF), [f"bytes={HALF}-", None], STARTING_OVER),
    "all": (GOOD, [], ""),
    "all, wrong": (WRONG, [None], STARTING_OVER),
    "too long": (GOOD + b"!", [None], ""),
    "empty": (b"", [None], ""),
}


@pytest.mark.parametrize(("left", "wanted", "stderr"), PARTS.values(), ids=PARTS)
def test_what_an_earlier_run_left_is_used_if_it_fits(course, left, wanted, stderr):
    course.home.mkdir()
    course.part.write_bytes(left)
    result = course.run("/good")
    course.assert_ready(result)
    assert ([asked for _, asked in course.web.asked], result.stderr) == (wanted, stderr)


def test_a_page_announced_as_compressed_is_stored_as_it_comes(course):
    course.route("/good", answer(headers={"Content-Encoding": "x-gzip"}.items()))
    course.assert_ready(course.run("/good"))


def test_an_archive_put_there_by_hand_is_used_and_kept(course):
    course.home.mkdir()
    course.brought.write_bytes(GOOD)
    course.part.write_bytes(GOOD[:HALF])
    course.assert_ready(course.run("/good"))
    assert (course.web.asked, course.brought.read_bytes()) == ([], GOOD)


def test_a_wrong_archive_put_there_by_hand_is_ignored(course):
    course.home.mkdir()
    course.brought.write_bytes(WRONG)
    result = course.run("/good")
    course.assert_ready(result)
    assert result.stderr == f"{NAME} in the data folder is not the official file: ignored\n"
    assert course.brought.read_bytes() == WRONG


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
