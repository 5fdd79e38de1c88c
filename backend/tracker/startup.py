"""What happens before the first request: a database that runs, has the newest schema, and a port that is free."""

import errno
import gc
import multiprocessing
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from threading import Thread
from types import FrameType
from typing import NoReturn

import flask_migrate
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from psycopg2.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from tracker.config import Settings
from tracker.connections import drop_stalled, give_up_stalled_clients
from tracker.extensions import db, migrate
from tracker.logging import announce

# Any constant will do, as long as no other program uses it on the same database.
MIGRATION_LOCK = 7_203_991_845_310_227
FIRST_MARKED = "0008"
"""The schema of the first release that looks for the mark of a newer one."""
POLL = 0.2
"""Seconds between two looks at whether it is this process's turn."""
LOCK_PATIENCE = 60
"""Seconds in which migrations try again to get a lock that others hold."""
LOCK_PAUSE = 3
"""Seconds in which everybody else goes on between two tries."""
STALLED = 1.0
"""Seconds for which a process that ends waits for a client to take any of what was sent to it."""

# Where a dump of another server was restored, the numbers of its transactions may still be to come here: such events
# would be told after later ones, or never. They are history, which is not told. The largest one is looked up first.
_FORGET_FOREIGN_TRANSACTIONS = """
    UPDATE events SET transaction_id = 0
    WHERE transaction_id > 0 AND (
        SELECT max(transaction_id) FROM events WHERE transaction_id > 0
    ) >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""


class StartupError(Exception):
    """Why the program cannot start; one sentence that says what to do."""


# Of those who hold locks on tables, who began first.
_HOLDER = text("""
    SELECT format(
        'by process %s (%s, %s) for %s s, on %s', pid, coalesce(nullif(application_name, ''), usename), state,
        extract(epoch FROM clock_timestamp() - xact_start)::integer, relation::regclass
    )
    FROM pg_locks JOIN pg_stat_activity USING (pid) JOIN pg_class ON pg_class.oid = relation
    WHERE granted AND locktype = 'relation' AND datname = current_database() AND pid <> pg_backend_pid()
        AND relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
    ORDER BY xact_start LIMIT 1
""")
# Kept in the database, for programs that do not know its migrations.
_MARK = "Releases with schema {} or newer run on this."
_MARKED = text("SELECT obj_description('alembic_version'::regclass, 'pg_class')")


@contextmanager
def running_database(settings: Settings) -> Iterator[Settings]:
    """The settings with a ``database_url`` that answers: the configured one, or the embedded server's.

    :raises StartupError: where it cannot be reached or started.
    """
    if settings.database_url is not None:
        yield settings
        return
    # Imported here, so that an installation with a database of its own does not need the package.
    from tracker.embedded import EmbeddedError, embedded_postgres_url

    try:
        with embedded_postgres_url(settings.data_dir) as url:
            yield replace(settings, database_url=url)
    except EmbeddedError as error:
        raise StartupError(str(error)) from error


def upgrade_database(app: Flask) -> None:
    """Bring the schema up to date; several processes that start at once do it once.

    :raises StartupError: where the database cannot be reached, or is newer than this program.
    """
    with app.app_context():
        try:
            with db.engine.connect() as connection:
                refuse_unfit_server(connection)
                take_turn(connection)
                current = MigrationContext.configure(connection).get_current_revision()
                if current is None or is_known(current):
                    connection.commit()
                    if current != _newest_revision():
                        _migrate(connection)
                    _mark(connection)
                else:
                    _refuse_unserved(connection, current)
                connection.execute(text(_FORGET_FOREIGN_TRANSACTIONS))
                connection.commit()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        except DBAPIError as error:
            if error.statement is None or error.connection_invalidated:
                raise StartupError(cannot_be_reached(db.engine, error)) from error
            raise StartupError(f"The database cannot be set up: {str(error.orig).strip()}") from error
        finally:
            db.engine.dispose()


def take_turn(connection: Connection) -> None:
    """Wait until nobody else changes the schema. The turn is this session's until it ends, whatever is committed.

    Not by waiting inside of the database: who is there holds up an index that whoever has the turn makes CONCURRENTLY.
    """
    told = False
    while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": MIGRATION_LOCK}).scalar_one():
        connection.commit()
        if not told:
            announce("Waiting for another process that changes the schema of the database.")
            told = True
        time.sleep(POLL)
    connection.commit()


def _migrate(connection: Connection) -> None:
    """Run the migrations, and again where one waits too long for a lock: others go on in between.

    :raises StartupError: where that does not end.
    """
    give_up = time.monotonic() + LOCK_PATIENCE
    told = False
    while True:
        try:
            flask_migrate.upgrade()
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            by = connection.execute(_HOLDER).scalar() or "by somebody else"
            connection.commit()
            if time.monotonic() > give_up:
                raise StartupError(
                    f"The schema cannot be brought up to date: a lock has been held {by}; end that, and start again."
                ) from error
            if not told:
                announce(f"The schema is brought up to date when a lock is given back that has been held {by}.")
                told = True
            time.sleep(LOCK_PAUSE)
        else:
            return


def cannot_be_reached(engine: Engine, error: DBAPIError) -> str:
    """The sentence about a database that does not let anybody in."""
    where = engine.url.set(password=None).render_as_string()
    said = first_line(error)
    if "unsupported startup parameter" in said:
        return f"At {where} is a pooler: set DATABASE_DIRECT_URL to the PostgreSQL behind it."
    return (
        f"The database at {where} cannot be reached ({said}): start it, or correct DATABASE_URL (or "
        "DATABASE_DIRECT_URL, where that is set)."
    )


def first_line(error: DBAPIError) -> str:
    """What the database said, without the details that follow it."""
    said = str(error.orig).strip().splitlines()
    return said[0] if said else "no answer"


def complain(sentence: str, code: int = 1) -> int:
    """Say what went wrong where errors go; returns the exit code."""
    print(sentence, file=sys.stderr)
    return code


def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """The handler of a signal that asks to stop: what Ctrl-C does."""
    raise KeyboardInterrupt


def refuse_unfit_server(connection: Connection) -> None:
    """Go on only where the server and the database can hold what people write.

    :raises StartupError: where they cannot.
    """
    version = connection.dialect.server_version_info or (0,)
    if version < (14,):
        raise StartupError(f"PostgreSQL {version[0]} is too old: DATABASE_URL must name one of 14 or newer.")
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise StartupError(
            f"The database keeps text in {encoding}, which cannot hold every name: DATABASE_URL must name one made "
            "with ENCODING 'UTF8'."
        )
    if not connection.execute(text("SELECT lower('É') = 'é'")).scalar_one():
        raise StartupError(
            "The database knows no letters but A to Z, so that a search would miss names: DATABASE_URL must name one "
            "made with a UTF-8 locale, such as LC_CTYPE 'C.UTF-8'."
        )


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(migrate.get_config())


def _newest_revision() -> str | None:
    return _script().get_current_head()


def is_known(revision: str) -> bool:
    """Whether this program has a schema, rather than a newer one. The application's context is needed."""
    return revision in {known.revision for known in _script().walk_revisions()}


def _mark(connection: Connection) -> None:
    """Note which releases run on this schema: all since a migration took away what older ones need."""
    # A migration that does so says whose release is the oldest that does without.
    oldest = max(getattr(one.module, "runs_from", FIRST_MARKED) for one in _script().walk_revisions())
    mark = _MARK.format(oldest)
    if connection.execute(_MARKED).scalar_one() != mark:
        connection.execute(text(f"COMMENT ON TABLE alembic_version IS '{mark}'"))


def _refuse_unserved(connection: Connection, current: str) -> None:
    """Go on only where a newer release has left all that this one needs: so that either can be started in an upgrade.

    :raises StartupError: where it has not.
    """
    newest = _newest_revision()
    found = re.fullmatch(re.escape(_MARK).replace(r"\{\}", r"(\w+)"), connection.execute(_MARKED).scalar_one() or "")
    if found is None or newest is None or newest < found[1]:
        raise StartupError(
            f"The database has the schema {current} of a newer release: install that release, "
            "or restore a backup that was made with this one."
        )
    announce(f"The database has the schema {current} of a newer release, on which this one runs as well.")


def application_for_worker(settings: Settings) -> Flask:
    """The application, in a process that serves it and that ends with the one that started it.

    Where that is killed, nobody would tell this one to stop: it would go on serving and keep the port.
    """
    # Imported here, since the package imports this module's neighbours.
    from tracker import create_app

    parent = multiprocessing.parent_process()
    if parent is not None:

        def end_with_parent() -> None:
            parent.join()
            os._exit(1)

        Thread(target=end_with_parent, name="end-with-parent", daemon=True).start()

    def end_when_told() -> None:
        signal.sigwait([signal.SIGTERM])
        stop = signal.getsignal(signal.SIGTERM)
        if not callable(stop):
            # Nothing is under way yet.
            os._exit(0)
        stop(signal.SIGTERM, None)
        # The server waits for every answer to end, and a stream does not by itself.
        live.stop()
        while True:
            drop_stalled(settings.port, STALLED)

    # What is inherited notes a stop in a copy of what this process was forked from.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=end_when_told, name="end-when-told", daemon=True).start()
    app = create_app(settings, serves=True)
    live = app.extensions["live"]
    live.on_start = partial(give_up_stalled_clients, settings.port)
    # What is there now stays: the collector need not look through all of it again and again. Nor so often for what
    # requests leave, nearly all of which goes without it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    return app


def require_free_port(host: str, port: int) -> None:
    """Fail early, and in plain words, where the server could not listen.

    :raises StartupError: where the port is taken or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise StartupError(
                    f"Port {port} is in use: stop what listens there, or choose another, such as PORT={port + 1}."
                ) from error
            raise StartupError(
                f"Cannot listen on {host}:{port} ({error.strerror}): choose another HOST or PORT."
            ) from error
