"""The list against a plain Python model: filters, search, order, and paging by number and by cursor."""

from base64 import urlsafe_b64encode
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, text

from tests.incidents.terms import has_text, lets_through, printed
from tracker.ids import new_id
from tracker.incidents import facets, queries
from tracker.incidents.models import SORT_KEYS, Incident, Severity, Status
from tracker.incidents.query_language import Term, read_terms
from tracker.incidents.sampling import COUNT_LIMIT, Sample
from tracker.wire import dumps

SORTS = ("createdAt", "updatedAt", "severity", "status", "service", "owner", "title", "number")
START = datetime(2026, 1, 1, tzinfo=UTC)

# Few values, so that ties and hits are frequent; among them all that LIKE, lists and folding could trip over.
WORDS = ["disk", "Disk", "FULL", "100%", "a_b", "back\\slash", "É", "é", "中", "x", "inc-3", 'say "hi"', "a,b", "none"]
names = st.sampled_from(["db", "DB", "a,b", 'q"q', "none", "é-api", "zz", "A B"])
titles = st.lists(st.sampled_from(WORDS), min_size=2, max_size=4).map(" ".join).filter(lambda text: len(text) >= 3)


@dataclass(frozen=True, kw_only=True)
class Row:
    """An incident as the model knows it."""

    number: int
    title: str
    service: str
    severity: Severity
    status: Status
    owner: str | None
    created: datetime
    updated: datetime


rows = st.builds(
    Row,
    number=st.just(0),
    title=titles,
    service=names,
    severity=st.sampled_from(Severity),
    status=st.sampled_from(Status),
    owner=st.none() | names,
    created=st.integers(0, 5).map(lambda day: START + timedelta(days=day)),
    updated=st.integers(5, 9).map(lambda day: START + timedelta(days=day)),
)


def insert_rows(connection: Connection, drawn: list[Row]) -> list[Row]:
    """Put the rows into the table, all at once, numbered from 1."""
    numbered = [Row(**{**row.__dict__, "number": number}) for number, row in enumerate(drawn, 1)]
    if numbered:
        connection.execute(
            insert(Incident),
            [
                {
                    "id": new_id(), "number": row.number, "title": row.title, "service": row.service,
                    "severity": row.severity, "status": row.status, "owner": row.owner, "summary": None,
                    "started_at": row.created, "created_at": row.created, "updated_at": row.updated, "version": 1,
                }
                for row in numbered
            ],
        )  # fmt: skip
    return numbered


def fold(text: str) -> str:
    """Letter case aside for A–Z, as the documented order says."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def sort_key(row: Row, column: str) -> Any:
    """The value by which a column sorts, ascending."""
    return {
        "createdAt": row.created,
        "updatedAt": row.updated,
        "severity": -list(Severity).index(row.severity),
        "status": list(Status).index(row.status),
        "service": fold(row.service),
        "owner": fold(row.owner or ""),
        "title": fold(row.title),
        "number": row.number,
    }[column]


def ordered(found: list[Row], column: str, order: str) -> list[int]:
    """The numbers in the order of the contract; among equal severities the older one is the higher."""
    sign = -1 if column == "severity" else 1
    ranked = sorted(found, key=lambda row: (sort_key(row, column), sign * row.number), reverse=order == "desc")
    return [row.number for row in ranked]


def quoted(values: list[str | None]) -> str:
    """A list as the API reads it: everything quoted but the word for unassigned."""
    return ",".join("none" if value is None else '"' + value.replace('"', '""') + '"' for value in values)


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A filter, in the model and as parameters."""

    search: str
    severity: list[Severity]
    status: list[Status]
    service: list[str]
    owner: list[str | None]
    created: tuple[datetime | None, datetime | None]
    updated_since: datetime | None
    terms: list[Term]

    def accepts(self, row: Row, *, but: str = "") -> bool:
        """Whether the row passes, one of the facets left out."""
        low, high = self.created
        return (
            all(has_text(row, word) for word in self.search.split())
            and all(
                not chosen or facet == but or getattr(row, facet) in chosen
                for facet, chosen in (
                    ("severity", self.severity), ("status", self.status),
                    ("service", self.service), ("owner", self.owner),
                )
            )
            and (low is None or row.created >= low)
            and (high is None or row.created < high)
            and (self.updated_since is None or row.updated >= self.updated_since)
            and all(lets_through(term, row) for term in self.terms if term.field is None or term.field != but)
        )  # fmt: skip

    @property
    def tallied(self) -> bool:
        """Whether the kept counts know it all."""
        of_facets = all(term.field in ("severity", "status", "service", "owner") for term in self.terms)
        return of_facets and not (self.search or any(self.created) or self.updated_since)

    def parameters(self) -> dict[str, str]:
        """The filter as a query."""
        low, high = self.created
        given = {
            "search": self.search,
            "severity": ",".join(self.severity),
            "status": ",".join(self.status),
            "service": quoted(list(self.service)),
            "owner": quoted(self.owner),
            "created_from": low.isoformat() if low else "",
            "created_to": high.isoformat() if high else "",
            "updated_since": self.updated_since.isoformat() if self.updated_since else "",
        }
        return {name: value for name, value in given.items() if value} | {"q": printed(self.terms)}


instants = st.none() | st.integers(0, 9).map(lambda day: START + timedelta(days=day))
parts = st.sampled_from([*WORDS, "is", "sk fu", "%", "_", "\\", "INC-2", "inc-33", "\n"])
spans = st.one_of(
    st.tuples(instants.filter(bool), st.none()),
    st.tuples(st.none(), instants.filter(bool)),
    st.tuples(st.integers(0, 9), st.integers(1, 4)).map(
        lambda days: (START + timedelta(days=days[0]), START + timedelta(days=sum(days)))
    ),
)


def terms_of(field: str | None, value: st.SearchStrategy[Any], most: int = 1) -> st.SearchStrategy[Term]:
    """Terms of one field with up to so many values."""
    values = st.lists(value, min_size=1, max_size=most).map(tuple)
    return st.builds(Term, st.just(0), st.just(0), st.booleans(), st.just(field), values)


terms = st.one_of(
    terms_of(None, st.sampled_from([*WORDS, "disk full", "k F", "full 100%", "a,b none", " ", "x ", "INC-2", "DB\\"])),
    terms_of("severity", st.sampled_from(Severity), 3),
    terms_of("status", st.sampled_from(Status), 3),
    terms_of("service", names, 3),
    terms_of("owner", st.none() | names, 3),
    terms_of("created", spans),
    terms_of("updated", spans),
)
filters = st.builds(
    Filter,
    search=st.lists(parts, max_size=2).map(lambda words: " ".join(words).strip().replace("\n", " ")),
    severity=st.lists(st.sampled_from(Severity), max_size=2, unique=True),
    status=st.lists(st.sampled_from(Status), max_size=2, unique=True),
    service=st.lists(names, max_size=2, unique=True),
    owner=st.lists(st.none() | names, max_size=2, unique=True),
    created=st.tuples(instants, instants),
    updated_since=instants,
    terms=st.lists(terms, max_size=3),
)
NOTHING = Filter(
    search="", severity=[], status=[], service=[], owner=[], created=(None, None), updated_since=None, terms=[]
)
# So many filters at once leave little; a few terms leave more.
filters |= st.lists(terms, min_size=1, max_size=2).map(lambda few: replace(NOTHING, terms=few))


checked = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=["few", "gathered", "walked", "walked too far"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the ways in which a search is carried out, which the size of the table decides otherwise."""
    chosen: str = request.param
    if chosen != "few":
        monkeypatch.setattr(queries, "FEW", -1)
        monkeypatch.setattr(facets, "FEW", -1)
    if chosen.startswith("walked"):
        monkeypatch.setattr(Sample, "certainly_more_than", lambda sample, _limit: sample.rows > 0)
    if chosen == "walked too far":
        monkeypatch.setattr(queries, "AHEAD", 2)
    monkeypatch.setattr(queries, "DEEP", 3)
    return chosen


@checked
@given(
    drawn=st.lists(rows, max_size=25),
    which=filters,
    column=st.sampled_from(SORTS),
    order=st.sampled_from(["asc", "desc"]),
    size=st.integers(1, 7),
)
def test_pages_and_cursors_show_what_the_model_shows(
    client: FlaskClient,
    connection: Connection,
    way: str,
    drawn: list[Row],
    which: Filter,
    column: str,
    order: str,
    size: int,
) -> None:
    with connection.begin_nested() as example:
        table = insert_rows(connection, drawn)
        expected = ordered([row for row in table if which.accepts(row)], column, order)
        query = {**which.parameters(), "sort_by": column, "order": order, "per_page": str(size)}

        def check_total(answer: dict[str, Any]) -> None:
            # What is taken to be frequent says how many there are at least.
            walked = (COUNT_LIMIT, False) if way.startswith("walked") and not which.tallied and table else None
            assert (answer["total"], answer["totalIsExact"]) in ((len(expected), True), walked)

        by_page: list[int] = []
        for page in range(1, len(expected) // size + 3):
            answer = client.get("/api/incidents", query_string={**query, "page": str(page)}).get_json()
            check_total(answer)
            assert (answer["page"], answer["perPage"]) == (page, size)
            assert answer["pages"] == -(-answer["total"] // size)
            by_page += [item["number"] for item in answer["items"]]
        assert by_page == expected

        by_cursor: list[int] = []
        answer = client.get("/api/incidents", query_string=query).get_json()
        while True:
            by_cursor += [item["number"] for item in answer["items"]]
            assert len(by_cursor) <= len(expected)
            if answer["nextCursor"] is None:
                break
            answer = client.get("/api/incidents", query_string={**query, "cursor": answer["nextCursor"]}).get_json()
            check_total(answer)
            assert answer["page"] is None
        assert by_cursor == expected
        example.rollback()


@checked
@given(drawn=st.lists(rows, max_size=25), which=filters)
def test_facets_count_under_all_other_filters(
    client: FlaskClient, connection: Connection, way: str, drawn: list[Row], which: Filter
) -> None:
    with connection.begin_nested() as example:
        check_facets(client, insert_rows(connection, drawn), which, estimating=way.startswith("walked"))
        example.rollback()


def check_facets(client: FlaskClient, table: list[Row], which: Filter, *, estimating: bool) -> None:
    """The facets count what the model does.

    :param estimating: whether all searches are taken to be frequent.
    """
    answer = client.get("/api/incidents/facets", query_string=which.parameters()).get_json()
    estimated = estimating and table and not which.tallied
    # The whole of so small a table is in the sample, and so few have no third digit: estimates are right here.
    assert answer["estimated"] == (["severity", "status", "service", "owner"] if estimated else [])
    for facet in ("severity", "status", "service", "owner"):
        counts = Counter(getattr(row, facet) for row in table if which.accepts(row, but=facet))
        found = {entry["value"]: entry["count"] for entry in answer[facet]}
        assert len(found) == len(answer[facet])
        if facet in ("severity", "status"):
            kind = Severity if facet == "severity" else Status
            assert list(found) == list(kind)
            assert found == {value: counts[value] for value in kind}
        else:
            assert found == counts
            assert list(found.values()) == sorted(found.values(), reverse=True)


def test_each_kind_of_term_narrows_the_list_and_the_facets(
    client: FlaskClient, connection: Connection, way: str
) -> None:
    """On every combination of values, with each term by itself and beside others: chance would rarely bring them up."""
    drawn = [
        Row(
            number=0, title=title, service=service, severity=severity, status=status, owner=owner,
            created=START + timedelta(days=len(title) % 4), updated=START + timedelta(days=5 + len(title) % 3),
        )
        for title in ("Disk full", "full disk", "CPU hot - 100%", "disk is not full")
        for service in ("db", "a,b", "zz")
        for severity in (Severity.SEV1, Severity.SEV3)
        for status in (Status.OPEN, Status.RESOLVED)
        for owner in (None, "none", "zz")
    ]  # fmt: skip
    table = insert_rows(connection, drawn)
    for query in (
        "sev:1", "-sev:1", "-status:resolved", "service:db,zz", '-service:"a,b"', "owner:none", 'owner:"none"',
        "-owner:none", "-owner:zz", '-owner:zz,none', '-owner:"none",none', "owner:zz,none -owner:none",
        "disk", "-disk", '"disk full"', '-"disk full"', '"k f"', "- -100%", "INC-7", "-inc-7", "disk -INC-7",
        "created:2026-01-02", "-created:2026-01-02", "created:<2026-01-03", "-created:<2026-01-03",
        "created:>2026-01-01 created:<=2026-01-02", "updated:2026-01-07", "-updated:2026-01-07..2026-01-08",
        "updated:<=2026-01-06", "updated:>2026-01-06", "-updated:>2026-01-06",
        "sev:1 sev:3", "-sev:1,2,3,4", "service:db -service:db", "owner:none -owner:none", "disk sev:1 sev:2",
    ):  # fmt: skip
        for beside in ({}, {"severity": [Severity.SEV1, Severity.SEV2], "service": ["db", "a,b"]}, {"search": "ful"}):
            which = replace(NOTHING, terms=list(read_terms(query, now=START, me=None)), **beside)
            expected = [row.number for row in table if which.accepts(row)]
            asked = {**which.parameters(), "sort_by": "number", "order": "asc", "per_page": "100"}
            answer = client.get("/api/incidents", query_string=asked).get_json()
            assert [item["number"] for item in answer["items"]] == expected[:100], (query, beside)
            assert answer["total"] == len(expected) or not answer["totalIsExact"]
            assert answer["totalIsExact"] or (way.startswith("walked") and not which.tallied)
            check_facets(client, table, which, estimating=way.startswith("walked"))


def test_the_default_is_the_newest_twenty(client: FlaskClient, connection: Connection) -> None:
    drawn = [
        Row(
            number=0, title="Disk full", service="db", severity=Severity.SEV3, status=Status.OPEN, owner=None,
            created=START + timedelta(minutes=minute), updated=START + timedelta(minutes=minute),
        )
        for minute in range(25)
    ]  # fmt: skip
    insert_rows(connection, drawn)
    answer = client.get("/api/incidents").get_json()
    assert [item["number"] for item in answer["items"]] == list(range(25, 5, -1))
    assert list(answer) == ["items", "page", "perPage", "total", "totalIsExact", "pages", "nextCursor"]
    assert (answer["page"], answer["perPage"], answer["total"], answer["pages"]) == (1, 20, 25, 2)
    assert client.get("/api/incidents", query_string={"page": 2**31 - 1}).get_json()["items"] == []


def test_counting_stops_where_it_would_cost(client: FlaskClient, connection: Connection) -> None:
    row = Row(
        number=0, title="Disk full", service="db", severity=Severity.SEV3, status=Status.OPEN, owner=None,
        created=START, updated=START,
    )  # fmt: skip
    insert_rows(connection, [row] * (COUNT_LIMIT + 1))
    kept = client.get("/api/incidents").get_json()
    assert (kept["total"], kept["totalIsExact"]) == (COUNT_LIMIT + 1, True)
    counted = client.get("/api/incidents", query_string={"search": "disk", "page": 501}).get_json()
    assert (counted["total"], counted["totalIsExact"]) == (COUNT_LIMIT, False)
    assert len(counted["items"]) == 1


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("severity=SEV9", "severity", "SEV1, SEV2, SEV3, SEV4"),
        ("severity=SEV1,,SEV2", "severity", "empty item"),
        ("severity=", "severity", "empty item"),
        ("status=open", "status", "OPEN, MITIGATED, RESOLVED"),
        ("status=OPEN&status=RESOLVED", "status", "once"),
        ("service=", "service", "empty item"),
        ('service="a', "service", "double quotes"),
        ('service="a"b', "service", "double quotes"),
        ("service=" + "x" * 121, "service", "1 to 120"),
        ("page=0", "page", "greater than or equal to 1"),
        ("page=-1", "page", "greater than or equal to 1"),
        ("page=x", "page", "integer"),
        ("page=1.5", "page", "integer"),
        ("page=99999999999999999999", "page", "less than or equal"),
        ("per_page=0", "per_page", "less than or equal to 100"),
        ("per_page=101", "per_page", "less than or equal to 100"),
        ("sort_by=search_text", "sort_by", "createdAt, updatedAt"),
        ("sort_by=created_at", "sort_by", "createdAt, updatedAt"),
        ("order=down", "order", "asc, desc"),
        ("created_from=2026-01-01", "created_from", "offset"),
        ("created_from=2026-01-01T00:00:00+00:00", "created_from", "%2B"),
        ("created_to=2026-13-01T00:00:00Z", "created_to", "calendar"),
        ("search=a%00b", "search", "control"),
        ("search=" + "x" * 201, "search", "200"),
        ("perPage=5", "perPage", "Known: q, search"),
        ("page=1&cursor=x", "cursor", "page"),
    ],
)
def test_a_parameter_that_does_not_validate_is_named(client: FlaskClient, query: str, field: str, says: str) -> None:
    response = client.get(f"/api/incidents?{query}")
    assert response.status_code == 422
    errors = response.get_json()["errors"]
    assert list(errors) == [field]
    assert says in str(errors[field])


def test_a_cursor_of_another_list_is_refused(client: FlaskClient, create: Any) -> None:
    create()
    create()
    cursor = client.get("/api/incidents?per_page=1&sort_by=title").get_json()["nextCursor"]
    assert client.get("/api/incidents", query_string={"cursor": cursor, "sort_by": "title"}).status_code == 200
    for query in (
        {"cursor": cursor},
        {"cursor": cursor, "sort_by": "title", "order": "asc"},
        {"cursor": cursor[:-3], "sort_by": "title"},
        {"cursor": "e30", "sort_by": "title"},
        {"cursor": "é", "sort_by": "title"},
    ):
        response = client.get("/api/incidents", query_string=query)
        assert response.status_code == 400
        assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01", "x", 5, None]
)
def test_a_cursor_that_was_made_up_is_refused(client: FlaskClient, moment: object) -> None:
    cursor = urlsafe_b64encode(dumps(["createdAt", "desc", moment, 5])).decode()
    assert client.get("/api/incidents", query_string={"cursor": cursor}).status_code == 400


def test_a_cursor_holds_its_place_while_others_write(client: FlaskClient, create: Any) -> None:
    numbers = [create()["number"] for _ in range(6)]
    first = client.get("/api/incidents?per_page=3").get_json()
    create()
    rest = client.get("/api/incidents", query_string={"per_page": 3, "cursor": first["nextCursor"]}).get_json()
    seen = [item["number"] for item in first["items"] + rest["items"]]
    assert seen == numbers[::-1]


def test_reads_cost_a_fixed_number_of_statements(client: FlaskClient, create: Any, statements: list[str]) -> None:
    for _ in range(5):
        create()
    for address, cost in (
        ("/api/incidents", 1),
        ("/api/incidents?page=2&per_page=2&severity=SEV3&sort_by=title", 1),
        ("/api/incidents?q=sev:1,2 -status:open -service:x,y owner:none&service=z", 1),
        ("/api/incidents?q=sev:1&severity=SEV2", 1),
        ("/api/incidents?created_from=2026-01-01T00:00:00Z", 2),
        ("/api/incidents?q=created:<2h", 2),
        ("/api/incidents?q=-broke", 2),
        ('/api/incidents?q="something broke" -owner:none', 2),
        ("/api/incidents?search=broke", 2),
        ("/api/incidents?search=broke&owner=none", 2),
        ("/api/incidents/facets", 1),
        ("/api/incidents/facets?q=sev:1 -owner:none", 1),
        ("/api/incidents/facets?search=broke", 3),
        ("/api/incidents/facets?q=-broke", 3),
        ("/api/incidents/INC-1", 1),
        ("/api/services", 1),
    ):
        statements.clear()
        client.get(address)
        assert len([sql for sql in statements if sql.split()[0] in ("SELECT", "WITH")]) == cost, address
        if not any(word in address for word in ("search", "created", "broke")):
            assert not any("count(" in sql.lower() and "FROM incidents" in sql for sql in statements), address


def test_a_phrase_is_looked_up_and_what_is_left_without_a_word_is_walked_to(
    client: FlaskClient, create: Any, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other way round either would look at every incident."""
    create()
    for phrase, condition in (("of a", "search_text LIKE"), ("q a", "@>"), ("(x) 5%", "@>"), (") (", "@>")):
        client.get("/api/incidents", query_string={"q": f'"{phrase}"'})
        assert "MATERIALIZED" in statements[-1]
        assert condition in statements[-1], phrase
    monkeypatch.setattr(Sample, "certainly_more_than", lambda _sample, _limit: True)
    monkeypatch.setattr(queries, "AHEAD", 0)
    answer = client.get("/api/incidents", query_string={"q": "-disk"}).get_json()
    assert len(answer["items"]) == 1
    assert "MATERIALIZED" not in statements[-1]


def test_a_walk_looks_at_as_many_rows_as_match_before_it_ends(
    client: FlaskClient, create: Any, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the order of titles, all that begin alike may come first and not match, the more the larger the table."""
    for title in ("Alert of a disk", "Broken pipe", "Broken disk", "Broken pump"):
        create(title=title)
    monkeypatch.setattr(Sample, "certainly_more_than", lambda _sample, _limit: True)
    monkeypatch.setattr(queries, "AHEAD", 1)
    query = {"search": "broken", "sort_by": "title", "order": "asc", "per_page": "1"}
    answer = client.get("/api/incidents", query_string=query).get_json()
    assert [item["title"] for item in answer["items"]] == ["Broken disk"]
    assert "LIMIT 3" in statements[-1]
    assert "MATERIALIZED" not in statements[-1]


def test_ranges_of_both_times_are_looked_through_once(
    client: FlaskClient, create: Any, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No index has them in common: a count and a page would each look at very much that does not match."""
    for _ in range(3):
        create()
    both = {"created_to": "2100-01-01T00:00:00Z", "updated_since": "2026-01-01T00:00:00Z", "per_page": "2"}
    found = client.get("/api/incidents", query_string=both).get_json()
    assert (len(found["items"]), found["total"], found["totalIsExact"]) == (2, 3, True)
    assert statements[-1].count("updated_at >=") == 1
    monkeypatch.setattr(queries, "COUNT_LIMIT", 1)
    stopped = client.get("/api/incidents", query_string=both).get_json()
    assert (stopped["items"], stopped["totalIsExact"]) == (found["items"], False)


def test_services_in_use(client: FlaskClient, create: Any) -> None:
    for service, status in (("payments", "OPEN"), ("payments", "RESOLVED"), ("Pay_out", "OPEN"), ("search", "OPEN")):
        create(service=service, status=status)
    assert client.get("/api/services").get_json()["items"] == [
        {"name": "payments", "open": 1, "total": 2},
        {"name": "Pay_out", "open": 1, "total": 1},
        {"name": "search", "open": 1, "total": 1},
    ]
    assert [item["name"] for item in client.get("/api/services?search=PAY").get_json()["items"]] == [
        "payments",
        "Pay_out",
    ]
    assert [item["name"] for item in client.get("/api/services?search=y_").get_json()["items"]] == ["Pay_out"]


def test_a_service_that_nothing_names_any_more_is_gone(client: FlaskClient, create: Any) -> None:
    incident = create(service="old")
    client.patch(f"/api/incidents/{incident['id']}", json={"service": "new"})
    assert client.get("/api/services").get_json()["items"] == [{"name": "new", "open": 1, "total": 1}]


@pytest.mark.parametrize("column", SORTS)
def test_every_order_walks_an_index(app: Flask, connection: Connection, column: str) -> None:
    """Without one, a page at a million incidents would sort the table."""
    row = Row(
        number=0, title="Disk full", service="db", severity=Severity.SEV3, status=Status.OPEN, owner=None,
        created=START, updated=START,
    )  # fmt: skip
    insert_rows(connection, [row] * 2000)
    connection.execute(text("ANALYZE incidents"))
    for ascending in (True, False):
        key, ties = SORT_KEYS[column], Incident.number.expression
        order = (key, ties) if ascending else (key.desc(), ties.desc())
        query = select(Incident.id).order_by(*order).limit(20)
        compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = "\n".join(line for (line,) in connection.execute(text(f"EXPLAIN {compiled}")))
        assert "Index" in plan, plan
        assert "Sort" not in plan, plan
