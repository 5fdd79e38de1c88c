"""Whether the answers are right: a fast wrong one is worth nothing.

What a list and its counts should be is asked of the database here, in plain SQL that shares nothing with the
tracker's own.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, text

from bench.databases import pattern
from bench.programs import Answer, Server
from bench.requests import FACET_LIST, LIST, PER_PAGE, Request

COUNT_LIMIT = 10_000
FACET_VALUES = 50
# What sorts, and whether "desc" is the column's own falling order; SEV1 is declared first and ranks highest.
SORT_COLUMNS = {
    "createdAt": ("created_at", True),
    "updatedAt": ("updated_at", True),
    "severity": ("severity", False),
    "status": ("status", True),
    "service": ('lower(service COLLATE "C")', True),
    "owner": ("lower(coalesce(owner, '') COLLATE \"C\")", True),
    "title": ('lower(title COLLATE "C")', True),
    "number": ("number", True),
}
FACETS = ("severity", "status", "service", "owner")


class WrongAnswerError(Exception):
    """An answer that is not right; the message names the request."""


def check(request: Request, program: Server, connection: Connection) -> Request:
    """Send the request twice and look at what comes; returns it with its cursor, if it has one.

    :raises WrongAnswerError: where anything is not as it should be.
    """
    skipped = (int(request.parameters.get("page", 1)) - 1) * int(request.parameters.get("per_page", PER_PAGE))
    if request.after_page is not None:
        request = _with_cursor(request, program)
        skipped = (request.after_page or 0) * PER_PAGE
    path, body = request.targets()[0]
    answers = [_ask(request, program, path, body) for _ in range(2)]
    if request.method != "GET":
        _check_write(request, program, answers)
        return request
    if answers[0].body != answers[1].body:
        raise WrongAnswerError(f"{request.name}: two equal requests got different answers.")
    if request.path == LIST and not request.variants:
        _check_list(request, orjson.loads(answers[0].body), connection, skipped)
    elif request.path == FACET_LIST:
        _check_facets(request, orjson.loads(answers[0].body), connection)
    return request


def check_reference(request: Request, program: Server, reference: Server) -> None:
    """Whether the reference answers a request with the same incidents.

    :raises WrongAnswerError: where it does not.
    """
    path, body = request.targets()[0]
    theirs = orjson.loads(_ask(request, reference, path, body).body)
    if request.method == "GET":
        ours = orjson.loads(_ask(request, program, path, body).body)
        if with_moments(theirs.get("items", theirs)) != with_moments(ours.get("items", ours)):
            raise WrongAnswerError(f"{request.name}: the reference answers with other incidents.")


def with_moments(value: Any) -> Any:
    """The JSON with its times as moments: a fraction of a second may be written with zeros at its end or without."""
    if isinstance(value, list):
        return [with_moments(each) for each in value]
    return {
        name: datetime.fromisoformat(each) if name.endswith("At") and each else each for name, each in value.items()
    }


def _ask(request: Request, program: Server, path: str, body: bytes) -> Answer:
    answer = program.ask(path, method=request.method, body=body or None, headers=request.headers)
    if answer.status != request.status:
        raise WrongAnswerError(
            f"{request.name}: {answer.status} instead of {request.status}: {answer.body.decode()[:500]}"
        )
    return answer


def _with_cursor(request: Request, program: Server) -> Request:
    """The request, going on where the page before ends."""
    before = replace(request, parameters={**request.parameters, "page": str(request.after_page)}, after_page=None)
    cursor = orjson.loads(_ask(before, program, before.targets()[0][0], b"").body)["nextCursor"]
    if cursor is None:
        # The list is too short, as few incidents match; its first page stands in.
        return replace(request, after_page=None)
    return replace(request, parameters={**request.parameters, "cursor": cursor})


def _check_write(request: Request, program: Server, answers: list[Answer]) -> None:
    for answer in answers:
        incident = orjson.loads(answer.body)
        address = f"{LIST}/{incident['id']}"
        if with_moments(orjson.loads(program.ask(address).body)) != with_moments(incident):
            raise WrongAnswerError(f"{request.name}: what was answered is not what was stored.")
        history = orjson.loads(program.ask(f"{address}/events").body)["items"]
        if len(history) != incident["version"] and incident["version"] < 100:
            raise WrongAnswerError(f"{request.name}: version {incident['version']} with {len(history)} events.")


def _check_list(request: Request, page: dict[str, Any], connection: Connection, skipped: int) -> None:
    where, values = _conditions(request.parameters)
    column, falls = SORT_COLUMNS[request.parameters.get("sort_by", "createdAt")]
    direction = "DESC" if (request.parameters.get("order", "desc") == "desc") == falls else "ASC"
    limit = int(request.parameters.get("per_page", PER_PAGE))
    query = (
        f"SELECT number FROM incidents WHERE {where} ORDER BY {column} {direction}, number {direction}"
        " LIMIT :limit OFFSET :skipped"
    )
    expected = connection.execute(text(query), {**values, "limit": limit, "skipped": skipped}).scalars().all()
    found = [item["number"] for item in page["items"]]
    if found != list(expected):
        raise WrongAnswerError(f"{request.name}: incidents {found} instead of {list(expected)}.")
    bound = "" if page["totalIsExact"] else f" LIMIT {COUNT_LIMIT + 1}"
    counted = text(f"SELECT count(*) FROM (SELECT FROM incidents WHERE {where}{bound}) AS matching")
    total = int(connection.execute(counted, values).scalar_one())
    if (page["total"] != total) if page["totalIsExact"] else (page["total"] < COUNT_LIMIT or total <= COUNT_LIMIT):
        raise WrongAnswerError(
            f"{request.name}: a total of {page['total']} (exact: {page['totalIsExact']}), not {total}."
        )


def _check_facets(request: Request, facets: dict[str, Any], connection: Connection) -> None:
    for facet in FACETS:
        others = {name: value for name, value in request.parameters.items() if name != facet}
        where, values = _conditions(others, free=facet)
        query = text(f"SELECT {facet}, count(*) FROM incidents WHERE {where} GROUP BY 1")
        expected = {row[0]: row[1] for row in connection.execute(query, values)}
        found = {each["value"]: each["count"] for each in facets[facet] if each["count"]}
        if facet in facets["estimated"]:
            wrong = not _about_the_same(found, expected)
        else:
            wrong = len(expected) <= FACET_VALUES and found != expected
        if wrong:
            raise WrongAnswerError(f"{request.name}: {facet} is {found} instead of {expected}.")


def _about_the_same(found: dict[Any, int], expected: dict[Any, int]) -> bool:
    """Whether estimates are what a sample of a few thousand may give."""
    total = sum(expected.values())
    return all(
        abs(found.get(value, 0) - expected.get(value, 0)) <= expected.get(value, 0) / 2 + total / 50
        for value in {**found, **expected}
    )


def _conditions(parameters: Mapping[str, str], *, free: str | None = None) -> tuple[str, dict[str, Any]]:
    """The filters as SQL, and the values in it.

    :param free: a facet whose terms in ``q`` are left out.
    """
    conditions = ["true"]
    values: dict[str, Any] = {}
    for name in ("severity", "status", "service", "owner"):
        if name in parameters:
            names = parameters[name].split(",")
            unassigned = " OR owner IS NULL" if name == "owner" and "none" in names else ""
            conditions.append(f"(CAST({name} AS text) = ANY(:{name}){unassigned})")
            values[name] = [each for each in names if not (unassigned and each == "none")]
    for name, comparison in {
        "created_from": "created_at >=",
        "created_to": "created_at <",
        "updated_since": "updated_at >=",
    }.items():
        if name in parameters:
            conditions.append(f"{comparison} CAST(:{name} AS timestamptz)")
            values[name] = parameters[name]
    for position, word in enumerate(parameters.get("search", "").split()):
        condition = f"search_text LIKE lower(:word{position})"
        values[f"word{position}"] = pattern(word)
        if word.startswith("INC-"):
            condition = f"({condition} OR number = :number{position})"
            values[f"number{position}"] = int(word.removeprefix("INC-"))
        conditions.append(condition)
    for position, term in enumerate(parameters.get("q", "").split()):
        # Of the query language, as much as the list of requests has.
        name, listed = term.removeprefix("-").split(":")
        if (column := {"sev": "severity"}.get(name, name)) == free:
            continue
        conditions.append(f"{'NOT ' * term.startswith('-')}CAST({column} AS text) = ANY(:term{position})")
        values[f"term{position}"] = [f"SEV{each}" if name == "sev" else each for each in listed.split(",")]
    return " AND ".join(conditions), values
