"""More to do than the server can: it refuses at once and says when to come back, and is itself again at once."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, make_url, text

import app
import seed
from tests.serving import Answer, Server, environment, serving, wait_until
from tracker import create_app
from tracker.config import Settings
from tracker.database import POOL_TIMEOUT
from tracker.extensions import db
from tracker.startup import MIGRATION_LOCK, upgrade_database

THREADS = 8
CONNECTIONS, REQUESTS, WRITES = 2, 6, 4
"""What these threads are shared out into: at work in the database, in hand at all, and writes among them."""
AT_ONCE = 2
"""Seconds in which an answer has come that waits for nothing, on a machine that has much else to do."""
BUSY, TOO_SLOW = "urn:incident-tracker:problem:busy", "urn:incident-tracker:problem:too-slow"
BODY = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}


@pytest.fixture
def server(tmp_path: Path, empty_database: str) -> Iterator[Server]:
    """A running server with few threads, and one incident."""
    with serving(tmp_path, DATABASE_URL=empty_database, THREADS=THREADS) as server:
        server.create("The first")
        yield server


@contextmanager
def locked(engine: Engine) -> Iterator[Connection]:
    """No incident can be changed meanwhile."""
    with engine.begin() as connection:
        connection.execute(text("SELECT 1 FROM incidents FOR UPDATE"))
        yield connection


def connections(engine: Engine) -> dict[str, int]:
    """How many connections the server has, by what they do."""
    sql = (
        "SELECT state, count(*) FROM pg_stat_activity"
        " WHERE application_name = 'incident-tracker' AND datname = current_database() GROUP BY state"
    )
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(text(sql))}


def waiting(engine: Engine) -> int:
    """How many statements of the server wait for a lock."""
    sql = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'incident-tracker' AND wait_event_type = 'Lock'"
    )
    with engine.connect() as connection:
        return int(connection.execute(text(sql)).scalar_one())


def check_refused(answer: Answer, kind: str = BUSY) -> None:
    """A refusal that says why, and when to come back."""
    assert (answer.status, answer.body["type"]) == (503, kind)
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.body["requestId"] == answer.headers["X-Request-ID"]


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is done here takes no longer."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def check_given_back(engine: Engine) -> None:
    """All connections are idle: those of both pools and of the health check; those of the start are gone soon."""

    def given_back() -> bool:
        states = connections(engine)
        return set(states) == {"idle"} and states["idle"] <= 2 * CONNECTIONS + 1

    wait_until(given_back, "the connections to be given back")


def test_when_every_connection_is_taken_the_next_write_waits_a_little_and_is_refused(
    server: Server, database: Engine
) -> None:
    def change(number: int) -> Answer:
        return server.call("/api/incidents/INC-1", {"title": f"Changed by {number}"}, "PATCH", timeout=30)

    with ThreadPoolExecutor() as pool:
        with locked(database):
            changes = [pool.submit(change, number) for number in range(CONNECTIONS)]
            wait_until(lambda: waiting(database) == CONNECTIONS, "the writers to wait")
            with within(POOL_TIMEOUT + AT_ONCE):
                check_refused(change(-1))
            # Those who only read have connections of their own.
            with within(AT_ONCE):
                assert server.call("/api/incidents").status == 200
                assert server.call("/api/health").status == 200
        answers = [done.result() for done in changes]
    assert [answer.status for answer in answers] == [200] * CONNECTIONS
    # They waited for longer than SLOW_QUERY_MS.
    slow = [line for line in server.said().splitlines() if "slow query" in line]
    assert all(any(answer.headers["X-Request-ID"] in line for line in slow) for answer in answers)
    assert [change(number).status for number in range(20)] == [200] * 20
    check_given_back(database)


def test_when_every_connection_is_taken_the_next_read_waits_a_little_and_is_refused(
    server: Server, database: Engine
) -> None:
    def read(_: int) -> Answer:
        return server.call("/api/incidents", timeout=30)

    with ThreadPoolExecutor() as pool:
        with database.begin() as connection:
            connection.execute(text("LOCK TABLE incidents"))
            reads = [pool.submit(read, number) for number in range(CONNECTIONS)]
            wait_until(lambda: waiting(database) == CONNECTIONS, "the readers to wait")
            with within(POOL_TIMEOUT + AT_ONCE):
                check_refused(read(-1))
            # The database is well, and the health check says so, though no request can have a connection.
            with within(AT_ONCE):
                assert server.call("/api/health").status == 200
        answers = [done.result() for done in reads]
    assert [answer.status for answer in answers] == [200] * CONNECTIONS
    slow = [line for line in server.said().splitlines() if "slow query" in line]
    assert all(any(answer.headers["X-Request-ID"] in line for line in slow) for answer in answers)
    assert [read(number).status for number in range(20)] == [200] * 20
    check_given_back(database)


def test_with_far_more_clients_than_threads_every_answer_comes_soon(server: Server) -> None:
    """Each is right or says when to come back; and when the clients leave, nothing of them is left."""
    finish = time.monotonic() + 3
    slowest: list[float] = []
    statuses: Counter[int] = Counter()

    def ask(_client: int) -> None:
        while (began := time.monotonic()) < finish:
            answer = server.call("/api/incidents")
            slowest.append(time.monotonic() - began)
            statuses[answer.status] += 1
            if answer.status != 200:
                check_refused(answer)

    with ThreadPoolExecutor(10 * THREADS) as pool:
        list(pool.map(ask, range(10 * THREADS)))
    assert set(statuses) == {200, 503}
    assert max(slowest) < POOL_TIMEOUT + AT_ONCE
    with within(AT_ONCE):
        assert server.call("/api/incidents").status == 200


def test_clients_that_stall_while_they_send_hold_up_nobody_but_writers(server: Server) -> None:
    head = "POST /api/incidents HTTP/1.1\r\nHost: localhost\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    with ExitStack() as stack:
        stalled = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            for _ in range(5 * THREADS)
        ]
        for client in stalled:
            client.sendall(head.encode())
            client.setblocking(False)
        refused: set[socket.socket] = set()

        def refusals() -> int:
            for client in set(stalled) - refused:
                with suppress(BlockingIOError):
                    assert client.recv(64).startswith(b"HTTP/1.1 503 ")
                    refused.add(client)
            return len(refused)

        wait_until(lambda: refusals() == len(stalled) - WRITES, "all but a few to be refused", POOL_TIMEOUT + AT_ONCE)
        with within(AT_ONCE):
            assert server.call("/api/health").status == 200
        with within(AT_ONCE):
            check_refused(server.call("/api/incidents", BODY))
        assert [server.call("/api/incidents").status for _ in range(10)] == [200] * 10
    wait_until(lambda: server.call("/api/incidents", BODY).status == 201, "a write", POOL_TIMEOUT + AT_ONCE)


@pytest.fixture
def timed(empty_database: str) -> Settings:
    """A database with tables, and little patience."""
    settings = Settings(database_url=empty_database, statement_timeout=1, slow_query_ms=300)
    upgrade_database(create_app(settings))
    return settings


def test_a_statement_that_takes_too_long_is_stopped_and_told_of(
    timed: Settings, database: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    client = create_app(timed, serves=True).test_client()
    incident = client.post("/api/incidents", json=BODY).get_json()["id"]
    address = f"/api/incidents/{incident}"
    with locked(database), within(timed.statement_timeout + AT_ONCE):
        response = client.patch(address, json={"title": "Confidential"})
    check_refused(Answer(response.status_code, response.headers, response.get_json()), TOO_SLOW)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "slow query" in line]
    assert response.headers["X-Request-ID"] in line
    assert "FOR UPDATE" in line
    assert incident not in line
    assert float(line.partition("ms=")[2].split()[0]) >= 1000
    # One that is slow, but not too slow, is told of as well; and quick ones are not.
    with locked(database) as connection:
        soon = threading.Timer(0.5, connection.commit)
        soon.start()
        response = client.patch(address, json={"title": "Confidential"})
        # It is answered as soon as PostgreSQL has committed, which the timer may still be noticing.
        soon.join()
    assert response.status_code == 200
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "slow query" in line]
    assert response.headers["X-Request-ID"] in line
    assert "Confidential" not in line


def test_migrations_may_take_as_long_as_they_need(timed: Settings, database: Engine) -> None:
    with database.connect() as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({MIGRATION_LOCK})"))
        threading.Timer(
            timed.statement_timeout + 0.5, connection.execute, [text("SELECT pg_advisory_unlock_all()")]
        ).start()
        began = time.monotonic()
        app.prepare(timed, demo=False)
    assert time.monotonic() - began > timed.statement_timeout


def test_loading_may_take_as_long_as_it_needs(
    timed: Settings, database: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert timed.database_url is not None
    for name, value in environment(DATABASE_URL=timed.database_url, STATEMENT_TIMEOUT=1, SLOW_QUERY_MS=1).items():
        monkeypatch.setenv(name, value)
    with database.connect() as connection:
        connection.execute(text("LOCK TABLE incidents"))
        threading.Timer(timed.statement_timeout + 0.5, connection.commit).start()
        assert seed.main(["--count", "10"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_what_the_url_says_of_its_connections_is_kept(empty_database: str) -> None:
    url = make_url(empty_database).update_query_dict({"options": "-c statement_timeout=7s -c timezone=Asia/Tokyo"})
    served = create_app(Settings(database_url=url.render_as_string(hide_password=False)), serves=True)
    with served.app_context(), db.engine.connect() as connection:
        shown = {
            name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in ("statement_timeout", "timezone")
        }
    assert shown == {"statement_timeout": "7s", "timezone": "UTC"}
