"""The event log: one row for each incident that a change touched, written in the change's own transaction."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Enum, ForeignKey, Identity, Index, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tracker.extensions import Base
from tracker.wire import NAME_MAX


class EventType(StrEnum):
    """What kind of change an event records."""

    CREATED = "created"
    UPDATED = "updated"


class Event(Base):
    """What one change did to one incident.

    ``changes`` maps a field's public name to ``[before, after]``, both as they go over the wire. Ids are handed
    out before the commit, so across incidents their order is not the order of commits; within one incident it
    is, because a writer locks the incident first.
    """

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    incident_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("incidents.id", ondelete="CASCADE"))
    change_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    type: Mapped[EventType] = mapped_column(
        Enum(EventType, name="event_type", values_callable=lambda kinds: [kind.value for kind in kinds])
    )
    actor: Mapped[str] = mapped_column(String(NAME_MAX))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changes: Mapped[dict[str, list[Any]]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    comment: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index("ix_events_incident_id_id", "incident_id", "id"),)
