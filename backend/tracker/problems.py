"""Domain errors, and the one renderer that turns every error into RFC 9457 ``application/problem+json``."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, g
from psycopg2.errors import QueryCanceled
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from tracker.wire import dumps

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "2"
NO_SUCH_ADDRESS = "There is no such address here. /api/docs lists those of the API."

Errors = dict[str, Any]
"""Field name -> list of messages; nested for the items of a list."""


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem.
    """An error whose every word is meant for the client.

    :param detail: one sentence about this occurrence.
    :param errors: what is wrong with which field or parameter, and what is allowed.
    :param members: further members of the problem object, such as the current state in a conflict.
    """

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    type = "about:blank"
    title: str | None = None

    def __init__(self, detail: str, *, errors: Errors | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.members = members

    @property
    def headers(self) -> dict[str, str]:
        """Headers that go with the answer."""
        return {}


class BadRequest(Problem):
    """The request cannot be read at all: broken JSON, a foreign cursor."""

    status = HTTPStatus.BAD_REQUEST


class Forbidden(Problem):
    """The request is understood and refused."""

    status = HTTPStatus.FORBIDDEN


class NotFound(Problem):
    """There is nothing at this address."""

    status = HTTPStatus.NOT_FOUND


class Conflict(Problem):
    """What is asked does not fit the state of things; further members say which."""

    status = HTTPStatus.CONFLICT


class Running(Conflict):
    """The same request is still at work; its answer can be had soon."""

    type = "urn:incident-tracker:problem:running"
    title = "The first request is still running"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}


class UnexpectedCount(Conflict):
    """A change was meant for another number of incidents than there are."""

    type = "urn:incident-tracker:problem:unexpected-count"
    title = "Another number of incidents matches"


class NotRevertible(Conflict):
    """A change that cannot be put back, whatever happened since."""

    type = "urn:incident-tracker:problem:not-revertible"
    title = "This change cannot be reverted"


class BuiltIn(Conflict):
    """What everybody has cannot be changed by one."""

    type = "urn:incident-tracker:problem:built-in"
    title = "This is built in"


class Overtaken(Conflict):
    """What a change set has been changed since; ``conflicts`` says where, and by whom."""

    type = "urn:incident-tracker:problem:overtaken"
    title = "The incident was changed since"


class Stale(Problem):
    """``If-Match`` names a version that has been overtaken; ``current`` holds the newest."""

    status = HTTPStatus.PRECONDITION_FAILED
    type = "urn:incident-tracker:problem:stale"
    title = "The incident was changed in the meantime"


class UnsupportedMediaType(Problem):
    """A body that is not JSON."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class Invalid(Problem):
    """A field or parameter does not validate; ``errors`` says which, and what is allowed."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    type = "urn:incident-tracker:problem:invalid"
    title = "Some fields or parameters are not valid"

    def __init__(self, errors: Errors, **members: Any) -> None:
        super().__init__(f"Not valid: {', '.join(errors)}.", errors=errors, **members)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with a part of a query: from ``start`` up to ``end``, counted in code points.

    :param allowed: what may stand there, where that can be listed.
    """

    start: int
    end: int
    message: str
    allowed: Sequence[str] = ()


class Misread(Invalid):
    """A query with mistakes, which the member ``mistakes`` points at.

    :param within: the field of the body that has the query, where it is not at the top.
    """

    def __init__(self, mistakes: Sequence[Mistake], *, within: str | None = None) -> None:
        self.mistakes = mistakes
        errors: Errors = {"q": [mistake.message for mistake in mistakes]}
        super().__init__(
            errors if within is None else {within: errors}, mistakes=[asdict(mistake) for mistake in mistakes]
        )


class Unavailable(Problem):
    """The database does not answer; trying again later may work."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": RETRY_AFTER}


class Busy(Unavailable):
    """There is more to do than the server takes on at once; later there may be less."""

    type = "urn:incident-tracker:problem:busy"
    title = "The server is busy"

    def __init__(self) -> None:
        super().__init__("The server has more requests in hand than it can work on. Try again in a few seconds.")


class TooSlow(Unavailable):
    """A statement was stopped because it took longer than ``STATEMENT_TIMEOUT``."""

    type = "urn:incident-tracker:problem:too-slow"
    title = "The query took too long"

    def __init__(self) -> None:
        super().__init__("The query took too long and was stopped. Ask for less, or try again in a few seconds.")


def render(problem: Problem) -> Response:
    """The problem as a response; the only place where an error body is made."""
    body: dict[str, Any] = {
        "type": problem.type,
        "title": problem.title or problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.detail,
    }
    if problem.errors is not None:
        body["errors"] = problem.errors
    body["requestId"] = g.request_id
    body.update(problem.members)
    return Response(dumps(body), problem.status, problem.headers, content_type=MEDIA_TYPE)


def _from_http(error: HTTPException) -> Response:
    """Werkzeug's errors (routing, limits, methods), with the headers that belong to them, such as Allow."""
    status = HTTPStatus(error.code or 500)
    said = NO_SUCH_ADDRESS if status is HTTPStatus.NOT_FOUND else error.description or status.phrase
    problem = Problem(said)
    problem.status = status
    response = render(problem)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _from_database(error: DBAPIError | PoolTimeoutError) -> Response:
    if isinstance(error, PoolTimeoutError):
        log.warning("no database connection became free", cause=str(error))
        return render(Busy())
    if isinstance(error.orig, QueryCanceled):
        log.warning("statement stopped", cause=str(error.orig))
        return render(TooSlow())
    # The driver calls a connection that breaks off in the middle of a statement by various names.
    if error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError)):
        log.warning("database unavailable", error=type(error).__name__, cause=str(error.orig))
        return render(Unavailable("The database does not answer at the moment. Try again in a few seconds."))
    return _from_bug(error)


def _from_bug(error: Exception) -> Response:
    # The text of an unforeseen error may hold SQL or data of others: it goes to the log, never to the client.
    log.error("unhandled error", exc_info=error)
    return render(Problem("Something went wrong on the server. The log has the details under this request id."))


def register(app: Flask) -> None:
    """Make every error of the app leave through :func:`render`."""
    app.register_error_handler(Problem, render)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(DBAPIError, _from_database)
    app.register_error_handler(PoolTimeoutError, _from_database)
    app.register_error_handler(Exception, _from_bug)
