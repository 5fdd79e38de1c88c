"""Reads on a streaming replica that show no less than the primary would have, when they were asked for.

Before it reads there, a request asks the primary how far its log of changes goes, and the replica whether it has
carried all of that out (what Raft calls a read index). So everybody finds what they have written, and what the live
stream has told them of, whichever host they ask, and nobody has to be remembered. While the replica is behind, does not
answer, or has been promoted, the primary reads, as it does without one.
"""

import os
import select
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from contextvars import ContextVar
from functools import wraps
from threading import Lock, Thread
from typing import Any, NamedTuple, cast

import psycopg2
import psycopg2.extensions
import structlog
from flask import Flask, Response, current_app
from psycopg2.errors import QueryCanceled
from sqlalchemy import PoolProxiedConnection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from tracker.database import REPLICA, REPLICA_EXPORTS, reader
from tracker.extensions import db

PATIENCE = 0.1
"""Seconds that a read waits for the replica to catch up."""
PAUSE = 0.0005
"""Seconds until it asks again, and then twice as many."""
RECENT = 1.0
"""Seconds for which a connection is known to be one to a standby of our primary."""
REST = 1.0
"""Seconds for which the primary reads, after the replica was behind or failed."""
PROBE, SILENCE = 0.5, 1.5
"""Seconds between two questions whether the replica is there, and until it is given up without an answer."""

# What is visible has been flushed, unless nobody waits for that. The names of the files begin with the timeline.
_PRESENT = """
    SELECT (CASE current_setting('synchronous_commit')
            WHEN 'off' THEN pg_current_wal_insert_lsn() ELSE pg_current_wal_flush_lsn() END - '0/0')::bigint,
        ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer
"""
_REPLAYED = """
    SELECT (pg_last_wal_replay_lsn() - '0/0')::bigint, timeline_id FROM pg_control_checkpoint()
    WHERE pg_is_in_recovery() AND pg_last_wal_replay_lsn() IS NOT NULL
"""
_CLUSTER = "SELECT system_identifier FROM pg_control_system()"
_STANDBY = "SELECT pg_is_in_recovery(), system_identifier FROM pg_control_system()"

log = structlog.get_logger()


class Reached(NamedTuple):
    """How far a log of changes goes: its bytes, and the timeline, of which each promotion begins another."""

    bytes: int
    timeline: int


class _UnfitError(Exception):
    """The primary has to read; the message says why."""


class Replica:
    """The replica, as one process sees it. A thread of its own asks whether it is there, from the first read on.

    :param connect: opens a connection to it that answers later (psycopg2, "Asynchronous support").
    :param count: told where each read took place.
    """

    def __init__(
        self, app: Flask, connect: Callable[[], psycopg2.extensions.connection], count: Callable[[str], None]
    ) -> None:
        self._count = count
        self._app = app
        self._connect = connect
        self._lock = Lock()
        self._thread: Thread | None = None
        self._waiting: set[socket.socket] = set()
        """Copies of the sockets on which an answer may be waited for."""
        self._cause: str | None = ""
        """Why it is not read from; None where it is."""
        self._is_left_out = False
        self._rests_until = 0.0

    def is_there(self) -> bool:
        """Whether to read from it now."""
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = Thread(target=self._watch, name="replica", daemon=True)
                    self._thread.start()
        return self._cause is None and time.monotonic() >= self._rests_until

    def rest(self, cause: str) -> None:
        """Leave it alone for a while."""
        self._rests_until = time.monotonic() + REST
        if not self._is_left_out:
            self._is_left_out = True
            log.warning("replica is left out", cause=cause)

    def note_read(self) -> None:
        """Count a read that took place on it."""
        self._count("replica")
        if self._is_left_out:
            self._is_left_out = False
            log.info("replica has caught up")

    def note_read_elsewhere(self) -> None:
        """Count a read that is for it, and takes place on the primary."""
        self._count("primary")

    @contextmanager
    def cut_when_silent(self, connection: PoolProxiedConnection) -> Iterator[None]:
        """Within it, waiting for an answer on this connection ends when the replica is given up.

        Of a server that hangs, PostgreSQL's own timeouts tell nothing.
        """
        driver = cast("psycopg2.extensions.connection", connection.dbapi_connection)
        with socket.socket(fileno=os.dup(driver.fileno())) as copy:
            with self._lock:
                self._waiting.add(copy)
            try:
                yield
            finally:
                with self._lock:
                    self._waiting.discard(copy)

    def _watch(self) -> None:
        try:
            while True:
                try:
                    with closing(self._connect()) as connection:
                        self._follow(connection)
                except (psycopg2.Error, DBAPIError, PoolTimeoutError, _UnfitError) as error:
                    self._give_up(str(error).strip())
                time.sleep(PROBE)
        finally:
            # Whatever it was: nobody reads unwatched, and the next read starts another thread.
            self._cause = ""
            self._thread = None

    def _follow(self, connection: psycopg2.extensions.connection) -> None:
        _answered(connection)
        with self._app.app_context():
            ((ours,),) = reader.rows(_CLUSTER, {})
        while True:
            with connection.cursor() as cursor:
                cursor.execute(_STANDBY)
                _answered(connection)
                ((is_standby, cluster),) = cursor.fetchall()
            if cluster != ours:
                raise _UnfitError("it is not a copy of the database of DATABASE_URL")
            if not is_standby:
                raise _UnfitError("it is not a standby, or has been promoted")
            if self._cause is not None:
                self._cause = None
                log.info("replica is read from")
            time.sleep(PROBE)

    def _give_up(self, cause: str) -> None:
        if cause != self._cause:
            log.warning("replica is not read from", cause=cause)
        self._cause = cause
        with self._lock:
            for copy in self._waiting:
                with suppress(OSError):
                    copy.shutdown(socket.SHUT_RDWR)
        with self._app.app_context():
            db.engines[REPLICA].dispose()
            db.engines[REPLICA_EXPORTS].dispose()


def _answered(connection: psycopg2.extensions.connection) -> None:
    """Wait for what was asked, not for ever."""
    end = time.monotonic() + SILENCE
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        left = end - time.monotonic()
        if left <= 0:
            raise _UnfitError("it does not answer")
        # Not `select`, which knows no file above 1023.
        ready = select.poll()
        ready.register(connection, select.POLLIN if state == psycopg2.extensions.POLL_READ else select.POLLOUT)
        ready.poll(1000 * left)


class _Reading:
    """What one request reads from the replica: all on one connection, which is taken when it is needed first."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.has_begun = False
        self._connection: PoolProxiedConnection | None = None
        self._taken = ExitStack()

    def connection(self) -> PoolProxiedConnection:
        """A connection to a replica that has caught up.

        :raises _UnfitError: where it has not.
        """
        if self._connection is None:
            present = self.present()
            connection = db.engines[REPLICA].raw_connection()
            self._taken.callback(connection.close)
            self._taken.enter_context(self.replica.cut_when_silent(connection))
            with reader.through(lambda: connection):
                _catch_up(reader.prepared, present, connection.info)
            # Not before: nobody reads on one that is behind.
            self._connection = connection
        return self._connection

    def present(self) -> Reached:
        """How far the primary is.

        :raises _UnfitError: where it does not tell; reading there tells why.
        """
        self.has_begun = True
        try:
            with reader.through(None):
                return Reached(*reader.prepared(_PRESENT, {})[0])
        except DBAPIError as error:
            raise _UnfitError("the primary does not say how far it is") from error

    def close(self) -> None:
        """Give the connection back."""
        self._taken.close()


_READING: ContextVar[_Reading | None] = ContextVar("reading", default=None)


def _catch_up(run: Callable[[str, Mapping[str, Any]], Any], present: Reached, known: dict[Any, Any]) -> None:
    """Wait until this connection shows all that the primary has shown.

    :param known: what is remembered of the connection.
    :raises _UnfitError: where that takes too long, or never comes: a log of another timeline may have diverged.
    """
    began = time.monotonic()
    pause = PAUSE
    while True:
        asked, at = known.get("reached", (None, 0.0))
        if asked is None or time.monotonic() - at > RECENT or asked.bytes < present.bytes:
            rows = run(_REPLAYED, {})
            if not rows:
                raise _UnfitError("it has been promoted, or replays no log")
            asked = Reached(*rows[0])
            known["reached"] = (asked, time.monotonic())
        if asked.timeline != present.timeline:
            raise _UnfitError("it does not follow the primary that DATABASE_URL leads to")
        if asked.bytes >= present.bytes:
            return
        if time.monotonic() + pause > began + PATIENCE:
            raise _UnfitError(f"it is {present.bytes - asked.bytes} bytes behind")
        time.sleep(pause)
        pause *= 2


def from_replica(view: Callable[..., Response]) -> Callable[..., Response]:
    """A view that only reads, and does so from the replica where there is one; else, or where that fails, as ever."""

    @wraps(view)
    def read(*args: Any, **kwargs: Any) -> Response:
        replica: Replica | None = current_app.extensions.get("replica")
        if replica is None:
            return view(*args, **kwargs)
        if replica.is_there():
            reading = _Reading(replica)
            try:
                with _from(reading):
                    response = view(*args, **kwargs)
                if reading.has_begun:
                    replica.note_read()
                return response
            except _UnfitError as error:
                replica.rest(str(error))
            except DBAPIError as error:
                # One that took too long would not be faster on the primary.
                if isinstance(error.orig, QueryCanceled) or not _is_of_the_server(error):
                    raise
                replica.rest(str(error.orig).strip())
            except PoolTimeoutError:
                # Those who have its connections may be waiting for one that hangs, which is known by now.
                if replica.is_there():
                    raise
        replica.note_read_elsewhere()
        return view(*args, **kwargs)

    return read


def _is_of_the_server(error: DBAPIError) -> bool:
    """Whether another server may do better: this one is lost, or its recovery was in the way."""
    return error.connection_invalidated or isinstance(error, OperationalError)


@contextmanager
def _from(reading: _Reading) -> Iterator[None]:
    token = _READING.set(reading)
    try:
        with reader.through(reading.connection):
            yield
    finally:
        _READING.reset(token)
        reading.close()


@contextmanager
def exporting(session: Session) -> Iterator[dict[str, Any]]:
    """Where a session is to read for longer than its request lasts: the ``bind_arguments`` of its statements."""
    reading = _READING.get()
    if reading is None:
        yield {}
        return
    present = reading.present()
    engine = db.engines[REPLICA_EXPORTS]
    connection = session.connection(bind_arguments={"bind": engine})
    with reading.replica.cut_when_silent(connection.connection):
        _catch_up(lambda sql, _none: connection.exec_driver_sql(sql).all(), present, {})
        yield {"bind": engine}
