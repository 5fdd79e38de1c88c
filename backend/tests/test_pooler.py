"""Behind PgBouncer with the configuration that is shipped, where each transaction may be in another session."""

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import Engine, make_url, text

import seed
from tests.history.test_stream import LISTENERS
from tests.serving import Answer, Server, failing, free_port, serving, wait_until
from tests.streams import following
from tests.test_migrations import check_counts
from tests.writing import Writers
from tracker import backups, create_app
from tracker.config import BACKEND, Settings, normalise_database_url
from tracker.database import HEALTH, STALLED, reader
from tracker.embedded import _account_for
from tracker.extensions import db
from tracker.startup import upgrade_database

# Debian keeps it where only root looks for programs.
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
CONFIGURATION = BACKEND.parent / "deploy" / "pgbouncer.ini"
PASSWORD = "correct horse battery"
TOO_SLOW = "urn:incident-tracker:problem:too-slow"
BACK = 5
"""Seconds within which everything goes on, once the pooler accepts connections."""
BODY = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}

needs_pgbouncer = pytest.mark.skipif(
    PGBOUNCER is None,
    reason="needs PgBouncer: install it (Debian: apt install pgbouncer; macOS: brew install pgbouncer)",
)


class Pooler:
    """PgBouncer in front of a database, with our configuration except for its addresses and the size of its pool."""

    def __init__(self, folder: Path, direct: str, size: int) -> None:
        self._folder = folder
        self._port = free_port()
        behind = make_url(direct)
        password = behind.password or PASSWORD
        self.url = (
            behind.set(drivername="postgresql", host="127.0.0.1", port=self._port, password=password, query={})
        ).render_as_string(hide_password=False)
        self.settings = {"DATABASE_URL": self.url, "DATABASE_DIRECT_URL": direct}
        users = folder / "userlist.txt"
        users.write_text(f'"{behind.username}" "{password}"\n')
        configuration = CONFIGURATION.read_text()
        host, port = behind.query.get("host") or behind.host, behind.port or 5432
        for ours, tests in {
            "incident_tracker = host=db port=5432": f"{behind.database} = host={host} port={port}",
            "listen_addr = *": "listen_addr = 127.0.0.1",
            "listen_port = 6432": f"listen_port = {self._port}",
            "auth_file = /etc/pgbouncer/userlist.txt": f"auth_file = {users}",
            "default_pool_size = 20": f"default_pool_size = {size}",
        }.items():
            assert configuration.count(ours) == 1
            configuration = configuration.replace(ours, tests)
        self._configuration = folder / "pgbouncer.ini"
        self._configuration.write_text(f"{configuration}unix_socket_dir =\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it lets somebody through."""
        assert PGBOUNCER, "PgBouncer is not installed"
        # It does not run as root either.
        account = _account_for(self._folder)
        with (self._folder / "pgbouncer.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*account.prefix, PGBOUNCER, str(self._configuration)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                user=account.uid, group=account.gid, extra_groups=None if account.uid is None else [],
            )  # fmt: skip
        wait_until(self._answers, "PgBouncer")

    def stop(self) -> None:
        """End it at once, whoever is connected."""
        assert self._process
        # It has nothing to write; since 1.23 SIGTERM waits for the clients.
        self._process.kill()
        self._process.wait()

    @contextmanager
    def session(self) -> Iterator[Any]:
        """A cursor of another client; where there is one session, it is that of all others."""
        with closing(psycopg2.connect(self.url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            yield cursor

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, (self._folder / "pgbouncer.log").read_text()
        try:
            with self.session() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.OperationalError:
            return False
        return True


@contextmanager
def pooling(folder: Path, direct: str, size: int) -> Iterator[Pooler]:
    """A running PgBouncer with so many sessions."""
    pooler = Pooler(folder, direct, size)
    try:
        pooler.start()
        yield pooler
    finally:
        pooler.stop()


@pytest.fixture
def elsewhere(database: Engine) -> None:
    """The database has defaults other than those that we set."""
    with database.begin() as connection:
        for setting in ("timezone = 'Asia/Tokyo'", "jit = on", "random_page_cost = 7", "statement_timeout = '33s'"):
            connection.execute(text(f"ALTER DATABASE {database.url.database} SET {setting}"))


@needs_pgbouncer
@pytest.mark.usefixtures("elsewhere")
def test_one_session_does_for_everybody_and_keeps_nothing_of_anybody(
    tmp_path: Path, empty_database: str, database: Engine
) -> None:
    admin = {"email": "ana@example.com", "password": PASSWORD}
    with pooling(tmp_path, empty_database, size=1) as pooler:
        settings = {f"ADMIN_{name.upper()}": value for name, value in admin.items()} | pooler.settings
        with serving(tmp_path, AUTH_MODE="required", WORKERS=2, **settings) as server:
            signed_in = server.call("/api/session", admin)
            assert signed_in.status == 201
            cookie = signed_in.headers["Set-Cookie"].partition(";")[0]
            session = {"Cookie": cookie, "X-CSRF-Token": signed_in.body["csrfToken"]}

            def call(path: str, body: Any = None, method: str | None = None, **headers: str) -> Answer:
                answer = server.call(path, body, method, headers=session | headers)
                assert answer.status < 300 or answer.status == 409, answer.body
                return answer

            created = call("/api/incidents", BODY).body
            incident = f"/api/incidents/{created['id']}"
            assert call(incident).body == created
            call(incident, {"owner": "Ana"}, "PATCH")
            call(f"{incident}/comments", {"body": "Looking"})
            bulk = call("/api/incidents/bulk", {"ids": [created["id"]], "set": {"status": "MITIGATED"}})
            call(f"/api/changes/{bulk.body['changeId']}/revert", {})
            (found,) = call("/api/incidents?search=checkout").body["items"]
            (event, *_) = call(f"{incident}/events").body["items"]
            (line,) = exported(server, session)
            for told in (created["createdAt"], found["createdAt"], event["at"], line["createdAt"]):
                assert told == created["createdAt"]
            assert created["createdAt"].endswith("+00:00")
            assert call("/api/incidents/facets?search=checkout").body["service"]
            assert call("/api/incidents/similar?title=Checkout+is+down&service=checkout-web").body["items"]
            call("/api/views", {"name": "Down", "q": "down"})
            # Each may take only what is left of the time for all.
            assert call("/api/views").body["items"][-1]["count"] == 1
            with ThreadPoolExecutor(8) as pool:
                key = {"Idempotency-Key": "all at once"}
                answers = list(pool.map(lambda _: call("/api/incidents", BODY, **key), range(16)))
            assert len({answer.body["id"] for answer in answers if answer.status == 201}) == 1
            assert call("/api/incidents").body["total"] == 2
            with pooler.session() as cursor:
                cursor.execute("SHOW timezone")
                assert cursor.fetchone() == ("Asia/Tokyo",)
                # The pooler itself gives a session these of the client that it is for.
                cursor.execute(
                    "SELECT name FROM pg_settings WHERE source = 'session'"
                    " AND name NOT IN ('application_name', 'client_encoding', 'DateStyle')"
                )
                assert cursor.fetchall() == []
                for left in (
                    "pg_prepared_statements",
                    "pg_listening_channels()",
                    "pg_locks WHERE locktype = 'advisory'",
                ):
                    cursor.execute(f"SELECT * FROM {left}")
                    assert cursor.fetchall() == []
        assert "Traceback" not in server.said()
    check_counts(database)


def exported(server: Server, session: Mapping[str, str]) -> list[Any]:
    """All incidents, as a file has them."""
    url = f"http://127.0.0.1:{server.port}/api/incidents/export?format=ndjson"
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(session)), timeout=10) as response:
        return [json.loads(line) for line in response]


@needs_pgbouncer
@pytest.mark.usefixtures("elsewhere")
def test_each_transaction_has_the_settings_of_a_session_of_our_own(
    tmp_path: Path, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "settings", "")
    with pooling(tmp_path, empty_database, size=1) as pooler:
        served = create_app(
            Settings(
                database_url=normalise_database_url(pooler.url),
                database_direct_url=empty_database,
                statement_timeout=7,
            ),
            serves=True,
        )
        expected = {
            "TimeZone": "UTC", "jit": "off", "random_page_cost": "1.1", "statement_timeout": "7s",
            "idle_in_transaction_session_timeout": f"{STALLED // 60}min",
        }  # fmt: skip
        sql = f"SELECT name, current_setting(name) FROM pg_settings WHERE name IN {tuple(expected)}"
        with served.app_context():
            try:
                assert dict(reader.rows(sql, {})) == dict(reader.prepared(sql, {})) == expected
                with reader.until(time.monotonic() + 2):
                    ((left,),) = reader.rows(
                        "SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'", {}
                    )
                assert 0 < left <= 2000
                for engine in (db.engine, db.engines[HEALTH]):
                    with engine.connect() as connection:
                        for _ in range(2):
                            assert dict(connection.execute(text(sql)).all()) == expected
                            connection.rollback()
                with pooler.session() as cursor:
                    cursor.execute(sql)
                    assert dict(cursor.fetchall()).items() & expected.items() == set()
            finally:
                for engine in db.engines.values():
                    engine.dispose()


@needs_pgbouncer
def test_what_takes_too_long_is_stopped(tmp_path: Path, empty_database: str, database: Engine) -> None:
    with (
        pooling(tmp_path, empty_database, size=3) as pooler,
        serving(tmp_path, STATEMENT_TIMEOUT=1, **pooler.settings) as server,
    ):
        incident = f"/api/incidents/INC-{server.create('The first')}"
        with database.begin() as connection:
            connection.execute(text("LOCK TABLE incidents"))
            for late in (server.call(incident), server.call(incident, {"title": "Changed"}, "PATCH")):
                assert (late.status, late.body["type"]) == (503, TOO_SLOW)
        assert server.call(incident).body["title"] == "The first"


@needs_pgbouncer
def test_live_events_are_heard_past_the_pooler(tmp_path: Path, empty_database: str, database: Engine) -> None:
    with (
        pooling(tmp_path, empty_database, size=3) as pooler,
        serving(tmp_path, **pooler.settings) as server,
        ExitStack() as stack,
    ):
        streams = [stack.enter_context(following(server.port)) for _ in range(2)]
        # Without a notification they would be looked for later.
        began = time.monotonic()
        number = server.create("Something broke")
        for stream in streams:
            event = next(message for message in stream if message and message.type)
            assert event.data["incident"]["number"] == number
        assert time.monotonic() - began < 1
        with database.connect() as connection:
            assert connection.execute(text(f"SELECT count(*) {LISTENERS}")).scalar_one() == 1


@needs_pgbouncer
def test_a_restart_of_the_pooler_loses_nothing(tmp_path: Path, empty_database: str, database: Engine) -> None:
    with (
        # None of them needs a second one for what it does in the first.
        pooling(tmp_path, empty_database, size=1) as pooler,
        serving(tmp_path, **pooler.settings) as server,
        following(server.port) as stream,
    ):
        with Writers(server) as writers:
            writers.go_on()
            assert writers.refused == []
            pooler.stop()
            wait_until(lambda: server.call("/api/health").status == 503, "the server to miss the pooler", 10)
            wait_until(lambda: writers.refused, "a write to be refused", 10)
            pooler.start()
            writers.go_on(seconds=BACK)
            assert server.call("/api/health").status == 200
        writers.send_again()
        writers.check(database)
        number = server.create("The last")
        # It never ended.
        assert any(message.data["incident"]["number"] == number for message in stream if message and message.type)
    check_counts(database)


@needs_pgbouncer
def test_who_finds_every_session_taken_is_told_to_come_back(
    tmp_path: Path, empty_database: str, database: Engine
) -> None:
    with (
        pooling(tmp_path, empty_database, size=1) as pooler,
        serving(tmp_path, **pooler.settings) as server,
        ThreadPoolExecutor(1) as pool,
    ):
        incident = f"/api/incidents/INC-{server.create('The first')}"
        with database.begin() as connection:
            connection.execute(text("LOCK TABLE incidents IN EXCLUSIVE MODE"))
            waiting = pool.submit(server.call, incident, {"title": "Changed"}, "PATCH")
            held = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'incidents'::regclass"
            wait_until(lambda: connection.execute(text(held)).scalar_one(), "the write to wait")
            refused = server.call(incident)
            assert refused.status == 503
            assert int(refused.headers["Retry-After"]) > 0
        assert waiting.result().status == 200
        assert server.call(incident).body["title"] == "Changed"


@needs_pgbouncer
def test_a_pooler_that_is_taken_for_the_database(tmp_path: Path, empty_database: str) -> None:
    with pooling(tmp_path, empty_database, size=1) as pooler:
        code, said, complaint = failing(tmp_path, DATABASE_URL=pooler.url)
    assert code == 1
    assert "DATABASE_DIRECT_URL" in complaint
    assert PASSWORD not in said + complaint


def test_what_needs_a_session_of_its_own_goes_past_the_pooler(empty_database: str, tmp_path: Path) -> None:
    nowhere = "postgresql+psycopg2://127.0.0.1:1/nowhere"
    app = create_app(Settings(database_url=nowhere, database_direct_url=empty_database))
    upgrade_database(app)
    assert seed.seed(app, 20, reset=False, confirmed=False) == 0
    saved = tmp_path / "saved.dump"
    backups.save(app, saved)
    backups.restore(app, saved, replace=True)
