"""Writes: typed, without Flask and without commit. Each appends its events in the caller's transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tracker.extensions import db
from tracker.history.models import EventType
from tracker.history.operations import NewEvent, append_events
from tracker.history.queries import events_of_change, later_touches, read_event
from tracker.ids import new_id, parse_reference
from tracker.incidents.changing import (
    ATTRIBUTES,
    COLUMNS,
    Changes,
    apply,
    changes_since,
    check_times,
    locked,
    put,
    record,
    row_of,
    values_of,
)
from tracker.incidents.filters import IncidentFilter
from tracker.incidents.models import Incident, Severity, Status
from tracker.incidents.queries import conditions_for_all, find, missing, represent
from tracker.problems import Invalid, NotFound, NotRevertible, Overtaken, Stale, UnexpectedCount

BULK_MAX = 10_000
"""Incidents that one change may touch."""
_GIVEN = [column for column in COLUMNS if column != "number"]
_INSERT = (
    f"INSERT INTO incidents ({', '.join(_GIVEN)})"
    f" VALUES ({', '.join(f'%({column})s' for column in _GIVEN)}) RETURNING number"
)


# A status that goes back would leave a time that was corrected meanwhile, and that the next transition then keeps.
_STAMPS = {"mitigatedAt": ["status"], "resolvedAt": ["status"]}


@dataclass(frozen=True, slots=True)
class Change:
    """What a change of any number of incidents did, or would do.

    :param id: None where nothing was changed.
    :param matched: how many incidents it was about.
    :param incidents: those that it changes, as they are after it; before it where it is only tried.
    """

    id: UUID | None
    matched: int
    incidents: Sequence[Incident]


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
) -> tuple[Incident, UUID]:
    """Add an incident; returns it and the id of the change. The times of its status are stamped unless given.

    :raises Invalid: where the times are out of order or in the future.
    """
    now = datetime.now(UTC)
    incident = Incident(
        id=new_id(),
        title=title,
        service=service,
        severity=Severity(severity),
        status=Status.OPEN,
        owner=owner,
        summary=summary,
        started_at=now,
        created_at=now,
        updated_at=now,
        version=1,
    )
    times = {"started_at": started_at, "mitigated_at": mitigated_at, "resolved_at": resolved_at}
    given = {name: time for name, time in times.items() if time}
    apply(incident, {"status": status, **given}, now=now)
    incident.number = db.session.connection().exec_driver_sql(_INSERT, row_of(incident, _GIVEN)).scalar_one()
    written = {name: [None, value] for name, value in values_of(incident).items() if value is not None}
    created = NewEvent(incident_id=incident.id, kind=EventType.CREATED, changes=written)
    change = new_id()
    append_events([created], change_id=change, actor=actor, at=now)
    return incident, change


def update_incident(
    reference: str, *, fields: Mapping[str, Any], actor: str, accepts: Callable[[int], bool] | None = None
) -> tuple[Incident, UUID | None]:
    """Change the given fields of an incident; returns it and the id of the change.

    One that changes nothing leaves no trace, and has no id. The row is locked first, so that writers of different
    fields both win, and those of the same one go in turn.

    :param fields: attribute -> new value, already validated; None clears.
    :param accepts: told the current version, whether the caller still wants its change made.
    :raises NotFound: where there is no such incident.
    :raises Stale: where the precondition fails.
    :raises Invalid: where the times would be out of order or in the future.
    """
    incident = _locked_one(reference)
    if accepts is not None and not accepts(incident.version):
        raise Stale(
            f"If-Match does not name the current version, which is {incident.version}. "
            "Look at `current`, then send the change again with its version.",
            current=represent(incident),
        )
    now = _now_for([incident])
    changes = apply(incident, fields, now=now)
    change = record([(incident, changes)], actor=actor, now=now) if changes else None
    return incident, change


def comment_on_incident(reference: str, *, body: str, actor: str) -> tuple[str, UUID]:
    """Add a comment to an incident's history; returns the event as JSON for the wire, and the id of the change.

    The incident itself stays as it is, its version and time of change too.

    :param body: Markdown.
    :raises NotFound: where there is no such incident.
    """
    # Locked all the same, which keeps the history in order.
    incident = _locked_one(reference)
    comment = NewEvent(incident_id=incident.id, kind=EventType.COMMENTED, comment=body)
    change = new_id()
    (event,) = append_events([comment], change_id=change, actor=actor, at=_now_for([incident]))
    return read_event(event), change


def change_incidents(
    which: Sequence[str] | IncidentFilter,
    *,
    fields: Mapping[str, Any],
    actor: str,
    dry_run: bool = False,
    expected_count: int | None = None,
) -> Change:
    """Change fields of many incidents: all of them or none, as one change.

    Those that have the values already are left alone.

    :param which: UUIDs and numbers (INC-42) of incidents, or a filter.
    :param fields: attribute -> new value, already validated; None clears.
    :param dry_run: whether only to tell what would be changed.
    :raises UnexpectedCount: where not ``expected_count`` incidents match.
    :raises Invalid: where a reference names no incident or the same as another, or the filter matches too many.
    """
    if isinstance(which, IncidentFilter):
        incidents = _locked_matching(which, lock=not dry_run)
    else:
        incidents = _locked_named(which, lock=not dry_run)
    matched = len(incidents)
    if expected_count not in (None, matched):
        raise UnexpectedCount(f"It matches {matched}, not {expected_count}; nothing was changed.", matched=matched)
    now = _now_for(incidents)
    touched = [(incident, changes) for incident in incidents if (changes := apply(incident, fields, now=now))]
    change = record(touched, actor=actor, now=now) if touched and not dry_run else None
    return Change(change, matched, [incident for incident, _ in touched])


def revert_change(reference: str, *, actor: str) -> Change:
    """Put back what a change set, of all its incidents or none. This is a change like any other.

    :raises NotFound: where there is no such change.
    :raises NotRevertible: where it created an incident or is a comment.
    :raises Overtaken: where one of its fields was changed since, on any of its incidents.
    """
    reverted = parse_reference(reference)
    events = events_of_change(reverted) if isinstance(reverted, UUID) else []
    if not isinstance(reverted, UUID) or not events:
        raise NotFound("There is no such change. A change is named by the changeId of its events.")
    kinds = {event.kind for event in events}
    if EventType.CREATED in kinds or EventType.COMMENTED in kinds:
        what = "created an incident" if EventType.CREATED in kinds else "added a comment"
        raise NotRevertible(f"It {what}; only changes of fields can be reverted.")
    ids = [str(event.incident_id) for event in events]
    incidents = {incident.id: incident for incident in locked("id = ANY(%(ids)s::uuid[])", {"ids": ids})}
    if len(incidents) < len(events):
        raise NotFound("The incidents of this change have been deleted.")
    # Asked after the rows are locked: nobody touches them from here on.
    later = later_touches(reverted, companions=_STAMPS)
    now = _now_for(incidents.values())
    touched: list[tuple[Incident, Changes]] = []
    conflicts: list[dict[str, Any]] = []
    for event in events:
        incident = incidents[event.incident_id]
        before = values_of(incident)
        named = {"id": incident.id, "number": incident.number, "title": incident.title}
        if touches := later.get(incident.id):
            conflicts.append(named | touches)
            continue
        put(incident, {ATTRIBUTES[name]: _from_log(name, was) for name, (was, _) in event.changes.items()})
        try:
            check_times(incident, [ATTRIBUTES[name] for name in event.changes], now=now)
        except Invalid as error:
            # Another time was corrected meanwhile, which the old one does not fit.
            conflicts.append(named | {"fields": list(error.errors or ()), "actor": None, "at": None})
            continue
        if changes := changes_since(before, incident):
            touched.append((incident, changes))
    if conflicts:
        raise Overtaken(
            f"{len(conflicts)} of {len(events)} incidents were changed since in the same fields. Nothing was reverted.",
            conflicts=conflicts,
        )
    change = record(touched, actor=actor, now=now, kind=EventType.REVERTED, reverts=reverted) if touched else None
    return Change(change, len(events), [incident for incident, _ in touched])


def _from_log(name: str, value: Any) -> Any:
    """A value of the log as an attribute has it."""
    if value is None:
        return None
    match ATTRIBUTES[name]:
        case "severity":
            return Severity(value)
        case "status":
            return Status(value)
        case "started_at" | "mitigated_at" | "resolved_at":
            return datetime.fromisoformat(value)
        case _:
            return value


def _now_for(incidents: Iterable[Incident]) -> datetime:
    """The time of a change, which is never before the last one of the same incidents.

    That may have been made by another host, whose clock is ahead: its stamps would be in the future.
    """
    return max([datetime.now(UTC), *(incident.updated_at for incident in incidents)])


def _locked_one(reference: str) -> Incident:
    """The incident that a path names.

    :raises NotFound: where there is none.
    """
    column, value = find(reference)
    incidents = locked(f"{column} = %(value)s", {"value": str(value)})
    if not incidents:
        raise missing(reference)
    return incidents[0]


def _locked_named(named: Sequence[str], *, lock: bool) -> list[Incident]:
    """The incidents with these UUIDs and numbers.

    :raises Invalid: where there is none of that name, or one is named twice.
    """
    references = [parse_reference(name) for name in named]
    given = {
        "ids": [str(reference) for reference in references if isinstance(reference, UUID)],
        "numbers": [reference for reference in references if isinstance(reference, int)],
    }
    incidents = locked("(id = ANY(%(ids)s::uuid[]) OR number = ANY(%(numbers)s::bigint[]))", given, lock=lock)
    by_name: dict[UUID | int | None, Incident] = {}
    for incident in incidents:
        by_name |= {incident.id: incident, incident.number: incident}
    errors = {}
    seen: set[UUID] = set()
    for index, reference in enumerate(references):
        meant = by_name.get(reference)
        if meant is None:
            errors[str(index)] = ["There is no such incident."]
        elif meant.id in seen:
            errors[str(index)] = ["Names an incident that is named before."]
        else:
            seen.add(meant.id)
    if errors:
        raise Invalid({"ids": errors})
    return incidents


def _locked_matching(which: IncidentFilter, *, lock: bool) -> list[Incident]:
    """The incidents that a filter lets through when they are locked.

    :raises Invalid: where they are more than one change may touch.
    """
    condition, parameters = conditions_for_all(which)
    sql = f"SELECT id::text FROM incidents WHERE {condition} LIMIT {BULK_MAX + 1}"
    found = list(db.session.connection().exec_driver_sql(sql, parameters).scalars())
    if len(found) > BULK_MAX:
        raise Invalid({"filter": [f"Matches more than {BULK_MAX:,} incidents; narrow it down."]})
    # Asked again of each row, since it may have been changed meanwhile.
    return locked(f"id = ANY(%(found)s::uuid[]) AND {condition}", parameters | {"found": found}, lock=lock)
