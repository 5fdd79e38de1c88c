"""Appending to the event log. Nothing else writes to it, and nothing ever changes it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tracker.extensions import db
from tracker.history.models import EventType
from tracker.wire import dumps

_APPEND = """
    INSERT INTO events (incident_id, change_id, change_size, type, actor, at, changes, comment, reverts_change_id)
    SELECT incident_id, %(change_id)s, %(size)s, type, %(actor)s, %(at)s, changes, comment, reverts_change_id
    FROM json_populate_recordset(NULL::events, %(events)s) RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What a change does to one incident.

    ``changes`` maps a public field name to ``[before, after]``.
    """

    incident_id: UUID
    kind: EventType
    changes: dict[str, list[Any]] = field(default_factory=dict)
    comment: str | None = None
    reverts_change_id: UUID | None = None


def append_events(events: Sequence[NewEvent], *, change_id: UUID, actor: str, at: datetime) -> list[int]:
    """Record what a change did, in the transaction that does it; returns the ids of the events.

    Whoever calls this has locked the incidents: it is what keeps the events of each in the order of their ids.
    """
    rows = [
        {
            "incident_id": event.incident_id,
            "type": event.kind,
            "changes": event.changes,
            "comment": event.comment,
            "reverts_change_id": event.reverts_change_id,
        }
        for event in events
    ]
    shared = {"change_id": str(change_id), "size": len(events), "actor": actor, "at": at}
    appended = db.session.connection().exec_driver_sql(_APPEND, {**shared, "events": dumps(rows).decode()})
    return list(appended.scalars())
