"""What the running server makes of requests that no browser sends: never a failure of its own, and nothing piles up."""

import json
import re
import socket
from collections.abc import Iterator

import pytest

from tests.conftest import new_database
from tests.serving import Server, serving, wait_until
from tracker import BODY_MAX

REQUEST = b"GET /api/incidents HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
WRITE = b"POST /api/incidents HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
"""How a client begins HTTP/2, with empty settings."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, server_url: str) -> Iterator[Server]:
    """A running server behind a proxy, whose attackers reach the proxy."""
    with (
        new_database(server_url) as url,
        serving(tmp_path_factory.mktemp("attacked"), DATABASE_URL=url, TRUSTED_PROXIES=1) as server,
    ):
        yield server


def sent(server: Server, request: bytes) -> bytes:
    """All that comes back until the server closes the connection."""
    answer = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        try:
            connection.sendall(request)
            while part := connection.recv(65536):
                answer += part
        except ConnectionError:
            # It has said what it had to say, and does not read on.
            pass
    assert server.answers()
    return answer


def status(answer: bytes) -> int:
    """The status of an answer."""
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert match, answer[:100]
    return int(match[1])


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (b"".join(b"X-A%d: 1\r\n" % number for number in range(90)), 200),
        (b"".join(b"X-A%d: 1\r\n" % number for number in range(150)), 431),
        (b"X-A: " + b"a" * 300_000 + b"\r\n", 200),
        (b"X-A: " + b"a" * 1_000_000 + b"\r\n", 431),
        (b"X-A: \xff\xfe\r\n", 200),
        (b"X-A: a\0b\r\n", 400),
        (b"If-None-Match: " + b'"' * 300_000 + b"\r\n", 422),
        (b"Last-Event-ID: " + b"9" * 300_000 + b"\r\n", 200),
        (b"X-Actor: " + b"%ff" * 100_000 + b"\r\n", 422),
        (b"Cookie: " + b"a=b; " * 60_000 + b"\r\n", 200),
        (b"X-Request-ID: " + b"a" * 300_000 + b"\r\n", 200),
        (b"X-Forwarded-For: " + b"," * 300_000 + b"\r\n", 200),
        (b"X-Forwarded-Proto: " + b"\xff" * 1000 + b"\r\n", 200),
        (b"X-Forwarded-Host: " + b"a" * 300_000 + b"\r\n", 403),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else None,
)
def test_headers_are_read_or_refused(server: Server, headers: bytes, expected: int) -> None:
    assert status(sent(server, REQUEST + headers + b"\r\n")) == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [(b"/api/incidents?q=" + b"a" * 20_000, 414), (b"/" + b"a" * 100_000, 414), (b"/api/" + b"%" * 50_000, 404),
     (b"/api/\xff", 400)],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else None,
)  # fmt: skip
def test_addresses_are_read_or_refused(server: Server, target: bytes, expected: int) -> None:
    assert status(sent(server, REQUEST.replace(b"/api/incidents", target) + b"\r\n")) == expected


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (b"Content-Length: %d\r\n\r\n" % (BODY_MAX + 1) + b" " * (BODY_MAX + 1), 413),
        (b"Content-Length: 99999999999999999999\r\n\r\n{}", 400),
        (b"Content-Length: -1\r\n\r\n{}", 400),
        (b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", 400),
        (b"Transfer-Encoding: chunked\r\n\r\n" + (b"80000\r\n" + b" " * 0x80000 + b"\r\n") * 3 + b"0\r\n\r\n", 413),
        (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", 400),
        (b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n", 400),
        (b"Content-Length: 400000\r\n\r\n" + b'{"a":' * 80_000, 400),
    ],
    ids=lambda value: repr(value[:40]) if isinstance(value, bytes) else None,
)
def test_bodies_are_read_or_refused(server: Server, rest: bytes, expected: int) -> None:
    answer = sent(server, WRITE + rest)
    assert status(answer) == expected
    body = answer.partition(b"\r\n\r\n")[2]
    if expected == 413:
        assert json.loads(body)["status"] == 413


def test_only_http_1_is_spoken(server: Server) -> None:
    answer = sent(server, PREFACE)
    assert not answer or status(answer) == 400


def test_the_last_of_several_lines_is_the_proxys(server: Server) -> None:
    forged = b"X-Forwarded-For: 203.0.113.66\r\nX-Forwarded-Proto: https\r\n"
    added = b"X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: http\r\n"
    answer = sent(server, WRITE + forged + added + b"X-Request-ID: several-lines\r\nContent-Length: 1\r\n\r\n{")
    assert status(answer) == 400
    assert b"strict-transport-security" not in answer.lower()

    def line() -> str | None:
        return next((line for line in server.said().splitlines() if "request_id=several-lines" in line), None)

    wait_until(line, "the request's line in the log")
    assert "client=203.0.113.7 " in str(line())


def test_an_address_with_a_scheme_is_no_sign_of_tls(server: Server) -> None:
    answer = sent(server, REQUEST.replace(b"/api/incidents", b"https://localhost/api/incidents") + b"\r\n")
    assert status(answer) == 200
    assert b"strict-transport-security" not in answer.lower()
