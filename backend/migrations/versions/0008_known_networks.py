"""From where people have signed in, which outlasts their sessions."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, with the addresses of the sessions there are; those of IPv6 follow at the next sign-in."""
    op.execute("""
        CREATE TABLE known_networks (
            account_id uuid NOT NULL,
            network varchar(45) NOT NULL,
            last_used_at timestamptz DEFAULT now() NOT NULL,
            CONSTRAINT pk_known_networks PRIMARY KEY (account_id, network),
            CONSTRAINT fk_known_networks_account_id_accounts FOREIGN KEY (account_id) REFERENCES accounts (id)
        );
        INSERT INTO known_networks (account_id, network, last_used_at)
        SELECT account_id, address, max(last_used_at) FROM sessions WHERE position(':' IN address) = 0
        GROUP BY account_id, address
    """)


def downgrade() -> None:
    """Forget them."""
    op.execute("DROP TABLE known_networks")
