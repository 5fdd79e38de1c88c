"""Accounts, sessions, tokens, invitations, and attempts to sign in."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE accounts (
    id uuid NOT NULL,
    email varchar(254) NOT NULL,
    name varchar(120) NOT NULL,
    role varchar(10) NOT NULL,
    password text,
    disabled_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_accounts PRIMARY KEY (id),
    CONSTRAINT ck_accounts_role_known CHECK (role IN ('viewer', 'responder', 'admin')),
    CONSTRAINT ck_accounts_email_lower CHECK (email = lower(email))
);
CREATE UNIQUE INDEX uq_accounts_email ON accounts (email);
CREATE UNIQUE INDEX uq_accounts_name ON accounts (lower(name));

CREATE TABLE sessions (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    address varchar(45) NOT NULL,
    user_agent varchar(200) NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    last_used_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT fk_sessions_account_id_accounts FOREIGN KEY (account_id) REFERENCES accounts (id)
);
CREATE UNIQUE INDEX uq_sessions_secret_hash ON sessions (secret_hash);
CREATE INDEX ix_sessions_account_id ON sessions (account_id);
CREATE INDEX ix_sessions_last_used_at ON sessions (last_used_at);

CREATE TABLE tokens (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    name varchar(60) NOT NULL,
    role varchar(10) NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    CONSTRAINT pk_tokens PRIMARY KEY (id),
    CONSTRAINT fk_tokens_account_id_accounts FOREIGN KEY (account_id) REFERENCES accounts (id),
    CONSTRAINT ck_tokens_role_known CHECK (role IN ('viewer', 'responder', 'admin'))
);
CREATE UNIQUE INDEX uq_tokens_secret_hash ON tokens (secret_hash);
CREATE INDEX ix_tokens_account_id ON tokens (account_id);

CREATE TABLE invitations (
    id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    email varchar(254) NOT NULL,
    role varchar(10) NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT pk_invitations PRIMARY KEY (id),
    CONSTRAINT fk_invitations_created_by_accounts FOREIGN KEY (created_by) REFERENCES accounts (id),
    CONSTRAINT ck_invitations_role_known CHECK (role IN ('viewer', 'responder', 'admin'))
);
CREATE UNIQUE INDEX uq_invitations_secret_hash ON invitations (secret_hash);
CREATE UNIQUE INDEX uq_invitations_email ON invitations (email);

CREATE TABLE sign_in_attempts (
    id uuid NOT NULL,
    email_hash bytea NOT NULL,
    network varchar(45) NOT NULL,
    at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_sign_in_attempts PRIMARY KEY (id)
);
CREATE INDEX ix_sign_in_attempts_email_hash_at ON sign_in_attempts (email_hash, at);
CREATE INDEX ix_sign_in_attempts_network_at ON sign_in_attempts (network, at);
CREATE INDEX ix_sign_in_attempts_at ON sign_in_attempts (at);
"""


def upgrade() -> None:
    """Add the tables."""
    op.execute(TABLES)


def downgrade() -> None:
    """Remove them; accounts, sessions and tokens are lost."""
    op.execute("DROP TABLE sign_in_attempts, invitations, tokens, sessions, accounts;")
