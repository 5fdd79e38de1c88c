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
    """One incident. ``version`` counts its changes; every write locks the row first, so that none is lost."""

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


def is_ascending(sort_by: str, order: str) -> bool:
    """Whether ``order`` (asc or desc) goes up the sort key.

    Severities are declared worst first, and SEV1 is the highest rank: their own order is the descending one.
    """
    return (order == "asc") != (sort_by == "severity")


# One index for each order, ending in the number that breaks ties, so that a page is a walk along it from
# either end and a cursor is a seek into it. A page far from both ends is a walk as well, and quick where it need not
# look at the rows: then the index has to hold what the filters ask, and the column itself beside an expression on it.
_FACETS = ["severity", "status", "service", "owner"]
_INCLUDED = {
    "createdAt": _FACETS,
    "updatedAt": _FACETS,
    "service": ["service"],
    "owner": ["owner"],
    "title": ["title"],
}
for _name, _key in SORT_KEYS.items():
    if _name != "number":
        Index(f"ix_incidents_by_{_name.lower()}", _key, Incident.number, postgresql_include=_INCLUDED.get(_name))

# The default triage view and its filters: what is not resolved is few, whatever the size of the table.
_UNRESOLVED = text("status <> 'RESOLVED'")
Index("ix_incidents_unresolved", Incident.severity, Incident.number, postgresql_where=_UNRESOLVED)
Index(
    "ix_incidents_unresolved_by_createdat",
    Incident.created_at,
    Incident.number,
    postgresql_include=_FACETS,
    postgresql_where=_UNRESOLVED,
)
# Those of one service, newest first, to find what may have been reported already.
Index(
    "ix_incidents_unresolved_of_service",
    Incident.service,
    Incident.created_at,
    Incident.number,
    postgresql_where=_UNRESOLVED,
)
Index("ix_incidents_of_service", Incident.service, Incident.created_at, Incident.number)
Index("ix_incidents_of_owner", Incident.owner, Incident.created_at, Incident.number)
# Both keep little aside for later, since every search looks through all of it.
_PENDING = {"gin_pending_list_limit": 256}
Index(
    "ix_incidents_search_text",
    Incident.search_text,
    postgresql_using="gin",
    postgresql_ops={"search_text": "gin_trgm_ops"},
    postgresql_with=_PENDING,
)
# What trigrams cannot find: words of one or two letters, and punctuation. The function is a migration's.
Index(
    "ix_incidents_search_keys",
    func.incident_search_keys(Incident.search_text),
    postgresql_using="gin",
    postgresql_with=_PENDING,
)


def _tally(name: str, *columns: Column[Any], **options: Any) -> Table:
    return Table(
        name,
        Base.metadata,
        *columns,
        Column("service", String(NAME_MAX), **options),
        Column("severity", severity_type, **options),
        Column("status", status_type, **options),
        Column("n", BigInteger, nullable=False),
    )


# Exact counts without counting; no owner counts as the empty name. A trigger on `incidents` appends differences to
# `tally_changes`, whoever writes (a request, a bulk change, COPY), so writers never wait for one another on a counter.
# Every few dozen statements one of them folds the differences into the other two. The views `incident_counts` and
# `owner_counts` add both: a combination counts what its rows there sum to.
_tally("incident_tallies", primary_key=True)
_tally("owner_tallies", Column("owner", String(NAME_MAX), primary_key=True), primary_key=True)
_tally("tally_changes", Column("owner", String(NAME_MAX), nullable=False), nullable=False)
