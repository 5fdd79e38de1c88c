"""How a process uses its database: few connections, none of them for long, and every slow statement in the log."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from time import monotonic, perf_counter
from typing import Any, cast
from weakref import WeakKeyDictionary

import psycopg2
import psycopg2.extensions
import structlog
from flask import Flask, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, Engine, ExceptionContext, PoolProxiedConnection, event, make_url
from sqlalchemy.exc import DBAPIError

from tracker.config import Settings
from tracker.extensions import db
from tracker.wire import dumps

log = structlog.get_logger()

NAME = "incident-tracker"
"""How PostgreSQL lists the connections."""
READS = "reads"
"""The name of the engine of what only reads: each statement commits by itself, and never waits behind a writer."""
HEALTH = "health"
"""The name of the engine that the health check has to itself: it tells of the database, however busy the others are."""
REPLICA, REPLICA_EXPORTS = "replica", "replica-exports"
"""The names of the engines of what is read from the replica, where there is one."""
LIVE = "live"
"""The name of the engine whose connection hears of new events."""
POOL_TIMEOUT = 2
"""Seconds that a request waits for a connection before it is told to come back."""
STALLED = 300
"""Seconds after which PostgreSQL ends a transaction of which nothing is asked, such as that of a stalled download."""
PREPARED = 100
"""Statements that a connection keeps the plans of."""
STATEMENT_SHOWN = 500
"""Characters of a statement that the log has room for."""


# What the statements of a request are counted in: how many, and their seconds.
_SPENT: ContextVar[list[Any] | None] = ContextVar("spent", default=None)
_Cursor = psycopg2.extensions.cursor
_ELSEWHERE: ContextVar[Callable[[], PoolProxiedConnection] | None] = ContextVar("elsewhere", default=None)
_END: ContextVar[float | None] = ContextVar("end", default=None)
_PARAMETER = re.compile(r"%\((\w+)\)s")
# The statements that each connection has prepared, with their names there.
_PREPARED: WeakKeyDictionary[psycopg2.extensions.connection, dict[str, str]] = WeakKeyDictionary()


class Application(Flask):
    """Flask, for which a restart of the database costs no read."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The same function: no view is a coroutine, and asking for each layer of each took longer than routing."""
        return func

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer; a read whose connection turns out to be lost is done again, on a new one.

        The pool drops all its connections with the first that is lost, so once more is enough. A write is not
        repeated, since it may have been committed.
        """
        try:
            return super().dispatch_request()
        except DBAPIError as error:
            if not error.connection_invalidated or request.method not in ("GET", "HEAD"):
                raise
        db.session.remove()
        return super().dispatch_request()


def pool_size(settings: Settings) -> int:
    """Connections that the writes of a process share, and as many that its reads do.

    Fewer than threads: those without wait for one, where it is bounded, and a few are used better than many.
    """
    return max(2, settings.threads // 8)


def exports(settings: Settings) -> int:
    """How many exports a process makes at once: the other connections are for those who only look something up."""
    return max(1, pool_size(settings) // 2)


def binds(settings: Settings, *, serves: bool) -> dict[str | None, dict[str, Any]]:
    """What the engines are made from: those of writes, of reads, of the health check, of live events, of the replica.

    :param serves: whether statements are timed.
    """
    session = _session(settings, serves=serves)
    direct = settings.database_direct_url or settings.database_url or "postgresql+psycopg2://"
    connect_args = _connect_args(direct, session)
    reached = {"url": direct, "connect_args": connect_args}
    if pooler := pooler_url(settings, serves=serves):
        # It refuses options: others would find them in the session.
        reached = {"url": pooler, "connect_args": _connect_args(pooler, {})}
    options = {
        **reached,
        "max_overflow": 0,
        "pool_timeout": POOL_TIMEOUT,
        "json_serializer": lambda value: dumps(value).decode(),
        # They are what people wrote, and errors are logged.
        "hide_parameters": True,
    }
    reads = {
        **options,
        "pool_size": pool_size(settings),
        # Nothing has to be undone when a connection comes back. Every call of the driver lets other threads go first.
        "isolation_level": "AUTOCOMMIT",
        "pool_reset_on_return": None,
    }
    replica: dict[str | None, dict[str, Any]] = {}
    if settings.database_replica_url and serves:
        there = {"url": settings.database_replica_url, "connect_args": _connect_args_of_replica(settings)}
        replica = {
            REPLICA: {**reads, **there},
            REPLICA_EXPORTS: {**options, **there, "pool_size": exports(settings)},
        }
    return {
        None: {**options, "pool_size": pool_size(settings)},
        READS: reads,
        **replica,
        HEALTH: {**options, "pool_size": 1},
        LIVE: {
            **options,
            "url": direct,
            "pool_size": 1,
            "isolation_level": "AUTOCOMMIT",
            # Also where the other side has gone without a word, an answer is not waited for much longer.
            "connect_args": connect_args | {"application_name": f"{NAME}-live", "tcp_user_timeout": 10_000},
        },
    }


def pooler_url(settings: Settings, *, serves: bool) -> str | None:
    """Where the connections lead to a pooler, with which each transaction may be in another session.

    Only those of a server do: migrations and loading need a session of their own.
    """
    return settings.database_url if serves and settings.database_direct_url else None


def settle_each_transaction(settings: Settings, engines: Mapping[str | None, Engine]) -> None:
    """Have each transaction set for itself what a session of its own would begin with."""
    session = _session(settings, serves=True) | {"timezone": "UTC"}
    reader.settings = "".join(f"SET LOCAL {name} = '{value}'; " for name, value in session.items())

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(reader.settings)

    # Those of the others begin none, or are sessions of their own.
    for bind in {None, HEALTH, REPLICA_EXPORTS} & engines.keys():
        event.listen(engines[bind], "begin", begin)


def _session(settings: Settings, *, serves: bool) -> dict[str, str]:
    timeouts = {"statement_timeout": settings.statement_timeout, "idle_in_transaction_session_timeout": STALLED}
    # No statement here takes as long as compiling it would; and what is read is in memory or on flash, where a row
    # elsewhere costs little more than the next one.
    plans = {"jit": "off", "random_page_cost": "1.1"}
    return plans | {name: f"{seconds}s" for name, seconds in timeouts.items() if serves}


def _connect_args(url: str, session: Mapping[str, str]) -> dict[str, Any]:
    given = make_url(url).query
    defaults = {"connect_timeout": 3, "application_name": NAME}
    connect_args: dict[str, Any] = {name: value for name, value in defaults.items() if name not in given}
    if session:
        options = [f"-c {name}={value}" for name, value in session.items()]
        # The last one counts: what the URL says wins, except that times come back in UTC on every server.
        options += [str(given.get("options", "")), "-c timezone=UTC"]
        connect_args["options"] = " ".join(filter(None, options))
    return connect_args


def _connect_args_of_replica(settings: Settings) -> dict[str, Any]:
    # Where there is a pooler, there may be one in front of the replica as well.
    session = {} if pooler_url(settings, serves=True) else _session(settings, serves=True)
    return _connect_args(settings.database_replica_url or "", session)


def begin_counting() -> None:
    """From now on, count the statements of this thread for :func:`spent`."""
    _SPENT.set([0, 0.0])


def spent() -> tuple[int, float]:
    """How many statements were carried out since :func:`begin_counting`, and the seconds that they took."""
    count, seconds = _SPENT.get() or (0, 0.0)
    return count, seconds


def time_statements(engine: Engine, slow_ms: int) -> None:
    """Count each statement, and log one that takes long, also where it fails.

    The log has it without its parameters, which people wrote.

    :param slow_ms: from how many milliseconds on it is logged; 0 for never.
    """
    reader.slow_ms = slow_ms

    def begin(_connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        context.began = perf_counter()

    def end(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        _end_statement(statement, context.began, slow_ms)
        context.began = None

    def fail(error: ExceptionContext) -> None:
        context = error.execution_context
        if error.statement is not None and getattr(context, "began", None) is not None:
            end(None, None, error.statement, None, context, False)

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", fail)


def _end_statement(statement: str, began: float, slow_ms: int) -> None:
    seconds = perf_counter() - began
    counted = _SPENT.get()
    if counted is not None:
        counted[0] += 1
        counted[1] += seconds
    ms = seconds * 1000
    if slow_ms and ms >= slow_ms:
        shown = " ".join(statement.split())
        shown = shown if len(shown) <= STATEMENT_SHOWN else f"{shown[:STATEMENT_SHOWN]}…"
        log.warning("slow query", ms=round(ms, 1), statement=shown)


class Reader:
    """Statements that only read, each a transaction of its own, past SQLAlchemy's way of executing.

    Beginning and ending a transaction would be two more round trips, longer than most reads; and that way takes as
    long as PostgreSQL takes for the first page of a list.
    """

    slow_ms = 0
    """From how many milliseconds on a statement is logged; 0 for never."""
    settings = ""
    """What goes before each statement, where the session is not one that was begun with the same."""

    @contextmanager
    def until(self, end: float) -> Iterator[None]:
        """Within it, no statement of this thread goes on after ``end``, in seconds of :func:`time.monotonic`.

        One that would raises an error whose ``orig`` is ``QueryCanceled``, as with STATEMENT_TIMEOUT.
        """
        token = _END.set(end)
        try:
            yield
        finally:
            _END.reset(token)

    @contextmanager
    def through(self, take: Callable[[], PoolProxiedConnection] | None) -> Iterator[None]:
        """Within it, the statements of this thread go through the connection that ``take`` returns, to the replica.

        Whoever takes it gives it back. None for those of the reads, as elsewhere.
        """
        token = _ELSEWHERE.set(take)
        try:
            yield
        finally:
            _ELSEWHERE.reset(token)

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows that a statement gives.

        :param sql: in psycopg2's form, with ``%(name)s`` for a value of ``parameters``.
        :raises DBAPIError: where it fails, as it would through SQLAlchemy.
        """
        return self._run(sql, lambda cursor: cursor.execute(self._before() + sql, parameters))

    def prepared(self, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """As :meth:`rows`, for a statement whose best plan is the same whatever its values.

        Each connection keeps its plan, which takes half the time of a short statement; behind a pooler, where it is
        another session each time, none does.
        """
        if self.settings:
            return self.rows(sql, parameters)
        numbered, given = _numbered(sql)

        def execute(cursor: _Cursor) -> None:
            known = _PREPARED.setdefault(cursor.connection, {})
            name = known.get(sql)
            if name is None:
                if len(known) >= PREPARED:
                    cursor.execute("DEALLOCATE ALL")
                    known.clear()
                name = f"prepared_{len(known)}"
                cursor.execute(f"{self._before()}PREPARE {name} AS {numbered}")
                known[sql] = name
            cursor.execute(f"{self._before()}EXECUTE {name}{given}", parameters)

        return self._run(sql, execute)

    def _run(self, sql: str, execute: Callable[[_Cursor], None]) -> list[tuple[Any, ...]]:
        with self.cursor() as cursor:
            # Not counted: what was waited for a connection, and what taking one asks itself.
            began = perf_counter()
            try:
                execute(cursor)
                return cursor.fetchall()
            finally:
                _end_statement(sql, began, self.slow_ms)

    def _before(self) -> str:
        # Sent together they are one transaction, so that the session needs no tidying, and one round trip.
        end = _END.get()
        if end is None:
            return self.settings
        left = max(1, round((end - monotonic()) * 1000))
        return f"{self.settings}SET LOCAL statement_timeout = {left}; "

    @contextmanager
    def cursor(self) -> Iterator[_Cursor]:
        """A cursor on a connection of the reads."""
        take = _ELSEWHERE.get()
        engine = db.engines[READS if take is None else REPLICA]
        try:
            pooled = engine.raw_connection() if take is None else take()
        except psycopg2.Error as error:
            raise _translated(error, engine) from error
        driver = cast("psycopg2.extensions.connection", pooled.dbapi_connection)
        try:
            with driver.cursor() as cursor:
                yield cursor
        except psycopg2.Error as error:
            translated = _translated(error, engine, driver)
            if translated.connection_invalidated:
                pooled.invalidate(error)
                # The others are as old.
                engine.dispose()
            raise translated from error
        finally:
            if take is None:
                pooled.close()


def connecting_to_replica(settings: Settings) -> Callable[[], psycopg2.extensions.connection]:
    """Opens a connection of its own to the replica, which answers later."""
    engine = db.engines[REPLICA]
    _, named = engine.dialect.create_connect_args(engine.url)
    arguments = {**named, **_connect_args_of_replica(settings)}
    return lambda: psycopg2.connect(**arguments, async_=True)


reader = Reader()


def listening(channel: str) -> psycopg2.extensions.connection:
    """A connection of its own, on which each statement commits by itself, and that hears of ``channel``.

    Whoever asks for it closes it.

    :raises DBAPIError: where the database does not answer.
    """
    engine = db.engines[LIVE]
    try:
        pooled = engine.raw_connection()
        driver = cast("psycopg2.extensions.connection", pooled.dbapi_connection)
        pooled.detach()
        with driver.cursor() as cursor:
            cursor.execute(f"LISTEN {channel}")
    except psycopg2.Error as error:
        raise _translated(error, engine) from error
    return driver


@lru_cache(maxsize=10 * PREPARED)
def _numbered(sql: str) -> tuple[str, str]:
    """The statement as PREPARE wants it, with ``$1`` for its first parameter, and what EXECUTE is given for it."""
    names = list(dict.fromkeys(_PARAMETER.findall(sql)))
    numbered = _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", sql)
    return numbered, f" ({', '.join(f'%({name})s' for name in names)})" if names else ""


def _translated(
    error: psycopg2.Error, engine: Engine, connection: psycopg2.extensions.connection | None = None
) -> DBAPIError:
    """The error as SQLAlchemy raises it; without the statement, of which the log has had its share."""
    lost = connection is not None and engine.dialect.is_disconnect(error, connection, None)  # type: ignore[arg-type]
    translated = DBAPIError.instance(
        None, None, error, psycopg2.Error, connection_invalidated=lost, dialect=engine.dialect
    )
    return cast("DBAPIError", translated)
