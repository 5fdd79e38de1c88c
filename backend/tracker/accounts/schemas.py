"""What goes over the wire about accounts."""

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from tracker.accounts.models import TOKEN_NAME_MAX
from tracker.callers import Role
from tracker.wire import (
    EMAIL_MAX,
    NAME_MAX,
    PASSWORD_MAX,
    PASSWORD_MIN,
    Flag,
    Instant,
    Text,
    choice,
    is_email,
)

ROLES = tuple(Role)
ACCOUNT_EXAMPLE = {
    "id": "019ab2f6-2b1c-7d44-9a10-6f5e4d3c2b1a",
    "email": "ana@example.com",
    "name": "Ana Souza",
    "role": "responder",
    "disabled": False,
    "hasPassword": True,
    "linked": False,
    "createdAt": "2026-03-02T09:14:12+00:00",
    "lastSeenAt": "2026-03-02T10:05:12+00:00",
}
TOKEN_EXAMPLE = {
    "id": "019ab2f7-5d2e-7c11-8b20-7a6b5c4d3e2f",
    "name": "deploy script",
    "role": "responder",
    "createdAt": "2026-03-02T09:20:00+00:00",
    "expiresAt": None,
    "lastUsedAt": None,
    "account": {"id": ACCOUNT_EXAMPLE["id"], "name": "Ana Souza"},
}
INVITATION_EXAMPLE = {
    "id": "019ab2f8-6e3f-7d22-9c30-8b7c6d5e4f3a",
    "email": "bo@example.com",
    "role": "viewer",
    "createdAt": "2026-03-02T09:30:00+00:00",
    "expiresAt": "2026-03-09T09:30:00+00:00",
    "createdBy": "Ana Souza",
}
SESSION_EXAMPLE = {
    "mode": "required",
    "account": ACCOUNT_EXAMPLE,
    "csrfToken": "6d3f0f5b0c7b4a55b7f0f4f4f0a1c2d3",
    "methods": {"password": True, "oidc": None},
}
TO_MAX = 2000
PATH_HERE = re.compile(r"^/(?!/)[^\\\x00-\x20\x7f]*$")


class Email(Text):
    """An address of e-mail, in small letters; whether it exists shows when the link arrives."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(low=3, high=EMAIL_MAX, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        email = super()._deserialize(value, attr, data, **kwargs).lower()
        if not is_email(email):
            raise ValidationError("Must be an e-mail address, such as ana@example.com.")
        return email


class Password(fields.String):
    """A password as it is typed: no blank is cut off, and no character is refused."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            validate=validate.Length(
                PASSWORD_MIN, PASSWORD_MAX, error=f"Must be {PASSWORD_MIN} to {PASSWORD_MAX} characters long."
            ),
            **kwargs,
        )


class GivenPassword(fields.String):
    """A password to compare: whatever its length, it is right or wrong."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            validate=validate.Length(1, PASSWORD_MAX, error=f"Must be 1 to {PASSWORD_MAX} characters long."), **kwargs
        )


class SignIn(Schema):
    """An address and a password."""

    email = Email(required=True)
    password = GivenPassword(required=True)


class AccountRead(Schema):
    """An account as the API shows it."""

    id = fields.UUID(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True, metadata={"description": "Under which it acts, in histories and as owner:me."})
    role = choice(ROLES, required=True)
    disabled = fields.Boolean(required=True)
    has_password = fields.Boolean(required=True, data_key="hasPassword")
    linked = fields.Boolean(
        required=True, metadata={"description": "Whether it is linked with a person at the OpenID Connect provider."}
    )
    created_at = Instant(required=True, data_key="createdAt")
    last_seen_at = Instant(required=True, allow_none=True, data_key="lastSeenAt")


class Provider(Schema):
    """An OpenID Connect provider, which says who somebody is."""

    name = fields.String(required=True)
    decides_roles = fields.Boolean(
        required=True,
        data_key="decidesRoles",
        metadata={"description": "Whether the roles of those who sign in by it come from there."},
    )


class Methods(Schema):
    """How one can sign in."""

    password = fields.Boolean(required=True)
    oidc = fields.Nested(Provider, required=True, allow_none=True)


class SessionRead(Schema):
    """How one signs in here, and who has."""

    mode = choice(("open", "required"), required=True)
    account = fields.Nested(AccountRead, required=True, allow_none=True)
    csrf_token = fields.String(
        required=True,
        allow_none=True,
        data_key="csrfToken",
        metadata={"description": "Every write by the session's cookie repeats it in X-CSRF-Token."},
    )
    methods = fields.Nested(Methods, required=True)


class PasswordChange(Schema):
    """A new password, and the one before."""

    current = GivenPassword(required=True)
    new = Password(required=True)


class MePatch(Schema):
    """What somebody may change about their own account; a field left out stays as it is."""

    name = Text(low=1, high=NAME_MAX)
    password = fields.Nested(PasswordChange)


class AccountPatch(Schema):
    """What an admin may change about an account; a field left out stays as it is."""

    name = Text(low=1, high=NAME_MAX)
    role = choice(ROLES)
    disabled = Flag()


class AccountList(Schema):
    """All accounts, by name."""

    items = fields.List(fields.Nested(AccountRead), required=True)


class BrowserSession(Schema):
    """A browser in which the person has signed in."""

    id = fields.UUID(required=True)
    created_at = Instant(required=True, data_key="createdAt")
    last_used_at = Instant(required=True, data_key="lastUsedAt")
    expires_at = Instant(required=True, data_key="expiresAt")
    address = fields.String(required=True)
    user_agent = fields.String(required=True, data_key="userAgent")
    current = fields.Boolean(required=True, metadata={"description": "Whether it is the one that asks."})


class BrowserSessionList(Schema):
    """The person's sessions, the one that was used last first."""

    items = fields.List(fields.Nested(BrowserSession), required=True)


class TokenCreate(Schema):
    """A new token."""

    name = Text(low=1, high=TOKEN_NAME_MAX, required=True)
    role = choice(ROLES, required=True, metadata={"description": "No higher than one's own."})
    expires_at = Instant(
        data_key="expiresAt",
        load_default=None,
        allow_none=True,
        metadata={"description": "From when on it is not valid any more; null for never."},
    )


class TokenOwner(Schema):
    """Whose token it is."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)


class TokenRead(Schema):
    """A token, without what makes it one."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    role = choice(ROLES, required=True)
    created_at = Instant(required=True, data_key="createdAt")
    expires_at = Instant(required=True, allow_none=True, data_key="expiresAt")
    last_used_at = Instant(required=True, allow_none=True, data_key="lastUsedAt")
    account = fields.Nested(TokenOwner, required=True)


class NewToken(TokenRead):
    """A token, with what makes it one, which is shown this once."""

    token = fields.String(required=True)


class TokenList(Schema):
    """The person's tokens, and for admins everybody's; the newest first."""

    items = fields.List(fields.Nested(TokenRead), required=True)


class InvitationCreate(Schema):
    """Whom to invite."""

    email = Email(required=True)
    role = choice(ROLES, required=True)


class InvitationRead(Schema):
    """An invitation that is open."""

    id = fields.UUID(required=True)
    email = fields.String(required=True)
    role = choice(ROLES, required=True)
    created_at = Instant(required=True, data_key="createdAt")
    expires_at = Instant(required=True, data_key="expiresAt")
    created_by = fields.String(required=True, data_key="createdBy")


class NewInvitation(InvitationRead):
    """An invitation with its link, which is shown this once."""

    link = fields.String(required=True)


class InvitationList(Schema):
    """The invitations that are open, the newest first."""

    items = fields.List(fields.Nested(InvitationRead), required=True)


class InvitationSecret(Schema):
    """What the link of an invitation ends in."""

    token = fields.String(required=True, validate=validate.Length(1, 100))


class InvitationSeen(Schema):
    """What an invitation is for."""

    email = fields.String(required=True)
    role = choice(ROLES, required=True)
    expires_at = Instant(required=True, data_key="expiresAt")
    is_reset = fields.Boolean(
        required=True,
        data_key="isReset",
        metadata={"description": "Whether there is an account already, which gets a new password."},
    )


class InvitationAccept(InvitationSecret):
    """Who accepts: a name, unless there is an account already, and a password."""

    name = Text(low=1, high=NAME_MAX, load_default=None)
    password = Password(required=True)


class OidcStart(Schema):
    """Where to go after signing in."""

    to = fields.String(
        load_default="/",
        validate=[
            validate.Length(1, TO_MAX, error=f"Must be 1 to {TO_MAX:,} characters long."),
            validate.Regexp(PATH_HERE, error="Must be a path of this site, such as /incidents/INC-42."),
        ],
        metadata={"description": "A path of this site, with its query."},
    )


class OidcAnswer(Schema):
    """What an OpenID Connect provider says by way of the browser; it may say more, which is not read."""

    state = fields.String()
    code = fields.String()
    error = fields.String()
    iss = fields.String()
