"""Demo data: believable incidents with their histories, and how they get into the database."""

from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import Connection, text

from tracker.demo.loader import Progress, load
from tracker.extensions import db

__all__ = ["DEMO_COUNT", "has_incidents", "load", "load_demo_when_new", "load_when_empty", "remove_everything"]

DEMO_COUNT = 200
"""How many incidents a new installation starts with."""

# Any constant will do, as long as no other program uses it on the same database.
_LOCK = 7_203_991_845_310_229


def load_demo_when_new(app: Flask) -> int:
    """Load the usual demo incidents if there are no incidents at all; returns how many were loaded."""
    with app.app_context(), db.engine.begin() as connection:
        return load_when_empty(connection, DEMO_COUNT)


def load_when_empty(connection: Connection, count: int, *, progress: Progress | None = None) -> int:
    """Load ``count`` demo incidents that end now, if there are no incidents; returns how many were loaded.

    The caller commits. Of several that try at the same time, one loads.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if has_incidents(connection):
        return 0
    load(connection, count, now=datetime.now(UTC), progress=progress)
    return count


def has_incidents(connection: Connection) -> bool:
    """Whether there is any incident, of the demo or not."""
    return bool(connection.execute(text("SELECT EXISTS (SELECT FROM incidents)")).scalar_one())


def remove_everything(connection: Connection) -> None:
    """Delete all incidents with their histories, and number from 1 again. The caller commits.

    The answers that were given about them go as well: sent again, a write is done again.
    """
    connection.execute(text("TRUNCATE incidents, events, idempotency_keys RESTART IDENTITY"))
