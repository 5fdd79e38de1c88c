"""One transaction for each write, in which what it answered is kept for whoever sends it again (Idempotency-Key).

The semantics are those of the IETF draft "The Idempotency-Key HTTP Header Field": the same key with the same request
gets the answer that was given, with another request 422, and while the first one still runs 409.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from hashlib import sha256
from typing import Any

import orjson
from flask import Response, request
from sqlalchemy import DateTime, Index, LargeBinary, SmallInteger, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.extensions import Base, db
from tracker.parsing import person
from tracker.problems import Invalid, Running
from tracker.wire import NAME_MAX, dumps

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEY_MAX = 255
KEPT = "24 hours"
_KEY = re.compile(f"[ -~]{{1,{KEY_MAX}}}")
_HEADERS = ("Change-Id", "Content-Type", "ETag", "Location")
_FORGOTTEN_AT_ONCE = 100
"""Expired keys that one write removes: more than it adds, so that they never pile up."""


class IdempotencyKey(Base):
    """What a caller's write answered, under the key that it was sent with."""

    __tablename__ = "idempotency_keys"

    caller: Mapped[str] = mapped_column(String(NAME_MAX), primary_key=True)
    key: Mapped[str] = mapped_column(String(KEY_MAX), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)


# In a statement of its own, before the answer is looked for: a statement sees what was committed before it began.
_LOCK = "SELECT pg_try_advisory_xact_lock(%(lock)s)"
_FIND = f"""
    SELECT fingerprint, status, headers, body, created_at <= now() - interval '{KEPT}' AS expired FROM idempotency_keys
    WHERE caller = %(caller)s AND key = %(key)s
"""
_REMOVE = "DELETE FROM idempotency_keys WHERE caller = %(caller)s AND key = %(key)s"
_FORGET = f"""
    DELETE FROM idempotency_keys WHERE (caller, key) IN (
        SELECT caller, key FROM idempotency_keys WHERE created_at <= now() - interval '{KEPT}'
        ORDER BY created_at LIMIT {_FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED
    )
"""
_KEEP = """
    INSERT INTO idempotency_keys (caller, key, fingerprint, status, headers, body)
    VALUES (%(caller)s, %(key)s, %(fingerprint)s, %(status)s, %(headers)s, %(body)s)
"""


def in_one_transaction(view: Callable[..., Response]) -> Callable[..., Response]:
    """A view whose writes are committed once, together with its answer if the request has an ``Idempotency-Key``.

    What fails is not kept: it has changed nothing, and sent again it is tried again.
    """

    @wraps(view)
    def write(*args: Any, **kwargs: Any) -> Response:
        key = _given_key()
        response = view(*args, **kwargs) if key is None else _once(key, lambda: view(*args, **kwargs))
        db.session.commit()
        return response

    return write


def in_one_transaction_unkept(view: Callable[..., Response]) -> Callable[..., Response]:
    """As :func:`in_one_transaction`, for answers that hold a secret or come of one: they are not kept.

    An ``Idempotency-Key`` is refused there, rather than ignored.
    """

    @wraps(view)
    def write(*args: Any, **kwargs: Any) -> Response:
        if HEADER in request.headers:
            raise Invalid({HEADER: ["Must be left out here: the answer is not kept, since it is about a secret."]})
        response = view(*args, **kwargs)
        db.session.commit()
        return response

    return write


def _given_key() -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise Invalid({HEADER: [f"Must be 1 to {KEY_MAX} printable ASCII characters."]})
    return key


def _once(key: str, respond: Callable[[], Response]) -> Response:
    caller = person()
    who = {"caller": caller, "key": key}
    connection = db.session.connection()
    lock = int.from_bytes(sha256(dumps([caller, key])).digest()[:8], signed=True)
    # Held until this transaction has ended, and nobody else can have the answer before that.
    if not connection.exec_driver_sql(_LOCK, {"lock": lock}).scalar_one():
        raise Running(f"A request with this {HEADER} is still at work. Send it again in a moment for its answer.")
    fingerprint = _fingerprint()
    found = connection.exec_driver_sql(_FIND, who).one_or_none()
    if found is not None and found.expired:
        # Before this transaction holds anything that another one could wait for: somebody may be removing it as well.
        connection.exec_driver_sql(_REMOVE, who)
    elif found is not None:
        if bytes(found.fingerprint) != fingerprint:
            raise Invalid({HEADER: ["Was used for another request; a new request needs a new key."]})
        return Response(bytes(found.body), found.status, {**found.headers, REPLAYED: "true"})
    response = respond()
    connection.exec_driver_sql(_FORGET)
    kept = {name: response.headers[name] for name in _HEADERS if name in response.headers}
    answer = {"status": response.status_code, "headers": dumps(kept).decode(), "body": response.get_data()}
    connection.exec_driver_sql(_KEEP, {**who, "fingerprint": fingerprint, **answer})
    return response


def _fingerprint() -> bytes:
    """What makes two requests the same: the method, the address, and the body, however its JSON is spaced."""
    body = request.get_data()
    if body:
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    return sha256(b"\0".join((request.method.encode(), request.path.encode(), body))).digest()
