"""What a million incidents need: counts that stay small, indexes that answer alone, and a search for short words."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# The counts of the first release were folded by writing all of them anew, every few dozen statements: under steady
# writing the dead rows slowed every list. Now differences go to a table of their own, and folding updates the few
# counts that they concern, in place: their pages have room for it, so that no index is touched.
TALLIES = """
DROP TABLE incident_tallies, owner_tallies;

CREATE TABLE incident_tallies (
    service varchar(120) NOT NULL,
    severity severity NOT NULL,
    status status NOT NULL,
    n bigint NOT NULL,
    CONSTRAINT pk_incident_tallies PRIMARY KEY (service, severity, status)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE owner_tallies (
    owner varchar(120) NOT NULL,
    service varchar(120) NOT NULL,
    severity severity NOT NULL,
    status status NOT NULL,
    n bigint NOT NULL,
    CONSTRAINT pk_owner_tallies PRIMARY KEY (owner, service, severity, status)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE tally_changes (
    owner varchar(120) NOT NULL,
    service varchar(120) NOT NULL,
    severity severity NOT NULL,
    status status NOT NULL,
    n bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE VIEW incident_counts AS
    SELECT service, severity, status, n FROM incident_tallies
    UNION ALL SELECT service, severity, status, n FROM tally_changes;
CREATE VIEW owner_counts AS
    SELECT owner, service, severity, status, n FROM owner_tallies
    UNION ALL SELECT owner, service, severity, status, n FROM tally_changes;
"""

# One transaction at a time folds; whoever finds it at work goes on without waiting. Only under READ COMMITTED does
# each statement see what the fold before committed.
FOLD = """
CREATE OR REPLACE FUNCTION fold_incident_tallies() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed'
        OR NOT pg_try_advisory_xact_lock(7203991845310228)
    THEN
        RETURN;
    END IF;
    WITH folded AS (
        DELETE FROM tally_changes RETURNING *
    ), of_owners AS (
        INSERT INTO owner_tallies AS kept (owner, service, severity, status, n)
        SELECT owner, service, severity, status, sum(n) FROM folded
        GROUP BY owner, service, severity, status HAVING sum(n) <> 0
        ON CONFLICT (owner, service, severity, status) DO UPDATE SET n = kept.n + excluded.n
    )
    INSERT INTO incident_tallies AS kept (service, severity, status, n)
    SELECT service, severity, status, sum(n) FROM folded
    GROUP BY service, severity, status HAVING sum(n) <> 0
    ON CONFLICT (service, severity, status) DO UPDATE SET n = kept.n + excluded.n;
    DELETE FROM owner_tallies WHERE n = 0;
    DELETE FROM incident_tallies WHERE n = 0;
END
$$;
"""


def _count(name: str, moved: str) -> str:
    """A trigger function that appends how the rows ``moved`` (with their ``n``) change the counts."""
    return f"""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_changes (owner, service, severity, status, n)
    SELECT coalesce(owner, ''), service, severity, status, sum(n) FROM ({moved}) AS moved
    GROUP BY owner, service, severity, status HAVING sum(n) <> 0;
    IF random() < 0.02 THEN
        PERFORM fold_incident_tallies();
    END IF;
    RETURN NULL;
END
$$;
"""  # noqa: S608 - constants of this file.


ADDED = "SELECT owner, service, severity, status, 1 AS n FROM added"
REMOVED = "SELECT owner, service, severity, status, -1 AS n FROM removed"

FORGET = """
CREATE OR REPLACE FUNCTION forget_incident_tallies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE incident_tallies, owner_tallies, tally_changes;
    RETURN NULL;
END
$$;
"""

COUNT_ANEW = """
INSERT INTO owner_tallies (owner, service, severity, status, n)
SELECT coalesce(owner, ''), service, severity, status, count(*) FROM incidents GROUP BY 1, 2, 3, 4;
INSERT INTO incident_tallies (service, severity, status, n)
SELECT service, severity, status, sum(n) FROM owner_tallies GROUP BY 1, 2, 3;
"""

# Pages far from both ends are found by walking an index without the rows, which it can only where it holds all that
# the walk looks at. PostgreSQL needs the column itself beside an expression on it.
INDEXES = """
DROP INDEX ix_incidents_by_createdat, ix_incidents_by_updatedat,
    ix_incidents_by_service, ix_incidents_by_owner, ix_incidents_by_title;
CREATE INDEX ix_incidents_by_createdat ON incidents (created_at, number)
    INCLUDE (severity, status, service, owner);
CREATE INDEX ix_incidents_by_updatedat ON incidents (updated_at, number)
    INCLUDE (severity, status, service, owner);
CREATE INDEX ix_incidents_unresolved_by_createdat ON incidents (created_at, number)
    INCLUDE (severity, status, service, owner) WHERE status <> 'RESOLVED';
CREATE INDEX ix_incidents_by_service ON incidents (lower(service COLLATE "C"), number) INCLUDE (service);
CREATE INDEX ix_incidents_by_owner ON incidents (lower(coalesce(owner, '') COLLATE "C"), number) INCLUDE (owner);
CREATE INDEX ix_incidents_by_title ON incidents (lower(title COLLATE "C"), number) INCLUDE (title);
"""

# Trigrams find neither words of one or two letters nor punctuation. All pairs of neighbouring characters do, taken
# from the first and from the second character on. Single ones matter only where they are rare: what nearly every
# incident has is found at once by looking. Not STRICT, so that PostgreSQL inlines the expression: half the time.
SEARCH_KEYS = r"""
CREATE FUNCTION incident_search_keys(content text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_to_array(regexp_replace(content, '(..)', E'\\1\x01', 'g'), E'\x01')
        || string_to_array(regexp_replace(substr(content, 2), '(..)', E'\\1\x01', 'g'), E'\x01')
        || string_to_array(regexp_replace(content, E'[a-ilmnopr-uy0-9 .,/()\n-]+', '', 'g'), NULL)
$$;
CREATE FUNCTION search_keys_of_word(word text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN char_length(word) < 2 THEN ARRAY[word]
        ELSE (SELECT array_agg(substr(word, i, 2)) FROM generate_series(1, char_length(word) - 1) AS i) END
$$;
CREATE INDEX ix_incidents_search_keys ON incidents USING gin (incident_search_keys(search_text))
    WITH (gin_pending_list_limit = 256);
-- Statistics of what each incident is made of would take ANALYZE seconds, and say nothing that a search relies on.
ALTER INDEX ix_incidents_search_keys ALTER COLUMN 1 SET STATISTICS 0;
ALTER INDEX ix_incidents_search_text SET (gin_pending_list_limit = 256);
"""


def upgrade() -> None:
    """Replace the counts by ones that fold cheaply, and the indexes by ones that answer more."""
    op.execute("LOCK TABLE incidents IN SHARE ROW EXCLUSIVE MODE")
    # The indexes of a million incidents are made in half the time with it.
    op.execute("SET LOCAL maintenance_work_mem = '256MB'")
    op.execute(TALLIES)
    op.execute(FOLD)
    op.execute(_count("count_added_incidents", ADDED))
    op.execute(_count("count_changed_incidents", f"{ADDED} UNION ALL {REMOVED}"))
    op.execute(_count("count_removed_incidents", REMOVED))
    op.execute(FORGET)
    op.execute(COUNT_ANEW)
    op.execute(INDEXES)
    op.execute(SEARCH_KEYS)


# As the first release made them.
OLD_TALLIES = """
DROP VIEW incident_counts, owner_counts;
ALTER TABLE incident_tallies RENAME TO kept_incident_tallies;
ALTER TABLE owner_tallies RENAME TO kept_owner_tallies;
CREATE TABLE incident_tallies (
    service varchar(120) NOT NULL,
    severity severity NOT NULL,
    status status NOT NULL,
    n bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE TABLE owner_tallies (
    owner varchar(120),
    service varchar(120) NOT NULL,
    severity severity NOT NULL,
    status status NOT NULL,
    n bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
INSERT INTO incident_tallies SELECT * FROM kept_incident_tallies;
INSERT INTO owner_tallies SELECT nullif(owner, ''), service, severity, status, n FROM kept_owner_tallies;
INSERT INTO incident_tallies SELECT service, severity, status, n FROM tally_changes;
INSERT INTO owner_tallies SELECT nullif(owner, ''), service, severity, status, n FROM tally_changes;
DROP TABLE kept_incident_tallies, kept_owner_tallies, tally_changes;
"""

OLD_FOLD = """
CREATE OR REPLACE FUNCTION fold_incident_tallies() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(7203991845310228) THEN
        RETURN;
    END IF;
    WITH folded AS (DELETE FROM incident_tallies RETURNING *)
    INSERT INTO incident_tallies (service, severity, status, n)
    SELECT service, severity, status, sum(n) FROM folded
    GROUP BY service, severity, status HAVING sum(n) <> 0;
    WITH folded AS (DELETE FROM owner_tallies RETURNING *)
    INSERT INTO owner_tallies (owner, service, severity, status, n)
    SELECT owner, service, severity, status, sum(n) FROM folded
    GROUP BY owner, service, severity, status HAVING sum(n) <> 0;
END
$$;
"""


def _old_count(name: str, moved: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO incident_tallies (service, severity, status, n)
    SELECT service, severity, status, sum(n) FROM ({moved}) AS moved
    GROUP BY service, severity, status HAVING sum(n) <> 0;
    INSERT INTO owner_tallies (owner, service, severity, status, n)
    SELECT owner, service, severity, status, sum(n) FROM ({moved}) AS moved
    GROUP BY owner, service, severity, status HAVING sum(n) <> 0;
    IF random() < 0.02 THEN
        PERFORM fold_incident_tallies();
    END IF;
    RETURN NULL;
END
$$;
"""  # noqa: S608 - constants of this file.


OLD_FORGET = """
CREATE OR REPLACE FUNCTION forget_incident_tallies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE incident_tallies, owner_tallies;
    RETURN NULL;
END
$$;
"""

OLD_INDEXES = """
DROP INDEX ix_incidents_by_createdat, ix_incidents_by_updatedat, ix_incidents_by_service, ix_incidents_by_owner,
    ix_incidents_by_title, ix_incidents_unresolved_by_createdat, ix_incidents_search_keys;
DROP FUNCTION incident_search_keys, search_keys_of_word;
ALTER INDEX ix_incidents_search_text RESET (gin_pending_list_limit);
CREATE INDEX ix_incidents_by_createdat ON incidents (created_at, number);
CREATE INDEX ix_incidents_by_updatedat ON incidents (updated_at, number);
CREATE INDEX ix_incidents_by_service ON incidents (lower(service COLLATE "C"), number);
CREATE INDEX ix_incidents_by_owner ON incidents (lower(coalesce(owner, '') COLLATE "C"), number);
CREATE INDEX ix_incidents_by_title ON incidents (lower(title COLLATE "C"), number);
"""


def downgrade() -> None:
    """Bring back the counts and indexes of the first release."""
    op.execute("LOCK TABLE incidents IN SHARE ROW EXCLUSIVE MODE")
    op.execute(OLD_TALLIES)
    op.execute(OLD_FOLD)
    op.execute(_old_count("count_added_incidents", ADDED))
    op.execute(_old_count("count_changed_incidents", f"{ADDED} UNION ALL {REMOVED}"))
    op.execute(_old_count("count_removed_incidents", REMOVED))
    op.execute(OLD_FORGET)
    op.execute(OLD_INDEXES)
