"""The built site on loopback, in Debian's Chromium."""

import functools
import http.server
import shutil
import threading
from importlib.util import find_spec

import pytest

from course_utils.paths import ROOT

SITE = ROOT / "docs" / "_build" / "html"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
CHROMIUM = shutil.which("chromium")

# `make e2e` builds the site and installs what these tests need
if not find_spec("playwright") or CHROMIUM is None:
    collect_ignore_glob = ["*"]
elif not SITE.exists():
    collect_ignore = ["test_site.py"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address():
    handler = functools.partial(Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=[(s, d) for s in ("light", "dark") for d in SIZES], ids="-".join)
def tab(request, browser):
    """A page in one theme and one size, and what it complained of or asked another host for."""
    scheme, device = request.param
    width, height = SIZES[device]
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.complaints, page.received = [], []
    page.on("console", lambda m: m.type == "error" and page.complaints.append(m.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda r: _is_foreign(r.url) and page.complaints.append(r.url))
    page.on("response", lambda response: page.received.append(response))
    yield page
    context.close()


def _is_foreign(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1", "data:", "blob:"))
