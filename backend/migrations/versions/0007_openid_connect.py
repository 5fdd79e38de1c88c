"""The person at an OpenID Connect provider with whom an account is linked."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and one index by which the account is found."""
    op.execute("ALTER TABLE accounts ADD COLUMN oidc_issuer text, ADD COLUMN oidc_subject text")
    op.execute("CREATE UNIQUE INDEX uq_accounts_oidc_subject_oidc_issuer ON accounts (oidc_subject, oidc_issuer)")


def downgrade() -> None:
    """Forget who is linked with whom."""
    op.execute("ALTER TABLE accounts DROP COLUMN oidc_issuer, DROP COLUMN oidc_subject")
