"""Reading the event log."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from tracker.extensions import db
from tracker.history.models import Event
from tracker.history.schemas import WIRE_FIELDS

EVENTS_PER_PAGE = 100

_COLUMNS = [getattr(Event, attribute).label(name) for name, attribute in WIRE_FIELDS.items()]


def list_events(incident_id: UUID, *, after: int = 0) -> dict[str, Any]:
    """An incident's events after the one with id ``after``, oldest first, as they go over the wire.

    Within one incident the order of ids is the order of commits: whoever writes an event holds the lock on its
    incident.
    """
    query = (
        select(*_COLUMNS)
        .where(Event.incident_id == incident_id, Event.id > after)
        .order_by(Event.id)
        .limit(EVENTS_PER_PAGE + 1)
    )
    rows = db.session.execute(query).all()
    items = [dict(row._mapping) for row in rows[:EVENTS_PER_PAGE]]
    return {
        "items": items,
        "nextCursor": str(items[-1]["id"]) if len(rows) > EVENTS_PER_PAGE else None,
    }
