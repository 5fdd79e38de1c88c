"""Writes about accounts.

Those that compare a password commit before: an attempt counts whatever becomes of it, and hashing takes long.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError

from tracker.accounts import throttle
from tracker.accounts.models import INVITED, TOKENS_MAX
from tracker.accounts.oidc import Identity, SignInError
from tracker.accounts.passwords import hash_password, is_outdated, is_password
from tracker.accounts.queries import see_invitation
from tracker.callers import IDLE_DAYS, TOKEN_PREFIX, Caller, NotAllowed, Role, Unauthenticated, hash_of, new_secret
from tracker.extensions import db
from tracker.ids import new_id
from tracker.problems import Conflict, Invalid, NotFound
from tracker.wire import NAME_MAX

log = structlog.get_logger()

_FIND_TO_SIGN_IN = "SELECT id::text, password FROM accounts WHERE email = %(email)s AND disabled_at IS NULL"
_LOCK_TO_SIGN_IN = "SELECT password FROM accounts WHERE id = %(id)s AND disabled_at IS NULL FOR UPDATE"
_INSERT_SESSION = """
    INSERT INTO sessions (id, account_id, secret_hash, address, user_agent)
    VALUES (%(id)s, %(account)s, %(hash)s, %(address)s, %(user_agent)s)
"""
_END_SESSION_OF_SECRET = "DELETE FROM sessions WHERE secret_hash = %(hash)s"
_END_SESSIONS_THAT_ARE_OVER = f"""
    DELETE FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE last_used_at < now() - interval '{IDLE_DAYS} days'
        ORDER BY last_used_at LIMIT 100 FOR UPDATE SKIP LOCKED
    )
"""
_END_SESSIONS = "DELETE FROM sessions WHERE account_id = %(account)s AND id IS DISTINCT FROM %(but)s::uuid"
_END_SESSION = "DELETE FROM sessions WHERE account_id = %(account)s AND id = %(id)s"
_SET_PASSWORD = "UPDATE accounts SET password = %(password)s WHERE id = %(id)s"
_PASSWORD = "SELECT password FROM accounts WHERE id = %(id)s FOR UPDATE"
_SET_NAME = "UPDATE accounts SET name = %(name)s WHERE id = %(id)s"
_NAME_IS_TAKEN = (
    "SELECT EXISTS (SELECT FROM accounts WHERE lower(name) = lower(%(name)s) AND id IS DISTINCT FROM %(id)s::uuid)"
)
_LOCK_ADMINS = """
    SELECT id::text FROM accounts WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR UPDATE
"""
_LOCK = "SELECT role, disabled_at, oidc_subject IS NOT NULL FROM accounts WHERE id = %(id)s FOR UPDATE"
_SET_ROLE = "UPDATE accounts SET role = %(role)s WHERE id = %(id)s"
_UPDATE = "UPDATE accounts SET role = %(role)s, disabled_at = %(disabled_at)s WHERE id = %(id)s"
_INSERT_TOKEN = """
    INSERT INTO tokens (id, account_id, secret_hash, name, role, expires_at)
    VALUES (%(id)s, %(account)s, %(hash)s, %(name)s, %(role)s, %(expires_at)s)
"""
_COUNT_TOKENS = "SELECT count(*) FROM tokens WHERE account_id = %(account)s"
_LOCK_ACCOUNT = "SELECT FROM accounts WHERE id = %(account)s FOR UPDATE"
_REVOKE = "DELETE FROM tokens WHERE id = %(id)s AND (%(account)s::uuid IS NULL OR account_id = %(account)s::uuid)"
_INVITE = """
    INSERT INTO invitations (id, secret_hash, email, role, created_by, expires_at)
    VALUES (%(id)s, %(hash)s, %(email)s, %(role)s, %(by)s, %(expires_at)s)
    ON CONFLICT (email) DO UPDATE SET id = excluded.id, secret_hash = excluded.secret_hash, role = excluded.role,
        created_by = excluded.created_by, created_at = now(), expires_at = excluded.expires_at
"""
_IS_DISABLED = "SELECT EXISTS (SELECT FROM accounts WHERE email = %(email)s AND disabled_at IS NOT NULL)"
_WITHDRAW = "DELETE FROM invitations WHERE id = %(id)s"
_TAKE_INVITATION = """
    DELETE FROM invitations WHERE secret_hash = %(hash)s AND expires_at > now() RETURNING email, role
"""
_TAKE_INVITATION_OF = "DELETE FROM invitations WHERE email = %(email)s AND expires_at > now() RETURNING role"
_FIND_BY_EMAIL = """
    SELECT id::text, role, disabled_at, oidc_issuer, oidc_subject FROM accounts WHERE email = %(email)s FOR UPDATE
"""
_FIND_LINKED = """
    SELECT id::text, role, disabled_at FROM accounts
    WHERE oidc_issuer = %(issuer)s AND oidc_subject = %(subject)s FOR UPDATE
"""
_LINK = "UPDATE accounts SET oidc_issuer = %(issuer)s, oidc_subject = %(subject)s WHERE id = %(id)s"
_INSERT_ACCOUNT = """
    INSERT INTO accounts (id, email, name, role, password)
    VALUES (%(id)s, %(email)s, %(name)s, %(role)s, %(password)s)
"""
_MAKE_ADMIN = "UPDATE accounts SET role = 'admin', disabled_at = NULL, password = %(password)s WHERE id = %(id)s"
_USER_AGENT_MAX = 200
# Any constant will do, as long as no other program uses it on the same database.
_FIRST_LOCK = 7_203_991_845_310_231


class WrongCredentials(Unauthenticated):
    """The address, the password, or both are wrong, or the account is disabled: which, is not told."""

    type = "urn:incident-tracker:problem:wrong-credentials"
    title = "The e-mail address or the password is wrong"


class LastAdmin(Conflict):
    """Without this one, nobody could manage accounts."""

    type = "urn:incident-tracker:problem:last-admin"
    title = "This is the last admin"


def sign_in(email: str, password: str, *, address: str, user_agent: str, before: str | None) -> tuple[str, str]:
    """Begin a session; returns the account's id and the session's secret.

    :param before: the secret of the session that the browser had. It ends, so that nobody who planted it shares
        the new one.
    :raises TooManyAttempts: where too many have failed.
    :raises WrongCredentials: where that is so.
    """
    attempt = throttle.begin_attempt(email, address)
    found = _run(_FIND_TO_SIGN_IN, {"email": email}).one_or_none()
    # Hashing takes long, and nobody is to wait for this transaction meanwhile.
    db.session.commit()
    account, kept = found or (None, None)
    if not is_password(password, kept) or account is None or kept is None:
        raise WrongCredentials("The e-mail address or the password is wrong.")
    # What ended all sessions meanwhile, a new password or being disabled, must not miss this one.
    if _run(_LOCK_TO_SIGN_IN, {"id": account}).scalar_one_or_none() != kept:
        raise WrongCredentials("The e-mail address or the password is wrong.")
    if is_outdated(kept):
        _run(_SET_PASSWORD, {"id": account, "password": hash_password(password)})
    throttle.succeed(attempt)
    return account, begin_session(account, address=address, user_agent=user_agent, before=before)


def sign_in_from_provider(
    identity: Identity, *, decides_roles: bool, address: str, user_agent: str, before: str | None
) -> str:
    """Begin a session of whom a provider says has signed in; returns its secret.

    The account is the one that is linked with this person; else that of the address, which is then linked; else a new
    one, for who is invited or has a role at the provider.

    :param decides_roles: whether the role is always what the provider says.
    :raises SignInError: where there is no such account, or it may not.
    """
    if decides_roles and identity.role is None:
        raise SignInError("no-role")
    # First, as whoever changes a role does: two that lock in another order would wait for each other.
    admins = [admin for (admin,) in _run(_LOCK_ADMINS)]
    person = {"issuer": identity.issuer, "subject": identity.subject}
    found = _run(_FIND_LINKED, person).one_or_none() or _link(identity, person)
    if found.disabled_at is not None:
        raise SignInError("disabled")
    if identity.role is not None and identity.role != found.role:
        if admins == [found.id]:
            log.warning("the last admin stays one, whatever role the provider gives", account=found.id)
        else:
            _run(_SET_ROLE, {"id": found.id, "role": identity.role})
    return begin_session(found.id, address=address, user_agent=user_agent, before=before)


def _link(identity: Identity, person: dict[str, str]) -> Any:
    """Link somebody who comes for the first time with the account of their address, or with a new one."""
    if identity.email is None or not identity.is_confirmed:
        raise SignInError("unconfirmed")
    existing = _run(_FIND_BY_EMAIL, {"email": identity.email}).one_or_none()
    if existing is None:
        role = identity.role or _run(_TAKE_INVITATION_OF, {"email": identity.email}).scalar_one_or_none()
        if role is None:
            raise SignInError("unknown")
        identifier = _create_account(email=identity.email, name=_free_name(identity), role=role, password=None)
    elif existing.disabled_at is not None:
        raise SignInError("disabled")
    else:
        identifier = existing.id
        is_somebody_else = existing.oidc_subject is not None and existing.oidc_issuer == identity.issuer
        # Who got the address after somebody else has to be invited anew, and is then meant.
        if is_somebody_else and _run(_TAKE_INVITATION_OF, {"email": identity.email}).one_or_none() is None:
            raise SignInError("taken")
    _run(_LINK, {**person, "id": identifier})
    return _run(_FIND_LINKED, person).one()


def _free_name(identity: Identity) -> str:
    """The name, told apart by the address where somebody else has it."""
    if not _run(_NAME_IS_TAKEN, {"name": identity.name, "id": None}).scalar_one():
        return identity.name
    return f"{identity.name} ({identity.email})"[:NAME_MAX]


def begin_session(account: str, *, address: str, user_agent: str, before: str | None) -> str:
    """Begin a session of an account; returns its secret."""
    if before is not None:
        sign_out(before)
    _run(_END_SESSIONS_THAT_ARE_OVER)
    throttle.know(account, address)
    secret = new_secret()
    _run(
        _INSERT_SESSION,
        {
            "id": new_id(),
            "account": account,
            "hash": hash_of(secret),
            "address": address[:45],
            "user_agent": "".join(filter(str.isprintable, user_agent))[:_USER_AGENT_MAX],
        },
    )
    return secret


def sign_out(secret: str) -> None:
    """End the session of a secret, if there is one."""
    _run(_END_SESSION_OF_SECRET, {"hash": hash_of(secret)})


def end_session(account: str, identifier: str) -> None:
    """End a session of an account.

    :raises NotFound: where it has none of this id.
    """
    if _run(_END_SESSION, {"account": account, "id": identifier}).rowcount == 0:
        raise NotFound("You have no such session.")


def end_sessions(account: str, *, but: str | None = None) -> None:
    """End the sessions of an account, but for one."""
    _run(_END_SESSIONS, {"account": account, "but": but})


def change_own(caller: Caller, *, name: str | None, password: dict[str, str] | None, address: str, email: str) -> None:
    """Change one's own name, or password, after which all other sessions are over.

    :raises Invalid: where the name is taken, or the current password is another one.
    :raises TooManyAttempts: where too many current passwords were wrong.
    """
    if password is not None:
        attempt = throttle.begin_attempt(email, address)
        kept = _run(_PASSWORD, {"id": caller.id}).scalar_one()
        db.session.commit()
        if not is_password(password["current"], kept):
            raise Invalid({"password": {"current": ["Is not your password."]}})
        hashed = hash_password(password["new"])
        throttle.succeed(attempt)
        _run(_SET_PASSWORD, {"id": caller.id, "password": hashed})
        end_sessions(caller.id, but=caller.session)
    if name is not None:
        _rename(caller.id, name)


def update_account(
    identifier: str, *, name: str | None, role: str | None, disabled: bool | None, roles_come_from: str | None
) -> None:
    """Change an account. Disabling it ends its sessions, and stops its tokens, at once.

    :param roles_come_from: the name of the provider that decides the roles of those who sign in by it, if one does.
    :raises NotFound: where there is none of this id.
    :raises LastAdmin: where there would be no admin left who is not disabled.
    :raises Invalid: where the name is taken, or the role is not decided here.
    """
    admins = [admin for (admin,) in _run(_LOCK_ADMINS)]
    found = _run(_LOCK, {"id": identifier}).one_or_none()
    if found is None:
        raise NotFound("There is no such account.")
    before, disabled_at, is_linked = found
    if roles_come_from and is_linked and role not in (None, before):
        raise Invalid({"role": [f"Comes from {roles_come_from} at every sign-in: change it there."]})
    if disabled is not None and disabled != (disabled_at is not None):
        disabled_at = datetime.now(UTC) if disabled else None
    role = role or before
    if admins == [identifier] and (disabled_at is not None or role != Role.ADMIN):
        raise LastAdmin("Without this admin nobody could manage accounts: make somebody else one first.")
    _run(_UPDATE, {"id": identifier, "role": role, "disabled_at": disabled_at})
    if disabled_at is not None:
        end_sessions(identifier)
    if name is not None:
        _rename(identifier, name)


def create_token(caller: Caller, *, name: str, role: str, expires_at: datetime | None) -> tuple[str, str]:
    """Make a token; returns its id, and what is shown once.

    :raises NotAllowed: where the role is higher than one's own.
    :raises Invalid: where it would have expired already.
    :raises Conflict: where one has as many as one may have.
    """
    if not caller.role.includes(Role(role)):
        raise NotAllowed(f"A token can have your role at most, which is {caller.role}.")
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise Invalid({"expiresAt": ["Must not be in the past."]})
    _run(_LOCK_ACCOUNT, {"account": caller.id})
    if _run(_COUNT_TOKENS, {"account": caller.id}).scalar_one() >= TOKENS_MAX:
        raise Conflict(f"You have {TOKENS_MAX} tokens, which is as many as one may have. Revoke one first.")
    secret, identifier = TOKEN_PREFIX + new_secret(), new_id()
    named = {"id": identifier, "account": caller.id, "hash": hash_of(secret), "name": name}
    _run(_INSERT_TOKEN, {**named, "role": role, "expires_at": expires_at})
    return str(identifier), secret


def revoke_token(caller: Caller, identifier: str) -> None:
    """Revoke a token, at once; an admin may revoke anyone's.

    :raises NotFound: where one has none of this id.
    """
    account = None if caller.role is Role.ADMIN else caller.id
    if _run(_REVOKE, {"id": identifier, "account": account}).rowcount == 0:
        raise NotFound("You have no such token.")


def invite(caller: Caller, *, email: str, role: str) -> tuple[str, str]:
    """Invite somebody, in place of an earlier invitation; returns its id, and the secret of its link.

    :raises Conflict: where there is an account that is disabled.
    """
    if _run(_IS_DISABLED, {"email": email}).scalar_one():
        raise Conflict("The account of this address is disabled: enable it first.")
    secret, identifier = new_secret(), new_id()
    named = {"id": identifier, "hash": hash_of(secret), "email": email, "role": role, "by": caller.id}
    _run(_INVITE, {**named, "expires_at": datetime.now(UTC) + INVITED})
    return str(identifier), secret


def withdraw(identifier: str) -> None:
    """Withdraw an invitation.

    :raises NotFound: where there is none of this id.
    """
    if _run(_WITHDRAW, {"id": identifier}).rowcount == 0:
        raise NotFound("There is no such invitation.")


def accept(secret: str, *, name: str | None, password: str) -> str:
    """Make the account that an invitation is for, or give the one that is there a new password; returns its id.

    :raises NotFound: where the invitation does not hold any more.
    :raises Invalid: where a name is needed, is taken, or cannot be given here.
    """
    # Hashing is work, which nobody gets done by a link that they made up.
    see_invitation(secret)
    hashed = hash_password(password)
    taken = _run(_TAKE_INVITATION, {"hash": hash_of(secret)}).one_or_none()
    existing = None if taken is None else _run(_FIND_BY_EMAIL, {"email": taken.email}).one_or_none()
    if taken is None or (existing is not None and existing.disabled_at is not None):
        raise NotFound("This invitation does not hold any more: ask for another one.")
    if existing is not None:
        if name is not None:
            raise Invalid({"name": ["Must be left out: the account has one already."]})
        identifier: str = existing.id
        _run(_SET_PASSWORD, {"id": identifier, "password": hashed})
        end_sessions(identifier)
        return identifier
    if name is None:
        raise Invalid({"name": ["Must be sent: there is no account yet."]})
    return _create_account(email=taken.email, name=name, role=taken.role, password=hashed)


def make_admin(*, email: str, name: str | None, password: str) -> str:
    """Make somebody an admin who can sign in by this password, whatever was before; returns the account's id.

    :raises Invalid: where a name is needed, or is taken.
    """
    hashed = hash_password(password)
    existing = _run(_FIND_BY_EMAIL, {"email": email}).one_or_none()
    if existing is not None:
        _run(_MAKE_ADMIN, {"id": existing.id, "password": hashed})
        end_sessions(existing.id)
        if name is not None:
            _rename(existing.id, name)
        return str(existing.id)
    if name is None:
        raise Invalid({"name": ["Missing data for required field."]})
    return _create_account(email=email, name=name, role=Role.ADMIN, password=hashed)


def has_accounts() -> bool:
    """Whether there is any account. Of several that ask at the same time, each waits until the one before has ended."""
    _run("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _FIRST_LOCK})
    return bool(_run("SELECT EXISTS (SELECT FROM accounts)").scalar_one())


def rows(sql: str, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    """What a statement gives, which sees what this transaction has written."""
    found: Sequence[Sequence[Any]] = _run(sql, dict(parameters)).all()
    return found


def _create_account(*, email: str, name: str, role: str, password: str | None) -> str:
    identifier = new_id()
    _check_name(str(identifier), name)
    try:
        _run(_INSERT_ACCOUNT, {"id": identifier, "email": email, "name": name, "role": role, "password": password})
    except IntegrityError as error:
        # Somebody was faster with the name.
        raise Invalid({"name": ["Somebody has this name already."]}) from error
    return str(identifier)


def _rename(identifier: str, name: str) -> None:
    _check_name(identifier, name)
    try:
        _run(_SET_NAME, {"id": identifier, "name": name})
    except IntegrityError as error:
        raise Invalid({"name": ["Somebody has this name already."]}) from error


def _check_name(identifier: str, name: str) -> None:
    if _run(_NAME_IS_TAKEN, {"id": identifier, "name": name}).scalar_one():
        raise Invalid({"name": ["Somebody has this name already."]})


def _run(sql: str, parameters: dict[str, Any] | None = None) -> Any:
    return db.session.connection().exec_driver_sql(sql, parameters or {})
