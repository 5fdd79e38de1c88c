"""Reading accounts, sessions, tokens and invitations, as they go over the wire."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from tracker.callers import IDLE_DAYS, LIFETIME_DAYS, SESSION_HOLDS, hash_of
from tracker.database import reader
from tracker.ids import parse_reference
from tracker.problems import NotFound

Run = Callable[[str, Mapping[str, Any]], Sequence[Sequence[Any]]]
"""Carries out a statement and gives its rows."""

_ACCOUNTS = """
    SELECT account.id::text, email, name, role, disabled_at IS NOT NULL, password IS NOT NULL,
        oidc_subject IS NOT NULL, account.created_at,
        (SELECT max(last_used_at) FROM sessions WHERE account_id = account.id)
    FROM accounts AS account {which} ORDER BY lower(name), account.id
"""
_SESSIONS = f"""
    SELECT id::text, created_at, last_used_at,
        least(last_used_at + interval '{IDLE_DAYS} days', created_at + interval '{LIFETIME_DAYS} days'),
        address, user_agent, id IS NOT DISTINCT FROM %(current)s::uuid
    FROM sessions AS session
    WHERE account_id = %(account)s::uuid AND {SESSION_HOLDS}
    ORDER BY last_used_at DESC, id
"""
_TOKENS = """
    SELECT token.id::text, token.name, token.role, token.created_at, token.expires_at, token.last_used_at,
        account.id::text, account.name
    FROM tokens AS token JOIN accounts AS account ON account.id = token.account_id {which}
    ORDER BY token.created_at DESC, token.id
"""
_INVITATIONS = """
    SELECT invitation.id::text, invitation.email, invitation.role, invitation.created_at, invitation.expires_at,
        account.name
    FROM invitations AS invitation JOIN accounts AS account ON account.id = invitation.created_by
    WHERE invitation.expires_at > now() {which}
    ORDER BY invitation.created_at DESC, invitation.id
"""
_INVITED = """
    SELECT invitation.email, coalesce(account.role, invitation.role), invitation.expires_at, account.id IS NOT NULL
    FROM invitations AS invitation LEFT JOIN accounts AS account ON account.email = invitation.email
    WHERE invitation.secret_hash = %(hash)s AND invitation.expires_at > now()
"""
_ACCOUNT = ("id", "email", "name", "role", "disabled", "hasPassword", "linked", "createdAt", "lastSeenAt")
_SESSION = ("id", "createdAt", "lastUsedAt", "expiresAt", "address", "userAgent", "current")
_TOKEN = ("id", "name", "role", "createdAt", "expiresAt", "lastUsedAt")
_INVITATION = ("id", "email", "role", "createdAt", "expiresAt", "createdBy")
_SEEN = ("email", "role", "expiresAt", "isReset")


def read_accounts() -> list[dict[str, Any]]:
    """All accounts, by name."""
    return [_named(_ACCOUNT, row) for row in reader.rows(_ACCOUNTS.format(which=""), {})]


def read_account(identifier: str, *, run: Run = reader.rows) -> dict[str, Any]:
    """An account.

    :param run: carries out the statement, where it is to see what is not committed yet.

    :raises NotFound: where there is none of this id.
    """
    rows = run(_ACCOUNTS.format(which="WHERE account.id = %(id)s"), {"id": identifier})
    if not rows:
        raise NotFound("There is no such account.")
    return _named(_ACCOUNT, rows[0])


def read_sessions(account: str, *, current: str | None) -> list[dict[str, Any]]:
    """An account's sessions that hold.

    :param current: the id of the one that asks.
    """
    return [_named(_SESSION, row) for row in reader.rows(_SESSIONS, {"account": account, "current": current})]


def read_tokens(account: str | None) -> list[dict[str, Any]]:
    """An account's tokens; everybody's for None."""
    which = "" if account is None else "WHERE account.id = %(account)s"
    return [_token(row) for row in reader.rows(_TOKENS.format(which=which), {"account": account})]


def read_token(identifier: str, *, run: Run) -> dict[str, Any]:
    """A token that exists."""
    (row,) = run(_TOKENS.format(which="WHERE token.id = %(id)s"), {"id": identifier})
    return _token(row)


def read_invitations() -> list[dict[str, Any]]:
    """The invitations that are open."""
    return [_named(_INVITATION, row) for row in reader.rows(_INVITATIONS.format(which=""), {})]


def read_invitation(identifier: str, *, run: Run) -> dict[str, Any]:
    """An invitation that is open."""
    which = "AND invitation.id = %(id)s"
    (row,) = run(_INVITATIONS.format(which=which), {"id": identifier})
    return _named(_INVITATION, row)


def see_invitation(secret: str) -> dict[str, Any]:
    """What the invitation of a link is for.

    :raises NotFound: where it was used or withdrawn, has expired, or never was.
    """
    rows = reader.rows(_INVITED, {"hash": hash_of(secret)})
    if not rows:
        raise NotFound("This invitation does not hold any more: ask for another one.")
    return _named(_SEEN, rows[0])


def uuid_of(reference: str, what: str) -> str:
    """The id that a path names.

    :raises NotFound: where the text is none.
    """
    parsed = parse_reference(reference)
    if not isinstance(parsed, UUID):
        raise NotFound(f"There is no such {what}.")
    return str(parsed)


def _token(row: Any) -> dict[str, Any]:
    *own, account, name = row
    return {**_named(_TOKEN, own), "account": {"id": account, "name": name}}


def _named(names: tuple[str, ...], row: Any) -> dict[str, Any]:
    return dict(zip(names, row, strict=True))
