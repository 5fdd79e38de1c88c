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
    COMMENTED = "commented"
    REVERTED = "reverted"


class Event(Base):
    """What one change did to one incident.

    ``changes`` maps a field's public name to ``[before, after]``, both as they go over the wire. Ids are handed
    out before the commit, so across incidents their order is not the order of commits; within one incident it
    is, because a writer locks the incident first. Readers of the whole log go by ``transaction_id``; it is 0 for what
    was loaded rather than done, which is not news to anybody.
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
    change_size: Mapped[int] = mapped_column(server_default=text("1"))
    reverts_change_id: Mapped[UUID | None] = mapped_column(Uuid)
    transaction_id: Mapped[int] = mapped_column(
        BigInteger, server_default=text("((pg_current_xact_id())::text)::bigint")
    )

    __table_args__ = (
        Index("ix_events_incident_id_id", "incident_id", "id"),
        Index("ix_events_live", "transaction_id", "id", postgresql_where=text("transaction_id > 0")),
    )
