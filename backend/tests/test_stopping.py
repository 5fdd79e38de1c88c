"""A polite stop, at any moment: what is under way is answered, what comes later is refused, and nobody is kept."""

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, text

from tests.serving import Server, serving, started, wait_until
from tests.test_migrations import check_counts
from tests.writing import Write, Writers

AT_ONCE = 12
"""Writes that are under way when the stop comes."""
SOON = 7
"""Seconds in which the workers have ended, on a machine with too much to do; they are killed after 10."""
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'idempotency_keys'::regclass")


def count(database: Engine, query: object = WAITING) -> int:
    """The one number that a query gives."""
    with database.connect() as connection:
        return int(connection.execute(query).scalar_one())  # type: ignore[call-overload]


def ended(server: Server, workers: list[psutil.Process]) -> None:
    """Wait until the workers are gone, and the program with them, whose exit says that nothing went wrong."""
    began = time.monotonic()
    _, alive = psutil.wait_procs(workers, SOON)
    assert not alive, f"still there after {time.monotonic() - began} s"
    assert server.process.wait(60) == 0, server.said()
    assert "Stopped." in server.said()


def listeners(server: Server) -> int:
    """How many workers answer."""
    return sum(map(listens, server.workers()))


def listens(worker: psutil.Process) -> bool:
    """Whether a worker takes requests."""
    with suppress(psutil.NoSuchProcess):
        return any(found.status == psutil.CONN_LISTEN for found in worker.net_connections("tcp"))
    return False


def requests(server: Server, workers: list[psutil.Process]) -> Iterator[int]:
    """How many connections of clients each worker has."""
    for worker in workers:
        found = worker.net_connections("tcp")
        yield sum(one.status == psutil.CONN_ESTABLISHED and one.laddr.port == server.port for one in found)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_writes_under_way_are_answered(tmp_path: Path, empty_database: str, database: Engine, number: int) -> None:
    writes = [
        Write(title, "/api/incidents", {"title": title, "service": "db", "severity": "SEV3"}, key=title)
        for title in (f"Under way {number}" for number in range(AT_ONCE))
    ]
    with serving(tmp_path, DATABASE_URL=empty_database, WORKERS=2, THREADS=64) as server:
        wait_until(lambda: listeners(server) == 2, "both workers")
        workers = server.workers()
        with ThreadPoolExecutor(AT_ONCE) as pool, database.connect() as connection:
            # Nothing can be done meanwhile that has a key.
            connection.execute(text("LOCK TABLE idempotency_keys IN SHARE MODE"))
            answers = [pool.submit(write.send, server) for write in writes]
            wait_until(lambda: count(database) >= 2, "writes to wait")
            wait_until(lambda: sum(requests(server, workers)) == AT_ONCE, "all to be under way")
            server.process.send_signal(number)
            wait_until(lambda: not any(map(listens, workers)), "the port to be closed", SOON)
            assert not any(answer.done() for answer in answers)
            connection.rollback()
        assert [answer.result().status for answer in answers] == [201] * AT_ONCE
        ended(server, workers)
    assert count(database, text("SELECT count(*) FROM incidents")) == AT_ONCE


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_of_many_writes_none_is_lost_or_half_done(
    tmp_path: Path, empty_database: str, database: Engine, number: int
) -> None:
    with serving(tmp_path, DATABASE_URL=empty_database, WORKERS=3) as server:
        wait_until(lambda: listeners(server) == 3, "all workers")
        workers = server.workers()
        with Writers(server) as writers:
            writers.go_on()
            server.process.send_signal(number)
            if number == signal.SIGINT:
                # From a terminal it comes to all of them.
                for worker in workers:
                    worker.send_signal(number)
            ended(server, workers)
            writers.stop()
        acknowledged = {write.mark for write, _ in writers.acknowledged}
    with serving(tmp_path, DATABASE_URL=empty_database) as writers.server:
        writers.send_again()
    assert acknowledged <= {write.mark for write, _ in writers.acknowledged}
    writers.check(database)
    check_counts(database)


def test_a_worker_that_starts_does_not_begin_to_serve(tmp_path: Path, empty_database: str) -> None:
    """The program is stopped as soon as the first worker answers, and the others are on their way."""
    with started(tmp_path, DATABASE_URL=empty_database, WORKERS=4) as server:
        wait_until(lambda: listeners(server), "the first worker")
        workers = server.workers()
        server.process.send_signal(signal.SIGTERM)
        ended(server, workers)


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.1, 0.3])
def test_a_stop_while_a_worker_is_replaced(tmp_path: Path, empty_database: str, delay: float) -> None:
    with serving(tmp_path, DATABASE_URL=empty_database, WORKERS=2) as server:
        wait_until(lambda: listeners(server) == 2, "both workers")
        killed, other = server.workers()
        killed.kill()
        wait_until(lambda: killed not in server.workers(), "the other one to start")
        time.sleep(delay)
        workers = server.workers()
        assert other in workers
        server.process.send_signal(signal.SIGTERM)
        ended(server, workers)


def test_a_worker_that_was_lost_just_before_is_no_failure_of_the_stop(tmp_path: Path, empty_database: str) -> None:
    with serving(tmp_path, DATABASE_URL=empty_database, WORKERS=2) as server:
        wait_until(lambda: listeners(server) == 2, "both workers")
        workers = server.workers()
        # It learns of both at the same time.
        server.process.send_signal(signal.SIGSTOP)
        workers[0].kill()
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGCONT)
        ended(server, workers)


def test_a_stream_ends_after_it_was_said_when_to_come_back(tmp_path: Path, empty_database: str) -> None:
    with serving(tmp_path, DATABASE_URL=empty_database) as server:
        workers = server.workers()
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
            client.sendall(b"GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            received = client.recv(4096)
            while b"retry: " not in received:
                received += client.recv(4096)
            server.process.send_signal(signal.SIGTERM)
            while chunk := client.recv(4096):
                received += chunk
        # The end of a chunked answer, rather than of a connection that broke.
        assert received.endswith(b"\r\n0\r\n\r\n")
        assert b"retry: 2000\n" in received
        ended(server, workers)
