"""The log as programs read it: one object a line, with what a request cost and who made it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from sqlalchemy import text

from tests.serving import serving
from tracker import create_app
from tracker.config import Settings
from tracker.extensions import db
from tracker.startup import upgrade_database

BODY = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}
Lines = list[dict[str, Any]]


@pytest.fixture
def app(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An application that logs all it can, for programs."""
    before = structlog.get_config()
    monkeypatch.setattr("tracker.logging.log", structlog.get_logger())
    monkeypatch.setattr("tracker.problems.log", structlog.get_logger())
    app = create_app(Settings(database_url=empty_database, log_level="debug", log_format="json"), serves=True)
    upgrade_database(app)
    yield app
    with app.app_context():
        app.extensions["live"].stop()
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    structlog.configure(**before)


def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_is_one_object(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    client = app.test_client()
    headers = {"X-Actor": "Zo%C3%AB", "X-Request-ID": "from-the-proxy"}
    number = client.post("/api/incidents", json=BODY, headers=headers).get_json()["number"]
    client.get(f"/api/incidents/INC-{number}")
    client.get("/nowhere%0A", headers={"X-Actor": "%ff"})
    made, read, lost = (line for line in lines(capsys) if line["event"] == "request")
    assert list(made)[:3] == ["timestamp", "level", "event"]
    assert made["level"] == "info"
    assert made["request_id"] == "from-the-proxy"
    assert (made["method"], made["path"], made["route"]) == ("POST", "/api/incidents", "/api/incidents")
    assert (made["status"], made["actor"], made["client"]) == (201, "Zoë", "127.0.0.1")
    assert 0 < made["sql_ms"] < made["ms"]
    assert made["sql"] >= 1
    assert (read["route"], read["actor"], read["level"]) == ("/api/incidents/<incident_id>", None, "debug")
    assert read["path"] == f"/api/incidents/INC-{number}"
    assert read["sql"] == 1
    assert (lost["path"], lost["actor"]) == ("/nowhere%0A", None)


def test_the_next_request_of_a_thread_is_counted_from_nothing(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    client = app.test_client()
    for _ in range(3):
        client.get("/api/services")
    assert [line["sql"] for line in lines(capsys)] == [1, 1, 1]


def test_a_failure_is_one_object_too_with_its_traceback(
    app: Flask, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any, **_keywords: Any) -> None:
        raise RuntimeError("a bug\nwith two lines")

    monkeypatch.setattr("tracker.incidents.queries.list_services", fail)
    assert app.test_client().get("/api/services").status_code == 500
    failures = [line for line in lines(capsys) if "exception" in line]
    assert len(failures) == 1
    assert "RuntimeError: a bug\nwith two lines" in failures[0]["exception"]
    assert failures[0]["level"] == "error"
    assert failures[0]["request_id"]


def test_statements_of_writes_are_counted(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    with app.test_request_context():
        app.preprocess_request()
        from tracker.database import spent

        before = spent()
        db.session.execute(text("SELECT 1"))
        after = spent()
    assert after[0] == before[0] + 1
    assert after[1] > before[1]


def test_programs_find_nothing_else(tmp_path: Path, empty_database: str) -> None:
    with serving(tmp_path, DATABASE_URL=empty_database, LOG_FORMAT="", LOG_LEVEL="error") as server:
        server.create("A title")
        assert server.stop() == 0
    said = [json.loads(line) for line in server.output.read_text().splitlines()]
    assert [line["event"].split(" (")[0] for line in said] == [
        "Using the database of DATABASE_URL.",
        f"Serving on http://localhost:{server.port}",
        "Stopped.",
    ]
    assert {line["level"] for line in said} == {"info"}
    assert server.errors.read_text() == ""
