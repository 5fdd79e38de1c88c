"""Loading very many rows: first the rows, then what is derived from them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

# Both are read from the catalogue instead of the models, so that nothing comes back other than it was.
_INDEXES = text(
    "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index"
    " WHERE indrelid IN ('incidents'::regclass, 'events'::regclass) AND NOT indisunique ORDER BY indexrelid"
)
_FOREIGN_KEYS = text(
    "SELECT quote_ident(conname) AS name, conrelid::regclass::text AS owner,"
    " pg_get_constraintdef(oid) AS definition FROM pg_constraint"
    " WHERE conrelid IN ('incidents'::regclass, 'events'::regclass) AND contype = 'f' ORDER BY oid"
)


@contextmanager
def rebuilt_at_the_end(connection: Connection) -> Iterator[None]:
    """Within this, incidents and events have neither secondary indexes nor foreign keys; both come back after it.

    Keeping a dozen indexes up to date row by row, the trigrams above all, takes longer than making them
    once. All of it is part of the connection's transaction: others wait, and see either nothing or
    everything, and an error leaves the schema as it was.
    """
    indexes = connection.execute(_INDEXES).all()
    foreign_keys = connection.execute(_FOREIGN_KEYS).all()
    for key in foreign_keys:
        connection.execute(text(f"ALTER TABLE {key.owner} DROP CONSTRAINT {key.name}"))
    for index in indexes:
        connection.execute(text(f"DROP INDEX {index.name}"))
    yield
    # Enough to sort a million rows without temporary files; the usual 64 MB are not.
    connection.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
    for index in indexes:
        connection.exec_driver_sql(index.definition)
    for key in foreign_keys:
        connection.exec_driver_sql(f"ALTER TABLE {key.owner} ADD CONSTRAINT {key.name} {key.definition}")
