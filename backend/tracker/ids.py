"""Identifiers: the UUIDs that the server makes, and the two ways to name an incident in a path."""

import re
from uuid import UUID

from uuid_utils.compat import uuid7

__all__ = ["BIGINT_MAX", "new_id", "parse_number", "parse_reference"]

_NUMBER = re.compile(r"INC-([1-9][0-9]{0,18})", re.IGNORECASE | re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
BIGINT_MAX = 2**63 - 1


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562): later ones sort after earlier ones, which keeps indexes compact."""
    return uuid7()


def parse_number(text: str) -> int | None:
    """42 for ``INC-42``, letter case aside; None for anything else."""
    match = _NUMBER.fullmatch(text)
    number = int(match[1]) if match else None
    return number if number is not None and number <= BIGINT_MAX else None


def parse_reference(text: str) -> UUID | int | None:
    """What ``{id}`` in a path names: an incident's UUID, its number for ``INC-42``, or None for neither."""
    return UUID(text) if _UUID.fullmatch(text) else parse_number(text)
