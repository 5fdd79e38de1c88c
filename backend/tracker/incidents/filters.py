"""Which incidents: the filter that a request names, and what it is in SQL.

The reads of this feature are written in SQL: they are few, they are what the tracker is measured by, and a statement
that is built from its parts in Python costs more than PostgreSQL takes to answer it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from tracker.ids import parse_number
from tracker.incidents.models import Severity, Status

FACETS = ("severity", "status", "service", "owner")
_TIMES = {
    "created_from": ("created_at", ">="),
    "created_to": ("created_at", "<"),
    "updated_since": ("updated_at", ">="),
}
TYPES = {"severity": "severity", "status": "status", "service": "text", "owner": "text"}
LIKE_SPECIAL = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})
# Three letters or digits in a row, of which the index of trigrams makes a trigram.
_TRIGRAM = re.compile(r"[^\W_]{3}")
# Trigrams leave punctuation out, by which a word is often told from others that are frequent.
_PUNCTUATED = re.compile(r"[^\w-]|_")
# As in `incident_search_keys` of the migrations: single characters that are not among the keys.
_FREQUENT = frozenset("abcdefghilmnoprstuy0123456789 -.,/()\n")

Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """Which incidents. Empty means no restriction; ``None`` among the owners means unassigned."""

    search: str = ""
    severity: Sequence[Severity] = ()
    status: Sequence[Status] = ()
    service: Sequence[str] = ()
    owner: Sequence[str | None] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    updated_since: datetime | None = None

    @property
    def words(self) -> list[str]:
        """The words of the search, all of which must match; each once."""
        return list(dict.fromkeys(self.search.split()))

    @property
    def tallied(self) -> bool:
        """Whether the kept counts can answer, so that nothing has to be counted."""
        return not (self.search or self.created_from or self.created_to or self.updated_since)

    def without(self, *facets: str) -> "IncidentFilter":
        """The same filter, free in these facets."""
        free: dict[str, Any] = dict.fromkeys(facets, ())
        return replace(self, **free)

    def chosen(self) -> list[str]:
        """The facets that it restricts."""
        return [facet for facet in FACETS if getattr(self, facet)]

    def times(self, *columns: str) -> list[str]:
        """The conditions on these columns of time."""
        return [
            f"{column} {operator} %({name})s"
            for name, (column, operator) in _TIMES.items()
            if column in columns and getattr(self, name)
        ]

    def conditions(self, *, words: Iterable[str] | None = None) -> list[str]:
        """The filter as SQL conditions on a row of incidents; their parameters are :meth:`parameters`.

        :param words: the conditions for the words of the search; by looking at each row when left out.
        """
        conditions = self._facet_conditions("(owner = ANY(%(owner)s::text[]) OR owner IS NULL)")
        conditions += self.times("created_at", "updated_at")
        conditions += words if words is not None else [seen(index, word) for index, word in enumerate(self.words)]
        return conditions

    def conditions_on_few(self) -> list[str]:
        """The conditions where the facets leave few rows.

        What is unresolved has an index of its own, so that looking at all of it is quickest. Other few may have to be
        picked out of many: there PostgreSQL may look up the longer words instead.
        """
        if self.status and Status.RESOLVED not in self.status:
            return self.conditions()
        return self.conditions(
            words=[
                indexed(index, word) if _has_trigrams(word) else seen(index, word)
                for index, word in enumerate(self.words)
            ]
        )

    def tally_conditions(self) -> list[str]:
        """What the kept counts know of the filter, as SQL conditions on one of them."""
        return self._facet_conditions("owner = ANY(%(owner)s::text[] || ''::text)")

    def counts(self, *facets: str) -> str:
        """The kept counts that know all that the filter, and these facets, need."""
        return "owner_counts" if self.owner or "owner" in facets else "incident_counts"

    def parameters(self) -> Parameters:
        """The values that the conditions refer to."""
        given: Parameters = {name: getattr(self, name) for name in _TIMES if getattr(self, name)}
        for facet in FACETS:
            names = [str(value) for value in getattr(self, facet) if value is not None]
            # One value is compared as such: then an index on it also gives the order of what comes after it.
            given[facet] = names[0] if self._is_one(facet) else names
        for index, word in enumerate(self.words):
            given[f"word{index}"] = word
            given[f"like{index}"] = f"%{word.translate(LIKE_SPECIAL)}%"
            given[f"number{index}"] = parse_number(word)
        return given

    def _is_one(self, facet: str) -> bool:
        chosen = getattr(self, facet)
        return len(chosen) == 1 and chosen[0] is not None

    def _facet_conditions(self, with_unassigned: str) -> list[str]:
        conditions = []
        for facet in FACETS:
            if not getattr(self, facet):
                continue
            if self._is_one(facet):
                conditions.append(f"{facet} = %({facet})s")
            elif None in getattr(self, facet):
                conditions.append(with_unassigned)
            else:
                conditions.append(f"{facet} = ANY(%({facet})s::{TYPES[facet]}[])")
        return conditions


FILTERS = frozenset(field.name for field in fields(IncidentFilter))
"""The names of the parameters that say which incidents."""


def seen(index: int, word: str) -> str:
    """That a row holds the word, as a condition that no index is used for."""
    return _or_number(f"strpos(search_text, lower(%(word{index})s)) > 0", index, word)


def indexed(index: int, word: str) -> str:
    """That a row holds the word, as a condition that an index can answer, as far as there is one for it."""
    if _has_trigrams(word):
        return _or_number(f"search_text LIKE lower(%(like{index})s)", index, word)
    if word.lower() in _FREQUENT:
        return seen(index, word)
    keys = f"incident_search_keys(search_text) @> search_keys_of_word(lower(%(word{index})s))"
    # The keys of longer words may lie apart; and in some locales a letter becomes two in lower case.
    return keys if len(word) < 3 and word.isascii() else f"({keys} AND {seen(index, word)})"


def _has_trigrams(word: str) -> bool:
    return bool(_TRIGRAM.search(word)) and not _PUNCTUATED.search(word)


def _or_number(condition: str, index: int, word: str) -> str:
    return condition if parse_number(word) is None else f"({condition} OR number = %(number{index})s)"


def where(conditions: Sequence[str]) -> str:
    """The conditions as a WHERE clause, empty where there are none."""
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""
