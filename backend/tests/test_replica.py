"""Reads from a real standby: never less than was written before, whatever becomes of it."""

import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url

from tests.clusters import Cluster, Clusters
from tests.conftest import new_database
from tests.serving import Server, started, wait_until
from tests.streams import following
from tests.test_migrations import check_counts
from tests.writing import Writers
from tracker import replica
from tracker.config import normalise_database_url
from tracker.replica import PATIENCE, PROBE, SILENCE, Reached

EXPORT = "/api/incidents/export?format=ndjson"
AT_ONCE = (
    "/api/incidents",
    "/api/incidents?status=OPEN&sort_by=severity",
    "/api/incidents?q=broke%20severity:SEV3",
    "/api/incidents/facets?q=broke",
    "/api/incidents/similar?service=db&title=Something",
    "/api/services",
    "/api/views",
    "/api/views/open",
)
"""What is read from the replica, and answered as a whole."""
READS = (*AT_ONCE, EXPORT)
GIVEN_UP = SILENCE + 2 * PROBE + 1
"""Seconds after which the primary reads, once the replica answers nothing."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, Cluster, Clusters]]:
    """A primary and its standby, which most tests here share."""
    with Clusters(tmp_path_factory.mktemp("clusters")) as clusters:
        primary = clusters.start("primary")
        yield primary, clusters.copy(primary, "standby"), clusters


@pytest.fixture
def url(pair: tuple[Cluster, Cluster, Clusters]) -> Iterator[str]:
    """A new database on the primary, and so on its standby."""
    with new_database(normalise_database_url(pair[0].url)) as url:
        yield url


def on(cluster: Cluster, url: str) -> str:
    """The URL of the same database on another server."""
    return make_url(url).set(query={"host": cluster.sockets}).render_as_string(hide_password=False)


def fetched(server: Server, path: str) -> tuple[int, bytes]:
    """The status and the body of an answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=20) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def reads(server: Server) -> dict[str, int]:
    """How many reads took place where."""
    told = fetched(server, "/metrics")[1].decode()
    found = re.findall(r'replica_reads_total\{database="(\w+)"\} ([0-9.]+)', told)
    return {"primary": 0, "replica": 0} | {database: int(float(number)) for database, number in found}


def is_read_from(server: Server) -> bool:
    """Whether one more read takes place on the replica."""
    before = reads(server)["replica"]
    assert server.call("/api/incidents").status == 200
    return reads(server)["replica"] > before


@contextmanager
def reading(folder: Path, primary: str, standby: str, **settings: Any) -> Iterator[Server]:
    """A server that reads from a standby."""
    with started(folder, DATABASE_URL=primary, DATABASE_REPLICA_URL=standby, **settings) as server:
        wait_until(server.answers, "the server")
        wait_until(lambda: is_read_from(server), "reads from the replica", 10)
        yield server


def wait_for_replica(server: Server) -> None:
    wait_until(lambda: is_read_from(server), "the replica to be read from again", 15)


class Readers:
    """Clients that read all the time, while this is entered, and what they were answered."""

    def __init__(self, server: Server, clients: int = 4) -> None:
        self.answers: list[tuple[int, float]] = []
        self._server = server
        self._done = Event()
        self._clients = clients
        self._pool = ThreadPoolExecutor(clients)

    def __enter__(self) -> "Readers":
        self._reading = [self._pool.submit(self._read, number) for number in range(self._clients)]
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._pool.shutdown()

    def _read(self, number: int) -> None:
        while not self._done.is_set():
            number += 1
            began = time.monotonic()
            status, _ = fetched(self._server, AT_ONCE[number % len(AT_ONCE)])
            self.answers.append((status, time.monotonic() - began))

    def go_on(self, answers: int = 40) -> None:
        """Wait until so many more reads are answered."""
        before = len(self.answers)
        wait_until(lambda: len(self.answers) >= before + answers, "reads to be answered", 30)

    def check(self) -> None:
        """All were answered, and none was waited for much longer than it takes to notice a loss."""
        for client in self._reading:
            client.result()
        assert {status for status, _ in self.answers} == {200}
        assert max(seconds for _, seconds in self.answers) < GIVEN_UP


def test_lists_are_read_on_the_replica(pair: Any, url: str, tmp_path: Path) -> None:
    primary, standby, _ = pair
    with reading(tmp_path, url, on(standby, url)) as server:
        number = server.create("Something broke")
        wait_for_replica(server)
        primary.configure(log_statement="all")
        try:
            log = primary.folder / "postgresql.log"
            before = log.stat().st_size
            for path in READS:
                assert fetched(server, path)[0] == 200
            said = log.read_bytes()[before:].decode()
        finally:
            primary.configure(log_statement="none")
        assert "pg_current_wal_flush_lsn" in said
        assert "incident" not in re.sub(r"incident_tracker\w*", "", said), said
        assert reads(server)["primary"] <= reads(server)["replica"]
        with started(tmp_path, DATABASE_URL=url) as plain:
            wait_until(plain.answers, "the server without a replica")
            for path in READS:
                assert fetched(plain, path) == fetched(server, path)
            assert reads(plain) == {"primary": 0, "replica": 0}
        assert server.call("/api/incidents").body["items"][0]["number"] == number


def test_everybody_finds_what_was_written(pair: Any, url: str, tmp_path: Path) -> None:
    _, standby, _ = pair
    with ExitStack() as stack:
        servers = [stack.enter_context(reading(tmp_path, url, on(standby, url))) for _ in range(2)]
        messages = stack.enter_context(following(servers[1].port))
        before = reads(servers[1])
        for index in range(50):
            number = servers[0].create(f"Something broke {index}")
            assert servers[1].call("/api/incidents?per_page=1").body["items"][0]["number"] == number
        after = reads(servers[1])
        # Nearly all: it is behind by milliseconds at most, but may be held up for once.
        assert after["replica"] - before["replica"] >= 40
        # What the live stream tells of is there as well, before it is answered.
        seen = 50
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(lambda: [servers[0].create("Something else broke") for _ in range(50)])
            while seen < 100:
                message = next(messages)
                if message is not None and message.type and message.data["incident"]["title"] == "Something else broke":
                    seen += 1
                    assert servers[1].call("/api/incidents?per_page=1").body["total"] >= seen
            writing.result()


def test_while_it_is_behind_the_primary_reads(pair: Any, url: str, tmp_path: Path) -> None:
    _, standby, _ = pair
    with reading(tmp_path, url, on(standby, url)) as server:
        with standby.held_back():
            for index in range(5):
                number = server.create("Something broke")
                began = time.monotonic()
                assert server.call("/api/incidents").body["items"][0]["number"] == number
                took = time.monotonic() - began
                # It is waited for once, and not by every read.
                assert took < PATIENCE + 1
                assert index == 0 or not is_read_from(server)
            assert server.call("/api/incidents/facets").body["status"]
        wait_for_replica(server)
        assert "bytes behind" in server.said()
        assert server.call("/api/incidents").body["total"] == 5


def test_its_loss_costs_no_read(pair: Any, url: str, tmp_path: Path) -> None:
    _, standby, clusters = pair
    with reading(tmp_path, url, on(standby, url)) as server:
        server.create("Something broke")
        with Readers(server) as readers:
            readers.go_on()
            standby.crash()
            readers.go_on()
            assert not is_read_from(server)
            clusters.start("standby")
            wait_for_replica(server)
            readers.go_on()
        readers.check()
        assert "Traceback" not in server.said()


def test_a_replica_that_hangs_is_given_up(pair: Any, url: str, tmp_path: Path) -> None:
    _, standby, _ = pair
    with reading(tmp_path, url, on(standby, url)) as server:
        server.create("Something broke")
        # More than there are connections.
        with Readers(server, clients=12) as readers:
            readers.go_on()
            with standby.hanging():
                readers.go_on(200)
                assert not is_read_from(server)
            wait_for_replica(server)
            readers.go_on()
        readers.check()
        assert "it does not answer" in server.said()
        assert "Traceback" not in server.said()


def test_what_is_no_replica_is_not_read_from(pair: Any, url: str, tmp_path: Path) -> None:
    primary, _, clusters = pair
    with new_database(normalise_database_url(clusters.start("other").url)) as other:
        for standby, cause in ((other, "it is not a copy of the database"), (url, "it is not a standby")):
            with started(tmp_path, DATABASE_URL=url, DATABASE_REPLICA_URL=standby) as server:
                wait_until(server.answers, "the server")
                server.create("Something broke")
                assert server.call("/api/incidents").status == 200
                wait_until(lambda: cause in server.said(), "the log to say why", 10)  # noqa: B023
                assert not is_read_from(server)
    assert primary.sql("SELECT 1") == [(1,)]


def test_a_replica_that_is_promoted_is_left(tmp_path: Path) -> None:
    with Clusters(tmp_path) as clusters:
        primary = clusters.start("primary")
        standby = clusters.copy(primary, "standby")
        with reading(tmp_path, primary.url, standby.url) as server:
            number = server.create("Something broke")
            wait_for_replica(server)
            standby.promote()
            standby.sql("UPDATE incidents SET title = 'Of somebody else'")
            # Those who have just asked it know it as a standby for so long.
            time.sleep(replica.RECENT)
            item = server.call("/api/incidents").body["items"][0]
            assert (item["number"], item["title"]) == (number, "Something broke")
            assert not is_read_from(server)
            wait_until(lambda: "has been promoted" in server.said(), "the log to say why", 10)
            server.create("Something else broke")
            assert server.call("/api/incidents").body["total"] == 2


def test_after_a_failover_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    with Clusters(tmp_path) as clusters:
        primary = clusters.start("primary")
        standby = clusters.copy(primary, "standby")
        # From here on, a commit is one when the standby has it on its disk as well.
        primary.configure(synchronous_standby_names="*")
        both = f"postgresql://postgres@/incident_tracker?host={primary.sockets},{standby.sockets}"
        with reading(
            tmp_path, f"{both}&target_session_attrs=read-write", f"{both}&target_session_attrs=prefer-standby"
        ) as server:
            with Writers(server) as writers, Readers(server) as readers:
                writers.go_on(200)
                readers.go_on()
                primary.crash()
                began = time.monotonic()
                standby.configure(synchronous_standby_names="")
                standby.promote()
                writers.go_on(1)
                print(f"served again after {time.monotonic() - began:.2f} s")
                writers.go_on()
                writers.stop()
                writers.send_again()
                readers.go_on()
            assert "Traceback" not in server.said()
        engine = create_engine(normalise_database_url(standby.url))
        writers.check(engine)
        check_counts(engine)
        engine.dispose()


def test_it_waits_for_a_replica_only_so_long() -> None:
    present = Reached(100, 1)
    told = iter([[(90, 1)], [(99, 1)], [(100, 1)]])
    replica._catch_up(lambda _sql, _none: next(told), present, {})
    began = time.monotonic()
    with pytest.raises(replica._UnfitError, match="10 bytes behind"):
        replica._catch_up(lambda _sql, _none: [(90, 1)], present, {})
    assert time.monotonic() - began < 2 * PATIENCE


def test_a_replica_of_another_history_is_not_read_from() -> None:
    # One that went on after its primary, which was not the one that was promoted.
    with pytest.raises(replica._UnfitError, match="does not follow"):
        replica._catch_up(lambda _sql, _none: [(200, 1)], Reached(100, 2), {})
    with pytest.raises(replica._UnfitError, match="promoted"):
        replica._catch_up(lambda _sql, _none: [], Reached(100, 1), {})


def test_what_is_known_of_a_connection_is_asked_again() -> None:
    known: dict[Any, Any] = {}
    asked: list[str] = []

    def run(sql: str, _none: Any) -> list[tuple[int, int]]:
        asked.append(sql)
        return [(100, 1)]

    for _ in range(3):
        replica._catch_up(run, Reached(100, 1), known)
    assert len(asked) == 1
    known["reached"] = (known["reached"][0], time.monotonic() - replica.RECENT - 1)
    replica._catch_up(run, Reached(100, 1), known)
    assert len(asked) == 2
