"""CIFAR-10's archive in small, and a loopback server that is broken in every way we know."""

import dataclasses
import gzip
import hashlib
import io
import pickle
import tarfile
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler

import numpy as np
from click.testing import CliRunner
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
    info.type = kind
    info.linkname = link
    info.size = 4 if kind == tarfile.REGTYPE else 0
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
        wanted = handler.headers["Range"]
        code = status
        body = content
        extra = dict(headers)
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
        handler.server.sent.append(len(body))  # first: the client may be done when write returns
        handler.wfile.write(body if cut is None else body[:cut])
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


class Course:
    """The command, pointed at a scratch data folder and at the loopback server."""

    def __init__(self, web, home, monkeypatch):
        self.web = web
        self.home = home
        self.monkeypatch = monkeypatch
        self.part = home / f"{NAME}.part"
        self.brought = home / NAME
        self.folder = home / FOLDER
        web.routes = {"/good": [answer()]}
        web.asked = []
        web.sent = []
        web.released = threading.Event()
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
