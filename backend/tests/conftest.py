"""Real, migrated PostgreSQL for every test, rolled back after it.

The server is an embedded one of the run's own, or TEST_DATABASE_URL, on which databases are made and dropped.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text

from tracker import create_app, logging
from tracker.config import Settings, normalise_database_url
from tracker.database import reader
from tracker.extensions import db
from tracker.startup import running_database, upgrade_database


@pytest.fixture(scope="session", autouse=True)
def readable_log() -> Iterator[None]:
    """The log is what a person reads, though no terminal shows it, for every application that says nothing else."""
    configure = logging.configure
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(logging, "configure", lambda level, form: configure(level, form or "text"))
        yield


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of some database on the server that the tests may use."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield normalise_database_url(given)
        return
    with running_database(Settings(data_dir=tmp_path_factory.mktemp("embedded"))) as settings:
        assert settings.database_url is not None
        yield settings.database_url


@contextmanager
def new_database(server_url: str) -> Iterator[str]:
    """The URL of a new database without tables."""
    name = f"incident_tracker_test_{secrets.token_hex(6)}"
    server = create_engine(server_url, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        server.dispose()


@pytest.fixture
def empty_database(server_url: str) -> Iterator[str]:
    """A new database without tables."""
    with new_database(server_url) as url:
        yield url


@pytest.fixture
def database(empty_database: str) -> Iterator[Engine]:
    """The test's own way into the database that a server of its own has."""
    engine = create_engine(empty_database, connect_args={"application_name": "test"})
    yield engine
    engine.dispose()


@pytest.fixture
def fresh_app(empty_database: str) -> Iterator[Flask]:
    """An application on a migrated database of its own, for what commits or needs several connections."""
    app = create_app(Settings(database_url=empty_database, threads=32))
    upgrade_database(app)
    with app.app_context():
        yield app
        app.extensions["live"].stop()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def shared_app(server_url: str) -> Iterator[Flask]:
    """The application that most tests share."""
    with new_database(server_url) as url:
        app = create_app(Settings(database_url=url))
        upgrade_database(app)
        yield app
        app.extensions["live"].stop()
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def connection(shared_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """The one connection of a test: what the code commits becomes a savepoint, and is rolled back in the end."""
    with shared_app.app_context():
        engine = db.engine
    with engine.connect() as connection:
        transaction = connection.begin()
        monkeypatch.setitem(db._app_engines[shared_app], None, connection)
        monkeypatch.setitem(db.session.session_factory.kw, "join_transaction_mode", "create_savepoint")
        driver: Any = connection.connection.dbapi_connection
        monkeypatch.setattr(reader, "cursor", driver.cursor)
        run = reader._run

        def run_in_savepoint(*statement: Any) -> Any:
            with driver.cursor() as cursor:
                cursor.execute("SAVEPOINT reading")
                try:
                    return run(*statement)
                finally:
                    # What it set is not for those that follow.
                    cursor.execute("ROLLBACK TO reading; RELEASE reading")

        monkeypatch.setattr(reader, "_run", run_in_savepoint)
        yield connection
        transaction.rollback()


@pytest.fixture
def app(shared_app: Flask, connection: Connection) -> Flask:
    """The application, on a database that is empty again after the test."""
    return shared_app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client whose requests go to :func:`app`."""
    return app.test_client()


@pytest.fixture
def statements(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The SQL statements that run while the test does, savepoints aside."""
    seen: list[str] = []
    run = reader._run

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    def note_and_run(statement: str, *rest: Any) -> Any:
        seen.append(statement)
        return run(statement, *rest)

    monkeypatch.setattr(reader, "_run", note_and_run)
    event.listen(connection, "before_cursor_execute", note)
    yield seen
    event.remove(connection, "before_cursor_execute", note)


@pytest.fixture
def create(client: FlaskClient) -> Callable[..., dict[str, Any]]:
    """Makes an incident over HTTP: `create(title=…, severity=…)`."""

    def create(actor: str | None = None, **fields: Any) -> dict[str, Any]:
        body = {"title": "Something broke", "service": "payments-api", "severity": "SEV3", **fields}
        response = client.post("/api/incidents", json=body, headers={"X-Actor": actor} if actor else {})
        assert response.status_code == 201, response.text
        incident: dict[str, Any] = response.get_json()
        return incident

    return create
