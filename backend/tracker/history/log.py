"""Reading the event log as a whole, in the order in which everybody is told it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tracker.history.queries import EVENTS_PER_PAGE, rendered_from
from tracker.ids import BIGINT_MAX
from tracker.problems import BadRequest

KEPT = "7 days"
"""How far back a reader may begin."""
_PLACE = re.compile(r"([0-9]{1,19})-([0-9]{1,19})", re.ASCII)


class Place(NamedTuple):
    """The place of an event in the log: the transaction that wrote it, and its id. They sort as they are told."""

    transaction: int
    event: int

    def __str__(self) -> str:
        return f"{self.transaction}-{self.event}"


BEGINNING = Place(0, 0)
END = Place(BIGINT_MAX, BIGINT_MAX)


def parse_place(cursor: str, *, name: str) -> Place:
    """The place that a client names.

    :param name: where it does: the parameter or the header.
    :raises BadRequest: where the text is not one that a place is written as.
    """
    match = _PLACE.fullmatch(cursor)
    place = Place(int(match[1]), int(match[2])) if match else END
    if place.transaction >= BIGINT_MAX or place.event >= BIGINT_MAX:
        raise BadRequest(f"{name} is not the id of an event that this API sent. Start again without it.")
    return place


@dataclass(frozen=True, slots=True)
class Told:
    """An event whose place is certain, as JSON, with the incident as it is now."""

    place: Place
    type: str
    json: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the log.

    :param full: whether there may be more to read at once.
    :param waiting: whether something is committed that cannot be told yet, since a transaction before it still runs.
    """

    events: list[Told]
    full: bool
    waiting: bool


Run = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]
"""Carries out a statement, in psycopg2's form, and returns all its rows."""


class EventLog:
    """All events, in an order in which nothing is ever put before what was read.

    That is the order of the transactions that wrote them, as far as all transactions have ended: the oldest one that
    runs bounds what a snapshot may tell (``pg_snapshot_xmin``), and whoever begins later gets a larger number.
    The place to continue from is that of an event, never the bound itself: after a crash PostgreSQL may hand out
    the numbers of transactions again of which nothing was kept.

    :param incident: SQL for the JSON of the row that is named ``incidents``.
    """

    def __init__(self, incident: str) -> None:
        bound = "(SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint)"
        self._read = f"""
            SELECT transaction_id, id, certain, type::text, CASE WHEN certain THEN {rendered_from("next")} END,
                CASE WHEN certain THEN (SELECT {incident} FROM incidents WHERE incidents.id = incident_id) END
            FROM (
                SELECT *, transaction_id < {bound} AS certain FROM events
                WHERE transaction_id > 0 AND (transaction_id, id) > (%(transaction)s, %(event)s)
                    AND (transaction_id, id) <= (%(last_transaction)s, %(last_event)s)
                ORDER BY transaction_id, id LIMIT {EVENTS_PER_PAGE}
            ) AS next ORDER BY transaction_id, id
        """
        self._last = f"""
            SELECT transaction_id, id FROM events WHERE transaction_id > 0 AND transaction_id < {bound}
            ORDER BY transaction_id DESC, id DESC LIMIT 1
        """
        self._continues = f"""
            SELECT (%(transaction)s, %(event)s) = (0::bigint, 0::bigint) OR EXISTS (
                SELECT FROM events WHERE id = %(event)s AND transaction_id = %(transaction)s AND transaction_id > 0
            ), coalesce((
                SELECT at > now() - interval '{KEPT}' FROM events
                WHERE transaction_id > 0 AND (transaction_id, id) > (%(transaction)s, %(event)s)
                ORDER BY transaction_id, id LIMIT 1
            ), true)
        """

    def read(self, run: Run, after: Place, until: Place = END) -> Part:
        """What comes after one place, up to another one and including it; a page at most."""
        rows = run(
            self._read,
            {
                "transaction": after.transaction,
                "event": after.event,
                "last_transaction": until.transaction,
                "last_event": until.event,
            },
        )
        events = [
            Told(Place(transaction, event), kind, f'{json[:-1]},"incident":{incident or "null"}}}')
            for transaction, event, certain, kind, json, incident in rows
            if certain
        ]
        return Part(events, full=len(events) == EVENTS_PER_PAGE, waiting=len(events) < len(rows))

    def last(self, run: Run) -> Place:
        """The place of the last event that can be told; that of the beginning where there is none."""
        rows = run(self._last, {})
        return Place(*rows[0]) if rows else BEGINNING

    def continues(self, run: Run, place: Place) -> bool:
        """Whether a reader who was told everything up to here can be told what follows.

        Not where this log has no such event, which another database had or which has been deleted; nor where the
        next one is older than :data:`KEPT`.
        """
        ((known, recent),) = run(self._continues, {"transaction": place.transaction, "event": place.event})
        return bool(known and recent)
