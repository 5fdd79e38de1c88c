"""In open mode everybody shares the views: those of each name become those of all."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# What belongs to an account stays. The oldest view of a name keeps it; each later one is told apart by whose it was.
SHARE_VIEWS = """
DO $$
DECLARE
    view record;
    suffix text;
    candidate text;
    attempt integer;
BEGIN
    FOR view IN
        SELECT id, person, name FROM saved_views WHERE person NOT IN (SELECT id::text FROM accounts) ORDER BY id
    LOOP
        candidate := view.name;
        attempt := 0;
        WHILE EXISTS (SELECT FROM saved_views WHERE person = '' AND lower(name) = lower(candidate)) LOOP
            attempt := attempt + 1;
            suffix := ' (' || left(view.person, 40) || CASE WHEN attempt > 1 THEN ' ' || attempt ELSE '' END || ')';
            candidate := rtrim(left(view.name, 60 - length(suffix))) || suffix;
        END LOOP;
        UPDATE saved_views SET person = '', name = candidate WHERE id = view.id;
    END LOOP;
END $$;
"""
# Of several orders, the longest one; views that it does not name come after those that it does.
SHARE_ARRANGEMENT = """
INSERT INTO view_arrangements (person, ids, default_id)
SELECT '', ids, default_id FROM view_arrangements WHERE person NOT IN (SELECT id::text FROM accounts)
ORDER BY cardinality(ids) DESC, default_id = 'open', person LIMIT 1;

DELETE FROM view_arrangements WHERE person <> '' AND person NOT IN (SELECT id::text FROM accounts);
"""


def upgrade() -> None:
    """Give them to everybody."""
    op.execute(SHARE_VIEWS)
    op.execute(SHARE_ARRANGEMENT)


def downgrade() -> None:
    """Give them to whoever says no name."""
    op.execute("UPDATE saved_views SET person = 'anonymous' WHERE person = '';")
    op.execute("UPDATE view_arrangements SET person = 'anonymous' WHERE person = '';")
