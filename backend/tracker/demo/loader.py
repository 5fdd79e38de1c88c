"""Demo incidents into the database: COPY, in constant memory, all of them or none."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection, Engine, text

from tracker.demo.generator import generate
from tracker.demo.history import DemoEvent, DemoIncident
from tracker.demo.rebuilding import rebuilt_at_the_end
from tracker.wire import dumps

# Incidents in one COPY. Large, since each one also appends to the tallies; small enough for some 15 MB of text.
BATCH = 10_000
# Bytes that the driver takes at once. Each time it has to wait for the thread that makes the next batch to give
# way, up to 5 ms; with the driver's default of 8 KB that would be most of the time.
_CHUNK = 4 << 20
# From here on it is quicker to build the indexes at the end, and worth it to renew the planner's statistics.
LARGE = 20_000

_COPY_INCIDENTS = (
    "COPY incidents (id, number, title, service, severity, status, owner, summary,"
    " started_at, mitigated_at, resolved_at, created_at, updated_at, version) FROM STDIN"
)
# Of transaction 0: nobody who follows the log live wants to hear of what is loaded.
_COPY_EVENTS = (
    "COPY events (incident_id, change_id, type, actor, at, changes, comment, reverts_change_id,"
    " transaction_id) FROM STDIN"
)
_NULL = r"\N"

Progress = Callable[[int], None]
"""Called with how many incidents have been written so far."""


class _Batch(NamedTuple):
    incidents: bytes
    events: bytes
    size: int


def load(connection: Connection, count: int, *, now: datetime, progress: Progress | None = None) -> None:
    """Write ``count`` demo incidents with their events in the connection's transaction; the caller commits.

    The numbers are a block without gaps, in the order of creation, above those in use; what is created
    afterwards goes on from there.

    :param now: with an offset; nothing in the demo happens after it.
    """
    if count <= 0:
        return
    # Whoever else adds incidents waits until the end, since the block of numbers must stay free.
    connection.execute(text("LOCK TABLE incidents IN SHARE ROW EXCLUSIVE MODE"))
    first = connection.execute(text("SELECT nextval(pg_get_serial_sequence('incidents', 'number'))")).scalar_one()
    connection.execute(
        text("SELECT setval(pg_get_serial_sequence('incidents', 'number'), :last)"),
        {"last": first + count - 1},
    )
    with rebuilt_at_the_end(connection) if count >= LARGE else nullcontext():
        cursor = connection.connection.cursor()
        done = 0
        for batch in _ahead(_batches(generate(count, now=now), first)):
            cursor.copy_expert(_COPY_INCIDENTS, io.BytesIO(batch.incidents), _CHUNK)
            cursor.copy_expert(_COPY_EVENTS, io.BytesIO(batch.events), _CHUNK)
            done += batch.size
            if progress is not None:
                progress(done)
    connection.execute(text("SELECT fold_incident_tallies()"))
    if count >= LARGE:
        connection.execute(text("ANALYZE incidents, events, incident_tallies, owner_tallies"))


def settle(engine: Engine, count: int) -> None:
    """After the commit of a large load: note which pages every reader may see, without which no index answers alone,
    and be rid of the differences that were folded."""
    if count >= LARGE:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM incidents, incident_tallies, owner_tallies, tally_changes"))


def _ahead(batches: Iterator[_Batch]) -> Iterator[_Batch]:
    """The same batches; while one is being written, a thread makes the next."""
    with ThreadPoolExecutor(1) as maker:
        following = maker.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = maker.submit(next, batches, None)
            yield batch


def _batches(incidents: Iterator[DemoIncident], number: int) -> Iterator[_Batch]:
    while True:
        rows: list[str] = []
        events: list[str] = []
        for incident in islice(incidents, BATCH):
            rows.append(_incident_row(incident, number))
            events += [_event_row(incident.id, event) for event in incident.events]
            number += 1
        if not rows:
            return
        yield _Batch("".join(rows).encode(), "".join(events).encode(), len(rows))


def _incident_row(incident: DemoIncident, number: int) -> str:
    return _row(
        incident.id,
        str(number),
        _escaped(incident.title),
        _escaped(incident.service),
        incident.severity,
        incident.status,
        _NULL if incident.owner is None else _escaped(incident.owner),
        _NULL if incident.summary is None else _escaped(incident.summary),
        incident.started_at,
        _NULL if incident.mitigated_at is None else incident.mitigated_at,
        _NULL if incident.resolved_at is None else incident.resolved_at,
        incident.created_at,
        incident.updated_at,
        str(incident.version),
    )


def _event_row(incident_id: str, event: DemoEvent) -> str:
    # JSON escapes line breaks and tabs by itself; its backslashes are what COPY would take for its own.
    changes = dumps(event.changes).decode().replace("\\", r"\\")
    comment = _NULL if event.comment is None else _escaped(event.comment)
    reverts = event.reverts_change_id or _NULL
    return _row(
        incident_id, event.change_id, event.type, _escaped(event.actor), event.at, changes, comment, reverts, "0"
    )


def _row(*values: str) -> str:
    return "\t".join(values) + "\n"


def _escaped(value: str) -> str:
    """A text in PostgreSQL's text format for COPY."""
    # Names and titles never need it, and finding that out takes a third of the time of escaping.
    if value.isprintable() and "\\" not in value:
        return value
    return value.replace("\\", r"\\").replace("\n", r"\n").replace("\t", r"\t").replace("\r", r"\r")
