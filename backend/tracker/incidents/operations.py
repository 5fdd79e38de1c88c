"""Writes: typed, without Flask and without commit. Each appends its event in the caller's transaction.

The statements are few and written out: the unit of work of an ORM takes longer to find out what they are than
PostgreSQL to carry them out. An incident is a record here, of which every row that is changed has been locked.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any

from tracker.extensions import db
from tracker.history.models import EventType
from tracker.history.operations import append_event
from tracker.ids import new_id
from tracker.incidents.models import Incident, Severity, Status
from tracker.incidents.queries import find, missing, represent
from tracker.incidents.schemas import WIRE_FIELDS
from tracker.problems import Invalid, Stale

_COLUMNS = tuple(WIRE_FIELDS.values())
_GIVEN = [column for column in _COLUMNS if column != "number"]
_INSERT = (
    f"INSERT INTO incidents ({', '.join(_GIVEN)})"
    f" VALUES ({', '.join(f'%({column})s' for column in _GIVEN)}) RETURNING number"
)
_WRITABLE = {
    attribute: name
    for name, attribute in WIRE_FIELDS.items()
    if attribute not in ("id", "number", "created_at", "updated_at", "version")
}

_ATTRIBUTES = {name: attribute for attribute, name in _WRITABLE.items()}


def create_incident(
    *,
    title: str,
    service: str,
    severity: Severity,
    status: Status = Status.OPEN,
    owner: str | None = None,
    summary: str | None = None,
    started_at: datetime | None = None,
    mitigated_at: datetime | None = None,
    resolved_at: datetime | None = None,
    actor: str,
) -> Incident:
    """Add an incident. The times that its status implies are stamped unless they are given.

    :raises Invalid: where the times are out of order or in the future.
    """
    now = datetime.now(UTC)
    incident = Incident(
        id=new_id(),
        title=title,
        service=service,
        severity=Severity(severity),
        owner=owner,
        summary=summary,
        started_at=now,
        created_at=now,
        updated_at=now,
        version=1,
    )
    incident.move_to(Status(status), now=now)
    given = {
        name: time
        for name, time in (
            ("started_at", started_at),
            ("mitigated_at", mitigated_at),
            ("resolved_at", resolved_at),
        )
        if time
    }
    _apply(incident, given, now=now)
    _check_times(incident, given, now=now)
    incident.number = db.session.connection().exec_driver_sql(_INSERT, _row(incident, _GIVEN)).scalar_one()
    after = _writable_values(incident)
    append_event(
        incident_id=incident.id,
        kind=EventType.CREATED,
        actor=actor,
        at=now,
        changes={name: [None, value] for name, value in after.items() if value is not None},
    )
    return incident


def update_incident(
    reference: str, *, fields: Mapping[str, Any], actor: str, accepts: Callable[[int], bool] | None = None
) -> Incident:
    """Change the given fields of an incident; one that changes nothing leaves no trace.

    The row is locked first, so that writers of different fields both win, and those of the same one go in turn.

    :param fields: attribute -> new value, already validated; None clears.
    :param accepts: told the current version, whether the caller still wants its change made.
    :raises NotFound: where there is no such incident.
    :raises Stale: where the precondition fails.
    :raises Invalid: where the times would be out of order or in the future.
    """
    incident = _locked(reference)
    if accepts is not None and not accepts(incident.version):
        raise Stale(
            f"If-Match does not name the current version, which is {incident.version}. "
            "Look at `current`, then send the change again with its version.",
            current=represent(incident),
        )
    now = datetime.now(UTC)
    before = _writable_values(incident)
    _apply(incident, fields, now=now)
    after = _writable_values(incident)
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changes:
        _check_times(incident, fields, now=now)
        incident.updated_at = now
        incident.version += 1
        changed = [_ATTRIBUTES[name] for name in changes] + ["updated_at", "version"]
        assignments = ", ".join(f"{column} = %({column})s" for column in changed)
        db.session.connection().exec_driver_sql(
            f"UPDATE incidents SET {assignments} WHERE id = %(id)s", _row(incident, [*changed, "id"])
        )
        append_event(incident_id=incident.id, kind=EventType.UPDATED, actor=actor, at=now, changes=changes)
    return incident


def _locked(reference: str) -> Incident:
    """The incident that a path names; its row stays as it is until the transaction ends.

    :raises NotFound: where there is none.
    """
    column, value = find(reference)
    sql = f"SELECT {', '.join(_COLUMNS)} FROM incidents WHERE {column} = %(value)s FOR UPDATE"
    row = db.session.connection().exec_driver_sql(sql, {"value": str(value)}).one_or_none()
    if row is None:
        raise missing(reference)
    values = dict(row._mapping)
    values |= {"severity": Severity(values["severity"]), "status": Status(values["status"])}
    return Incident(**values)


def _row(incident: Incident, columns: Iterable[str]) -> dict[str, Any]:
    """The values of these columns, as the driver takes them."""
    values = {column: getattr(incident, column) for column in columns}
    return {column: str(value) if isinstance(value, StrEnum) else value for column, value in values.items()}


def _apply(incident: Incident, fields: Mapping[str, Any], *, now: datetime) -> None:
    """Set the fields. The status goes first: what it stamps gives way to a time that is given with it."""
    rest = dict(fields)
    status = rest.pop("status", None)
    if status is not None and status != incident.status:
        incident.move_to(Status(status), now=now)
    if "severity" in rest:
        rest["severity"] = Severity(rest["severity"])
    if "started_at" in rest and rest["started_at"] is None:
        rest["started_at"] = incident.created_at
    for name, value in rest.items():
        setattr(incident, name, value)


def _writable_values(incident: Incident) -> dict[str, Any]:
    return {name: getattr(incident, attribute) for attribute, name in _WRITABLE.items()}


def _check_times(incident: Incident, given: Collection[str], *, now: datetime) -> None:
    """Refuse times in the future, and startedAt <= mitigatedAt <= resolvedAt broken.

    :param given: the attributes that the caller sent; an error names one of them where it can.
    """
    errors: dict[str, list[str]] = {}
    times = [
        (attribute, time)
        for attribute in ("started_at", "mitigated_at", "resolved_at")
        if (time := getattr(incident, attribute)) is not None
    ]
    for attribute, time in times:
        if time > now:
            errors[_WRITABLE[attribute]] = [f"Must not be in the future; it is {now.isoformat()} now."]
    for (earlier, begin), (later, end) in pairwise(times):
        if begin > end and not errors:
            if later in given or earlier not in given:
                errors[_WRITABLE[later]] = [f"Must not be before {_WRITABLE[earlier]}, which is {begin.isoformat()}."]
            else:
                errors[_WRITABLE[earlier]] = [f"Must not be after {_WRITABLE[later]}, which is {end.isoformat()}."]
    if errors:
        raise Invalid(errors)
