"""How a process uses its database: few connections, none of them for long, and every slow statement in the log."""

from time import perf_counter
from typing import Any

import structlog
from flask import Flask, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine, ExceptionContext, event, make_url
from sqlalchemy.exc import DBAPIError

from tracker.config import Settings
from tracker.extensions import db
from tracker.wire import dumps

log = structlog.get_logger()

HEALTH = "health"
"""The name of the engine that the health check has to itself: it tells of the database, however busy the others are."""
POOL_TIMEOUT = 2
"""Seconds that a request waits for a connection before it is told to come back."""
STALLED = 300
"""Seconds after which PostgreSQL ends a transaction of which nothing is asked, such as that of a stalled download."""
STATEMENT_SHOWN = 500
"""Characters of a statement that the log has room for."""


class Application(Flask):
    """Flask, for which a restart of the database costs no read."""

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
    """Connections that the requests of a process share.

    Fewer than threads: those without wait for one, where it is bounded, and a few are used better than many.
    """
    return max(2, settings.threads // 8)


def binds(settings: Settings, *, serves: bool) -> dict[str | None, dict[str, Any]]:
    """What the engines are made from: the one of the requests, and that of the health check.

    :param serves: whether statements are timed.
    """
    options = {
        "url": settings.database_url or "postgresql+psycopg2://",
        "max_overflow": 0,
        "pool_timeout": POOL_TIMEOUT,
        "json_serializer": lambda value: dumps(value).decode(),
        "connect_args": _connect_args(settings, serves=serves),
    }
    return {
        None: {**options, "pool_size": pool_size(settings)},
        HEALTH: {**options, "pool_size": 1},
    }


def _connect_args(settings: Settings, *, serves: bool) -> dict[str, Any]:
    given = make_url(settings.database_url).query if settings.database_url else {}
    defaults = {"connect_timeout": 3, "application_name": "incident-tracker"}
    timeouts = {"statement_timeout": settings.statement_timeout, "idle_in_transaction_session_timeout": STALLED}
    # The last one counts: what the URL says goes before ours, except that times come back in UTC, whatever the server's
    # time zone.
    # No statement here takes as long as compiling it would; and what is read is in memory or on flash, where a row
    # elsewhere costs little more than the next one.
    options = ["-c jit=off -c random_page_cost=1.1"]
    options += [f"-c {name}={seconds}s" for name, seconds in timeouts.items() if serves]
    options += [str(given.get("options", "")), "-c timezone=UTC"]
    return {
        **{name: value for name, value in defaults.items() if name not in given},
        "options": " ".join(filter(None, options)),
    }


def log_slow_statements(engine: Engine, threshold_ms: int) -> None:
    """Log each statement that takes so long, also one that fails; without its parameters, which people wrote."""

    def begin(_connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        context.began = perf_counter()

    def end(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        ms = (perf_counter() - context.began) * 1000
        context.began = None
        if ms >= threshold_ms:
            shown = " ".join(statement.split())
            shown = shown if len(shown) <= STATEMENT_SHOWN else f"{shown[:STATEMENT_SHOWN]}…"
            log.warning("slow query", ms=round(ms, 1), statement=shown)

    def fail(error: ExceptionContext) -> None:
        context = error.execution_context
        if error.statement is not None and getattr(context, "began", None) is not None:
            end(None, None, error.statement, None, context, False)

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", fail)
