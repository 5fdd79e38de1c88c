"""How many incidents each view shows: all that the kept counts know in one statement, the others one by one."""

import re
from collections.abc import Iterable
from datetime import datetime
from time import monotonic
from typing import Any

from psycopg2.errors import QueryCanceled
from sqlalchemy.exc import DBAPIError

from tracker.database import reader
from tracker.incidents.filters import IncidentFilter
from tracker.incidents.queries import Total, count_matching, kept_count
from tracker.incidents.query_language import parse
from tracker.problems import Misread
from tracker.views.models import View

PATIENCE = 0.5
"""Seconds after which no more is counted: tabs without a number are better than tabs that are waited for."""
_PARAMETER = re.compile(r"%\((\w+)\)s")


def count_views(views: Iterable[View], *, now: datetime, me: str | None) -> dict[str, Total | None]:
    """By the id of each view, how many incidents it shows.

    None where its query means nothing to this person, or where there was no time to count it.

    :param now: what ages in queries are counted from, with an offset.
    :param me: who is meant by ``owner:me``; None where nobody said.
    """
    filters = {view.id: _filter(view, now=now, me=me) for view in views}
    counts: dict[str, Total | None] = dict.fromkeys(filters)
    given = {identifier: which for identifier, which in filters.items() if which is not None}
    counts |= _count_kept({identifier: which for identifier, which in given.items() if which.tallied})
    others = [(identifier, which) for identifier, which in given.items() if not which.tallied]
    try:
        with reader.until(monotonic() + PATIENCE):
            for identifier, which in others:
                counts[identifier] = count_matching(which)
    except DBAPIError as error:
        if not isinstance(error.orig, QueryCanceled):
            raise
    return counts


def _filter(view: View, *, now: datetime, me: str | None) -> IncidentFilter | None:
    try:
        return parse(view.q, now=now, me=me)
    except Misread:
        # It asks for somebody who has not said who they are; or an older release knew words that this one does not.
        return None


def _count_kept(filters: dict[str, IncidentFilter]) -> dict[str, Total]:
    """The counts of these filters, all at the same moment."""
    if not filters:
        return {}
    selected: list[str] = []
    parameters: dict[str, Any] = {}
    for index, which in enumerate(filters.values()):
        # Each has parameters of its own, by the same names.
        selected.append("(" + _PARAMETER.sub(rf"%(\g<1>_{index})s", kept_count(which)) + ")")
        parameters |= {f"{name}_{index}": value for name, value in which.parameters().items()}
    (counts,) = reader.rows(f"SELECT {', '.join(selected)}", parameters)
    return {identifier: Total(int(count), exact=True) for identifier, count in zip(filters, counts, strict=True)}
