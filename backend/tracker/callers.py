"""Who is calling, and whether they may.

In open mode nobody is asked: the actor is the name in ``X-Actor``. Otherwise a browser shows the secret of its session
in a cookie, and a script that of a token as ``Authorization: Bearer itk_…``; of both, only hashes are kept.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, current_app, g, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tracker.database import reader
from tracker.extensions import db
from tracker.problems import Forbidden, Invalid, Problem

log = structlog.get_logger()

TOKEN_PREFIX = "itk_"
COOKIE, SECURE_COOKIE = "itk_session", "__Host-itk_session"
CSRF_HEADER = "X-CSRF-Token"
_READS = ("GET", "HEAD", "OPTIONS")
SECURITY_SCHEMES: dict[str, dict[str, Any]] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token for a script, from POST /api/tokens: `itk_…`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": f"The session of a browser, from POST /api/session. Over TLS the cookie is {SECURE_COOKIE}.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "The csrfToken of the session, which every write by its cookie repeats.",
    },
}
"""How one shows who is calling, as the OpenAPI document says it."""
_SECRET_BYTES = 32
_SECRET_MAX = 100

IDLE_DAYS, LIFETIME_DAYS = 30, 90
"""A session ends so long after it was last used, and so long after it began at the latest."""
SESSION_HOLDS = f"""
    session.last_used_at > now() - interval '{IDLE_DAYS} days'
    AND session.created_at > now() - interval '{LIFETIME_DAYS} days'
"""
"""Whether that is still to come, in SQL."""

_BY_SESSION = f"""
    SELECT session.id::text, account.id::text, account.name, account.role, account.role,
        session.last_used_at < now() - interval '1 minute'
    FROM sessions AS session JOIN accounts AS account ON account.id = session.account_id
    WHERE session.secret_hash = %(hash)s AND account.disabled_at IS NULL AND {SESSION_HOLDS}
"""
_BY_TOKEN = """
    SELECT token.id::text, account.id::text, account.name, account.role, token.role,
        coalesce(token.last_used_at < now() - interval '1 minute', true)
    FROM tokens AS token JOIN accounts AS account ON account.id = token.account_id
    WHERE token.secret_hash = %(hash)s AND account.disabled_at IS NULL
        AND (token.expires_at IS NULL OR token.expires_at > now())
"""
_TOUCH_SESSION = "UPDATE sessions SET last_used_at = now() WHERE id = %(id)s"
_TOUCH_TOKEN = "UPDATE tokens SET last_used_at = now() WHERE id = %(id)s"


class Role(StrEnum):
    """What somebody may do; each role may also do what those before it may."""

    VIEWER = "viewer"
    """Read."""
    RESPONDER = "responder"
    """Write incidents."""
    ADMIN = "admin"
    """Manage accounts, and revoke anyone's tokens."""

    def includes(self, other: "Role") -> bool:
        """Whether it may do all that the other may."""
        return _RANK[self] >= _RANK[other]


_RANK = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request.

    :param id: the account's.
    :param role: the lower of the account's and the token's.
    :param session: the id of the session; None where a token was shown.
    :param csrf: what a write by the session's cookie must repeat; None where a token was shown.
    :param holds: asks whether what was shown is still good for reading.
    """

    id: str
    name: str
    role: Role
    session: str | None
    csrf: str | None
    holds: Callable[[], bool]


class Unauthenticated(Problem):
    """Nobody knows who is calling."""

    status = HTTPStatus.UNAUTHORIZED
    type = "urn:incident-tracker:problem:unauthenticated"
    title = "Sign in first"

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class NotAllowed(Forbidden):
    """It takes a higher role."""

    type = "urn:incident-tracker:problem:forbidden"
    title = "Your role does not allow this"


class ForgedRequest(Forbidden):
    """A write by cookie that does not show that a page of this origin sent it."""

    type = "urn:incident-tracker:problem:csrf"
    title = "The CSRF token is missing or wrong"


def new_secret() -> str:
    """256 bits that nobody can guess, as text for a URL, a header or a cookie."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def hash_of(secret: str) -> bytes:
    """What is kept of a secret. It is random, so that a fast hash is as good as a slow one."""
    return sha256(secret.encode()).digest()


def csrf_of(secret: str) -> str:
    """The CSRF token of a session: derived, so that it need not be kept, and of no use in finding the secret."""
    return hmac.new(secret.encode(), b"csrf", sha256).hexdigest()


def is_required() -> bool:
    """Whether one has to sign in."""
    return bool(current_app.config["AUTH_REQUIRED"])


def current() -> Caller | None:
    """Who is calling; None in open mode, and on addresses that need nobody."""
    caller: Caller | None = g.get("caller")
    return caller


def cookie_name() -> str:
    """The session's cookie. Behind TLS its name keeps other hosts of the domain from setting it (RFC 6265bis)."""
    return SECURE_COOKIE if request.is_secure else COOKIE


def session_secret() -> str | None:
    """The secret of the session that the browser shows."""
    secret = request.cookies.get(cookie_name())
    return secret if secret and len(secret) <= _SECRET_MAX else None


def identify() -> Caller | None:
    """Who the request says is calling; None where it says nothing, or what it says does not hold any more.

    :raises Unauthenticated: where it has an ``Authorization`` that is not one of a token.
    """
    given = request.headers.get("Authorization")
    if given is not None:
        return _by_token(given)
    secret = session_secret()
    if secret is None:
        return None
    return _found(_BY_SESSION, _TOUCH_SESSION, secret, csrf=csrf_of(secret))


def _by_token(given: str) -> Caller:
    scheme, _, secret = given.partition(" ")
    secret = secret.strip()
    caller = None
    if scheme.lower() == "bearer" and secret.startswith(TOKEN_PREFIX) and len(secret) <= _SECRET_MAX:
        caller = _found(_BY_TOKEN, _TOUCH_TOKEN, secret, csrf=None)
    if caller is None:
        raise Unauthenticated("The token in Authorization is not valid: it was mistyped, revoked or has expired.")
    return caller


def _found(sql: str, touch: str, secret: str, *, csrf: str | None) -> Caller | None:
    parameters = {"hash": hash_of(secret)}
    rows = reader.prepared(sql, parameters)
    if not rows:
        return None
    identifier, account, name, of_account, given, is_stale = rows[0]
    if is_stale:
        _touch(touch, identifier)
    role = min(Role(of_account), Role(given), key=_RANK.__getitem__)
    session = identifier if csrf is not None else None
    return Caller(account, name, role, session, csrf, lambda: bool(reader.prepared(sql, parameters)))


def _touch(sql: str, identifier: str) -> None:
    """Note that it was used, once a minute; where that cannot be done now, the request is answered all the same."""
    try:
        db.session.connection().exec_driver_sql(sql, {"id": identifier})
        db.session.commit()
    except (DBAPIError, PoolTimeoutError) as error:
        db.session.rollback()
        log.warning("last use not noted", cause=type(error).__name__)


def check_caller() -> None:
    """Before every request, where signing in is required: who it is, and whether that is enough for the route.

    A route that does not say what it needs is for admins, so that none is open by oversight.

    :raises Unauthenticated: where nobody is.
    :raises NotAllowed: where the role is too low, or a token was shown for what one does in person.
    :raises ForgedRequest: where a write by cookie lacks the session's CSRF token.
    :raises Invalid: where ``X-Actor`` names somebody: who acts is the account.
    """
    if request.url_rule is None or request.method == "OPTIONS":
        return
    view = current_app.view_functions[request.endpoint or ""]
    needs: Role | None = getattr(view, "needs", Role.ADMIN)
    if needs is None:
        return
    caller = identify()
    if caller is None:
        raise Unauthenticated("Send a session's cookie, or a token as Authorization: Bearer itk_….")
    if not caller.role.includes(needs):
        raise NotAllowed(f"This takes the role {needs}; yours is {caller.role}.")
    if caller.session is None and getattr(view, "in_person", False):
        raise NotAllowed("This takes signing in; a token does not do.")
    if caller.csrf is not None and request.method not in _READS:
        check_csrf(caller.csrf)
    if "X-Actor" in request.headers:
        raise Invalid({"X-Actor": [f"Must be left out: who acts is who is signed in, {caller.name}."]})
    g.caller = caller


def check_csrf(expected: str) -> None:
    """Compare the token of the request with the session's.

    :raises ForgedRequest: where it is another one, or missing.
    """
    given = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise ForgedRequest(f"A write by cookie takes the csrfToken of GET /api/session in {CSRF_HEADER}.")


def still_allowed() -> Callable[[], bool]:
    """Whether the caller of this request may still read, to be asked again while the answer goes on."""
    caller = current()
    return (lambda: True) if caller is None else caller.holds


def needing(role: Role | None, *, in_person: bool = False) -> Callable[[Any], Any]:
    """Say what a view needs: a role, or nobody at all for None.

    :param in_person: whether it takes a session: a token that leaks must not make others, or take the account over.
    """

    def declare(view: Any) -> Any:
        view.needs, view.in_person = role, in_person
        return view

    return declare


def security(role: Role | None, *, reads: bool, in_person: bool = False) -> list[dict[str, list[str]]]:
    """What a view needs, as the OpenAPI document says it: one of these, each of which is for that role.

    :param reads: whether it only reads, so that a cookie does without the CSRF token.
    """
    roles = [] if role is None else [str(role)]
    by_cookie = {"session": roles} if reads else {"session": roles, "csrf": []}
    # Where nobody is needed, one may still show who one is.
    others: list[dict[str, list[str]]] = [{}] if role is None else [] if in_person else [{"token": roles}]
    return [*others, by_cookie]


def register(app: Flask, *, required: bool) -> None:
    """Ask who is calling, where that is required."""
    app.config["AUTH_REQUIRED"] = required
    if required:
        app.before_request(check_caller)
