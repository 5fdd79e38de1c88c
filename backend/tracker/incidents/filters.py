"""Which incidents: the filter that a request names, and what it is in SQL.

The reads of this feature are written in SQL: they are few, they are what the tracker is measured by, and a statement
that is built from its parts in Python costs more than PostgreSQL takes to answer it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, NamedTuple

from tracker.ids import parse_number
from tracker.incidents.models import Severity, Status

FACETS = ("severity", "status", "service", "owner")
_TIMES = {
    "created_from": ("created_at", ">="),
    "created_to": ("created_at", "<"),
    "updated_since": ("updated_at", ">="),
    "updated_to": ("updated_at", "<"),
}
_OUTSIDE = {"created_outside": "created_at", "updated_outside": "updated_at"}
TYPES = {"severity": "severity", "status": "status", "service": "text", "owner": "text"}
LIKE_SPECIAL = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})
# Three letters or digits in a row, of which the index of trigrams makes a trigram.
_TRIGRAM = re.compile(r"[^\W_]{3}")
# Trigrams leave punctuation out, by which a word is often told from others that are frequent.
_PUNCTUATED = re.compile(r"[^\w-]|_")
# Blanks tell where a word begins or ends, of which a trigram is made as well; and with the words of a phrase it takes
# longer to look at the rows that have all its pairs of characters somewhere than at those that have all its trigrams.
# Next to a blank it takes two characters: nearly every incident has a word that begins with an a.
_EDGE = re.compile(r" [^\W_]{2}|[^\W_]{2} ")
# As in `incident_search_keys` of the migrations: single characters that are not among the keys.
_FREQUENT = frozenset("abcdefghilmnoprstuy0123456789 -.,/()\n")

Parameters = dict[str, Any]


class Span(NamedTuple):
    """The times from ``start`` on and before ``end``; None is without a bound."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """Which incidents. Left out means no restriction; ``None`` among the owners means unassigned.

    :param search: words that must all occur; likewise the ``phrases``, which may have blanks in them.
    :param excluded: words and phrases that must not occur.
    :param severity: any of these; none at all lets nothing through. Likewise below.
    :param not_service: none of these; likewise ``not_owner``.
    :param created_outside: ranges of times in none of which it was created; likewise ``updated_outside``.
    """

    search: str = ""
    phrases: Sequence[str] = ()
    excluded: Sequence[str] = ()
    severity: Sequence[Severity] | None = None
    status: Sequence[Status] | None = None
    service: Sequence[str] | None = None
    owner: Sequence[str | None] | None = None
    not_service: Sequence[str] = ()
    not_owner: Sequence[str | None] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    updated_since: datetime | None = None
    updated_to: datetime | None = None
    created_outside: Sequence[Span] = ()
    updated_outside: Sequence[Span] = ()

    @classmethod
    def of_times(cls, what: str, span: Span, *, outside: bool) -> "IncidentFilter":
        """What was created, or ``updated``, in these times, or outside of them."""
        start, end = span
        if outside:
            if start is not None and end is not None:
                return cls(created_outside=(span,)) if what == "created" else cls(updated_outside=(span,))
            start, end = end, start
        if what == "created":
            return cls(created_from=start, created_to=end)
        return cls(updated_since=start, updated_to=end)

    def __and__(self, other: "IncidentFilter") -> "IncidentFilter":
        """What both let through."""
        if self == _ALL or other == _ALL:
            return other if self == _ALL else self
        joined: dict[str, Any] = {name: _joined(getattr(self, name), getattr(other, name)) for name in _JOINED}
        joined["search"] = " ".join(filter(None, (self.search, other.search)))
        for facet in FACETS:
            joined[facet] = _common(getattr(self, facet), getattr(other, facet))
        for facet, excluded in _EXCLUDED.items():
            if joined[facet] is not None:
                joined[facet] = tuple(value for value in joined[facet] if value not in joined[excluded])
                joined[excluded] = ()
        for name, (_, operator) in _TIMES.items():
            moments = [moment for moment in (getattr(self, name), getattr(other, name)) if moment]
            joined[name] = (max if operator == ">=" else min)(moments, default=None)
        return IncidentFilter(**joined)

    @property
    def words(self) -> list[str]:
        """The words and phrases, all of which must occur; each once."""
        return list(dict.fromkeys([*self.search.split(), *self.phrases]))

    @property
    def searches(self) -> bool:
        """Whether it looks at what is written."""
        return bool(self.search or self.phrases or self.excluded)

    @property
    def tallied(self) -> bool:
        """Whether the kept counts can answer, so that nothing has to be counted."""
        return not (
            self.searches
            or self.created_from
            or self.created_to
            or self.updated_since
            or self.updated_to
            or self.created_outside
            or self.updated_outside
        )

    @property
    def spans_both_times(self) -> bool:
        """Whether it restricts both when incidents were created and when they were changed."""
        return bool(self.times("created_at") and self.times("updated_at"))

    def without(self, *facets: str) -> "IncidentFilter":
        """The same filter, free in these facets."""
        free: dict[str, Any] = dict.fromkeys(facets)
        free |= {excluded: () for facet, excluded in _EXCLUDED.items() if facet in facets}
        return replace(self, **free)

    def chosen(self) -> list[str]:
        """The facets that it restricts."""
        return [facet for facet in FACETS if self._restricts(facet)]

    def lets(self, facet: str, value: str | None) -> bool:
        """Whether it lets this value of a facet through."""
        chosen = getattr(self, facet)
        return (chosen is None or value in chosen) and value not in self._excluded(facet)

    def times(self, *columns: str) -> list[str]:
        """The conditions on these columns of time."""
        return [
            f"{column} {operator} %({name})s"
            for name, (column, operator) in _TIMES.items()
            if column in columns and getattr(self, name)
        ] + [
            f"({column} < %({name}{index}_start)s OR {column} >= %({name}{index}_end)s)"
            for name, column in _OUTSIDE.items()
            if column in columns
            for index in range(len(getattr(self, name)))
        ]

    def conditions(self, *, words: Iterable[str] | None = None) -> list[str]:
        """The filter as SQL conditions on a row of incidents; their parameters are :meth:`parameters`.

        :param words: the conditions for the words of the search; by looking at each row when left out.
        """
        conditions = self._facet_conditions(_OF_ROWS)
        conditions += self.times("created_at", "updated_at")
        conditions += words if words is not None else [seen(index, word) for index, word in enumerate(self.words)]
        # What does not occur is in no index.
        conditions += [f"NOT ({seen(index, word, 'not_')})" for index, word in enumerate(self.excluded)]
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
        return self._facet_conditions(_OF_TALLIES)

    def counts(self, *facets: str) -> str:
        """The kept counts that know all that the filter, and these facets, need."""
        return "owner_counts" if "owner" in facets or self._restricts("owner") else "incident_counts"

    def parameters(self) -> Parameters:
        """The values that the conditions refer to."""
        given: Parameters = {name: getattr(self, name) for name in _TIMES if getattr(self, name)}
        for name in _OUTSIDE:
            for index, (start, end) in enumerate(getattr(self, name)):
                given |= {f"{name}{index}_start": start, f"{name}{index}_end": end}
        for facet in FACETS:
            if chosen := getattr(self, facet):
                names = _named(chosen)
                # One value is compared as such: then an index on it also gives the order of what comes after it.
                given[facet] = names[0] if self._is_one(facet) else names
            if excluded := self._excluded(facet):
                given[_EXCLUDED[facet]] = _named(excluded)
        for prefix, words in (("", self.words), ("not_", self.excluded)):
            for index, word in enumerate(words):
                given[f"{prefix}word{index}"] = word
                given[f"{prefix}like{index}"] = f"%{word.translate(LIKE_SPECIAL)}%"
                given[f"{prefix}number{index}"] = parse_number(word)
        return given

    def _excluded(self, facet: str) -> Sequence[str | None]:
        excluded: Sequence[str | None] = getattr(self, _EXCLUDED[facet]) if facet in _EXCLUDED else ()
        return excluded

    def _restricts(self, facet: str) -> bool:
        return getattr(self, facet) is not None or (facet in _EXCLUDED and bool(getattr(self, _EXCLUDED[facet])))

    def _is_one(self, facet: str) -> bool:
        chosen = getattr(self, facet)
        return chosen is not None and len(chosen) == 1 and chosen[0] is not None

    def _facet_conditions(self, unassigned: "_Unassigned") -> list[str]:
        conditions = []
        for facet in FACETS:
            chosen = getattr(self, facet)
            if chosen is None:
                continue
            if not chosen:
                # Said so that PostgreSQL reads it before it looks at anything.
                conditions.append("false")
            elif self._is_one(facet):
                conditions.append(f"{facet} = %({facet})s")
            elif None in chosen:
                conditions.append(unassigned.among)
            else:
                conditions.append(f"{facet} = ANY(%({facet})s::{TYPES[facet]}[])")
        if self.not_service:
            conditions.append("service <> ALL(%(not_service)s::text[])")
        if self.not_owner:
            conditions.append(unassigned.excluded if None in self.not_owner else unassigned.kept)
        return conditions


class _Unassigned(NamedTuple):
    """What stands for no owner, as conditions: among those asked for, among the excluded, and not among those."""

    among: str
    excluded: str
    kept: str


_OF_ROWS = _Unassigned(
    among="(owner = ANY(%(owner)s::text[]) OR owner IS NULL)",
    excluded="(owner IS NOT NULL AND owner <> ALL(%(not_owner)s::text[]))",
    kept="(owner IS NULL OR owner <> ALL(%(not_owner)s::text[]))",
)
# There, no owner is the empty name.
_OF_TALLIES = _Unassigned(
    among="owner = ANY(%(owner)s::text[] || ''::text)",
    excluded="owner <> ALL(%(not_owner)s::text[] || ''::text)",
    kept="owner <> ALL(%(not_owner)s::text[])",
)
_EXCLUDED = {"service": "not_service", "owner": "not_owner"}
_ALL = IncidentFilter()
_JOINED = ("phrases", "excluded", *_EXCLUDED.values(), *_OUTSIDE)


def _joined(one: Sequence[Any], other: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys([*one, *other]))


def _common(one: Sequence[Any] | None, other: Sequence[Any] | None) -> Sequence[Any] | None:
    """The values that are in both, where None is all values."""
    if one is None or other is None:
        return other if one is None else one
    return tuple(value for value in one if value in other)


def _named(values: Sequence[str | None]) -> list[str]:
    return [str(value) for value in values if value is not None]


FILTERS = frozenset(field.name for field in fields(IncidentFilter))
"""The names of what says which incidents; arguments of a request that have one of them mean that."""


def seen(index: int, word: str, prefix: str = "") -> str:
    """That a row holds the word, as a condition that no index is used for."""
    return _or_number(f"strpos(search_text, lower(%({prefix}word{index})s)) > 0", index, word, prefix)


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
    if " " in word:
        return bool(_EDGE.search(word))
    return bool(_TRIGRAM.search(word)) and not _PUNCTUATED.search(word)


def _or_number(condition: str, index: int, word: str, prefix: str = "") -> str:
    return condition if parse_number(word) is None else f"({condition} OR number = %({prefix}number{index})s)"


def where(conditions: Sequence[str]) -> str:
    """The conditions as a WHERE clause, empty where there are none."""
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""
