"""Reading the event log."""

from uuid import UUID

from tracker.database import reader
from tracker.history.schemas import WIRE_FIELDS

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
