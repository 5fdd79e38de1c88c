"""The query language: its terms and mistakes, against the cases that the browser is held to as well, and any text."""

import dataclasses
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from tests.incidents.terms import lets_through, printed
from tests.incidents.test_export import put
from tests.incidents.test_list import Row
from tests.test_rules import check_problem
from tracker.config import BACKEND
from tracker.incidents import query_language
from tracker.incidents.models import Severity, Status
from tracker.incidents.query_language import (
    EXCLUDED_MAX,
    FIELDS,
    QUERY_MAX,
    TERMS_MAX,
    Term,
    filter_of,
    parse,
    read_terms,
)
from tracker.problems import Misread, Mistake
from tracker.wire import instant

CASES = json.loads((Path(__file__).parent / "query_cases.json").read_text())
NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
EVERY_FIELD = "sev:1 status:open service:a owner:b created:<1h updated:2026-01-01 x"


def now_of(case: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(case["now"]) if "now" in case else NOW


def named(case: Any) -> str:
    text: str = case["q"]
    return text if len(text) <= 40 else f"{text[:40]}…"


def read(text: str, *, now: datetime = NOW, me: str | None = None) -> tuple[tuple[Term, ...], list[Mistake]]:
    """The terms, or else the mistakes."""
    try:
        return read_terms(text, now=now, me=me), []
    except Misread as error:
        return (), list(error.mistakes)


def as_json(term: Term) -> dict[str, Any]:
    """A term as the cases have it."""
    values = [
        [moment and instant(moment) for moment in value] if isinstance(value, tuple) else value for value in term.values
    ]
    return {
        "start": term.start, "end": term.end, "negated": term.negated, "field": term.field, "values": values,
    }  # fmt: skip


@pytest.mark.parametrize("case", CASES["queries"], ids=named)
def test_a_query_has_these_terms_or_these_mistakes(case: dict[str, Any]) -> None:
    terms, mistakes = read(case["q"], now=now_of(case), me=case.get("me"))
    assert [as_json(term) for term in terms] == case.get("terms", [])
    assert [{"start": mistake.start, "end": mistake.end} for mistake in mistakes] == case.get("mistakes", [])


@pytest.mark.parametrize("case", CASES["matches"], ids=named)
def test_a_query_finds_this_incident_or_not(client: FlaskClient, connection: Connection, case: dict[str, Any]) -> None:
    given = case["incident"]
    columns = {"createdAt": "created_at", "updatedAt": "updated_at"}
    put(connection, {columns.get(name, name): value for name, value in given.items()})
    headers = {"X-Actor": case["me"]} if "me" in case else {}
    with time_machine.travel(now_of(case), tick=False):
        answer = client.get("/api/incidents", query_string={"q": case["q"]}, headers=headers)
    assert [item["number"] for item in answer.get_json()["items"]] == [given["number"]] * case["matches"]
    # The model that the list is held against agrees.
    row = Row(
        number=given["number"], title=given["title"], service=given["service"], owner=given["owner"],
        severity=Severity(given["severity"]), status=Status(given["status"]),
        created=datetime.fromisoformat(given["createdAt"]), updated=datetime.fromisoformat(given["updatedAt"]),
    )  # fmt: skip
    terms = read_terms(case["q"], now=now_of(case), me=case.get("me"))
    assert all(lets_through(term, row) for term in terms) is case["matches"]


@pytest.mark.parametrize(
    ("text", "start", "says", "allowed"),
    [
        ("disk stat:open", 5, "no field 'stat'. Known: sev, status, service, owner, created, updated", True),
        ("sev:9", 4, "one of: 1, 2, 3, 4; not '9'", True),
        ("status:closed", 7, "one of: open, mitigated, resolved; not 'closed'", True),
        ("sev:", 0, "must follow, without a blank, one of: 1, 2, 3, 4", True),
        ("service:", 0, "must follow, without a blank.", False),
        ('"disk', 0, "not closed", False),
        ('"a"b', 3, "closing quote", False),
        ("service:" + "x" * 121, 8, "1 to 120 characters", False),
        ("owner:me", 6, "X-Actor", False),
        ("created:soon", 8, "2026-11-01..2026-11-08; not 'soon'", False),
        ("created:>2026-11-01T00:00:00", 8, "offset", False),
        ("created:>2026-11-31", 8, "calendar", False),
        ("created:2026-11-02..2026-11-01", 8, "before it begins", False),
        ("created:<1h,>2h", 12, "one value", False),
        ("a\0", 1, "control characters", False),
        ("x" * 501, 500, "500 characters long, but has 501", False),
        ("x " * 51, 100, "50 terms", False),
        ("-sev:1 -service:x " + "-x " * 11, 48, "exclude at most 10 texts", False),
    ],
)
def test_a_mistake_says_what_is_right(text: str, start: int, says: str, allowed: bool) -> None:
    _, (mistake,) = read(text)
    assert mistake.start == start
    assert says in mistake.message
    assert bool(mistake.allowed) is allowed
    for word in mistake.allowed:
        # What may stand there reads, in its place.
        fixed = f"{text[: mistake.start]}{word}{text[mistake.end :]}" if text != "sev:" else f"sev:{word}"
        assert not [found for found in read(fixed)[1] if found.start == mistake.start and found.end == mistake.end]


def test_every_mistake_is_found_in_one_go() -> None:
    _, mistakes = read('foo:1 sev:8,9 status: owner:me created:x "y')
    assert [mistake.start for mistake in mistakes] == [0, 10, 12, 14, 28, 39, 41]


def test_me_is_who_is_calling() -> None:
    assert parse("owner:me", now=NOW, me="Ana").owner == ("Ana",)
    assert parse('owner:"me"', now=NOW, me="Ana").owner == ("me",)
    assert parse("service:me", now=NOW, me=None).service == ("me",)


# Text that comes near to being a query, more often than any text would.
fragments = st.sampled_from(
    ["-", '"', ":", ",", " ", "\\", "\t", "\u3000", "..", "<", ">=", "2h", "1", "open", "none", "me", "2026-11-01",
     "2026-02-30", "T10:00:00Z", "+02:00", "0001-01-01", "9999-12-31", "9" * 9, "w", "x", "é", "🔥", "\0", "\ud800",
     "٣",
     *(f"{field}:" for field in FIELDS), "foo:"]
)  # fmt: skip
near = st.lists(fragments, max_size=12).map("".join)


@settings(max_examples=400, deadline=None)
@given(text=st.text(max_size=60) | near, me=st.none() | st.just("Ana"))
@example(text='service:"', me=None)
@example(text="created:>9999-12-31", me=None)
@example(text="created:>0001-01-01T00:00:00+23:59", me=None)
def test_any_text_is_a_query_or_has_mistakes_that_can_be_pointed_at(text: str, me: str | None) -> None:
    terms, mistakes = read(text, me=me)
    for mistake in mistakes:
        assert 0 <= mistake.start < mistake.end <= len(text)
        assert mistake.message
    assert [(mistake.start, mistake.end) for mistake in mistakes] == sorted(
        (mistake.start, mistake.end) for mistake in mistakes
    )
    end = 0
    for term in terms:
        # In their order, and nothing but blanks between them.
        assert not text[end : term.start].strip()
        assert end <= term.start < term.end
        end = term.end
    assert mistakes or not text[end:].strip()


@settings(max_examples=400, deadline=None)
@given(text=near, me=st.none() | st.just('A "B" \\, C'))
@example(text=EVERY_FIELD, me=None)
def test_what_is_printed_reads_as_the_same_filter(text: str, me: str | None) -> None:
    terms, mistakes = read(text, me=me)
    if not mistakes and len(printed(terms)) <= QUERY_MAX:
        again, none = read(printed(terms))
        assert none == []
        assert [(term.negated, term.field, term.values) for term in again] == [
            (term.negated, term.field, term.values) for term in terms
        ]
        assert filter_of(again) == filter_of(terms)


def test_every_field_can_be_printed() -> None:
    terms, _ = read(EVERY_FIELD)
    assert {term.field for term in terms} == {*FIELDS.values(), None}


@pytest.mark.parametrize("path", ["/api/incidents", "/api/incidents/facets", "/api/incidents/export"])
def test_mistakes_are_told_with_their_places(client: FlaskClient, path: str) -> None:
    problem = check_problem(client.get(path, query_string={"q": " 🔥 sev:9 owner:me"}), 422)
    assert problem["type"] == "urn:incident-tracker:problem:invalid"
    assert problem["errors"] == {"q": [mistake["message"] for mistake in problem["mistakes"]]}
    assert [list(mistake) for mistake in problem["mistakes"]] == [["start", "end", "message", "allowed"]] * 2
    # Counted in what was sent: the blank before is a part of it, and the flame is one character.
    assert [(mistake["start"], mistake["end"]) for mistake in problem["mistakes"]] == [(7, 8), (15, 17)]
    assert problem["mistakes"][0]["allowed"] == ["1", "2", "3", "4"]


def test_mistakes_in_a_filter_are_told_with_their_places(client: FlaskClient) -> None:
    body = {"filter": {"q": "sev:9"}, "set": {"owner": "Ana"}}
    problem = check_problem(client.post("/api/incidents/bulk", json=body), 422)
    assert problem["errors"] == {"filter": {"q": [problem["mistakes"][0]["message"]]}}
    assert (problem["mistakes"][0]["start"], problem["mistakes"][0]["end"]) == (4, 5)


@pytest.mark.parametrize("path", ["/api/incidents", "/api/incidents/facets", "/api/incidents/export"])
def test_a_query_is_one_of_the_filters(client: FlaskClient, create: Any, path: str) -> None:
    """Also where its time has passed meanwhile, and somebody else asks."""
    create(title="Disk full", owner="Ana")
    asked = {"q": "disk owner:me created:<1h"}

    def found(actor: str) -> bool:
        text = client.get(path, query_string=asked, headers={"X-Actor": actor}).text
        return "Disk full" in text or '"value":"OPEN","count":1' in text

    assert found("Ana")
    assert not found("Bo")
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        assert not found("Ana")
    assert check_problem(client.get(path, query_string=asked, headers={"X-Actor": "%ff"}), 422)["errors"].keys() == {
        "X-Actor"
    }
    check_problem(client.get(path, query_string=asked), 422)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | near.map(lambda t: t.replace("\ud800", ""))
)
def test_any_text_is_answered(client: FlaskClient, text: str) -> None:
    for path in ("/api/incidents", "/api/incidents/facets"):
        response = client.get(path, query_string={"q": text})
        assert response.status_code == (422 if read(text)[1] else 200), response.text


def test_the_page_about_the_language_says_what_is_so() -> None:
    page = (BACKEND.parent / "docs" / "query-language.md").read_text()
    shown = re.findall(r"^\| (`.*?) \| ", page, re.MULTILINE)
    assert len(shown) >= 10
    for query in [query for cell in shown for query in re.findall(r"`([^`]+)`", cell)]:
        assert read(query, me="Ana")[1] == [], query
    for field in FIELDS:
        assert f"{field}:" in page
    assert f"{QUERY_MAX} characters, {TERMS_MAX} terms or {EXCLUDED_MAX} texts to exclude" in page
    example = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
    told = [dataclasses.asdict(mistake) for mistake in read("sev:9")[1]]
    assert example["mistakes"] == json.loads(json.dumps(told))
    # The grammar is the one in the source, which an editor sees first.
    assert query_language.__doc__
    grammar = [line.strip() for line in query_language.__doc__.splitlines() if line.endswith(" ;")]
    assert len(grammar) >= 8
    assert set(grammar) <= {line.strip() for line in page.splitlines()}
