"""Demo incidents in the database: complete, numbered, counted, and loaded only once."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import Connection, text

from tracker.demo import DEMO_COUNT, load, load_demo_when_new, load_when_empty, loader, remove_everything
from tracker.demo.generator import generate
from tracker.demo.history import DemoEvent, DemoIncident
from tracker.extensions import db
from tracker.history.models import EventType

NOW = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)

SCHEMA = """
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid IN ('incidents'::regclass, 'events'::regclass)
UNION SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid IN ('incidents'::regclass, 'events'::regclass)
ORDER BY 1
"""


@pytest.fixture
def fresh(fresh_app: Flask) -> Iterator[Connection]:
    """A connection to a database of its own, since loading locks tables and moves sequences."""
    with fresh_app.app_context(), db.engine.connect() as connection:
        yield connection


def number(connection: Connection, sql: str) -> int:
    """The one number that a query gives."""
    return int(connection.execute(text(sql)).scalar_one())


def test_rows_are_what_was_generated(fresh: Connection) -> None:
    load(fresh, 300, now=NOW)
    expected = list(generate(300, now=NOW))
    rows = fresh.execute(text("SELECT * FROM incidents ORDER BY number")).all()
    assert [row.number for row in rows] == list(range(1, 301))
    for row, incident in zip(rows, expected, strict=True):
        assert str(row.id) == incident.id
        for name in ("title", "service", "severity", "status", "owner", "summary", "version"):
            assert getattr(row, name) == getattr(incident, name)
        for name in ("started_at", "mitigated_at", "resolved_at", "created_at", "updated_at"):
            moment, written = getattr(row, name), getattr(incident, name)
            assert (moment and moment.isoformat()) == written
    events = fresh.execute(text("SELECT * FROM events ORDER BY id")).all()
    assert {row.type for row in events} == set(EventType)
    written = [
        DemoEvent(
            str(row.change_id),
            row.type,
            row.actor,
            row.at.isoformat(),
            row.changes,
            row.comment,
            row.reverts_change_id and str(row.reverts_change_id),
        )
        for row in events
    ]
    assert written == [event for incident in expected for event in incident.events]
    assert [str(row.incident_id) for row in events] == [incident.id for incident in expected for _ in incident.events]
    assert {row.transaction_id for row in events} == {0}


def test_texts_survive_whatever_they_contain() -> None:
    assert loader._escaped("a\\b\tc\nd\re") == r"a\\b\tc\nd\re"


def test_hostile_texts_reach_the_database(fresh: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "tab\t backslash \\ null \\N quote ' \" line\nend \\. 💥"
    incident = next(generate(5, now=NOW))
    event = incident.events[0]._replace(changes={"title": [None, hostile]}, actor=hostile, comment=hostile)
    changed = incident._replace(title=hostile, summary=hostile, owner=hostile, service=hostile, events=[event])
    monkeypatch.setattr(loader, "generate", lambda *_, **__: iter([changed]))
    load(fresh, 1, now=NOW)
    row = fresh.execute(text("SELECT * FROM incidents")).one()
    assert (row.title, row.summary, row.owner, row.service) == (hostile,) * 4
    logged = fresh.execute(text("SELECT * FROM events")).one()
    assert (logged.changes, logged.actor, logged.comment) == ({"title": [None, hostile]}, hostile, hostile)


def test_counts_are_kept_and_folded(fresh: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "BATCH", 30)
    load(fresh, 200, now=NOW)
    for table, columns in (
        ("incident_tallies", "service, severity, status"),
        ("owner_tallies", "owner, service, severity, status"),
    ):
        kept = fresh.execute(text(f"SELECT {columns}, n FROM {table}")).all()
        grouped = columns.replace("owner", "coalesce(owner, '')")
        counted = fresh.execute(text(f"SELECT {grouped}, count(*) FROM incidents GROUP BY {grouped}")).all()
        assert sorted(map(repr, kept)) == sorted(map(repr, counted))
    assert number(fresh, "SELECT count(*) FROM tally_changes") == 0


def test_sequences_go_on_after_it(fresh: Connection) -> None:
    load(fresh, 50, now=NOW)
    load(fresh, 20, now=NOW.replace(year=2030))
    assert number(fresh, "SELECT max(number) FROM incidents") == 70
    assert number(fresh, "SELECT nextval(pg_get_serial_sequence('incidents', 'number'))") == 71
    latest = number(fresh, "SELECT max(id) FROM events")
    assert number(fresh, "SELECT nextval(pg_get_serial_sequence('events', 'id'))") == latest + 1


def test_large_loads_leave_the_schema_as_it_was(fresh: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fresh.execute(text(SCHEMA)).scalars().all()
    monkeypatch.setattr(loader, "LARGE", 100)
    seen: list[int] = []
    monkeypatch.setattr(loader, "BATCH", 60)
    load(fresh, 150, now=NOW, progress=seen.append)
    assert seen == [60, 120, 150]
    assert fresh.execute(text(SCHEMA)).scalars().all() == before
    assert number(fresh, "SELECT count(*) FROM incidents") == 150
    assert number(fresh, "SELECT reltuples FROM pg_class WHERE relname = 'incidents'") == 150


def test_an_error_leaves_nothing_behind(fresh: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fresh.execute(text(SCHEMA)).scalars().all()
    fresh.rollback()
    monkeypatch.setattr(loader, "LARGE", 100)
    monkeypatch.setattr(loader, "BATCH", 60)

    def stop(done: int) -> None:
        if done > 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), fresh.begin():
        load(fresh, 150, now=NOW, progress=stop)
    assert fresh.execute(text(SCHEMA)).scalars().all() == before
    assert number(fresh, "SELECT count(*) FROM incidents") == 0


def test_batches_are_made_only_one_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "BATCH", 10)
    taken = 0

    def counted() -> Iterator[DemoIncident]:
        nonlocal taken
        for incident in generate(100, now=NOW):
            taken += 1
            yield incident

    batches = loader._ahead(loader._batches(counted(), 1))
    assert next(batches).size == 10
    next(batches)
    assert taken <= 40
    assert sum(batch.size for batch in batches) == 80


def test_a_second_time_adds_nothing(fresh_app: Flask) -> None:
    assert load_demo_when_new(fresh_app) == DEMO_COUNT
    assert load_demo_when_new(fresh_app) == 0
    with db.engine.begin() as connection:
        assert load_when_empty(connection, 10) == 0
        assert number(connection, "SELECT count(*) FROM incidents") == DEMO_COUNT


def test_removing_everything_starts_anew(fresh: Connection) -> None:
    load(fresh, 20, now=NOW)
    remove_everything(fresh)
    for table in ("incidents", "events", "incident_tallies", "owner_tallies"):
        assert number(fresh, f"SELECT count(*) FROM {table}") == 0
    load(fresh, 1, now=NOW)
    assert number(fresh, "SELECT number FROM incidents") == 1
