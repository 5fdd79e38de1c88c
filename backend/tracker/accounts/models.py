"""Accounts, sessions, tokens, invitations, and the attempts to sign in that are counted."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, String, Text, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from tracker.callers import Role
from tracker.extensions import Base
from tracker.wire import EMAIL_MAX, NAME_MAX

TOKEN_NAME_MAX = 60
TOKENS_MAX = 50
"""Tokens that an account may have at once."""
INVITED = timedelta(days=7)
"""How long an invitation holds."""

_ROLE = String(10)
_IS_ROLE = f"role IN ({', '.join(map(repr, map(str, Role)))})"


class Account(Base):
    """Somebody who may sign in. It is never deleted, since the history names it, but it can be disabled."""

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    email: Mapped[str] = mapped_column(String(EMAIL_MAX))
    name: Mapped[str] = mapped_column(String(NAME_MAX))
    role: Mapped[str] = mapped_column(_ROLE)
    password: Mapped[str | None] = mapped_column(Text)
    oidc_issuer: Mapped[str | None] = mapped_column(Text)
    oidc_subject: Mapped[str | None] = mapped_column(Text)
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        CheckConstraint(_IS_ROLE, name="role_known"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        Index("uq_accounts_email", "email", unique=True),
        Index("uq_accounts_oidc_subject_oidc_issuer", "oidc_subject", "oidc_issuer", unique=True),
    )


Index("uq_accounts_name", func.lower(Account.name), unique=True)


class Session(Base):
    """A browser in which somebody has signed in. Of what the browser shows for it, only the hash is kept."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    address: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    last_used_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        Index("uq_sessions_secret_hash", "secret_hash", unique=True),
        Index("ix_sessions_account_id", "account_id"),
        Index("ix_sessions_last_used_at", "last_used_at"),
    )


class Token(Base):
    """What a script shows to act as an account, in a role no higher than the account's; only the hash is kept."""

    __tablename__ = "tokens"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str] = mapped_column(String(TOKEN_NAME_MAX))
    role: Mapped[str] = mapped_column(_ROLE)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(_IS_ROLE, name="role_known"),
        Index("uq_tokens_secret_hash", "secret_hash", unique=True),
        Index("ix_tokens_account_id", "account_id"),
    )


class Invitation(Base):
    """A link by which somebody gets an account, or a new password for the one they have, once."""

    __tablename__ = "invitations"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    email: Mapped[str] = mapped_column(String(EMAIL_MAX))
    role: Mapped[str] = mapped_column(_ROLE)
    created_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(_IS_ROLE, name="role_known"),
        Index("uq_invitations_secret_hash", "secret_hash", unique=True),
        # A new one takes the place of the one before.
        Index("uq_invitations_email", "email", unique=True),
    )


class KnownNetwork(Base):
    """From where somebody has signed in."""

    __tablename__ = "known_networks"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    network: Mapped[str] = mapped_column(String(45), primary_key=True)
    last_used_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Attempt(Base):
    """An attempt to sign in that has not succeeded, or not yet."""

    __tablename__ = "sign_in_attempts"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    email_hash: Mapped[bytes] = mapped_column(LargeBinary)
    network: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        Index("ix_sign_in_attempts_email_hash_at", "email_hash", "at"),
        Index("ix_sign_in_attempts_network_at", "network", "at"),
        Index("ix_sign_in_attempts_at", "at"),
    )
