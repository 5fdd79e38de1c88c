"""The terms of a query in the model of the tests: as text, and what they let through, each taken by itself."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tracker.ids import parse_number
from tracker.incidents.models import Severity, Status
from tracker.incidents.query_language import Term

if TYPE_CHECKING:
    from tests.incidents.test_list import Row


def has_text(row: "Row", text: str) -> bool:
    """The text occurs in title, service or owner, or names the number."""
    content = "\n".join([row.title, row.service, row.owner or ""]).lower()
    return text.lower() in content or parse_number(text) == row.number


def lets_through(term: Term, row: "Row") -> bool:
    """Whether a row passes: one that has what the term names, or else has it not."""
    match term.field:
        case None:
            (text,) = term.values
            found = has_text(row, text)
        case "created" | "updated":
            ((start, end),) = term.values
            moment = getattr(row, term.field)
            found = (start is None or moment >= start) and (end is None or moment < end)
        case field:
            found = getattr(row, field) in term.values
    return found is not term.negated


def printed(terms: list[Term] | tuple[Term, ...]) -> str:
    """A text that reads as these terms."""
    return " ".join(
        ("-" if term.negated else "")
        + (f"{term.field}:" if term.field else "")
        + ",".join(_written(value) for value in term.values)
        for term in terms
    )


def _written(value: Any) -> str:
    match value:
        case None:
            return "none"
        case Severity() | Status():
            return value.lower()
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case start, None:
            return f">={start.isoformat()}"
        case None, end:
            return f"<{end.isoformat()}"
        case start, end:
            # What has two ends is made of whole days, the last of which may be the calendar's.
            return f"{start.date().isoformat()}..{(end - timedelta(microseconds=1)).date().isoformat()}"
    raise AssertionError(f"no term has {value!r}")
