"""Reading the event log by incident and by change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tracker.database import reader
from tracker.extensions import db
from tracker.history.models import EventType
from tracker.history.schemas import WIRE_FIELDS
from tracker.wire import dumps

EVENTS_PER_PAGE = 100


def rendered_from(source: str) -> str:
    """SQL for a row of ``source``, which has the columns of events, as the JSON text that goes over the wire."""
    columns = ", ".join(f'{source}.{attribute} AS "{name}"' for name, attribute in WIRE_FIELDS.items())
    return f"(SELECT row_to_json(item) FROM (SELECT {columns}) AS item)::text"


_LIST = f"""
    SELECT {rendered_from("events")}, id FROM events WHERE incident_id = %(incident_id)s AND id > %(after)s
    ORDER BY id LIMIT {EVENTS_PER_PAGE + 1}
"""


def list_events(incident_id: UUID, *, after: int = 0) -> bytes:
    """An incident's events after the one with id ``after``, oldest first, as the JSON that goes over the wire.

    Within one incident the order of ids is the order of commits: whoever writes an event holds the lock on its
    incident.
    """
    rows = reader.prepared(_LIST, {"incident_id": str(incident_id), "after": after})
    shown = rows[:EVENTS_PER_PAGE]
    cursor = f'"{shown[-1][1]}"' if len(rows) > EVENTS_PER_PAGE else "null"
    return f'{{"items":[{",".join([json for json, _ in shown])}],"nextCursor":{cursor}}}'.encode()


@dataclass(frozen=True, slots=True)
class Logged:
    """What a change did to one incident: public field name -> ``[before, after]``."""

    incident_id: UUID
    kind: EventType
    changes: dict[str, list[Any]]


def events_of_change(change_id: UUID) -> list[Logged]:
    """What a change did, in the order of its incidents' ids; empty where there is no such change."""
    sql = "SELECT incident_id, type, changes FROM events WHERE change_id = %(change)s ORDER BY incident_id"
    rows = db.session.connection().exec_driver_sql(sql, {"change": str(change_id)})
    return [Logged(UUID(str(row.incident_id)), EventType(row.type), row.changes) for row in rows]


_LATER = """
    SELECT later.incident_id, later.change_id, later.reverts_change_id, later.actor, later.at,
        array_agg(field ORDER BY field) AS fields
    FROM events AS mine
    JOIN events AS later ON later.incident_id = mine.incident_id AND later.id > mine.id
    CROSS JOIN LATERAL jsonb_object_keys(later.changes) AS field
    WHERE mine.change_id = %(change)s AND (mine.changes ? field OR %(companions)s::jsonb -> field ?| ARRAY(
        SELECT jsonb_object_keys(mine.changes)
    ))
    GROUP BY later.id ORDER BY later.id DESC
"""


def later_touches(change_id: UUID, *, companions: Mapping[str, Sequence[str]]) -> dict[UUID, dict[str, Any]]:
    """For each incident of a change, which of the fields that it set were set again since, by whom last, and when.

    What was done since and taken back again does not count: it left nothing behind. So several changes of one field
    can be taken back one after another, the newest first.

    :param companions: field -> those with which it stands or falls, so that setting it counts as setting them.
    """
    parameters = {"change": str(change_id), "companions": dumps(companions).decode()}
    rows = db.session.connection().exec_driver_sql(_LATER, parameters).all()
    since = {(row.incident_id, row.change_id) for row in rows}
    taken_back = set()
    touches: dict[UUID, dict[str, Any]] = {}
    # The newest first: whether an undo counts is known once it is known whether it was taken back itself.
    for row in rows:
        if (row.incident_id, row.change_id) in taken_back:
            continue
        if (row.incident_id, row.reverts_change_id) in since:
            taken_back.add((row.incident_id, row.reverts_change_id))
            continue
        touch = touches.setdefault(UUID(str(row.incident_id)), {"fields": [], "actor": row.actor, "at": row.at})
        touch["fields"] = sorted({*touch["fields"], *row.fields})
    return touches


def read_event(event_id: int) -> str:
    """One event, as the JSON that goes over the wire; from within the transaction that appended it."""
    sql = f"SELECT {rendered_from('events')} FROM events WHERE id = %(id)s"
    rendered: str = db.session.connection().exec_driver_sql(sql, {"id": event_id}).scalar_one()
    return rendered
