"""What comments, undo, the live stream and safe retries need."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Ids are handed out before the commit, so a reader that remembers the largest one skips what commits later. Of a
# transaction it can be known whether all before it have ended. What was there before, and what is loaded rather than
# done (0), is history and never streamed, so that the index stays small.
EVENTS = """
ALTER TYPE event_type ADD VALUE 'commented';
ALTER TYPE event_type ADD VALUE 'reverted';

ALTER TABLE events
    ADD COLUMN change_size integer DEFAULT 1 NOT NULL,
    ADD COLUMN reverts_change_id uuid,
    ADD COLUMN transaction_id bigint DEFAULT 0 NOT NULL;
ALTER TABLE events ALTER COLUMN transaction_id SET DEFAULT ((pg_current_xact_id())::text)::bigint;

CREATE INDEX ix_events_live ON events (transaction_id, id) WHERE transaction_id > 0;

CREATE FUNCTION announce_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY incident_events;
    RETURN NULL;
END
$$;
CREATE TRIGGER announce AFTER INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION announce_events();
"""

IDEMPOTENCY = """
CREATE TABLE idempotency_keys (
    caller varchar(120) NOT NULL,
    key varchar(255) NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (caller, key)
);
CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at);
"""


def upgrade() -> None:
    """Extend the log, and add the table of answers that were given."""
    op.execute(EVENTS)
    op.execute(IDEMPOTENCY)


# A comment cannot be told in the old log; what a revert did can.
WITHOUT = """
DROP TABLE idempotency_keys;
DROP TRIGGER announce ON events;
DROP FUNCTION announce_events;
DROP INDEX ix_events_live;
DELETE FROM events WHERE type = 'commented';
ALTER TABLE events DROP COLUMN change_size, DROP COLUMN reverts_change_id, DROP COLUMN transaction_id;
ALTER TYPE event_type RENAME TO newer_event_type;
CREATE TYPE event_type AS ENUM ('created', 'updated');
ALTER TABLE events ALTER COLUMN type TYPE event_type
    USING (CASE type WHEN 'reverted' THEN 'updated' ELSE type::text END)::event_type;
DROP TYPE newer_event_type;
"""


def downgrade() -> None:
    """Back to a log of creations and updates; comments are lost."""
    op.execute(WITHOUT)
