"""What happens before the first request: a database that runs, has the newest schema, and a port that is free."""

import errno
import gc
import multiprocessing
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from threading import Thread

import flask_migrate
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from tracker.config import Settings
from tracker.connections import drop_stalled, give_up_stalled_clients
from tracker.extensions import db, migrate

# Any constant will do, as long as no other program uses it on the same database.
MIGRATION_LOCK = 7_203_991_845_310_227
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
                _refuse_unfit_server(connection)
                # Held by this session until it ends, whatever the migrations do to their transactions.
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
                connection.commit()
                if _current_revision(connection) != _newest_revision():
                    flask_migrate.upgrade()
                connection.execute(text(_FORGET_FOREIGN_TRANSACTIONS))
                connection.commit()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        except OperationalError as error:
            where = db.engine.url.set(password=None).render_as_string()
            raise StartupError(
                f"The database at {where} cannot be reached ({first_line(error)}): start it, or correct DATABASE_URL."
            ) from error
        except DBAPIError as error:
            raise StartupError(f"The database cannot be set up: {str(error.orig).strip()}") from error
        finally:
            db.engine.dispose()


def first_line(error: DBAPIError) -> str:
    """What the database said, without the details that follow it."""
    said = str(error.orig).strip().splitlines()
    return said[0] if said else "no answer"


def _refuse_unfit_server(connection: Connection) -> None:
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


def _current_revision(connection: Connection) -> str | None:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {revision.revision for revision in _script().walk_revisions()}
    if current is not None and current not in known:
        raise StartupError(
            f"The database has the schema {current} of a newer release: install that release, "
            "or restore a backup that was made with this one."
        )
    return current


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
    app = create_app(settings, serves=True)
    live = app.extensions["live"]
    live.on_start = partial(give_up_stalled_clients, settings.port)
    told, tells = socket.socketpair()
    tells.setblocking(False)
    # The server sets its own handlers later; this is told beside them. It waits for every answer to end, and a
    # stream does not by itself.
    signal.set_wakeup_fd(tells.detach(), warn_on_full_buffer=False)

    def end_streams() -> None:
        while told.recv(1)[0] not in (signal.SIGTERM, signal.SIGINT):
            pass
        live.stop()
        while True:
            drop_stalled(settings.port, STALLED)

    Thread(target=end_streams, name="end-streams", daemon=True).start()
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
