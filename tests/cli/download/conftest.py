"""The loopback server, and the command pointed at it."""

import socket
import threading
from http.server import ThreadingHTTPServer

import pytest

from tests.cli.download.archive import Course, Handler


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


@pytest.fixture
def course(web, tmp_path, monkeypatch):
    return Course(web, tmp_path / "data", monkeypatch)
