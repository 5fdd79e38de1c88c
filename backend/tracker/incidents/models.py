"""The incident, its state machine, and the counts that the database keeps."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Computed,
    DateTime,
    Enum,
    Identity,
    Index,
    String,
    Table,
    Text,
    Uuid,
    collate,
    func,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.extensions import Base
from tracker.wire import NAME_MAX

TITLE_MIN, TITLE_MAX = 3, 255
SUMMARY_MAX = 20_000


class Severity(StrEnum):
    """How bad it is, worst first; the database sorts it in this order."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"


class Status(StrEnum):
    """Where an incident stands. Every transition is allowed, going back too."""

    OPEN = "OPEN"
    MITIGATED = "MITIGATED"
    RESOLVED = "RESOLVED"


severity_type = Enum(Severity, name="severity")
status_type = Enum(Status, name="status")


class Incident(Base):
    """One incident. ``version`` counts its changes and guards against lost updates."""

    __tablename__ = "incidents"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    # A sequence hands the number out without making writers wait for one another; gaps are allowed.
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    title: Mapped[str] = mapped_column(String(TITLE_MAX))
    service: Mapped[str] = mapped_column(String(NAME_MAX))
    severity: Mapped[Severity] = mapped_column(severity_type)
    status: Mapped[Status] = mapped_column(status_type)
    owner: Mapped[str | None] = mapped_column(String(NAME_MAX))
    summary: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    mitigated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    resolved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column()
    # What `search` looks in. Generated, so that no way of writing a row can forget it.
    search_text: Mapped[str] = mapped_column(
        Text,
        Computed(
            r"lower(title || E'\n' || service || E'\n' || COALESCE(owner, ''::character varying))",
            persisted=True,
        ),
        deferred=True,
    )

    __table_args__ = (
        CheckConstraint(f"char_length(title) BETWEEN {TITLE_MIN} AND {TITLE_MAX}", name="title_length"),
        CheckConstraint("service <> ''", name="service_given"),
        CheckConstraint("owner <> ''", name="owner_given"),
        CheckConstraint(
            "(mitigated_at IS NULL OR started_at <= mitigated_at)"
            " AND (resolved_at IS NULL OR started_at <= resolved_at)"
            " AND (mitigated_at IS NULL OR resolved_at IS NULL OR mitigated_at <= resolved_at)",
            name="times_in_order",
        ),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy declares it as a plain attribute.

    def move_to(self, status: Status, *, now: datetime) -> None:
        """Change the status and stamp the times that go with it.

        Reaching MITIGATED or RESOLVED stamps its time, unless it has one; going back clears the times of the
        states that are left, so that a reopened incident starts anew.
        """
        self.status = status
        if status is Status.OPEN:
            self.mitigated_at = None
        elif status is Status.MITIGATED and self.mitigated_at is None:
            self.mitigated_at = now
        if status is not Status.RESOLVED:
            self.resolved_at = None
        elif self.resolved_at is None:
            self.resolved_at = now


def folded(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The key by which a text column sorts: A–Z without regard to case, everything else by code point.

    The collation is named, so that the order is the same on every PostgreSQL, whatever its locale, and does
    not change under an index when the operating system is upgraded.
    """
    return func.lower(collate(column, "C"))


# No owner sorts as the empty name; a null would need its own branch in every keyset comparison.
SORT_KEYS: dict[str, ColumnElement[Any]] = {
    "createdAt": Incident.created_at.expression,
    "updatedAt": Incident.updated_at.expression,
    "severity": Incident.severity.expression,
    "status": Incident.status.expression,
    "service": folded(Incident.service.expression),
    "owner": folded(func.coalesce(Incident.owner.expression, literal_column("''"))),
    "title": folded(Incident.title.expression),
    "number": Incident.number.expression,
}


def ordering(sort_by: str, order: str) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """What to order by for ``sort_by`` (a sort key's name) and ``order`` (asc or desc); the number breaks ties."""
    key, ties = SORT_KEYS[sort_by], Incident.number.expression
    # Severities are declared worst first, and SEV1 is the highest rank: their own order is the descending one.
    ascending = (order == "asc") != (sort_by == "severity")
    return (key, ties) if ascending else (key.desc(), ties.desc())


# One index for each order, ending in the number that breaks ties, so that a page is a walk along it from
# either end and a cursor is a seek into it.
for _name, _key in SORT_KEYS.items():
    if _name != "number":
        Index(f"ix_incidents_by_{_name.lower()}", _key, Incident.number)

# The default triage view and its filters: what is not resolved is few, whatever the size of the table.
Index(
    "ix_incidents_unresolved",
    Incident.severity,
    Incident.number,
    postgresql_where=text("status <> 'RESOLVED'"),
)
Index("ix_incidents_of_service", Incident.service, Incident.created_at, Incident.number)
Index("ix_incidents_of_owner", Incident.owner, Incident.created_at, Incident.number)
Index(
    "ix_incidents_search_text",
    Incident.search_text,
    postgresql_using="gin",
    postgresql_ops={"search_text": "gin_trgm_ops"},
)


def _tally(name: str, *columns: Column[Any]) -> Table:
    return Table(
        name,
        Base.metadata,
        *columns,
        Column("service", String(NAME_MAX), nullable=False),
        Column("severity", severity_type, nullable=False),
        Column("status", status_type, nullable=False),
        Column("n", BigInteger, nullable=False),
    )


# Exact counts without counting. A trigger on `incidents` appends differences to both tables (whoever writes: a
# request, a bulk change, COPY), so writers never wait for one another on a counter; every few dozen statements
# one of them folds the rows into one per combination. What a combination counts is therefore the sum of its rows.
incident_tallies = _tally("incident_tallies")
owner_tallies = _tally("owner_tallies", Column("owner", String(NAME_MAX)))
