"""Reads. None of them makes ORM objects of a list, and none counts the whole table.

PostgreSQL renders the items as JSON itself: passing fourteen values of each through Python took longer than all the
rest. What they look like is still said in one place, the schema that ``WIRE_FIELDS`` comes from.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql

from tracker.database import reader
from tracker.ids import parse_reference
from tracker.incidents.filters import LIKE_SPECIAL, IncidentFilter, where
from tracker.incidents.models import SORT_KEYS, Incident, is_ascending
from tracker.incidents.sampling import COUNT_LIMIT, FEW, take_sample
from tracker.incidents.schemas import WIRE_FIELDS
from tracker.paging import Position, decode_cursor, encode_cursor
from tracker.problems import NotFound
from tracker.wire import dumps, excerpt

AHEAD = 20_000
"""At least so many rows a search looks at along its order before it goes about it the other way."""
DEEP = 1_000
"""From this offset on, a page is found without looking at the rows before it."""
SERVICES_LISTED = 100
COMPARED = 500
"""Incidents whose titles are compared with another; each takes up to a twentieth of a millisecond."""
SIMILAR_LISTED = 5


def rendered_from(source: str) -> str:
    """SQL for a row of ``source``, which has the columns of incidents, as the JSON text that goes over the wire."""
    columns = ", ".join(f'{source}.{attribute} AS "{name}"' for name, attribute in WIRE_FIELDS.items())
    return f"(SELECT row_to_json(item) FROM (SELECT {columns}) AS item)::text"


_ITEM = rendered_from("page")
_STOPPED = f"SELECT {COUNT_LIMIT + 1} AS total"
_Row = tuple[str, Any, int]
"""An item as JSON, its value of the sort column, and its number."""

KEYS = {
    name: str(key.compile(dialect=postgresql.dialect())).replace("incidents.", "")  # type: ignore[no-untyped-call]
    for name, key in SORT_KEYS.items()
}
"""The sort columns as SQL expressions on incidents."""


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list: its column, its direction as it was asked for, and what that means in SQL."""

    sort_by: str
    direction: str

    @property
    def ascending(self) -> bool:
        """Whether it goes up the key."""
        return is_ascending(self.sort_by, self.direction)

    @property
    def key(self) -> str:
        """The expression that is sorted by."""
        return KEYS[self.sort_by]

    def clause(self, key: str, *, reverse: bool = False) -> str:
        """ORDER BY ``key`` and the number that breaks ties."""
        direction = "ASC" if self.ascending != reverse else "DESC"
        return f"ORDER BY {key} {direction}, number {direction}"

    def beyond(self, key: str) -> str:
        """That a row comes after the position in the parameters ``at_key`` and ``at_number``."""
        return f"({key}, number) {'>' if self.ascending else '<'} (%(at_key)s, %(at_number)s)"

    def position(self, cursor: str) -> Position:
        """Where an earlier page ended.

        :raises BadRequest: where the cursor is not one of this order.
        """
        kind = SORT_KEYS[self.sort_by].type.python_type
        return decode_cursor(cursor, sort_by=self.sort_by, order=self.direction, kind=kind)


@dataclass(frozen=True, slots=True)
class Total:
    """How many match; a lower bound where ``exact`` is false."""

    count: int
    exact: bool


@dataclass(frozen=True, slots=True)
class _Page:
    """What a list asks for: an order, where to begin in it, and how much to take."""

    order: Order
    per_page: int
    offset: int = 0
    at: Position | None = None

    @property
    def bounds(self) -> str:
        """One more than goes out, which tells whether there is more."""
        return f"LIMIT {self.per_page + 1} OFFSET {self.offset}"

    def beyond(self, key: str) -> list[str]:
        return [self.order.beyond(key)] if self.at else []

    def parameters(self) -> dict[str, Any]:
        if self.at is None:
            return {}
        key = self.at.key
        return {"at_key": str(key) if isinstance(key, StrEnum) else key, "at_number": self.at.number}


def list_incidents(
    which: IncidentFilter,
    *,
    sort_by: str,
    order: str,
    per_page: int,
    page: int | None = None,
    cursor: str | None = None,
) -> bytes:
    """One page of a list, as the JSON that goes over the wire.

    Most take one statement, which walks along the index of the order from the cursor or to the offset, and takes the
    total from the kept counts.

    :raises BadRequest: where the cursor is not one of this order.
    """
    ordering = Order(sort_by, order)
    at = ordering.position(cursor) if cursor is not None else None
    page = page or 1
    wanted = _Page(ordering, per_page, (page - 1) * per_page if at is None else 0, at)
    total, rows = (_search if which.searches else _walk)(which, wanted)
    items = rows[:per_page]
    end = None
    if len(rows) > per_page:
        _, key, number = items[-1]
        end = encode_cursor(Position(sort_by, order, key, number))
    rest = {
        "page": None if at else page,
        "perPage": per_page,
        "total": total.count,
        "totalIsExact": total.exact,
        "pages": -(-total.count // per_page),
        "nextCursor": end,
    }
    return b'{"items":[' + ",".join([json for json, _, _ in items]).encode() + b"]," + dumps(rest)[1:]


def _walk(which: IncidentFilter, wanted: _Page) -> tuple[Total, list[_Row]]:
    """A page without a search: found along an index, from its nearer end where that is far away."""
    order = wanted.order
    if which.tallied:
        counted = kept_count(which)
    elif take_sample(which).certainly_more_than(COUNT_LIMIT):
        counted = _STOPPED
    elif which.spans_both_times:
        # A count along one of their indexes and a page along the other might each look at half of all.
        found = _gather(which, wanted, which.conditions(), most=COUNT_LIMIT)
        if found[0].exact:
            return found
        counted = _STOPPED
    else:
        counted = _counted(which.conditions())
    conditions = where(which.conditions() + wanted.beyond(order.key))
    if wanted.offset < DEEP:
        page = f"""
            SELECT incidents.*, {order.key} AS key FROM incidents {conditions} {order.clause("key")} {wanted.bounds}
        """
        return _fetch(which, wanted, counted, page, exact=which.tallied)
    # The limit is said again where PostgreSQL can read it: it plans for a tenth of the table otherwise.
    bounds, size, reverse = wanted.bounds, wanted.per_page + 1, False
    if which.tallied:
        total = count_kept(which)
        if wanted.offset >= total:
            return Total(total, exact=True), []
        if reverse := wanted.offset > total // 2:
            # From the end, counted in the same statement: what is added meanwhile does not move the page.
            left = f"(({counted}) - {wanted.offset})"
            bounds = f"LIMIT greatest(0, least({size}, {left})) OFFSET greatest(0, {left} - {size})"
    page = f"""
        SELECT incidents.*, place.key
        FROM (
            SELECT number, key FROM (
                SELECT number, {order.key} AS key FROM incidents {conditions}
                {order.clause("key", reverse=reverse)} {bounds}
            ) AS walked LIMIT {size}
        ) AS place JOIN incidents USING (number)
    """
    return _fetch(which, wanted, counted, page, exact=which.tallied)


def _search(which: IncidentFilter, wanted: _Page) -> tuple[Total, list[_Row]]:
    """A page of a search: where much matches, along the order until it is full, else by gathering all that matches."""
    if which.chosen() and count_kept(which) <= FEW:
        return _gather(which, wanted, which.conditions_on_few())
    sample = take_sample(which)
    conditions = which.conditions(words=sample.indexable(which.words))
    frequent = sample.certainly_more_than(COUNT_LIMIT)
    if not frequent:
        found = _gather(which, wanted, conditions, most=COUNT_LIMIT)
        if found[0].exact:
            return found
    # What matches may all be at the other end: then the walk ends, unless the page is that far down itself, or there is
    # no word by which an index would find it sooner. Not before it has looked at as many rows as that would find.
    ahead = f"LIMIT {max(AHEAD, sample.estimate)}" if which.words and wanted.offset < DEEP else ""
    order = wanted.order
    page = f"""
        SELECT ahead.* FROM (
            SELECT incidents.*, {order.key} AS key FROM incidents
            {where(wanted.beyond(order.key) + which.times(order.key))} {order.clause("key")} {ahead}
        ) AS ahead {where(which.conditions())} {order.clause("key")} {wanted.bounds}
    """
    found = _fetch(which, wanted, _STOPPED, page, exact=False)
    if not ahead or len(found[1]) > wanted.per_page:
        return found
    return _gather(which, wanted, conditions)


def _gather(
    which: IncidentFilter, wanted: _Page, conditions: list[str], *, most: int | None = None
) -> tuple[Total, list[_Row]]:
    """All that match, in their order, and a page of them.

    :param most: where to stop, since more are better found otherwise; the page is only right with an exact total.
    """
    order = wanted.order
    limit = f"LIMIT {most + 1}" if most is not None else ""
    found = f"SELECT ctid AS place, {order.key} AS key, number FROM incidents {where(conditions)} {limit}"
    page = f"""
        SELECT incidents.*, ranked.key
        FROM (
            SELECT place, key, number FROM found {where(wanted.beyond("key"))} {order.clause("key")} {wanted.bounds}
        ) AS ranked JOIN incidents ON incidents.ctid = ranked.place
    """
    counted = "SELECT count(*) AS total FROM found"
    return _fetch(which, wanted, counted, page, exact=False, common=f"WITH found AS MATERIALIZED ({found})")


def _fetch(
    which: IncidentFilter, wanted: _Page, counted: str, page: str, *, exact: bool, common: str = ""
) -> tuple[Total, list[_Row]]:
    """Carry out a list: the total, and the rows with their JSON and their place in the order.

    :param counted: gives one row with the ``total``; more than the limit means that counting stopped, unless it is
        ``exact`` in any case.
    :param page: gives the columns of incidents and the ``key`` of the order.
    :param common: a WITH clause that both may refer to.
    """
    sql = f"""
        {common} SELECT counted.total, page.json, page.key, page.number
        FROM ({counted}) AS counted LEFT JOIN (
            SELECT {_ITEM} AS json, page.key, page.number FROM ({page}) AS page
        ) AS page ON true {wanted.order.clause("page.key").replace(" number", " page.number")}
    """
    # Where there is no filter, every value makes the same plan.
    run = reader.prepared if which == IncidentFilter() and not wanted.offset else reader.rows
    rows = run(sql, which.parameters() | wanted.parameters())
    count = int(rows[0][0])
    total = Total(count, exact=True) if exact else Total(min(count, COUNT_LIMIT), exact=count <= COUNT_LIMIT)
    return total, [(json, key, number) for _, json, key, number in rows if json is not None]


def conditions_for_all(which: IncidentFilter) -> tuple[str, dict[str, Any]]:
    """The filter as one SQL condition by which all that match are found, in any order, and its parameters."""
    words = take_sample(which).indexable(which.words) if which.searches else None
    return " AND ".join(which.conditions(words=words)) or "true", which.parameters()


def kept_count(which: IncidentFilter) -> str:
    """SQL for how many incidents the facets of a filter let through, exactly."""
    return f"SELECT coalesce(sum(n), 0)::bigint AS total FROM {which.counts()} {where(which.tally_conditions())}"


def count_kept(which: IncidentFilter) -> int:
    """How many incidents the facets of a filter let through, exactly."""
    ((total,),) = reader.rows(kept_count(which), which.parameters())
    return int(total)


def count_matching(which: IncidentFilter) -> Total:
    """How many incidents match, up to :data:`COUNT_LIMIT` where something has to be counted."""
    if which.tallied:
        return Total(count_kept(which), exact=True)
    if which.chosen() and count_kept(which) <= FEW:
        conditions = which.conditions_on_few()
    else:
        sample = take_sample(which)
        if sample.certainly_more_than(COUNT_LIMIT):
            return Total(COUNT_LIMIT, exact=False)
        conditions = which.conditions(words=sample.indexable(which.words))
    ((count,),) = reader.rows(_counted(conditions), which.parameters())
    return Total(min(count, COUNT_LIMIT), exact=count <= COUNT_LIMIT)


def _counted(conditions: list[str]) -> str:
    """SQL for how many incidents meet the conditions; one more than the limit where there are more than that."""
    return f"SELECT count(*) AS total FROM (SELECT FROM incidents {where(conditions)} LIMIT {COUNT_LIMIT + 1}) AS found"


def represent(incident: Incident) -> dict[str, Any]:
    """An incident as it goes over the wire."""
    return {name: getattr(incident, attribute) for name, attribute in WIRE_FIELDS.items()}


def find(reference: str) -> tuple[str, UUID | int]:
    """The column that picks the incident which a path names by UUID or ``INC-42``, and its value.

    :raises NotFound: where the text is neither.
    """
    match parse_reference(reference):
        case UUID() as identifier:
            return "id", identifier
        case int() as number:
            return "number", number
        case _:
            raise missing(reference)


def missing(reference: str) -> NotFound:
    """The problem for a reference that names no incident."""
    return NotFound(
        f"There is no incident {excerpt(reference)!r}. An incident is named by its UUID or its number, such as INC-42."
    )


def read_incident(reference: str) -> tuple[str, int]:
    """One incident as the JSON that goes over the wire, and its version.

    :raises NotFound: where there is none.
    """
    json, version = _one(reference, f"{rendered_from('incidents')}, version")
    return json, version


def identify(reference: str) -> UUID:
    """The id of the incident that a path names.

    :raises NotFound: where there is none.
    """
    (identifier,) = _one(reference, "id::text")
    return UUID(identifier)


def _one(reference: str, columns: str) -> tuple[Any, ...]:
    column, value = find(reference)
    sql = f"SELECT {columns} FROM incidents WHERE {column} = %(value)s"
    rows = reader.prepared(sql, {"value": str(value)})
    if not rows:
        raise missing(reference)
    return rows[0]


def list_services(search: str = "") -> dict[str, list[dict[str, Any]]]:
    """The services in use whose names contain the text, the most used first."""
    rows = reader.rows(
        f"""
        SELECT service AS name, coalesce(sum(n) FILTER (WHERE status = 'OPEN'), 0)::bigint AS open,
            sum(n)::bigint AS total
        FROM incident_counts WHERE lower(service) LIKE lower(%(pattern)s)
        GROUP BY service HAVING sum(n) > 0 ORDER BY total DESC, service COLLATE "C" LIMIT {SERVICES_LISTED}
        """,
        {"pattern": f"%{search.translate(LIKE_SPECIAL)}%"},
    )
    return {"items": [{"name": name, "open": opened, "total": total} for name, opened, total in rows]}


# What is typed is often only the beginning of a title, so it is compared with the part of each that is most like it
# (pg_trgm's word_similarity). Trigrams are made of few scripts; in the others at least the same text is found.
_SIMILAR = f"""
    SELECT {rendered_from("compared")}
    FROM (
        SELECT recent.*, CASE WHEN strpos(lower(title), lower(%(title)s)) > 0 THEN 1
            ELSE word_similarity(%(title)s, title) END AS likeness
        FROM (
            SELECT * FROM incidents WHERE service = %(service)s AND status <> 'RESOLVED'
            ORDER BY created_at DESC, number DESC LIMIT {COMPARED}
        ) AS recent
    ) AS compared
    WHERE likeness > 0.5
    ORDER BY likeness DESC, similarity(%(title)s, title) DESC, created_at DESC, number DESC LIMIT {SIMILAR_LISTED}
"""


def similar_incidents(*, title: str, service: str) -> bytes:
    """The unresolved incidents of a service whose titles are like one, most like it first, as JSON for the wire.

    Of the newest 500 of them, so that it takes no longer in a storm.

    :param title: a title, or the beginning of one.
    """
    rows = reader.prepared(_SIMILAR, {"title": title, "service": service})
    return b'{"items":[' + ",".join([json for (json,) in rows]).encode() + b"]}"
