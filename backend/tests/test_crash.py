"""Killed and stopped amid writes: what was acknowledged is there, once, and what was not answered can be sent again."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from tests.serving import databases_in, once_free, serving, wait_until
from tests.test_migrations import check_counts
from tests.writing import Write, Writers
from tracker.embedded import _Server

BACK = 5
"""Seconds after which everything goes on, once the database accepts connections."""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_is_killed_takes_nothing_with_it(
    tmp_path: Path, empty_database: str, database: Engine, workers: int
) -> None:
    with serving(tmp_path, DATABASE_URL=empty_database, WORKERS=workers) as server:
        with Writers(server) as writers:
            writers.go_on()
            killed, *others = server.workers()
            killed.kill()
            # Another one takes its place; nobody has to start anything.
            writers.go_on()
        writers.send_again()
        assert all(worker.is_running() for worker in others)
        assert len(server.workers()) == workers
        assert server.stop() == 0
    writers.check(database)
    check_counts(database)


def test_the_whole_program_may_be_killed(tmp_path: Path) -> None:
    """Its database goes on without it, and is what the next start finds."""
    data = tmp_path / "data"
    with serving(tmp_path, DATA_DIR=data, WORKERS=2) as server, Writers(server) as writers:
        writers.go_on()
        server.process.kill()
        server.process.wait()
        once_free(server.port)
        writers.stop()
    (survivor,) = databases_in(data)
    with serving(tmp_path, DATA_DIR=data) as writers.server:
        assert databases_in(data) == [survivor]
        writers.send_again()
        engine = create_engine(_Server(data / "postgresql").url)
        writers.check(engine)
        check_counts(engine)
        engine.dispose()
    assert databases_in(data) == []


WRITE = Write("Sent twice", "/api/incidents", {"title": "Sent twice", "service": "db", "severity": "SEV1"}, key="k")


def number(database: Engine, sql: str) -> int:
    """The one number that a query gives."""
    with database.connect() as connection:
        return int(connection.execute(text(sql)).scalar_one())


def test_a_write_that_was_cut_off_before_its_commit_is_done_when_it_is_sent_again(
    tmp_path: Path, empty_database: str, database: Engine
) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'idempotency_keys'::regclass"
    with serving(tmp_path, DATABASE_URL=empty_database) as server:
        with ThreadPoolExecutor(1) as pool, database.begin() as connection:
            # No answer can be kept meanwhile, and so nothing can be done that has one.
            connection.execute(text("LOCK TABLE idempotency_keys IN SHARE MODE"))
            lost = pool.submit(WRITE.send, server)
            wait_until(lambda: number(database, waiting), "the write to wait")
            server.workers()[0].kill()
            assert isinstance(lost.exception(), OSError)
        wait_until(server.answers, "another worker")
        assert server.titles() == set()
        # The database may take a moment to notice that the first one was left alone.
        wait_until(lambda: WRITE.send(server).status == 201, "the write", 5)
        assert server.titles() == {"Sent twice"}
        assert "Idempotent-Replayed" in WRITE.send(server).headers
    assert number(database, "SELECT count(*) FROM events") == 1


def test_a_write_whose_answer_was_lost_is_answered_when_it_is_sent_again(
    tmp_path: Path, empty_database: str, database: Engine
) -> None:
    with serving(tmp_path, DATABASE_URL=empty_database) as server:
        with closing(HTTPConnection("127.0.0.1", server.port)) as client:
            headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
            client.request("POST", WRITE.path, json.dumps(WRITE.body), headers)
            wait_until(lambda: number(database, "SELECT count(*) FROM incidents"), "the commit")
            server.workers()[0].kill()
        wait_until(server.answers, "another worker")
        answer = WRITE.send(server)
        assert (answer.status, answer.headers["Idempotent-Replayed"]) == (201, "true")
        assert answer.body == server.call(f"/api/incidents/{answer.body['id']}").body
        assert len(server.call("/api/incidents").body["items"]) == 1
    assert number(database, "SELECT count(*) FROM events") == 1


def test_the_database_may_stop_and_start_while_it_is_written_to(tmp_path: Path) -> None:
    """Politely, and as after a loss of power, when it has to recover from its log. The server goes on all the while."""
    data = tmp_path / "data"
    with serving(tmp_path, DATA_DIR=data, WORKERS=2) as server:
        workers = server.workers()
        embedded = _Server(data / "postgresql")
        with Writers(server) as writers:
            for mode in ("fast", "immediate"):
                writers.go_on()
                embedded._run("pg_ctl", "stop", "-D", str(embedded.pgdata), "-m", mode, "-w")
                refused = len(writers.refused)
                wait_until(lambda before=refused: len(writers.refused) > before + 20, "refusals")  # type: ignore[misc]
                health = server.call("/api/health")
                assert (health.status, health.body["database"]) == (503, "unavailable")
                embedded.ensure_running()
                writers.go_on(seconds=BACK)
                # By now everybody has noticed.
                refused = len(writers.refused)
                writers.go_on()
                assert len(writers.refused) == refused
        writers.send_again()
        engine = create_engine(embedded.url)
        writers.check(engine)
        check_counts(engine)
        engine.dispose()
        assert server.workers() == workers
        assert server.stop() == 0
