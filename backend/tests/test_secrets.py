"""What people send is in no log line, and in no answer but where they asked for it."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from tracker import create_app
from tracker.config import Settings
from tracker.extensions import db
from tracker.incidents import operations
from tracker.startup import upgrade_database

SECRET = "correct-horse-battery-staple"
BODY = {
    "title": f"Title {SECRET}",
    "service": "db",
    "severity": "SEV1",
    "owner": SECRET,
    "summary": f"\n\n{SECRET}\n\nx",
}
HEADERS = {"Authorization": f"Bearer {SECRET}", "Cookie": f"session={SECRET}", "Idempotency-Key": SECRET}


@pytest.fixture
def app(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An application that logs all it can, each statement as a slow one."""
    before = structlog.get_config()
    # Others have the level of the application that used them first.
    monkeypatch.setattr("tracker.logging.log", structlog.get_logger())
    app = create_app(Settings(database_url=empty_database, slow_query_ms=1, log_level="debug"), serves=True)
    upgrade_database(app)
    with app.app_context():
        yield app
        app.extensions["live"].stop()
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    structlog.configure(**before)


@pytest.fixture
def client(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A client of it, for which every statement takes a second."""
    clock = count()
    monkeypatch.setattr("tracker.database.perf_counter", lambda: next(clock))
    return app.test_client()


def check_kept(response: Any, status: int, capsys: pytest.CaptureFixture[str]) -> str:
    """Returns the log, after checking that neither that nor the answer has the secret."""
    output = capsys.readouterr()
    logged = output.out + output.err
    assert response.status_code == status, response.text
    assert SECRET not in response.text
    assert SECRET not in str(response.headers)
    assert SECRET not in logged
    assert "request_id=" in logged
    return logged


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", "/api/incidents", {**BODY, "severity": "SEV9"}, {}, 422),
        ("POST", "/api/incidents", {**BODY, "title": SECRET * 100}, {}, 422),
        ("POST", "/api/incidents", {**BODY, "title": f"{SECRET}\0"}, {}, 422),
        ("POST", "/api/incidents", {**BODY, "startedAt": SECRET}, {}, 422),
        ("POST", "/api/incidents", {**BODY, "password": SECRET}, {}, 422),
        ("POST", "/api/incidents", {**BODY, "x" * 60 + SECRET: 1}, {}, 422),
        ("POST", "/api/incidents", {**BODY, "severity": "x" * 60 + SECRET}, {}, 422),
        ("POST", "/api/incidents", BODY, {"Idempotency-Key": SECRET * 100}, 422),
        ("POST", "/api/incidents", BODY, {"X-Actor": f"{SECRET}%ff"}, 422),
        ("POST", "/api/incidents?password=" + SECRET, BODY, {}, 422),
        ("POST", "/api/incidents", f'{{"title": "{SECRET}"', {}, 400),
        ("POST", "/api/incidents", f'{{"title": "{SECRET}", "title": "{SECRET}"}}', {}, 400),
        ("POST", "/api/incidents", BODY, {"Content-Type": "text/plain"}, 415),
        ("POST", "/api/incidents/bulk", {"ids": [SECRET + "x"], "set": {"owner": SECRET}, "x": SECRET}, {}, 422),
        ("POST", "/api/views", {"name": SECRET, "q": f"sev:9 {SECRET}"}, {}, 422),
        ("PATCH", "/api/incidents/INC-1", BODY, {}, 404),
        ("PUT", "/api/incidents", BODY, {}, 405),
        ("GET", "/api/incidents?created_from=" + SECRET, None, {}, 422),
        ("GET", f"/api/incidents?search={SECRET}&search={SECRET}", None, {}, 422),
        ("GET", f"/api/incidents?search={SECRET}&search=%ff", None, {}, 400),
        ("GET", "/api/incidents?cursor=" + SECRET, None, {}, 400),
        ("GET", "/api/events/stream", None, {"Last-Event-ID": SECRET}, 400),
        ("GET", "/api/nope?password=" + SECRET, None, {}, 404),
        ("GET", "/api/incidents", None, {"Host": f"{SECRET}.example"}, 403),
    ],
)
def test_a_refusal_keeps_what_was_sent_to_itself(
    client: FlaskClient,
    capsys: pytest.CaptureFixture[str],
    method: str,
    path: str,
    body: Any,
    headers: dict[str, str],
    status: int,
) -> None:
    data = body if isinstance(body, str) else client.application.json.dumps(body) if body else None
    sent = {"Content-Type": "application/json", **HEADERS, **headers} if data else {**HEADERS, **headers}
    capsys.readouterr()
    check_kept(client.open(path, method=method, data=data, headers=sent), status, capsys)


def test_the_log_of_slow_statements_has_no_values(client: FlaskClient, capsys: pytest.CaptureFixture[str]) -> None:
    created = client.post("/api/incidents", json=BODY, headers=HEADERS)
    assert created.status_code == 201
    assert client.get(f"/api/incidents?q=owner:{SECRET}&search={SECRET}").get_json()["total"] == 1
    logged = capsys.readouterr().out
    assert logged.count("slow query") > 3
    assert SECRET not in logged


def test_an_error_of_the_database_is_logged_without_the_row(
    app: Flask, client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE incidents ADD CONSTRAINT nothing_fits CHECK (false) NOT VALID"))
    logged = check_kept(client.post("/api/incidents", json=BODY, headers=HEADERS), 500, capsys)
    assert "nothing_fits" in logged
    assert "Traceback" in logged


def test_an_unforeseen_error_is_logged_without_what_was_sent(
    client: FlaskClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any, **_keywords: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(operations, "create_incident", fail)
    assert "a bug" in check_kept(client.post("/api/incidents", json=BODY, headers=HEADERS), 500, capsys)
