"""Reads. None of them makes ORM objects of a list, and none counts the whole table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
)

from tracker.extensions import db
from tracker.ids import parse_number, parse_reference
from tracker.incidents.models import (
    SORT_KEYS,
    Incident,
    Severity,
    Status,
    incident_tallies,
    owner_tallies,
)
from tracker.incidents.schemas import WIRE_FIELDS
from tracker.paging import Position, decode_cursor, encode_cursor
from tracker.problems import NotFound

COUNT_LIMIT = 10_000
FACET_VALUES = 50
SERVICES_LISTED = 100

_COLUMNS = [getattr(Incident, attribute).label(name) for name, attribute in WIRE_FIELDS.items()]
_LIKE_SPECIAL = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """Which incidents. Empty means no restriction; ``None`` among the owners means unassigned."""

    search: str = ""
    severity: Sequence[Severity] = ()
    status: Sequence[Status] = ()
    service: Sequence[str] = ()
    owner: Sequence[str | None] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    updated_since: datetime | None = None

    def tallied(self) -> bool:
        """Whether the kept counts can answer, so that nothing has to be counted."""
        return not (self.search or self.created_from or self.created_to or self.updated_since)

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter as SQL conditions on incidents."""
        conditions = self.tally_conditions(Incident.__table__.c)
        conditions += [_contains(word) for word in self.search.split()]
        if self.created_from:
            conditions.append(Incident.created_at >= self.created_from)
        if self.created_to:
            conditions.append(Incident.created_at < self.created_to)
        if self.updated_since:
            conditions.append(Incident.updated_at >= self.updated_since)
        return conditions

    def tally_conditions(self, columns: Any) -> list[ColumnElement[bool]]:
        """The part of the filter that the tallies know, on the columns of a tally or of incidents."""
        conditions: list[ColumnElement[bool]] = [
            columns[name].in_(values) for name in ("severity", "status", "service") if (values := getattr(self, name))
        ]
        if self.owner:
            names = [owner for owner in self.owner if owner is not None]
            conditions.append(
                or_(columns.owner.in_(names), columns.owner.is_(None))
                if None in self.owner
                else columns.owner.in_(names)
            )
        return conditions


def _contains(word: str) -> ColumnElement[bool]:
    """Whether an incident's text holds the word; LIKE's own special characters match themselves."""
    pattern = "%" + word.translate(_LIKE_SPECIAL) + "%"
    found = Incident.search_text.like(func.lower(literal(pattern, String)), escape="\\")
    number = parse_number(word)
    return found if number is None else or_(found, Incident.number == number)


@dataclass(frozen=True, slots=True)
class Total:
    """How many match; a lower bound where ``exact`` is false."""

    count: int
    exact: bool


def count_matching(which: IncidentFilter) -> Total:
    """How many incidents match: exact from the kept counts, or counted up to 10,000."""
    if which.tallied():
        tally = owner_tallies if which.owner else incident_tallies
        query = select(func.coalesce(func.sum(tally.c.n), 0)).where(*which.tally_conditions(tally.c))
        return Total(int(db.session.scalar(query) or 0), exact=True)
    some: Select[Any] = (
        select(literal_column("1")).select_from(Incident).where(*which.conditions()).limit(COUNT_LIMIT + 1)
    )
    found = db.session.scalar(select(func.count()).select_from(some.subquery())) or 0
    return Total(min(found, COUNT_LIMIT), exact=found <= COUNT_LIMIT)


def list_incidents(
    which: IncidentFilter,
    *,
    sort_by: str,
    order: str,
    per_page: int,
    page: int | None = None,
    cursor: str | None = None,
) -> dict[str, Any]:
    """One page of a list, as it goes over the wire.

    Two statements: the total, and a walk along the sort column's index that starts at the cursor, or at the
    page's offset.

    :raises BadRequest: where the cursor is not one of this order.
    """
    key = SORT_KEYS[sort_by]
    # Severities are declared worst first, and SEV1 is the highest rank: their own order is the descending one.
    ascending = (order == "asc") != (sort_by == "severity")
    position = None
    if cursor is not None:
        position = decode_cursor(cursor, sort_by=sort_by, order=order, kind=key.type.python_type)
    total = count_matching(which)
    page = page or 1
    query: Select[Any] = select(*_COLUMNS, key.label("sort_key")).where(*which.conditions())
    if position is None:
        offset = (page - 1) * per_page
        if total.exact and offset >= total.count:
            rows: Sequence[Row[Any]] = []
        else:
            rows = _walk(query, key, ascending=ascending, limit=per_page + 1, offset=offset)
    else:
        here = tuple_(key, Incident.number)
        last = tuple_(literal(position.key, key.type), literal(position.number))
        query = query.where(here > last if ascending else here < last)
        rows = _walk(query, key, ascending=ascending, limit=per_page + 1)
    more = len(rows) > per_page
    rows = rows[:per_page]
    end = rows[-1] if more else None
    return {
        "items": [_wire(row) for row in rows],
        "page": None if position else page,
        "perPage": per_page,
        "total": total.count,
        "totalIsExact": total.exact,
        "pages": -(-total.count // per_page),
        "nextCursor": encode_cursor(Position(sort_by, order, end.sort_key, end.number)) if end else None,
    }


def _walk(
    query: Select[Any], key: ColumnElement[Any], *, ascending: bool, limit: int, offset: int = 0
) -> Sequence[Row[Any]]:
    ties = Incident.number.expression
    ordering = (key, ties) if ascending else (key.desc(), ties.desc())
    return db.session.execute(query.order_by(*ordering).limit(limit).offset(offset or None)).all()


def _wire(row: Row[Any]) -> dict[str, Any]:
    return dict(zip(WIRE_FIELDS, row, strict=False))


def represent(incident: Incident) -> dict[str, Any]:
    """An incident as it goes over the wire."""
    return {name: getattr(incident, attribute) for name, attribute in WIRE_FIELDS.items()}


def find(reference: str) -> ColumnElement[bool]:
    """The condition that picks the incident which a path names by UUID or ``INC-42``.

    :raises NotFound: where the text is neither.
    """
    match parse_reference(reference):
        case UUID() as identifier:
            return Incident.id == identifier
        case int() as number:
            return Incident.number == number
        case _:
            raise missing(reference)


def missing(reference: str) -> NotFound:
    """The problem for a reference that names no incident."""
    shown = reference if len(reference) <= 40 else f"{reference[:40]}…"
    return NotFound(f"There is no incident {shown!r}. An incident is named by its UUID or its number, such as INC-42.")


def read_incident(reference: str) -> dict[str, Any]:
    """One incident as it goes over the wire.

    :raises NotFound: where there is none.
    """
    row = db.session.execute(select(*_COLUMNS).where(find(reference))).one_or_none()
    if row is None:
        raise missing(reference)
    return _wire(row)


def count_facets(which: IncidentFilter) -> dict[str, list[dict[str, Any]]]:
    """Counts by severity, status, service and owner, each under all the other filters."""
    return {
        "severity": _all_values(Severity, _count_by("severity", which)),
        "status": _all_values(Status, _count_by("status", which)),
        "service": _largest(_count_by("service", which)),
        "owner": _largest(_count_by("owner", which)),
    }


def _count_by(facet: str, which: IncidentFilter) -> Mapping[Any, int]:
    nothing: dict[str, Any] = {facet: ()}
    others = replace(which, **nothing)
    value: ColumnElement[Any]
    count: ColumnElement[int]
    if others.tallied():
        tally = owner_tallies if others.owner or facet == "owner" else incident_tallies
        value, count = tally.c[facet], func.sum(tally.c.n)
        conditions = others.tally_conditions(tally.c)
    else:
        value, count = Incident.__table__.c[facet], func.count()
        conditions = others.conditions()
    rows = db.session.execute(select(value, count).where(*conditions).group_by(value).having(count > 0))
    return {value: int(count) for value, count in rows}


def _all_values(kind: type[StrEnum], counts: Mapping[Any, int]) -> list[dict[str, Any]]:
    return [{"value": value, "count": counts.get(value, 0)} for value in kind]


def _largest(counts: Mapping[str | None, int]) -> list[dict[str, Any]]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0] or ""))
    return [{"value": value, "count": count} for value, count in ranked[:FACET_VALUES]]


def list_services(search: str = "") -> dict[str, list[dict[str, Any]]]:
    """The services in use whose names contain the text, the most used first."""
    tally = incident_tallies.c
    total = func.sum(tally.n)
    opened = func.sum(case((tally.status == Status.OPEN, tally.n), else_=0))
    pattern = "%" + search.translate(_LIKE_SPECIAL) + "%"
    query = (
        select(tally.service, opened, total)
        .where(func.lower(tally.service).like(func.lower(literal(pattern, String)), escape="\\"))
        .group_by(tally.service)
        .having(total > 0)
        .order_by(total.desc(), tally.service)
        .limit(SERVICES_LISTED)
    )
    return {
        "items": [
            {"name": name, "open": int(opened), "total": int(total)}
            for name, opened, total in db.session.execute(query)
        ]
    }
