"""What was saved comes back as it was, into any database, or nothing of it does."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, make_url, text

import backup
from tests.conftest import new_database
from tests.serving import databases_in, environment, serving
from tests.streams import Message, following
from tests.test_migrations import check_counts, objects, write_every_kind_of_event
from tracker import backups, create_app
from tracker.accounts import operations
from tracker.backups import BackupError
from tracker.callers import CSRF_HEADER
from tracker.config import BACKEND, Settings
from tracker.demo import load_demo_when_new
from tracker.extensions import db
from tracker.startup import StartupError

PASSWORD = "correct horse battery"
FILLED = {
    "accounts", "alembic_version", "events", "idempotency_keys", "incident_tallies", "incidents", "invitations",
    "known_networks", "owner_tallies", "saved_views", "sessions", "sign_in_attempts", "tokens", "view_arrangements",
}  # fmt: skip


def contents(engine: Engine) -> dict[str, Any]:
    """Every row of every table, and where each sequence stands."""
    with engine.connect() as connection:
        names = text("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = :kind")
        found: dict[str, Any] = {
            table: sorted(connection.execute(text(f"SELECT t::text FROM {table} AS t")).scalars())
            for table in connection.execute(names, {"kind": "r"}).scalars()
        }
        for sequence in connection.execute(names, {"kind": "S"}).scalars():
            found[sequence] = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()
    return found


def sign_up(url: str) -> None:
    """An account with all that belongs to one: a session, a token, an invitation, a place known, a failed attempt."""
    app = create_app(Settings(database_url=url, auth_mode="required"))
    with app.app_context():
        operations.make_admin(email="ana@example.com", name="Ana", password=PASSWORD)
        db.session.commit()
        client = app.test_client()
        signing_in = {"email": "ana@example.com", "password": PASSWORD}
        csrf = client.post("/api/session", json=signing_in).get_json()["csrfToken"]
        for path, body in (
            ("/api/tokens", {"name": "Deploys", "role": "responder"}),
            ("/api/invitations", {"email": "bo@example.com", "role": "viewer"}),
        ):
            assert client.post(path, json=body, headers={CSRF_HEADER: csrf}).status_code == 201
        wrong = {**signing_in, "password": "x" * 12}
        assert app.test_client().post("/api/session", json=wrong).status_code == 401
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def filled(fresh_app: Flask, empty_database: str) -> Flask:
    """An application whose every table has rows."""
    load_demo_when_new(fresh_app)
    client = fresh_app.test_client()
    body = {"title": "Zürich ☃ \\N", "service": "db", "severity": "SEV2", "summary": "\\.\n\tdown"}
    for number in range(10):
        incident = client.post("/api/incidents", json={**body, "title": f"{body['title']} {number}"}).get_json()
        write_every_kind_of_event(client, incident)
    view = client.post("/api/views", json={"name": "Payments"}).get_json()["id"]
    assert client.patch("/api/views", json={"default": view}).status_code == 200
    db.session.remove()
    sign_up(empty_database)
    assert FILLED - {name for name, rows in contents(db.engine).items() if rows} == set()
    return fresh_app


@pytest.fixture
def saved(filled: Flask, tmp_path: Path) -> Path:
    """A backup of it."""
    file = tmp_path / "saved.dump"
    backups.save(filled, file)
    return file


@pytest.fixture
def other(server_url: str) -> Iterator[Flask]:
    """An application on an empty database of the same server."""
    with new_database(server_url) as url:
        app = create_app(Settings(database_url=url))
        yield app
        with app.app_context():
            app.extensions["live"].stop()
            for engine in db.engines.values():
                engine.dispose()


def test_everything_comes_back_into_an_empty_database(filled: Flask, saved: Path, other: Flask) -> None:
    before = contents(db.engine)
    with db.engine.connect() as connection:
        made = objects(connection)
    backups.restore(other, saved, replace=False)
    with other.app_context():
        assert contents(db.engine) == before
        with db.engine.connect() as connection:
            assert objects(connection) == made
        check_counts(db.engine)
    number = max(item["number"] for item in filled.test_client().get("/api/incidents?per_page=100").get_json()["items"])
    body = {"title": "The next", "service": "db", "severity": "SEV2"}
    assert number > 200
    assert other.test_client().post("/api/incidents", json=body).get_json()["number"] == number + 1


def test_the_file_is_its_owners_alone_and_whole(saved: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert [path for path in saved.parent.iterdir() if path.is_file()] == [saved]


def test_a_backup_that_fails_leaves_the_earlier_one(
    filled: Flask, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()
    monkeypatch.setattr(
        backups._Client, "environment", lambda _client: {**os.environ, "PGOPTIONS": "-c role=nobody_at_all"}
    )
    with pytest.raises(BackupError, match=r"cannot be saved: .*nobody_at_all.*\.$"):
        backups.save(filled, saved)
    assert saved.read_bytes() == before
    assert [path for path in saved.parent.iterdir() if path.is_file()] == [saved]
    with pytest.raises(BackupError, match=r"no/such/folder/x cannot be written \(No such file or directory\)"):
        backups.save(filled, saved.parent / "no/such/folder/x")


def test_what_people_made_is_replaced_only_where_that_is_said(filled: Flask, saved: Path) -> None:
    before = contents(db.engine)
    body = {"title": "Since then", "service": "db", "severity": "SEV2"}
    assert filled.test_client().post("/api/incidents", json=body).status_code == 201
    with db.engine.begin() as connection:
        # As a later release might have.
        connection.execute(text("CREATE TABLE later (account_id uuid REFERENCES accounts (id))"))
    since = contents(db.engine)
    with pytest.raises(
        BackupError, match=r"has incidents \(211\), accounts \(1\), saved views \(1\), which .* REPLACE=1\)\.$"
    ):
        backups.restore(filled, saved, replace=False)
    assert contents(db.engine) == since != before
    db.session.remove()
    backups.restore(filled, saved, replace=True)
    assert contents(db.engine) == before


def corrupted(saved: Path) -> Path:
    """A file with a table of contents, and a mistake far behind it."""
    content = bytearray(saved.read_bytes())
    middle = 3 * len(content) // 4
    content[middle : middle + 2000] = bytes(2000)
    file = saved.with_name("corrupted.dump")
    file.write_bytes(content)
    return file


def test_a_file_that_breaks_off_changes_nothing(filled: Flask, saved: Path) -> None:
    before = contents(db.engine)
    db.session.remove()
    with pytest.raises(BackupError, match="Nothing was restored"):
        backups.restore(filled, corrupted(saved), replace=True)
    assert contents(db.engine) == before


def test_what_the_database_refuses_changes_nothing(
    filled: Flask, saved: Path, other: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As where somebody uses a table all the while.
    monkeypatch.setattr(backups, "_BEFORE", backups._BEFORE.replace(f"{backups.LOCK_PATIENCE}s", "100ms"))
    before = contents(db.engine)
    db.session.remove()
    with create_engine(db.engine.url).connect() as reading, closing(reading):
        reading.execute(text("SELECT 1 FROM incidents LIMIT 1"))
        with pytest.raises(BackupError, match=r"Nothing was restored: canceling statement due to lock timeout\.$"):
            backups.restore(filled, saved, replace=True)
        reading.engine.dispose()
    assert contents(db.engine) == before


def test_an_older_backup_is_brought_up_to_date(filled: Flask, tmp_path: Path, other: Flask) -> None:
    flask_migrate.downgrade(revision="0007")
    file = tmp_path / "older.dump"
    backups.save(filled, file)
    flask_migrate.upgrade()
    expected = contents(db.engine)
    backups.restore(other, file, replace=False)
    with other.app_context():
        assert contents(db.engine) == expected


def test_what_is_no_backup_of_this_release_is_refused(filled: Flask, tmp_path: Path, other: Flask) -> None:
    with pytest.raises(BackupError, match=r"app\.py is no backup that can be read: .*\.$"):
        backups.restore(other, BACKEND / "app.py", replace=False)
    with pytest.raises(BackupError, match="The database holds no incident tracker"):
        backups.save(other, tmp_path / "nothing.dump")
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    file = tmp_path / "newer.dump"
    backups.save(filled, file)
    with pytest.raises(BackupError, match="the schema 9999 of a newer release: install that release to restore it"):
        backups.restore(other, file, replace=False)
    with db.engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text("CREATE TABLE alembic_version (something integer)"))
    backups.save(filled, file)
    with pytest.raises(BackupError, match="is no backup of an incident tracker"):
        backups.restore(other, file, replace=False)
    with other.app_context(), db.engine.connect() as connection:
        assert not objects(connection)


def test_the_password_is_no_argument_of_a_program() -> None:
    url = make_url("postgresql+psycopg2://me:s%20cret@db.example.com:5433/tracker?sslmode=require&password=s%20cret")
    engine = create_engine(url)
    client = backups._Client.of(engine, Path("/bin"), 18)
    assert "cret" not in " ".join(client.command("pg_dump", client.dsn))
    assert client.environment()["PGPASSWORD"] == "s cret"
    assert set(client.dsn.split()) == {
        "host=db.example.com", "port=5433", "user=me", "dbname=tracker", "sslmode=require",
    }  # fmt: skip


@pytest.mark.parametrize(("version", "there"), [(0, "there is none here"), (9, "the newest one here is of 9")])
def test_programs_that_are_missing_or_too_old(
    filled: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, there: str
) -> None:
    monkeypatch.setattr(backups, "_major", lambda _folder: version)
    with pytest.raises(BackupError, match=rf"needs a pg_dump of \d+ or newer, and {there}: install its client"):
        backups.save(filled, tmp_path / "saved.dump")


def test_a_server_that_is_not_there() -> None:
    app = create_app(Settings(database_url="postgresql+psycopg2://me:secret@127.0.0.1:1/x"))
    with pytest.raises(StartupError, match=r"127\.0\.0\.1:1/x cannot be reached") as caught:
        backups.save(app, Path("/nowhere"))
    assert "secret" not in str(caught.value)


Command = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs `python backup.py` for the data folder of the test, or for another one."""

    def run(*arguments: object, data: Path | None = None, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [sys.executable, str(BACKEND / "backup.py"), *map(str, arguments)],
            env=environment(DATA_DIR=data or tmp_path / "data"),
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
        )

    return run


def next_event(stream: Iterator[Message | None]) -> Any:
    """The number of the incident of the next event."""
    return next(message for message in stream if message and message.type).data["incident"]["number"]


def test_with_the_database_that_comes_along(tmp_path: Path, command: Command) -> None:
    """While the program runs and while it does not, into the same place and into another."""
    data, file = tmp_path / "data", tmp_path / "saved.dump"
    with serving(tmp_path, DATA_DIR=data) as server:
        server.create("Before")
        # Numbers of transactions that another server has not come to yet.
        engine = create_engine(f"postgresql+psycopg2://postgres@/incident_tracker?host={data / 'socket'}")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for _ in range(200):
                connection.execute(text("SELECT pg_current_xact_id()"))
        engine.dispose()
        for number in range(20):
            server.create(f"Before {number}")
        done = command("save", file)
        assert (done.returncode, done.stderr) == (0, b"")
        assert re.fullmatch(rf"Saved everything in {file} \([\d.]+ MB\)\.\n", done.stdout.decode())
        with following(server.port) as stream:
            server.create("After")
            event = next(message for message in stream if message and message.type)
            assert event.data["incident"]["number"] == 22
        done = command("restore", file)
        assert done.returncode == 1
        assert b"The database has incidents (22), which would be lost" in done.stderr
        with following(server.port, event.id) as stream:
            done = command("restore", file, "--replace")
            assert (done.returncode, done.stdout, done.stderr) == (0, b"Restored everything.\n", b"")
            # Whoever was told of what is not there any more reads everything anew.
            assert [message for message in stream if message] == []
        assert "After" not in server.titles()
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=10)) as client:
            client.request("GET", "/api/events/stream", headers={"Last-Event-ID": event.id})
            with client.getresponse() as response:
                assert b"event: reset" in response.read1(1000)
        # Like a restart of the database, this costs the first write.
        assert server.call("/api/incidents/INC-1", {"owner": "Ana"}, "PATCH").status in (200, 503)
        with following(server.port) as stream:
            assert server.create("The next") == 22
            assert next_event(stream) == 22
        assert "Traceback" not in server.said()
        assert server.stop() == 0
    dump = command("save", "-").stdout
    assert databases_in(data) == []
    other = tmp_path / "other"
    done = command("restore", "-", data=other, stdin=dump)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Restored everything.\n", b"")
    assert databases_in(other) == []
    with serving(tmp_path, DATA_DIR=other) as server, following(server.port) as stream:
        assert len(server.titles()) == 22
        assert server.create("Live again") == 23
        assert next(message for message in stream if message and message.type).data["incident"]["number"] == 23


def test_a_backup_that_is_not_named_has_the_time_as_its_name(
    filled: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(backup, "BACKEND", tmp_path / "backend")
    assert backup.save(filled, None) == 0
    [file] = (tmp_path / "backups").iterdir()
    assert re.fullmatch(r"incident-tracker-\d{8}T\d{6}Z\.dump", file.name)
    assert str(file) in capsys.readouterr().out
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_file_that_is_not_there(tmp_path: Path, command: Command) -> None:
    done = command("restore", tmp_path / "none.dump")
    assert (done.returncode, done.stderr.decode()) == (1, f"There is no file {tmp_path / 'none.dump'}.\n")
    assert not (tmp_path / "data").exists()
