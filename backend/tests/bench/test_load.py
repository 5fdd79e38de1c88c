"""`wrk` sends what it is told to, and errors are not taken for speed."""

import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest

from bench.load import LoadError, drive, is_slow
from bench.requests import OTHERS, Request

pytestmark = pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed; make bench installs it")


class Recorder(ThreadingHTTPServer):
    """Keeps what it is sent, and answers with ``status``."""

    daemon_threads = True
    status = 200

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: connections break off where a measurement ends."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str, Any]] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    """One connection to it."""

    protocol_version = "HTTP/1.1"
    server: Recorder

    def answer(self) -> None:
        """Note the request and answer it."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.seen.append((self.command, self.path, body, self.headers))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PATCH = answer  # noqa: N815 - as the base class names them.

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A running server."""
    with Recorder() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_requests_go_out_as_they_are_written(recorder: Recorder) -> None:
    text = 'a\\b "c" 100% ä'
    request = Request(
        name="this one", group=OTHERS, parameters={"search": text, "order": "asc"}, headers={"If-None-Match": '"7"'}
    )
    figures = drive(recorder.server_port, request, seconds=1)
    assert not is_slow(figures, 1)
    assert 0 < figures.p50 <= figures.p99 < 1_000
    assert len(recorder.seen) >= figures.rate * 0.5
    method, path, body, headers = recorder.seen[0]
    assert (method, body, headers["If-None-Match"]) == ("GET", "", '"7"')
    assert path == f"/api/incidents?search={quote(text).replace('%20', '+')}&order=asc"


def test_variants_go_out_in_turn_and_no_body_twice(recorder: Recorder) -> None:
    variants = [("/one", b'{"title":"100% {n}"}'), ("/two", b'{"title":"{n} \\"b\\"","n":"{n}"}'), ("/three", b"{}")]
    request = Request(name="this one", group=OTHERS, method="POST", variants=variants)
    for _ in range(2):
        drive(recorder.server_port, request, seconds=1)
    paths = [path for _, path, _, _ in recorder.seen]
    counts = [paths.count(path) for path, _ in variants]
    assert max(counts) - min(counts) <= 10
    bodies = [body for _, path, body, _ in recorder.seen if path != "/three"]
    assert len(set(bodies)) == len(bodies) > 10
    assert not [body for body in bodies if "{n}" in body]


def test_an_error_amid_a_measurement_ends_it(recorder: Recorder) -> None:
    recorder.status = 503
    with pytest.raises(LoadError, match=r"this one: of [0-9]+ answers [0-9]+ were errors"):
        drive(recorder.server_port, Request(name="this one", group=OTHERS), seconds=1)


def test_a_server_that_is_gone_ends_it(recorder: Recorder) -> None:
    recorder.shutdown()
    recorder.server_close()
    with pytest.raises(LoadError, match="this one"):
        drive(recorder.server_port, Request(name="this one", group=OTHERS), seconds=1)
