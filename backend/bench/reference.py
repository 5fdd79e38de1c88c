"""What the tracker is measured against: the same few requests by hand, over psycopg2 and orjson, without a framework.

Served by the same server with the same number of threads, on the same rows. It reads the same columns and writes
the same rows as the tracker does. It validates nothing, and counts nothing: its list has no total.
`python -m bench.reference` takes the settings of `python app.py`.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson
import psycopg2
from psycopg2 import extensions
from sqlalchemy import make_url
from uuid_utils.compat import uuid7

from tracker.config import Settings

Row = tuple[Any, ...]
Answer = tuple[str, bytes]
Application = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

# Name in JSON -> column.
COLUMNS = {
    "id": "id",
    "number": "number",
    "title": "title",
    "service": "service",
    "severity": "severity",
    "status": "status",
    "owner": "owner",
    "summary": "summary",
    "startedAt": "started_at",
    "mitigatedAt": "mitigated_at",
    "resolvedAt": "resolved_at",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "version": "version",
}
WRITABLE = [name for name in COLUMNS if name not in ("id", "number", "createdAt", "updatedAt", "version")]
SELECT = f"SELECT {', '.join(COLUMNS.values())} FROM incidents"
INSERTED = [column for column in COLUMNS.values() if column != "number"]
FIRST_PAGE = f"{SELECT} ORDER BY created_at DESC, number DESC LIMIT 20"
READ = f"{SELECT} WHERE id = %s"
LOCK = f"{SELECT} WHERE id = %s FOR UPDATE"
INSERT = (
    f"INSERT INTO incidents ({', '.join(INSERTED)})"
    f" VALUES ({', '.join(f'%({column})s' for column in INSERTED)}) RETURNING number"
)
APPEND = (
    "INSERT INTO events (incident_id, change_id, type, actor, at, changes, comment)"
    " VALUES (%s, %s, %s, %s, %s, %s, NULL)"
)


class Reference:
    """The application, with a connection for each thread that serves."""

    def __init__(self, database_url: str) -> None:
        self.dsn = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self.local = threading.local()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        reference = path.removeprefix("/api/incidents").removeprefix("/")
        if path == "/api/health":
            status, body = "200 OK", b"{}"
        elif method == "GET":
            status, body = self.read(reference) if reference else self.first_page()
        else:
            given = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            actor = environ.get("HTTP_X_ACTOR", "anonymous")
            status, body = self.update(reference, given, actor) if reference else self.create(given, actor)
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def first_page(self) -> Answer:
        """The 20 newest incidents."""
        with self.connection().cursor() as cursor:
            cursor.execute(FIRST_PAGE)
            return "200 OK", orjson.dumps({"items": [shown(row) for row in cursor.fetchall()]})

    def read(self, identifier: str) -> Answer:
        """One incident, named by its UUID."""
        with self.connection().cursor() as cursor:
            cursor.execute(READ, (identifier,))
            row = cursor.fetchone()
        return ("200 OK", orjson.dumps(shown(row))) if row else ("404 Not Found", b"{}")

    def create(self, given: dict[str, Any], actor: str) -> Answer:
        """Add an incident with its event."""
        now = datetime.now(UTC)
        incident: dict[str, Any] = dict.fromkeys(COLUMNS)
        incident |= {"id": str(uuid7()), "status": "OPEN", "version": 1, **given}
        incident |= {"startedAt": now, "createdAt": now, "updatedAt": now}
        stamp(incident, now)
        changes = {name: [None, incident[name]] for name in WRITABLE if incident[name] is not None}
        with self.transaction() as cursor:
            cursor.execute(INSERT, {column: incident[name] for name, column in COLUMNS.items()})
            (incident["number"],) = cursor.fetchone() or (None,)
            append(cursor, incident["id"], "created", actor, now, changes)
        return "201 Created", orjson.dumps(incident)

    def update(self, identifier: str, given: dict[str, Any], actor: str) -> Answer:
        """Change an incident and append the event, unless nothing is different."""
        with self.transaction() as cursor:
            cursor.execute(LOCK, (identifier,))
            row = cursor.fetchone()
            if row is None:
                return "404 Not Found", b"{}"
            before = shown(row)
            now = datetime.now(UTC)
            after = {**before, **given}
            if after["status"] != before["status"]:
                stamp(after, now)
            changes = {name: [before[name], after[name]] for name in WRITABLE if before[name] != after[name]}
            if changes:
                after |= {"updatedAt": now, "version": before["version"] + 1}
                changed = [*changes, "updatedAt", "version"]
                cursor.execute(
                    f"UPDATE incidents SET {', '.join(f'{COLUMNS[name]} = %s' for name in changed)}"
                    " WHERE id = %s AND version = %s",
                    (*(after[name] for name in changed), identifier, before["version"]),
                )
                append(cursor, identifier, "updated", actor, now, changes)
        return "200 OK", orjson.dumps(after)

    def connection(self) -> extensions.connection:
        """This thread's connection; each statement outside :meth:`transaction` commits by itself."""
        connection: extensions.connection | None = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = psycopg2.connect(self.dsn, options="-c timezone=UTC")
            connection.autocommit = True
        return connection

    @contextmanager
    def transaction(self) -> Iterator[extensions.cursor]:
        """A cursor whose statements all take effect, or none of them."""
        with self.connection().cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")


def shown(row: Row) -> dict[str, Any]:
    """An incident as it goes over the wire."""
    return dict(zip(COLUMNS, row, strict=True))


def stamp(incident: dict[str, Any], now: datetime) -> None:
    """Set the times that the status implies, and clear those of the states that it leaves."""
    status = incident["status"]
    if status == "OPEN":
        incident["mitigatedAt"] = None
    elif status == "MITIGATED" and incident["mitigatedAt"] is None:
        incident["mitigatedAt"] = now
    if status != "RESOLVED":
        incident["resolvedAt"] = None
    elif incident["resolvedAt"] is None:
        incident["resolvedAt"] = now


def append(
    cursor: extensions.cursor, incident_id: str, kind: str, actor: str, at: datetime, changes: dict[str, list[Any]]
) -> None:
    """Add an event to the log."""
    cursor.execute(APPEND, (incident_id, str(uuid7()), kind, actor, at, orjson.dumps(changes).decode()))


def load(settings: Settings) -> Application:
    """The application, in the process that serves it."""
    return Reference(settings.database_url or "")


def main() -> None:
    """Serve as `python app.py` does, until a signal."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    settings = Settings.load()
    Granian(
        "bench.reference",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        log_level=LogLevels.error,
        websockets=False,
        workers_kill_timeout=10,
    ).serve(target_loader=partial(load, settings), wrap_loader=False)


if __name__ == "__main__":
    main()
