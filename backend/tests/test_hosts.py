"""Several hosts, which share nothing but a database, behind the proxy and its configuration that are shipped."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from http.client import HTTPException
from pathlib import Path
from threading import Event, Thread
from typing import Self

import pytest
from sqlalchemy import Engine, text

from tests.history.test_stream import LISTENERS
from tests.hosts import NGINX, hosts
from tests.serving import Answer, Server, once_free, started, wait_until
from tests.streams import Message, following
from tests.test_migrations import check_counts
from tests.writing import Writers
from tracker.accounts.throttle import FOR_ACCOUNT_FROM_NETWORK

BACK = 3
"""Seconds after which 60 writes have been served, once a host is lost."""
SOON = 1
"""Seconds within which an event is told by every host."""

pytestmark = pytest.mark.skipif(
    NGINX is None,
    reason="needs nginx: install it (Debian: apt install nginx-light; macOS: brew install nginx)",
)


class Follower:
    """A client of the live stream that comes back after every end, from where it was."""

    def __init__(self, port: int) -> None:
        self.seen: list[str] = []
        self.ends = 0
        self._port = port
        self._done = Event()
        self._last: str | None = None
        self._began = Event()
        self._thread = Thread(target=self._follow)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._began.wait(10)
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._done.is_set():
            with suppress(OSError, HTTPException), following(self._port, self._last) as messages:
                self._began.set()
                self._read(messages)
            self.ends += 1
            self._done.wait(0.02)

    def _read(self, messages: Iterator[Message | None]) -> None:
        for message in messages:
            if message is not None:
                assert message.type != "reset"
                self._last = message.id
                if message.type is not None:
                    self.seen.append(message.id)


def test_what_one_host_does_the_others_know(tmp_path: Path, empty_database: str, database: Engine) -> None:
    with hosts(tmp_path, DATABASE_URL=empty_database) as (proxy, servers), ExitStack() as stack:
        streams: list[Iterator[Message | None]] = []

        def all_listen() -> bool:
            streams.append(stack.enter_context(following(proxy.port)))
            with database.connect() as connection:
                return bool(connection.execute(text(f"SELECT count(*) {LISTENERS}")).scalar_one() == len(servers))

        wait_until(all_listen, "each host to have a stream", 10)
        for server in [*servers, proxy]:
            began = time.monotonic()
            number = server.create("Something broke")
            for stream in streams:
                event = next(message for message in stream if message and message.type)
                assert event.data["incident"]["number"] == number
            # The proxy holds nothing back.
            assert time.monotonic() - began < SOON

        def send(server: Server, key: str, title: str = "Sent often") -> Answer:
            body = {"title": title, "service": "db", "severity": "SEV1"}
            return server.call("/api/incidents", body, headers={"Idempotency-Key": key})

        first, *again = [send(server, "one after another") for server in [*servers, proxy]]
        assert (first.status, first.headers["Idempotent-Replayed"]) == (201, None)
        for answer in again:
            assert (answer.status, answer.headers["Idempotent-Replayed"]) == (201, "true")
            assert answer.body == first.body
        assert send(servers[1], "one after another", "Something else").status == 422
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda number: send(servers[number % 3], "all at once"), range(12)))
        assert {answer.status for answer in answers} <= {201, 409}
        assert len({answer.body["id"] for answer in answers if answer.status == 201}) == 1
        assert proxy.call("/api/incidents").body["total"] == len(servers) + 1 + 2


def test_a_host_that_is_lost_takes_nothing_with_it(tmp_path: Path, empty_database: str, database: Engine) -> None:
    # Followers leave once their streams have ended.
    with ExitStack() as stack, hosts(tmp_path, DATABASE_URL=empty_database) as (proxy, servers):
        followers = [stack.enter_context(Follower(proxy.port)) for _ in range(6)]
        with Writers(proxy) as writers:
            writers.go_on()
            lost = servers[1]
            workers = lost.workers()
            # The program first, which would put another in the place of its worker.
            lost.process.kill()
            for worker in workers:
                worker.kill()
            writers.go_on(seconds=BACK)
            unanswered = len(writers.unsure)
            writers.go_on(600)
            # Those who were being served, and nobody who came later.
            assert len(writers.unsure) == unanswered <= 6
            once_free(lost.port)
            with started(tmp_path, port=lost.port, TRUSTED_PROXIES=1, DATABASE_URL=empty_database) as returned:
                wait_until(returned.answers, "the host to return")
                wait_until(lambda: "method=POST" in returned.said(), "the proxy to use it again", 10)
                writers.go_on()
                writers.stop()
                assert len(writers.unsure) == unanswered
                writers.send_again()
                with database.connect() as connection:
                    places = "SELECT transaction_id || '-' || id FROM events ORDER BY transaction_id, id"
                    told = list(connection.execute(text(places)).scalars())
                for follower in followers:
                    wait_until(lambda seen=follower.seen: len(seen) >= len(told), "all events", 10)  # type: ignore[misc]
                    assert follower.seen == told
                # A third of them, and each once.
                assert sorted(follower.ends for follower in followers) == [0, 0, 0, 0, 1, 1]
    writers.check(database)
    check_counts(database)


EMAIL, PASSWORD = "ana@example.com", "correct horse battery"


def sign_in(server: Server, address: str, password: str = PASSWORD) -> Answer:
    """An attempt of somebody whom the proxy, or who claims to be it, saw at this address."""
    body = {"email": EMAIL, "password": password}
    return server.call("/api/session", body, headers={"X-Forwarded-For": address})


def test_accounts_are_the_same_everywhere(tmp_path: Path, empty_database: str, database: Engine) -> None:
    first = {"AUTH_MODE": "required", "ADMIN_EMAIL": EMAIL, "ADMIN_PASSWORD": PASSWORD}
    with hosts(tmp_path, DATABASE_URL=empty_database, **first) as (proxy, servers):
        assert sum("Made the first admin" in server.said() for server in servers) == 1
        tried = [sign_in(server, "192.0.2.1", "wrong").status for server in [*servers, *servers]]
        assert tried == [401] * FOR_ACCOUNT_FROM_NETWORK + [429]
        assert {sign_in(server, "192.0.2.1").status for server in servers} == {429}
        # Through the proxy it is the address that the proxy sees, whatever the client claims.
        tried = [sign_in(proxy, f"192.0.2.{number}", "wrong").status for number in range(10, 17)]
        assert tried == [401] * FOR_ACCOUNT_FROM_NETWORK + [429] * 2
        signed_in = sign_in(servers[0], "192.0.2.2")
        assert signed_in.status == 201
        cookie = re.match(r"\w+=[^;]+", signed_in.headers["Set-Cookie"])
        assert cookie
        session = {"Cookie": cookie[0], "X-CSRF-Token": signed_in.body["csrfToken"]}
        assert {server.call("/api/incidents", headers=session).status for server in servers} == {200}
        assert servers[1].call("/api/session", method="DELETE", headers=session).status == 204
        # At once.
        assert {server.call("/api/incidents", headers=session).status for server in servers} == {401}
    assert all("Traceback" not in server.said() for server in servers)
