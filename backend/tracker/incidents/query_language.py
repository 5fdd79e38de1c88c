r"""The query language: one line of text that says which incidents, as the search box and the parameter `q` take it.

    query      = [blanks], [term, {blanks, term}], [blanks] ;
    term       = ["-"], (field, ":", value, {",", value} | quoted | word) ;
    field      = "sev" | "severity" | "status" | "service" | "owner" | "created" | "updated" ;
    value      = quoted | plain ;
    quoted     = '"', {? any character but " and \ ? | "\", ? any character ?}, '"' ;
    plain      = ? any character but a blank, a comma and " ?, {? any character but a blank and a comma ?} ;
    word       = ? any character but a blank and " ?, {? any character but a blank ?} ;

    time       = age | date | date, "..", date | comparison, (date | moment) ;
    age        = comparison, digit, {digit}, ("m" | "h" | "d" | "w") ;
    comparison = "<" | "<=" | ">" | ">=" ;

A blank is a space of any kind, a tab or a line break. Letter case does not matter except in names. In quotes, a
backslash takes its meaning from a quote or a backslash that follows it; elsewhere it is a character like any other. So
is a quote that does not begin a term or a value, and a ``-`` that does not begin a term, or is all of it. A word that
begins with letters and a colon is a field with its values, known or not.

docs/query-language.md says what the terms mean. frontend/src/features/incidents/model/query.ts reads the same
language; both are held to tests/incidents/query_cases.json.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import and_
from typing import Any

from marshmallow import ValidationError

from tracker.incidents.filters import IncidentFilter, Span
from tracker.incidents.models import Severity, Status
from tracker.problems import Misread, Mistake
from tracker.wire import NAME_MAX, Instant, Text

QUERY_MAX = 500
"""Characters in a query."""
TERMS_MAX = 50
EXCLUDED_MAX = 10
"""Texts that may be excluded: no index finds what they leave, so each may be looked for in every incident."""
FIELDS = {
    "sev": "severity",
    "severity": "severity",
    "status": "status",
    "service": "service",
    "owner": "owner",
    "created": "created",
    "updated": "updated",
}
"""What a field is called -> what it is about."""

# As a browser knows them too: what Python takes for a blank, and what JavaScript does, differ.
_BLANKS = " \t\r\n\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
_GAP = re.compile(f"[{_BLANKS}]*")
_WORD = re.compile(f"[^{_BLANKS}]+")
_PLAIN = re.compile(f"[^{_BLANKS},]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_FIELD = re.compile(r"([A-Za-z]+):")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]+")
_LINES = re.compile(r"[\t\r\n]")

_SHOWN = ("sev", "status", "service", "owner", "created", "updated")
_CHOICES: dict[str, dict[str, Any]] = {
    "severity": {name: level for number, level in enumerate(Severity, 1) for name in (str(number), level.lower())},
    "status": {status.lower(): status for status in Status},
}
_ALLOWED = {"severity": ("1", "2", "3", "4"), "status": tuple(_CHOICES["status"])}
_NAME = Text(low=1, high=NAME_MAX)
_INSTANT = Instant()

_AGE = re.compile(r"([<>])=?([0-9]{1,9})([mhdw])", re.IGNORECASE | re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?", re.ASCII)
_COMPARED = re.compile(r"([<>]=?)(.*)", re.DOTALL)
_DAY, _INSTANT_AFTER = timedelta(days=1), timedelta(microseconds=1)
_LAST = datetime.max.replace(tzinfo=UTC)
_TIMES_ALLOWED = "<2h, >7d, 2026-11-01, >=2026-11-01, <2026-11-01T14:05:00Z, 2026-11-01..2026-11-08"


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a query, from ``start`` up to ``end`` in it, counted in code points.

    :param field: one of the values of :data:`FIELDS`; None for a text.
    :param values: severities; statuses; names, None for unassigned; one span of times; or the one text.
    """

    start: int
    end: int
    negated: bool
    field: str | None
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Value:
    """A value as it is written, without its quotes."""

    start: int
    end: int
    text: str
    quoted: bool


def parse(text: str, *, now: datetime, me: str | None) -> IncidentFilter:
    """The filter that a query means.

    :param now: what ages are counted from, with an offset.
    :param me: who is meant by ``owner:me``; None where nobody said.
    :raises Misread: with all mistakes, where there are any.
    """
    return filter_of(read_terms(text, now=now, me=me))


def read_terms(text: str, *, now: datetime, me: str | None) -> tuple[Term, ...]:
    """The terms of a query, in their order.

    :raises Misread: as :func:`parse` does.
    """
    reader = _Reader(text, now, me)
    terms = tuple(reader.terms())
    if reader.mistakes:
        raise Misread(sorted(reader.mistakes, key=lambda mistake: (mistake.start, mistake.end)))
    return terms


def filter_of(terms: Iterable[Term]) -> IncidentFilter:
    """The filter that lets through what all the terms do."""
    return reduce(and_, map(_meaning, terms), IncidentFilter())


def _meaning(term: Term) -> IncidentFilter:
    match term.field:
        case None:
            return IncidentFilter(excluded=term.values) if term.negated else IncidentFilter(phrases=term.values)
        case "severity":
            return IncidentFilter(severity=[value for value in Severity if (value in term.values) != term.negated])
        case "status":
            return IncidentFilter(status=[value for value in Status if (value in term.values) != term.negated])
        case "created" | "updated":
            (span,) = term.values
            return IncidentFilter.of_times(term.field, span, outside=term.negated)
        case "service":
            return IncidentFilter(not_service=term.values) if term.negated else IncidentFilter(service=term.values)
        case _:
            return IncidentFilter(not_owner=term.values) if term.negated else IncidentFilter(owner=term.values)


class _Reader:
    """Goes through a text once, and notes what is wrong with it on the way."""

    def __init__(self, text: str, now: datetime, me: str | None) -> None:
        self.text, self.now, self.me = text, now, me
        self.at = 0
        self.mistakes: list[Mistake] = []

    def terms(self) -> Iterator[Term]:
        """The terms that are without mistake."""
        text = self.text
        if len(text) > QUERY_MAX:
            self._mistake(QUERY_MAX, len(text), f"Must be at most {QUERY_MAX} characters long, but has {len(text)}.")
            return
        for found in _CONTROL.finditer(text):
            self._mistake(found.start(), found.end(), "Must not contain control characters.")
        if self.mistakes:
            return
        count = excluded = 0
        self._skip(_GAP)
        while self.at < len(text):
            count += 1
            if count > TERMS_MAX:
                self._mistake(self.at, len(text), f"Must be at most {TERMS_MAX} terms.")
                return
            known = len(self.mistakes)
            term = self._term()
            excluded += term.negated and term.field is None
            if excluded > EXCLUDED_MAX:
                self._mistake(term.start, term.end, f"Must exclude at most {EXCLUDED_MAX} texts.")
                return
            if len(self.mistakes) == known:
                yield term
            self._skip(_GAP)

    def _term(self) -> Term:
        start = self.at
        negated = self.text[start] == "-" and _WORD.match(self.text, start + 1) is not None
        self.at += negated
        if field := _FIELD.match(self.text, self.at):
            name, values = self._field(field, start)
            return Term(start, self.at, negated, name, values)
        word = self._phrase() if self._quote_follows() else self._skip(_WORD)
        return Term(start, self.at, negated, None, (word,))

    def _phrase(self) -> str:
        phrase = self._quoted(_WORD)
        if phrase is None:
            return ""
        if not phrase.text:
            self._mistake(phrase.start, phrase.end, "There is nothing between these quotes.")
        elif _LINES.search(phrase.text):
            self._mistake(phrase.start, phrase.end, "Must not contain control characters.")
        return phrase.text

    def _field(self, field: re.Match[str], start: int) -> tuple[str, tuple[Any, ...]]:
        """The field and its values, of the term that begins at ``start``."""
        self.at = field.end()
        known = len(self.mistakes)
        values = list(self._values(start, field[1].lower()))
        name = FIELDS.get(field[1].lower())
        if name is None:
            # What else is wrong does not matter before that.
            del self.mistakes[known:]
            self._mistake(
                *field.span(1),
                f"There is no field {field[1]!r}. Known: {', '.join(_SHOWN)}. A text with a colon goes in quotes.",
                _SHOWN,
            )
            return field[1], ()
        if name in ("created", "updated"):
            for extra in values[1:]:
                self._mistake(extra.start, extra.end, "Must be one value; write several terms for several conditions.")
        return name, tuple(self._read(name, value) for value in values)

    def _values(self, start: int, field: str) -> Iterator[_Value]:
        while True:
            if self._quote_follows():
                if quoted := self._quoted(_PLAIN):
                    yield quoted
            else:
                begin = self.at
                if plain := self._skip(_PLAIN):
                    yield _Value(begin, self.at, plain, quoted=False)
                else:
                    allowed = _ALLOWED.get(FIELDS.get(field, ""), ())
                    says = f" one of: {', '.join(allowed)}" if allowed else ""
                    self._mistake(start, self.at, f"A value must follow, without a blank{says and ','}{says}.", allowed)
            if not self.text.startswith(",", self.at):
                return
            self.at += 1

    def _quoted(self, rest: re.Pattern[str]) -> _Value | None:
        """The quoted text that begins here, if it ends.

        :param rest: what must not follow it.
        """
        start = self.at
        found = _QUOTED.match(self.text, start)
        if found is None:
            self.at = len(self.text)
            self._mistake(start, self.at, "This quote is not closed.")
            return None
        self.at = found.end()
        if self._skip(rest):
            self._mistake(found.end(), self.at, "A blank must come between the closing quote and this.")
        return _Value(start, found.end(), _ESCAPED.sub(r"\1", found[1]), quoted=True)

    def _read(self, name: str, value: _Value) -> Any:
        """What a value means; None after a mistake, too."""
        try:
            match name:
                case "severity" | "status":
                    return self._choice(name, value)
                case "created" | "updated":
                    return span_of(value.text, now=self.now)
                case "owner" if not value.quoted and value.text.lower() == "none":
                    return None
                case "owner" if not value.quoted and value.text.lower() == "me":
                    if self.me is None:
                        raise ValidationError("Nobody has said who 'me' is: send X-Actor, or write the name.")
                    return self.me
                case _:
                    return _NAME.deserialize(value.text)
        except ValidationError as error:
            self._mistake(value.start, value.end, str(error.messages[0]), _ALLOWED.get(name, ()))

    @staticmethod
    def _choice(name: str, value: _Value) -> Any:
        found = _CHOICES[name].get(value.text.lower())
        if found is None:
            raise ValidationError(f"Must be one of: {', '.join(_ALLOWED[name])}; not {value.text!r}.")
        return found

    def _quote_follows(self) -> bool:
        return self.text.startswith('"', self.at)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        """What matches the pattern here, which is gone past."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def _mistake(self, start: int, end: int, message: str, allowed: tuple[str, ...] = ()) -> None:
        self.mistakes.append(Mistake(start, end, message, allowed))


def span_of(text: str, *, now: datetime) -> Span:
    """The times that a value of ``created`` or ``updated`` means.

    :raises ValidationError: where it means none, or one beyond the calendar.
    """
    try:
        if age := _AGE.fullmatch(text):
            since = now - timedelta(**{_UNITS[age[3].lower()]: int(age[2])})
            return Span(since, None) if age[1] == "<" else Span(None, since)
        if compared := _COMPARED.fullmatch(text):
            return _compared(*compared.groups())
        if not (days := _DAYS.fullmatch(text)):
            raise _no_time(text)
        first, last = _day(days[1]), _day(days[2] or days[1])
        if last < first:
            raise ValidationError("Must not end before it begins.")
        return Span(first, _after(last, _DAY))
    except (ValueError, OverflowError) as error:
        raise ValidationError("Must be a moment that exists in the calendar.") from error


def _after(moment: datetime, step: timedelta) -> datetime:
    """A step later; the end of the calendar where that is beyond it, as scripts write 9999-12-31 for no end."""
    return _LAST if moment > _LAST - step else moment + step


def _compared(comparison: str, text: str) -> Span:
    """The times after or before a day or a moment, of which ``=`` says whether it is among them."""
    if _DATE.fullmatch(text):
        begin = _day(text)
        end = _after(begin, _DAY) if comparison in (">", "<=") else begin
    elif text[:1].isdecimal() and "T" in text.upper():
        begin = _INSTANT.deserialize(text)
        end = _after(begin, _INSTANT_AFTER) if comparison in (">", "<=") else begin
    else:
        raise _no_time(comparison + text)
    return Span(end, None) if comparison.startswith(">") else Span(None, end)


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _no_time(text: str) -> ValidationError:
    return ValidationError(f"Must be a time, in one of these forms: {_TIMES_ALLOWED}; not {text!r}.")
