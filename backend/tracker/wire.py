"""How values go over the wire: one JSON encoder, and the fields that schemas share."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Response
from flask.json.provider import JSONProvider
from marshmallow import ValidationError, fields, validate

__all__ = [
    "EMAIL_MAX",
    "NAME_MAX",
    "PASSWORD_MAX",
    "PASSWORD_MIN",
    "Count",
    "Instant",
    "NameList",
    "Text",
    "dumps",
    "excerpt",
    "instant",
    "is_email",
    "json_response",
    "quoted_list",
    "rendered",
]

NAME_MAX = 120
"""Characters that the name of a person or a service may have."""

EMAIL_MAX = 254
"""Characters of an address (RFC 5321)."""
PASSWORD_MIN, PASSWORD_MAX = 12, 256

EXCERPT = 40
"""Characters of what somebody sent that a message about it may repeat."""

_EMAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]]+@[^\s@<>\"(),:;\\\[\]]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_MARKDOWN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)
_DIGITS = re.compile(r"-?[0-9]{1,20}")
_LIST_ITEM = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(,|$)')


def dumps(value: Any) -> bytes:
    """JSON; datetimes as :func:`instant` writes them, UUIDs and enums as strings."""
    return orjson.dumps(value, _instant_or_fail, orjson.OPT_PASSTHROUGH_DATETIME)


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC, the fraction of a second without zeros at its end: as PostgreSQL writes it in JSON.

    Such texts sort as the moments do.
    """
    text = moment.astimezone(UTC).isoformat()
    return f"{text[:-6].rstrip('0')}+00:00" if moment.microsecond else text


def _instant_or_fail(value: object) -> str:
    if isinstance(value, datetime):
        return instant(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def rendered(json: str | bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An ``application/json`` response of what is JSON already."""
    return Response(json, status, headers, content_type="application/json")


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An ``application/json`` response."""
    return rendered(dumps(value), status, headers)


class OrjsonProvider(JSONProvider):
    """Flask's JSON by orjson: faster, and strict where the standard library is not (NaN, lone surrogates)."""

    def dumps(self, obj: Any, **_kwargs: Any) -> str:
        return dumps(obj).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        return orjson.loads(s)


class Text(fields.String):
    """A trimmed string without control characters, its length counted in characters after trimming.

    :param low, high: the allowed length.
    :param multiline: whether line breaks and tabs are fine, as they are in Markdown.
    """

    def __init__(self, *, low: int = 0, high: int, multiline: bool = False, **kwargs: Any) -> None:
        metadata = {"minLength": low, "maxLength": high, **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)
        self.low, self.high, self.multiline = low, high, multiline

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        # str.strip() alone would also swallow a few control characters that are to be refused.
        text: str = super()._deserialize(value, attr, data, **kwargs).strip(" \t\r\n")
        if (_CONTROL_IN_MARKDOWN if self.multiline else _CONTROL).search(text):
            allowed = " other than line breaks and tabs" if self.multiline else ""
            raise ValidationError(f"Must not contain control characters{allowed}.")
        text = text.strip()
        if not self.low <= len(text) <= self.high:
            span = f"{self.low} to {self.high:,}" if self.low else f"at most {self.high:,}"
            raise ValidationError(f"Must be {span} characters long, but has {len(text):,}.")
        return text


class Flag(fields.Boolean):
    """true or false: marshmallow would also take 1, "yes" and what equals them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Count(fields.Integer):
    """A whole number in a query parameter, in plain digits: Python would also take 1_0, +5 and ٣."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not _DIGITS.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Instant(fields.AwareDateTime):
    """A moment in time: RFC 3339 with an offset on the way in, UTC on the way out."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else instant(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _RFC3339.fullmatch(value.strip()):
            hint = ""
            if isinstance(value, str) and re.search(r"\d \d\d:\d\d$", value):
                hint = " In a URL, write + as %2B."
            raise ValidationError(f"Must be an RFC 3339 time with an offset, such as 2026-01-31T14:05:00Z.{hint}")
        try:
            return datetime.fromisoformat(value.strip().upper()).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ValidationError("Must be a moment that exists in the calendar.") from error


def quoted_list(text: str) -> list[tuple[str, bool]]:
    """The items of a comma-separated list, trimmed, each with whether it was quoted.

    An item in double quotes may contain commas, and doubled quotes for one, as in CSV (RFC 4180).

    :raises ValidationError: where a quote is not closed or has text beside it.
    """
    items: list[tuple[str, bool]] = []
    position = 0
    while True:
        match = _LIST_ITEM.match(text, position)
        if match is None:
            raise ValidationError(
                'Must be separated by commas; an item with a comma or a quote goes in double quotes, such as "a, b".'
            )
        quoted, plain, end = match.groups()
        items.append((plain.strip(), False) if quoted is None else (quoted.replace('""', '"').strip(), True))
        if not end:
            return items
        position = match.end()


def is_email(text: str) -> bool:
    """Whether it can be an address of e-mail; whether it is one shows when a link arrives there."""
    return len(text) <= EMAIL_MAX and _EMAIL.fullmatch(text) is not None


def excerpt(text: str) -> str:
    """What a message repeats of a text that somebody sent: enough to recognise it, however long it is."""
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"


class _OneOf(validate.OneOf):
    """As marshmallow's, repeating no more than the beginning of a long value."""

    def _format_error(self, value: Any) -> str:
        return super()._format_error(excerpt(value))


def choice(allowed: Iterable[str], **kwargs: Any) -> fields.String:
    """A field with one of a few values, all of which are listed where it is refused."""
    return fields.String(validate=_OneOf(list(allowed), error="Must be one of: {choices}; not {input!r}."), **kwargs)


class NameList(fields.Field[list[Any]]):
    """A list in a query parameter, separated by commas; in a JSON body it may be an array, too.

    :param item: the field that each item must satisfy.
    :param none: the unquoted word that stands for "no value", if there is one.
    """

    def __init__(self, item: fields.Field[Any], *, none: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.item, self.none = item, none

    @property
    def plain(self) -> bool:
        """Whether no item ever needs quoting, since all are among a few known words."""
        return any(isinstance(validator, validate.OneOf) for validator in self.item.validators)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        items = self._array(value) if isinstance(value, list) else self._text(value)
        parsed = [None if item is None else self.item.deserialize(item) for item in items]
        return list(dict.fromkeys(parsed))

    def _array(self, value: list[Any]) -> list[Any]:
        if not value:
            raise ValidationError("Must not be empty; leave it out for no filter.")
        if None in value and self.none is None:
            raise ValidationError("Must not have null among its items.")
        return value

    def _text(self, value: Any) -> list[str | None]:
        if not isinstance(value, str):
            raise ValidationError("Must be an array, or text in which commas separate the items.")
        items = quoted_list(value)
        if not all(text for text, _ in items):
            raise ValidationError("Must not have an empty item; leave the parameter out for no filter.")
        return [None if text == self.none and not quoted else text for text, quoted in items]
