"""What every write of incidents is made of: lock the rows, apply fields to them, and record what that changed.

The statements are few and written out: the unit of work of an ORM takes longer to find out what they are than
PostgreSQL to carry them out. An incident is a record here, of which every row that is changed has been locked.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any
from uuid import UUID

from tracker.extensions import db
from tracker.history.models import EventType
from tracker.history.operations import NewEvent, append_events
from tracker.ids import new_id
from tracker.incidents.models import Incident, Severity, Status
from tracker.incidents.schemas import WIRE_FIELDS
from tracker.problems import Invalid
from tracker.wire import dumps

COLUMNS = tuple(WIRE_FIELDS.values())
WRITABLE = {
    attribute: name
    for name, attribute in WIRE_FIELDS.items()
    if attribute not in ("id", "number", "created_at", "updated_at", "version")
}
"""The attributes that people write, with their public names."""
ATTRIBUTES = {name: attribute for attribute, name in WRITABLE.items()}

Changes = dict[str, list[Any]]
"""Public name -> ``[before, after]``."""


def locked(condition: str, parameters: Mapping[str, Any], *, lock: bool = True) -> list[Incident]:
    """The incidents that match; their rows stay as they are until the transaction ends.

    All writers lock in the order of ids, so that no two wait for each other.

    :param lock: false for one who only wants to see what a change would do.
    """
    sql = f"SELECT {', '.join(COLUMNS)} FROM incidents WHERE {condition} ORDER BY id {'FOR UPDATE' if lock else ''}"
    rows = db.session.connection().exec_driver_sql(sql, dict(parameters)).mappings().all()
    return [Incident(**{**row, "severity": Severity(row["severity"]), "status": Status(row["status"])}) for row in rows]


def apply(incident: Incident, fields: Mapping[str, Any], *, now: datetime) -> Changes:
    """Set the fields, and return what that changes; empty where all is as it was.

    The status goes first: what it stamps gives way to a time that is given with it.

    :param fields: attribute -> new value, already validated; None clears.
    :raises Invalid: where the times get out of order or into the future.
    """
    before = values_of(incident)
    rest = dict(fields)
    status = rest.pop("status", None)
    if status is not None and status != incident.status:
        incident.move_to(Status(status), now=now)
    if "severity" in rest:
        rest["severity"] = Severity(rest["severity"])
    if "started_at" in rest and rest["started_at"] is None:
        rest["started_at"] = incident.created_at
    put(incident, rest)
    changes = changes_since(before, incident)
    if changes:
        check_times(incident, fields, now=now)
    return changes


def put(incident: Incident, fields: Mapping[str, Any]) -> None:
    """Set attributes, and nothing that might follow from them."""
    for attribute, value in fields.items():
        setattr(incident, attribute, value)


def values_of(incident: Incident) -> dict[str, Any]:
    """What people have written of an incident, by its public names."""
    return {name: getattr(incident, attribute) for attribute, name in WRITABLE.items()}


def changes_since(before: Mapping[str, Any], incident: Incident) -> Changes:
    """What differs from ``before``, which :func:`values_of` gave."""
    after = values_of(incident)
    return {name: [before[name], after[name]] for name in after if before[name] != after[name]}


def record(
    touched: Sequence[tuple[Incident, Changes]],
    *,
    actor: str,
    now: datetime,
    kind: EventType = EventType.UPDATED,
    reverts: UUID | None = None,
) -> UUID:
    """Write changed incidents and an event for each, as one change; returns its id."""
    change = new_id()
    for incident, _ in touched:
        incident.updated_at = now
        incident.version += 1
    names = sorted({name for _, changes in touched for name in changes})
    changed = [ATTRIBUTES[name] for name in names] + ["updated_at", "version"]
    assignments = ", ".join(f"{column} = new.{column}" for column in changed)
    rows = [row_of(incident, [*changed, "id"]) for incident, _ in touched]
    db.session.connection().exec_driver_sql(
        f"UPDATE incidents SET {assignments} FROM json_populate_recordset(NULL::incidents, %(rows)s) AS new"
        " WHERE incidents.id = new.id",
        {"rows": dumps(rows).decode()},
    )
    append_events(
        [
            NewEvent(incident_id=incident.id, kind=kind, changes=changes, reverts_change_id=reverts)
            for incident, changes in touched
        ],
        change_id=change,
        actor=actor,
        at=now,
    )
    return change


def row_of(incident: Incident, columns: Iterable[str]) -> dict[str, Any]:
    """The values of these columns, as the driver takes them."""
    values = {column: getattr(incident, column) for column in columns}
    return {column: str(value) if isinstance(value, StrEnum) else value for column, value in values.items()}


def check_times(incident: Incident, given: Collection[str], *, now: datetime) -> None:
    """Refuse times in the future, or out of the order startedAt <= mitigatedAt <= resolvedAt.

    :param given: the attributes that the caller sent; an error names one of them where it can.
    :raises Invalid: where they are.
    """
    errors: dict[str, list[str]] = {}
    times = [
        (attribute, time)
        for attribute in ("started_at", "mitigated_at", "resolved_at")
        if (time := getattr(incident, attribute)) is not None
    ]
    for attribute, time in times:
        if time > now:
            errors[WRITABLE[attribute]] = [f"Must not be in the future; it is {now.isoformat()} now."]
    for (earlier, begin), (later, end) in pairwise(times):
        if begin > end and not errors:
            if later in given or earlier not in given:
                errors[WRITABLE[later]] = [f"Must not be before {WRITABLE[earlier]}, which is {begin.isoformat()}."]
            else:
                errors[WRITABLE[earlier]] = [f"Must not be after {WRITABLE[later]}, which is {end.isoformat()}."]
    if errors:
        raise Invalid(errors)
