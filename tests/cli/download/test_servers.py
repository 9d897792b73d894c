"""Servers that are wrong, slow, silent or cut off: named, asked again where they broke, given up."""

import time

import pytest

from course_utils.cli import download as cli
from tests.cli.download.archive import GOOD, HALF, NAME, SIZE, WRONG, answer, md5, stay_silent

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
