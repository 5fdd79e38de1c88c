"""Appending to the event log. Nothing else writes to it, and nothing ever changes it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tracker.extensions import db
from tracker.history.models import EventType
from tracker.ids import new_id
from tracker.wire import dumps

_APPEND = (
    "INSERT INTO events (incident_id, change_id, type, actor, at, changes)"
    " VALUES (%(incident_id)s, %(change_id)s, %(type)s, %(actor)s, %(at)s, %(changes)s)"
)


def append_event(
    *,
    incident_id: UUID,
    kind: EventType,
    actor: str,
    at: datetime,
    changes: dict[str, list[Any]],
) -> None:
    """Record what a change did to one incident, in the transaction that does it.

    :param changes: public field name -> ``[before, after]``.
    """
    db.session.connection().exec_driver_sql(
        _APPEND,
        {
            "incident_id": str(incident_id),
            "change_id": str(new_id()),
            "type": kind.value,
            "actor": actor,
            "at": at,
            "changes": dumps(changes).decode(),
        },
    )
