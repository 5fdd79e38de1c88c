"""Appending to the event log. Nothing else writes to it, and nothing ever changes it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tracker.extensions import db
from tracker.history.models import Event, EventType
from tracker.ids import new_id


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
    db.session.add(
        Event(incident_id=incident_id, change_id=new_id(), type=kind, actor=actor, at=at, changes=changes, comment=None)
    )
