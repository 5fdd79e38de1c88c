"""One incident's history: its fields as they change, and an event for each change."""

from random import Random
from typing import NamedTuple

from tracker.demo.arrivals import timestamp

Changes = dict[str, list[str | None]]
_SEVERITIES = ("", "SEV1", "SEV2", "SEV3", "SEV4")


class DemoEvent(NamedTuple):
    """One change, as in the event log; the time and what ``changes`` holds are as they go over the wire."""

    change_id: str
    type: str
    actor: str
    at: str
    changes: Changes


class DemoIncident(NamedTuple):
    """An incident as it is now, and the events that made it so, oldest first.

    Times are RFC 3339 texts: the log and COPY need them so, and making datetimes of them would take longer than
    all the rest.
    """

    id: str
    title: str
    service: str
    severity: str
    status: str
    owner: str | None
    summary: str | None
    started_at: str
    mitigated_at: str | None
    resolved_at: str | None
    created_at: str
    updated_at: str
    events: list[DemoEvent]

    @property
    def version(self) -> int:
        """How many changes there were, creation included."""
        return len(self.events)


def uuid7(moment: int, random: Random) -> str:
    """A UUID of version 7 (RFC 9562) for a time in microseconds since 1970, which orders it to the microsecond.

    The server's own ids cannot be used: they are of the present, and not repeatable.
    """
    milliseconds, rest = divmod(moment, 1_000)
    high = milliseconds << 16 | 0x7000 | rest * 4_096 // 1_000
    digits = f"{high << 64 | 1 << 63 | random.getrandbits(62):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class History:
    """Replays what people did to an incident. Times are in microseconds; ``after`` is counted from its creation.

    Each method that changes something appends one event, unless nothing would change. ``actor`` is who does it.
    """

    def __init__(
        self,
        random: Random,
        created: int,
        *,
        started: int,
        actor: str,
        title: str,
        service: str,
        severity: int,
        owner: str | None,
        summary: str | None,
    ) -> None:
        self.random, self.created, self.actor = random, created, actor
        self.title, self.service, self.severity = title, service, severity
        self.owner, self.summary, self.status = owner, summary, "OPEN"
        self.started_at = timestamp(started).isoformat()
        self.mitigated_at: str | None = None
        self.resolved_at: str | None = None
        self.events: list[DemoEvent] = []
        self.latest = created - 1
        changes: Changes = {
            "title": [None, title],
            "service": [None, service],
            "severity": [None, _SEVERITIES[severity]],
            "status": [None, "OPEN"],
            "startedAt": [None, self.started_at],
        }
        if owner is not None:
            changes["owner"] = [None, owner]
        if summary is not None:
            changes["summary"] = [None, summary]
        self._update(0, changes, "created")

    def take(self, after: float, owner: str | None) -> None:
        """Give the incident to ``owner``."""
        changes: Changes = {"owner": [self.owner, owner]}
        self.owner = owner
        self._update(after, changes)

    def assess(self, after: float, severity: int, title: str) -> None:
        """Say how bad it is (1 to 4), and what it is."""
        changes: Changes = {}
        if self.severity != severity:
            changes["severity"] = [_SEVERITIES[self.severity], _SEVERITIES[severity]]
            self.severity = severity
        if self.title != title:
            changes["title"] = [self.title, title]
            self.title = title
        self._update(after, changes)

    def write(self, after: float, summary: str | None) -> None:
        """Amend the summary."""
        changes: Changes = {}
        self._amend(changes, summary)
        if changes:
            self._update(after, changes)

    def move(self, after: float, status: str, summary: str | None) -> None:
        """Go to another status, stamping times as the tracker does, and amend the summary with it."""
        at = self._next(after)
        now = timestamp(at).isoformat()
        changes: Changes = {"status": [self.status, status]}
        self.status = status
        mitigated = self.mitigated_at
        if status == "OPEN":
            mitigated = None
        elif status == "MITIGATED" and mitigated is None:
            mitigated = now
        resolved = now if status == "RESOLVED" else None
        if mitigated != self.mitigated_at:
            changes["mitigatedAt"] = [self.mitigated_at, mitigated]
            self.mitigated_at = mitigated
        if resolved != self.resolved_at:
            changes["resolvedAt"] = [self.resolved_at, resolved]
            self.resolved_at = resolved
        self._amend(changes, summary)
        self._append("updated", at, now, changes)

    def incident(self) -> DemoIncident:
        """The incident with all that has happened to it."""
        events = self.events
        return DemoIncident(
            uuid7(self.created, self.random),
            self.title,
            self.service,
            _SEVERITIES[self.severity],
            self.status,
            self.owner,
            self.summary,
            self.started_at,
            self.mitigated_at,
            self.resolved_at,
            events[0].at,
            events[-1].at,
            events,
        )

    def _next(self, after: float) -> int:
        """The time of the next event, which is always later than the one before."""
        self.latest = max(self.latest + 1, self.created + int(after))
        return self.latest

    def _amend(self, changes: Changes, summary: str | None) -> None:
        if self.summary != summary:
            changes["summary"] = [self.summary, summary]
            self.summary = summary

    def _update(self, after: float, changes: Changes, kind: str = "updated") -> None:
        at = self._next(after)
        self._append(kind, at, timestamp(at).isoformat(), changes)

    def _append(self, kind: str, at: int, text: str, changes: Changes) -> None:
        self.events.append(DemoEvent(uuid7(at, self.random), kind, self.actor, text, changes))
