"""The views that people save, and what finds the incidents that are like a new one."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

VIEWS = """
CREATE TABLE saved_views (
    id uuid NOT NULL,
    person varchar(120) NOT NULL,
    name varchar(60) NOT NULL,
    q text NOT NULL,
    sort_by varchar(20) NOT NULL,
    "order" varchar(4) NOT NULL,
    density varchar(20),
    CONSTRAINT pk_saved_views PRIMARY KEY (id),
    CONSTRAINT ck_saved_views_name_given CHECK (name <> '')
);
CREATE UNIQUE INDEX uq_saved_views_person_name ON saved_views (person, lower(name));

CREATE TABLE view_arrangements (
    person varchar(120) NOT NULL,
    ids text[] DEFAULT '{}'::text[] NOT NULL,
    default_id text DEFAULT 'open'::text NOT NULL,
    CONSTRAINT pk_view_arrangements PRIMARY KEY (person)
);
"""

# The newest unresolved incidents of one service, however many it has that are resolved, and other services have not.
INDEX = """
CREATE INDEX ix_incidents_unresolved_of_service ON incidents (service, created_at, number) WHERE status <> 'RESOLVED';
"""


def upgrade() -> None:
    """Add the tables and the index."""
    op.execute(VIEWS)
    op.execute(INDEX)


def downgrade() -> None:
    """Remove them; the views that people saved are lost."""
    op.execute("DROP INDEX ix_incidents_unresolved_of_service; DROP TABLE saved_views, view_arrangements;")
