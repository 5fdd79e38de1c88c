"""Streams of the real program: several workers, a database that restarts, clients that stall or leave, and its end."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
from sqlalchemy import make_url

from tests.history.test_stream import LISTENERS
from tests.serving import Server, serving, wait_until
from tests.streams import Message, following
from tracker.connections import drop_stalled, give_up_stalled_clients
from tracker.embedded import _Server

HUNDRED = (
    "INSERT INTO events (incident_id, change_id, type, actor, at)"
    " SELECT %s, gen_random_uuid(), 'updated', 'somebody', now() FROM generate_series(1, 100)"
)


@pytest.fixture
def url(empty_database: str) -> str:
    """The database that the server uses, as a person would write it."""
    return make_url(empty_database).set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
def database(url: str) -> Iterator[Any]:
    """A cursor of one's own, each of whose statements commits by itself."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


def next_event(found: Iterator[Message | None]) -> Message:
    """The next event of a stream."""
    return next(message for message in found if message and message.type)


def refused(server: Server) -> bool:
    """Whether there is no room for another stream."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return client.recv(64).startswith(b"HTTP/1.1 503 ")


@contextmanager
def stalled(server: Server, database: Any) -> Iterator[Iterator[Message | None]]:
    """Until the end, a client that takes nothing of its stream, so that no buffer is left to write to it.

    What another one is told meanwhile.
    """
    incident = server.call("/api/incidents", {"title": "Large", "service": "db", "severity": "SEV3"}).body["id"]
    database.execute("UPDATE incidents SET summary = repeat('All is lost. ', 1500) WHERE id = %s", (incident,))
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        client.sendall(b"GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(64).startswith(b"HTTP/1.1 200 ")
        # 40 MB in parts of 2 MB: more than the system takes over.
        with following(server.port) as quick:
            for _ in range(20):
                database.execute(HUNDRED, (incident,))
                for _ in range(100):
                    next_event(quick)
            yield quick


def test_each_worker_tells_what_all_of_them_write(tmp_path: Path, url: str, database: Any) -> None:
    with serving(tmp_path, DATABASE_URL=url, WORKERS=2) as server, ExitStack() as stack:
        streams: list[Iterator[Message | None]] = []

        def both_listen() -> bool:
            # The system shares connections out between the workers, of which the second one starts a little later.
            streams.extend(stack.enter_context(following(server.port)) for _ in range(4))
            database.execute(f"SELECT count(*) {LISTENERS}")
            return bool(database.fetchone() == (2,))

        wait_until(both_listen, "both workers to have a stream")
        for number in range(10):
            server.create(f"Number {number}")
        told_first = [next_event(streams[0]) for _ in range(10)]
        assert [event.data["incident"]["number"] for event in told_first] == list(range(1, 11))
        for stream in streams[1:]:
            assert [next_event(stream) for _ in range(10)] == told_first
        # A place of one worker is a place of the other.
        for event in told_first[:-1]:
            with following(server.port, event.id) as stream:
                assert next_event(stream) == told_first[told_first.index(event) + 1]
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 3


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_streams_outlive_a_restart_of_the_database(tmp_path: Path, how: str) -> None:
    data_dir = tmp_path / "data"
    with serving(tmp_path, DATA_DIR=data_dir) as server, ExitStack() as stack:
        streams = [stack.enter_context(following(server.port)) for _ in range(3)]
        server.create("Before")
        assert [next_event(stream).data["incident"]["title"] for stream in streams] == ["Before"] * 3
        acknowledged: list[int] = []
        refusals: list[int] = []
        done = threading.Event()

        def write() -> None:
            while not done.is_set():
                answer = server.call("/api/incidents", {"title": "Amid", "service": "db", "severity": "SEV3"})
                if answer.status == 201:
                    acknowledged.append(answer.body["number"])
                else:
                    refusals.append(answer.status)

        writers = [threading.Thread(target=write, daemon=True) for _ in range(2)]
        for writer in writers:
            writer.start()
        wait_until(lambda: len(acknowledged) > 50, "some writes")
        embedded = _Server(data_dir / "postgresql")
        embedded._run("pg_ctl", "stop", "-D", str(embedded.pgdata), "-m", how, "-w")
        wait_until(lambda: refusals, "a write to be refused")
        embedded.ensure_running()
        before = len(acknowledged)
        wait_until(lambda: len(acknowledged) > before + 50, "writes to go on")
        done.set()
        for writer in writers:
            writer.join()
        number = server.create("After")
        seen = []
        for stream in streams:
            events = [next_event(stream)]
            while events[-1].data["incident"]["number"] != number:
                events.append(next_event(stream))
            seen.append([event.data["incident"]["number"] for event in events])
        assert len(set(seen[0])) == len(seen[0])
        # What was committed without an answer, as the database went, is told as well.
        assert set(acknowledged) <= set(seen[0])
        assert seen[1:] == seen[:1] * 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_waits_for_no_stream(tmp_path: Path, url: str, database: Any, number: int) -> None:
    with (
        serving(tmp_path, DATABASE_URL=url) as server,
        ExitStack() as stack,
        stalled(server, database) as quick,
    ):
        streams = [quick, *(stack.enter_context(following(server.port)) for _ in range(50))]
        began = time.monotonic()
        assert server.stop(number) == 0
        assert time.monotonic() - began < 3
        for stream in streams:
            assert [message for message in stream if message] == []
    assert "Traceback" not in server.said()


def test_a_client_that_takes_nothing_holds_its_own_place_alone(tmp_path: Path, url: str, database: Any) -> None:
    with serving(tmp_path, DATABASE_URL=url, STREAMS=2, THREADS=4) as server:
        with stalled(server, database) as stream:
            [worker] = psutil.Process(server.process.pid).children()
            before = worker.memory_info().rss
            assert refused(server)
            for number in range(300):
                server.create(f"Number {number}")
                assert next_event(stream).data["incident"]["title"] == f"Number {number}"
            assert refused(server)
            assert worker.memory_info().rss - before < 20_000_000
            assert "slow streams cut off" in server.said()
        # Both have left, which is noticed when something is written to them.
        server.create("The next")
        wait_until(lambda: not refused(server), "room", seconds=5)


def test_the_system_gives_up_whoever_takes_nothing_and_nobody_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as stack:
        port = listener.getsockname()[1]
        give_up_stalled_clients(port, 1.5)
        pairs = []
        for _ in range(2):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            pairs.append((client, stack.enter_context(listener.accept()[0])))
        (taking, one), (stalling, other) = pairs
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1500
        other.setblocking(False)
        with suppress(BlockingIOError):
            while other.send(b"x" * 65536):
                pass

        def dropped() -> bool:
            drop_stalled(port, 0.2)
            with suppress(BlockingIOError):
                try:
                    other.send(b"x")
                except BrokenPipeError:
                    return True
            return False

        # The system itself takes some more before it stops.
        assert not dropped()
        wait_until(dropped, "the end of the stalled one", 5)
        one.sendall(b"hello")
        assert taking.recv(5) == b"hello"
        assert stalling.recv(1) == b"x"


def test_a_stream_reads_what_another_server_of_this_database_writes(tmp_path: Path, url: str) -> None:
    with serving(tmp_path, DATABASE_URL=url) as one, serving(tmp_path, DATABASE_URL=url) as another:
        with following(one.port) as stream:
            another.create("There")
            event = next_event(stream)
        another.create("Later")
        with following(another.port, event.id) as stream:
            assert next_event(stream).data["incident"]["title"] == "Later"
