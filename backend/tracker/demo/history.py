"""One incident's history: its fields as they change, and an event for each change."""

from random import Random
from typing import NamedTuple

from tracker.demo.arrivals import written

Changes = dict[str, list[str | None]]
_SEVERITIES = ("", "SEV1", "SEV2", "SEV3", "SEV4")


class DemoEvent(NamedTuple):
    """One change or comment, as in the event log; the time and what ``changes`` holds are as they go over the wire."""

    change_id: str
    type: str
    actor: str
    at: str
    changes: Changes
    comment: str | None = None
    reverts_change_id: str | None = None


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
    version: int
    events: list[DemoEvent]


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

    :param aside: dice for the ids of comments and mistakes, so that the incident is the same without them.
    """

    def __init__(
        self,
        random: Random,
        aside: Random,
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
        self.random, self.aside, self.created, self.actor = random, aside, created, actor
        self.title, self.service, self.severity = title, service, severity
        self.owner, self.summary, self.status = owner, summary, "OPEN"
        self.started_at = written(started)
        self.mitigated_at: str | None = None
        self.resolved_at: str | None = None
        self.events: list[DemoEvent] = []
        self.version, self.updated_at = 0, ""
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

    @property
    def passed(self) -> int:
        """When the latest event was."""
        return self.latest - self.created

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
        now = written(at)
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

    def comment(self, after: float, actor: str, comment: str) -> None:
        """Say something; that is no change of the incident."""
        at = self._next(after)
        now = written(at)
        self.events.append(DemoEvent(uuid7(at, self.aside), "commented", actor, now, {}, comment))

    def misjudge(self, after: float, until: float, severity: int) -> None:
        """Set a wrong severity (1 to 4), and undo that at ``until``."""
        right, wrong = _SEVERITIES[self.severity], _SEVERITIES[severity]
        at = self._next(after)
        mistake = uuid7(at, self.aside)
        self._log(mistake, "updated", written(at), {"severity": [right, wrong]})
        at = self._next(until)
        self._log(uuid7(at, self.aside), "reverted", written(at), {"severity": [wrong, right]}, mistake)

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
            self.updated_at,
            self.version,
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
        self._append(kind, at, written(at), changes)

    def _append(self, kind: str, at: int, text: str, changes: Changes) -> None:
        self._log(uuid7(at, self.random), kind, text, changes)

    def _log(self, change_id: str, kind: str, now: str, changes: Changes, reverts: str | None = None) -> None:
        self.version += 1
        self.updated_at = now
        self.events.append(DemoEvent(change_id, kind, self.actor, now, changes, None, reverts))
