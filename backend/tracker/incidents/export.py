"""The list as a file: every incident that matches, rendered by PostgreSQL and streamed from a cursor."""

import re
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from threading import Semaphore
from typing import Any

import structlog
from sqlalchemy import ColumnElement, DateTime, Enum, Select, String, case, func, literal, select, text
from sqlalchemy.sql import Subquery

from tracker.extensions import db
from tracker.incidents.filters import IncidentFilter
from tracker.incidents.models import SORT_KEYS, Incident, is_ascending
from tracker.incidents.schemas import WIRE_FIELDS
from tracker.problems import Unavailable
from tracker.replica import exporting

ROWS_AT_A_TIME = 100
"""So few that they are small even where every summary is as long as it may be."""
CHUNK = 64 * 1024
"""Bytes handed over at once; the server keeps a few of them waiting for a client that reads slowly."""
PATIENCE = "5min"
"""How long one statement may take, and a client may read nothing, before the database gives an export up."""

# Spreadsheets know a formula by its first character, which may be full width or come after blanks (OWASP, "CSV
# Injection"). Apostrophes before it count too, so that taking one away always gives the text back.
FORMULA = r"^'* *[-=+@＝＋－＠\t\r\n]"

_PARAMETER = re.compile(r"%\((\w+)\)s")

log = structlog.get_logger()


def _csv_line(item: Subquery) -> ColumnElement[str]:
    """RFC 4180: text and times in quotes, null as nothing at all."""
    return func.concat(func.concat_ws(",", *map(_csv_cell, item.c)), "\r\n", type_=String)


def _csv_cell(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, DateTime):
        # As JSON writes it; its quotes are those of CSV too.
        return func.coalesce(func.to_json(column).cast(String), "")
    if isinstance(column.type, String) and not isinstance(column.type, Enum):
        guard = case((column.regexp_match(FORMULA), "'"), else_="")
        return func.coalesce(literal('"') + guard + func.replace(column, '"', '""', type_=String) + '"', "")
    return column


def _json_line(item: Subquery) -> ColumnElement[str]:
    return func.concat(func.row_to_json(item.table_valued()), "\n", type_=String)


FORMATS: dict[str, tuple[str, Callable[[Subquery], ColumnElement[str]]]] = {
    "csv": (",".join(WIRE_FIELDS) + "\r\n", _csv_line),
    "ndjson": ("", _json_line),
}
"""Name -> what the file begins with, and an incident as a line of it."""


@dataclass(frozen=True, slots=True)
class Export:
    """A file that is being made. Closing ``chunks`` stops the query and gives back the connection."""

    length: int
    """Bytes in the whole file."""
    chunks: Generator[Any]


def start_export(
    which: IncidentFilter, *, sort_by: str, order: str, kind: str, slots: Semaphore, request_id: str
) -> Export:
    """Run the query up to its first rows, so that what fails at once fails before anything is sent.

    :param kind: one of :data:`FORMATS`.
    :param slots: how many exports may still start: each holds a thread and a connection while its client reads.
    :param request_id: for what is logged after the request's own end.
    :raises Unavailable: where none is left.
    """
    if not slots.acquire(blocking=False):
        raise Unavailable("As many exports are running as this server allows. Try again when one has ended.")
    chunks = _stream(which, sort_by=sort_by, order=order, kind=kind, slots=slots, request_id=request_id)
    return Export(next(chunks), chunks)


def _stream(
    which: IncidentFilter, *, sort_by: str, order: str, kind: str, slots: Semaphore, request_id: str
) -> Generator[Any]:
    """The length of the file, then its bytes."""
    began, rows = time.perf_counter(), 0
    head, render = FORMATS[kind]

    def told() -> dict[str, Any]:
        return {"request_id": request_id, "rows": rows, "ms": round((time.perf_counter() - began) * 1000, 1)}

    try:
        # A session of its own: the request's ends before the file does.
        with db.session.session_factory() as session, exporting(session) as where:
            session.execute(
                select(
                    func.set_config("statement_timeout", PATIENCE, True),
                    func.set_config("idle_in_transaction_session_timeout", PATIENCE, True),
                ),
                bind_arguments=where,
            )
            query = _query(which, render, sort_by=sort_by, order=order)
            batches = session.execute(
                query,
                which.parameters(),
                bind_arguments=where,
                execution_options={"yield_per": ROWS_AT_A_TIME},
            ).partitions()
            batch = next(batches, [])
            yield len(head) + (batch[0].size if batch else 0)
            try:
                yield head.encode()
                while batch:
                    rows += len(batch)
                    data = "".join([line for line, _ in batch]).encode()
                    yield from (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))
                    batch = next(batches, [])
            except GeneratorExit:
                log.info("export left by its client", **told())
                raise
            except Exception as error:
                log.error("export broke off", **told(), exc_info=error)
                raise
            log.debug("export", **told())
    finally:
        slots.release()


def _query(
    which: IncidentFilter, render: Callable[[Subquery], ColumnElement[str]], *, sort_by: str, order: str
) -> Select[Any]:
    """The lines, each with the bytes that all of them have.

    The server ends a body of unknown length as if it were whole, also where it broke off; with the length known,
    every client sees that something is missing. One statement, so that the same rows are measured and sent.
    """
    columns = [getattr(Incident, attribute).label(name) for name, attribute in WIRE_FIELDS.items()]
    # The conditions are in psycopg2's form; SQLAlchemy writes a parameter otherwise.
    conditions = [text(_PARAMETER.sub(r":\1 ", condition)) for condition in which.conditions_on_few()]
    matching = select(*columns).where(*conditions)
    measured = matching.subquery("measured")
    key, ties = SORT_KEYS[sort_by], Incident.number.expression
    sorting = (key, ties) if is_ascending(sort_by, order) else (key.desc(), ties.desc())
    item = matching.order_by(*sorting).subquery("item")
    size = select(func.sum(func.octet_length(render(measured)))).scalar_subquery()
    return select(render(item).label("line"), size.label("size"))
