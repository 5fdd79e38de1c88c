"""Logs, and the id that ties a response to its lines."""

import logging
import re
import sys
import time
from collections.abc import MutableMapping
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import quote

import structlog
from flask import Flask, Response, g, has_request_context, request

from tracker.database import begin_counting, spent
from tracker.ids import new_id
from tracker.parsing import named_actor
from tracker.problems import Invalid
from tracker.wire import dumps

if TYPE_CHECKING:
    from structlog.typing import ExcInfo

_SANE = re.compile(r"[A-Za-z0-9._~:/+=-]{1,128}", re.ASCII)
# A row may have lines of its own: it goes on until what PostgreSQL, the driver or Python says next.
_DETAIL = re.compile(
    r"^DETAIL:.*?(?=^(?:(?:HINT|QUERY|CONTEXT|LINE \d+|\[SQL):|\(Background on|The above |During handling)|\Z)",
    re.MULTILINE | re.DOTALL,
)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

log = structlog.get_logger()


def configure(level: str, form: str) -> None:
    """Write lines from ``level`` up.

    :param form: ``text`` for people, ``json`` for programs, or nothing: text on a terminal, and JSON elsewhere.
    """
    processors: list[Any] = [
        _with_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt=_TIME, utc=True),
    ]
    if form == "json" or (not form and not sys.stdout.isatty()):
        processors += [
            structlog.processors.ExceptionRenderer(_traceback_of),
            structlog.processors.JSONRenderer(_as_json),
        ]
    else:
        processors.append(
            structlog.dev.ConsoleRenderer(
                colors=sys.stdout.isatty(), sort_keys=False, exception_formatter=_write_traceback
            )
        )
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        cache_logger_on_first_use=True,
    )


def _as_json(line: MutableMapping[str, Any], **_options: Any) -> str:
    first = ("timestamp", "level", "event")
    return dumps({**{name: line[name] for name in first}, **line}).decode()


def announce(sentence: str) -> None:
    """Tell the person who starts the program what goes on, at once and whatever LOG_LEVEL says.

    Where the log is for programs, it is a line of it: they find nothing else there.
    """
    if isinstance(structlog.get_config()["processors"][-1], structlog.processors.JSONRenderer):
        line = {"timestamp": datetime.now(UTC).strftime(_TIME), "level": "info", "event": sentence}
        sentence = dumps(line).decode()
    print(sentence, flush=True)


def _traceback_of(exc_info: "ExcInfo") -> str:
    """The traceback without what people wrote.

    A prettier one prints local variables; and to some errors PostgreSQL adds a detail with the whole row.
    """
    plain = StringIO()
    structlog.dev.plain_traceback(plain, exc_info)
    return _DETAIL.sub("", plain.getvalue())


def _write_traceback(output: TextIO, error: "ExcInfo") -> None:
    output.write(_traceback_of(error))


def _with_request_id(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Tie a line to the request that it is about, if there is one; asked only for lines that are written."""
    if has_request_context() and "request_id" in g:
        line.setdefault("request_id", g.request_id)
    return line


def _begin() -> None:
    given = request.environ.get("HTTP_X_REQUEST_ID", "")
    g.request_id = given if _SANE.fullmatch(given) else str(new_id())
    g.began = time.perf_counter()
    begin_counting()


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    # Reads are many and say little; writes and failures are what somebody looks for afterwards.
    quiet = request.method in ("GET", "HEAD", "OPTIONS") and response.status_code < 500
    level = logging.DEBUG if quiet else logging.INFO
    if log.is_enabled_for(level):
        statements, seconds = spent()
        log.log(
            level,
            "request",
            method=request.method,
            # Encoded as it was sent: decoded, it could speak to the terminal that shows the log.
            path=quote(request.path),
            route=None if request.url_rule is None else request.url_rule.rule,
            status=response.status_code,
            ms=round((time.perf_counter() - g.began) * 1000, 1),
            sql=statements,
            sql_ms=round(seconds * 1000, 1),
            actor=_actor(),
            client=request.remote_addr,
        )
    return response


def _actor() -> str | None:
    """Who acts, where somebody has said so in a way that can be read."""
    try:
        return named_actor()
    except Invalid:
        return None


def register(app: Flask) -> None:
    """Give every request its id, before anything else can fail."""
    app.before_request(_begin)
    app.after_request(_finish)
