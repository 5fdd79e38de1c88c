"""An upgrade while the previous release serves: who waits for whom, and what a migration may do."""

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import Connection, Engine, event, text

from tests.serving import wait_until
from tests.test_migrations import objects, write_every_kind_of_event
from tracker import MIGRATIONS, create_app, startup
from tracker.config import Settings
from tracker.extensions import db, migrate
from tracker.startup import MIGRATION_LOCK, StartupError, upgrade_database

LAST_RELEASED = "0005"
LARGE = "incidents|events"
"""Tables for which it takes long to look at every row."""
MIGRATION = '''"""What the next release brings."""

from alembic import op

revision = "9999"
down_revision = "{head}"
{attributes}

def upgrade() -> None:
    """Bring it."""
{upgrade}


def downgrade() -> None:
    """Nothing undoes it."""
'''
WRITE = """
    INSERT INTO incidents (id, title, service, severity, status, started_at, created_at, updated_at, version)
    VALUES (gen_random_uuid(), 'Something broke', 'db', 'SEV1', 'OPEN', now(), now(), now(), 1)
"""
NextRelease = Callable[..., Flask]


@pytest.fixture
def next_release(
    fresh_app: Flask, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[NextRelease]:
    """Makes an application, on the same database, that has one more migration."""
    made = []
    get_config = migrate.get_config

    def of_each(directory: str | None = None, **options: Any) -> Any:
        return get_config(directory or current_app.config.get("MIGRATIONS"), **options)

    monkeypatch.setattr(migrate, "get_config", of_each)

    def make(*statements: str, concurrently: str = "", attributes: str = "") -> Flask:
        directory = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, directory, dirs_exist_ok=True)
        lines = [f"    op.execute({statement!r})" for statement in statements]
        if concurrently:
            lines += ["    with op.get_context().autocommit_block():", f"        op.execute({concurrently!r})"]
        content = MIGRATION.format(head=newest(fresh_app), attributes=attributes, upgrade="\n".join(lines))
        (directory / "versions" / "9999_next.py").write_text(content)
        app = create_app(Settings(database_url=empty_database))
        app.config["MIGRATIONS"] = str(directory)
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


def newest(app: Flask) -> str:
    """The schema that an application brings."""
    with app.app_context():
        return str(ScriptDirectory.from_config(migrate.get_config()).get_current_head())


def revision(connection: Connection) -> str:
    """The schema that a database has."""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def test_a_start_waits_for_another_that_migrates_and_says_so(
    fresh_app: Flask, database: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with database.connect() as connection:
            connection.execute(text(f"SELECT pg_advisory_lock({MIGRATION_LOCK})"))
            start = pool.submit(upgrade_database, fresh_app)
            time.sleep(3 * startup.POLL)
            assert not start.done()
            connection.execute(text(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})"))
        start.result(10)
    assert capsys.readouterr().out == "Waiting for another process that changes the schema of the database.\n"


def test_who_waits_for_its_turn_holds_up_no_index(
    next_release: NextRelease, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(startup, "announce", told.append)
    app = next_release(concurrently="CREATE INDEX CONCURRENTLY ix_next ON incidents (title)")
    making = text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' AND state = 'active'")
    with ThreadPoolExecutor(2) as pool:
        with database.connect() as connection, database.connect() as looking:
            looking.execution_options(isolation_level="AUTOCOMMIT")
            # What has written must end before the index is made.
            connection.execute(text(WRITE))
            one = pool.submit(upgrade_database, app)
            wait_until(lambda: looking.execute(making).scalar_one(), "the index to be begun", 10)
            other = pool.submit(upgrade_database, app)
            wait_until(lambda: told, "the other start to wait", 10)
            connection.commit()
        one.result(10)
        other.result(10)
    with database.connect() as connection:
        assert revision(connection) == "9999"
        assert "relation ix_next" in objects(connection)


ADD_COLUMN = "ALTER TABLE incidents ADD COLUMN next text"
HELD = r"held by process \d+ \(test, idle in transaction\) for \d+ s, on incidents"


def test_a_lock_that_somebody_holds_ends_the_start_and_holds_up_nobody_for_long(
    next_release: NextRelease, fresh_app: Flask, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(startup, "announce", told.append)
    monkeypatch.setattr(startup, "LOCK_PATIENCE", 4)
    app = next_release(ADD_COLUMN)
    done = threading.Event()
    slowest = 0.0

    def read() -> None:
        nonlocal slowest
        while not done.is_set():
            began = time.monotonic()
            assert fresh_app.test_client().get("/api/incidents").status_code == 200
            slowest = max(slowest, time.monotonic() - began)

    with ThreadPoolExecutor(1) as pool, database.connect() as holder:
        holder.execute(text("SELECT 1 FROM incidents"))
        reading = pool.submit(read)
        try:
            with pytest.raises(StartupError, match=rf"^The schema cannot be brought up to date: .* {HELD}; end that"):
                upgrade_database(app)
        finally:
            done.set()
        reading.result(10)
        assert revision(holder) == newest(fresh_app)
    # As long as a migration waits for it at most, and one that reads takes itself.
    assert 1 < slowest < 3.5
    assert len(told) == 1
    assert re.search(HELD, told[0])


def test_a_lock_that_is_given_back_is_waited_for(
    next_release: NextRelease, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(startup, "announce", told.append)
    app = next_release(ADD_COLUMN)
    with ThreadPoolExecutor(1) as pool:
        with database.connect() as holder:
            holder.execute(text("SELECT 1 FROM incidents"))
            start = pool.submit(upgrade_database, app)
            wait_until(lambda: told, "the first try to fail", 10)
        start.result(10)
    with database.connect() as connection:
        assert revision(connection) == "9999"


GROWN = (
    "CREATE TABLE teams (id uuid PRIMARY KEY, name text NOT NULL)",
    "ALTER TABLE incidents ADD COLUMN team_id uuid, ADD COLUMN urgent boolean DEFAULT false NOT NULL",
    "ALTER TABLE events ADD COLUMN via text",
    "ALTER TABLE saved_views ADD COLUMN colour text DEFAULT 'blue' NOT NULL",
    "CREATE INDEX ix_teams ON incidents (team_id, number)",
)


def test_the_previous_release_serves_on_and_can_be_started_on_the_new_schema(
    next_release: NextRelease, fresh_app: Flask, database: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its statements prepared before, and without."""
    body = {"title": "Something broke", "service": "db", "severity": "SEV2"}
    client = fresh_app.test_client()

    def use() -> None:
        created = client.post("/api/incidents", json=body)
        assert created.status_code == 201
        write_every_kind_of_event(client, created.get_json())
        view = client.post("/api/views", json={"name": created.get_json()["id"]})
        assert view.status_code == 201
        found = client.get("/api/incidents?q=broke&sort_by=title").get_json()
        assert created.get_json()["id"] in [item["id"] for item in found["items"]]
        for path in ("/api/incidents/facets", "/api/views", "/api/services", "/api/incidents/export?format=csv"):
            assert client.get(path).status_code == 200
        moved = {"ids": [created.get_json()["id"]], "set": {"status": "RESOLVED"}}
        assert client.post("/api/incidents/bulk", json=moved).status_code == 200

    use()
    db.session.remove()
    upgrade_database(next_release(*GROWN))
    use()
    db.session.remove()
    capsys.readouterr()
    upgrade_database(fresh_app)
    assert capsys.readouterr().out == (
        "The database has the schema 9999 of a newer release, on which this one runs as well.\n"
    )
    use()
    with database.connect() as connection:
        assert revision(connection) == "9999"


def test_a_release_is_not_started_where_a_newer_one_took_away_what_it_needs(
    next_release: NextRelease, fresh_app: Flask
) -> None:
    db.session.remove()
    upgrade_database(next_release("ALTER TABLE incidents DROP COLUMN summary", attributes='runs_from = "9998"'))
    with pytest.raises(StartupError, match="the schema 9999 of a newer release: install that release"):
        upgrade_database(fresh_app)


def breaking(sql: str) -> list[str]:
    """What in a migration would stop, or break, the release before it while both run."""
    bare = re.sub(r"'(?:[^']|'')*'", "''", re.sub(r"--.*", "", sql))
    found = re.findall(r"(?i)\bDROP\s+(?!INDEX|CONSTRAINT|DEFAULT|NOT\s)\w+|\bRENAME\b|\bSET\s+NOT\s+NULL", bare)
    found += re.findall(r"(?i)\bALTER\s+(?:COLUMN\s+)?\w+\s+(?:SET\s+DATA\s+)?TYPE\b|\bLOCK\s+TABLE\b", bare)
    found += [
        column
        for column in re.findall(r"(?is)\bADD\s+COLUMN\s+[^,;]*", bare)
        if re.search(r"(?i)NOT\s+NULL", column) and not re.search(r"(?i)DEFAULT|GENERATED", column)
    ]
    found += re.findall(rf"(?i)\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+\w+\s+ON\s+(?:{LARGE})\b", bare)
    found += [
        constraint
        for constraint in re.findall(rf"(?is)\bALTER\s+TABLE\s+(?:{LARGE})\b[^;]*\bADD\s+CONSTRAINT[^;]*", bare)
        if not re.search(r"(?i)NOT\s+VALID|USING\s+INDEX", constraint)
    ]
    return found


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE views",
        "ALTER TABLE incidents\n  DROP COLUMN summary",
        "DROP FUNCTION fold_incident_tallies",
        "ALTER TABLE incidents RENAME COLUMN owner TO assignee",
        "ALTER TABLE events ALTER COLUMN actor SET NOT NULL",
        "ALTER TABLE events ALTER actor TYPE varchar(10)",
        "ALTER TABLE events ALTER COLUMN actor SET DATA TYPE varchar(10)",
        "ALTER TABLE saved_views ADD COLUMN one text, ADD COLUMN two text NOT NULL",
        "LOCK TABLE incidents",
        "CREATE UNIQUE INDEX uq ON incidents (title)",
        "CREATE INDEX ix ON events (actor)",
        "ALTER TABLE events ADD CONSTRAINT ck CHECK (actor <> 'x')",
    ],
)
def test_what_a_migration_may_not_do(sql: str) -> None:
    assert breaking(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE teams (id uuid PRIMARY KEY, name text NOT NULL)",
        "ALTER TABLE incidents ADD COLUMN two boolean NOT NULL DEFAULT false, ADD COLUMN one text",
        "CREATE INDEX CONCURRENTLY ix ON events (actor)",
        "CREATE INDEX ix ON saved_views (name)",
        "DROP INDEX CONCURRENTLY ix",
        "ALTER TABLE events ADD CONSTRAINT ck CHECK (actor <> 'x') NOT VALID",
        "ALTER TABLE events DROP CONSTRAINT ck",
        "INSERT INTO events (comment) VALUES ('DROP TABLE it''s RENAME') -- RENAME",
    ],
)
def test_what_a_migration_may_do(sql: str) -> None:
    assert breaking(sql) == []


def test_the_migrations_since_the_last_release_leave_that_what_it_needs(fresh_app: Flask) -> None:
    """Unless they say who can do without: ``runs_from``."""
    db.session.remove()
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    script = ScriptDirectory.from_config(migrate.get_config())
    found = {}
    flask_migrate.downgrade(revision=LAST_RELEASED)
    event.listen(db.engine, "before_cursor_execute", note)
    for migration in reversed(list(script.iterate_revisions("head", LAST_RELEASED))):
        seen.clear()
        flask_migrate.upgrade(revision=migration.revision)
        assert any(migration.revision in statement or "alembic_version" in statement for statement in seen)
        broken = [part for statement in seen for part in breaking(statement)]
        if broken and not hasattr(migration.module, "runs_from"):
            found[migration.revision] = broken
    event.remove(db.engine, "before_cursor_execute", note)
    assert found == {}
