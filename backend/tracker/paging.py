"""Cursors: where a keyset page ended, as opaque text."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from tracker.ids import BIGINT_MAX
from tracker.problems import BadRequest
from tracker.wire import dumps


@dataclass(frozen=True, slots=True)
class Position:
    """The last item of a page: the order it was in, its value of the sort column, and its number."""

    sort_by: str
    order: str
    key: Any
    number: int


def encode_cursor(position: Position) -> str:
    """The position as URL-safe text."""
    raw = dumps([position.sort_by, position.order, position.key, position.number])
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_cursor(cursor: str, *, sort_by: str, order: str, kind: type[Any]) -> Position:
    """The position that :func:`encode_cursor` wrote.

    :param kind: the type of the sort column's values: str, int, datetime or a StrEnum.
    :raises BadRequest: where the text is not such a cursor, or belongs to another order.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        made_for, made_order, key, number = orjson.loads(urlsafe_b64decode(padded))
        if (made_for, made_order) != (sort_by, order):
            raise BadRequest(
                f"cursor belongs to another list than sort_by={sort_by}&order={order}. "
                "Send the same sort_by and order as before, or start again without it."
            )
        if kind is datetime:
            key = datetime.fromisoformat(key)
            if key.tzinfo is None:
                raise ValueError("a time without an offset")
            key = key.astimezone(UTC)
        elif issubclass(kind, StrEnum):
            key = kind(key)
        if not isinstance(key, kind) or not _is_bigint(number) or (kind is int and not _is_bigint(key)):
            raise TypeError("a value of another type")
        if kind is str and "\0" in key:
            raise ValueError("a character that no text of ours has")
    except (ValueError, TypeError, OverflowError) as error:
        raise BadRequest("cursor is not one that this API gave out. Start again without it.") from error
    return Position(sort_by, order, key, number)


def _is_bigint(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -BIGINT_MAX <= value <= BIGINT_MAX


def decode_event_cursor(cursor: str) -> int:
    """The event id after which a timeline continues.

    :raises BadRequest: where the text is not a cursor of a timeline.
    """
    if not (cursor.isascii() and cursor.isdigit() and int(cursor) <= BIGINT_MAX):
        raise BadRequest("cursor is not one that this API gave out. Start again without it.")
    return int(cursor)
