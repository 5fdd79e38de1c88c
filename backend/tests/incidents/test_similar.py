"""What may have been reported already."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.test_rules import check_problem
from tracker.incidents import queries


def similar(client: FlaskClient, title: str, service: str = "payments-api") -> list[str]:
    response = client.get("/api/incidents/similar", query_string={"title": title, "service": service})
    assert response.status_code == 200, response.text
    return [incident["title"] for incident in response.get_json()["items"]]


def test_similar_titles_are_found_and_others_are_not(client: FlaskClient, create: Any) -> None:
    for title in ("Certificate of api.pay.example.com expired", "Disk of orders-db is full", "Queue grows"):
        create(title=title)
    for typed in (
        "certificate expired",
        "CERTIFICATE EXP",
        "Certificate of api.pay has expired",
        "expired certificate",
    ):
        assert similar(client, typed) == ["Certificate of api.pay.example.com expired"], typed
    assert similar(client, "Checkout returns 502") == []


def test_incidents_come_as_the_list_shows_them(client: FlaskClient, create: Any) -> None:
    create(title="Certificate expired", owner="Zoë", summary="**x**")
    query = {"title": "Certificate", "service": "payments-api"}
    found = client.get("/api/incidents/similar", query_string=query).get_json()
    assert found == {"items": client.get("/api/incidents").get_json()["items"]}


def test_only_what_is_unresolved_and_of_the_service_counts(client: FlaskClient, create: Any) -> None:
    title = "Certificate expired"
    create(title=title, service="payments-api-2")
    create(title=title, service="Payments-API")
    create(title=title, status="RESOLVED")
    assert similar(client, title) == []
    for status in ("OPEN", "MITIGATED"):
        create(title=f"{title}: {status}", status=status)
    assert set(similar(client, title)) == {f"{title}: MITIGATED", f"{title}: OPEN"}


def test_the_most_similar_come_first_then_the_newest_and_no_more_than_five(client: FlaskClient, create: Any) -> None:
    titles = [
        "Certificate of the ledger expired",
        "Checkout: certificate expired again, third time this week",
        "Certificate expired",
        "Expired session tokens are accepted",
        "Certificate expired",
        "Certificate expired in us-west-2",
        "Certificate expired in us-west-1",
    ]
    numbers = {create(title=title)["number"]: title for title in titles}
    query = {"title": "certificate expired", "service": "payments-api"}
    items = client.get("/api/incidents/similar", query_string=query).get_json()["items"]
    first = min(numbers)
    assert [item["number"] - first for item in items] == [4, 2, 6, 5, 1]


@pytest.mark.parametrize(
    "title",
    [
        "支付失败：无法连接数据库",
        "הזמנות נכשלות",
        "🔥🔥🔥 everything 🔥",
        "100% of _requests_ \\ fail",
        "'; DROP TABLE incidents; --",
        "%s %(title)s %% {0}",
        "<script>alert(1)</script>",
        "... --- ...",
        "İstanbul ŞUBESİ",
    ],
)
def test_any_text_is_a_text(client: FlaskClient, create: Any, title: str) -> None:
    create(title=title)
    create(title="Something else altogether")
    assert similar(client, title) == [title]
    assert similar(client, title[: len(title) // 2 + 1]) == [title]


@pytest.mark.parametrize("title", ["%", "_", "\\", "'", '"', "%%%", "\u202e", "𝔘", "x" * 255, "a b " * 63])
def test_what_nothing_is_like_finds_nothing(client: FlaskClient, create: Any, title: str) -> None:
    create(title="Certificate expired")
    assert similar(client, title) == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, {"title", "service"}),
        ({"title": "x"}, {"service"}),
        ({"service": "x"}, {"title"}),
        ({"title": " ", "service": "\u00a0"}, {"title", "service"}),
        ({"title": "x" * 256, "service": "x" * 121}, {"title", "service"}),
        ({"title": "a\0b", "service": "a\nb"}, {"title", "service"}),
    ],
)
def test_both_are_needed_and_must_be_what_an_incident_can_have(
    client: FlaskClient, query: dict[str, str], names: set[str]
) -> None:
    problem = check_problem(client.get("/api/incidents/similar", query_string=query), 422)
    assert set(problem["errors"]) == names


def test_no_more_are_compared_than_there_is_time_for(
    client: FlaskClient, create: Any, connection: Connection, statements: list[str]
) -> None:
    """However many a service has, resolved ones, those of others and older ones are not looked at."""
    create(title="Certificate expired")
    copy = (
        "INSERT INTO incidents (id, title, service, severity, status, started_at, created_at, updated_at, version)"
        " SELECT gen_random_uuid(), :title, :service, 'SEV3', CAST(:status AS status),"
        " now(), now() + n * interval '1 s', now(), 1 FROM generate_series(1, :count) AS n"
    )
    for title, service, status, count in (
        ("Queue grows", "payments-api", "OPEN", queries.COMPARED - 1),
        ("Certificate expired", "payments-api", "RESOLVED", 3000),
        ("Certificate expired", "orders-db", "OPEN", 3000),
    ):
        connection.execute(text(copy), {"title": title, "service": service, "status": status, "count": count})
    connection.execute(text("ANALYZE incidents"))
    assert similar(client, "certificate") == ["Certificate expired"]
    statements.clear()
    connection.execute(text(copy), {"title": "One more", "service": "payments-api", "status": "OPEN", "count": 1})
    assert similar(client, "certificate") == []
    assert len(statements) == 2
    # Each of the plan's scans, and how many rows it gave.
    driver: Any = connection.connection.dbapi_connection
    with driver.cursor() as cursor:
        cursor.execute(
            "EXPLAIN (ANALYZE, FORMAT JSON) " + queries._SIMILAR, {"title": "certificate", "service": "payments-api"}
        )
        ((plan,),) = cursor.fetchall()
    assert scans(plan[0]["Plan"]) == [("ix_incidents_unresolved_of_service", queries.COMPARED)]


def scans(plan: dict[str, Any]) -> list[tuple[str | None, float]]:
    """The indexes that a plan reads (None for the table itself), with the rows that it takes from each."""
    found = [(plan.get("Index Name"), plan["Actual Rows"])] if "Scan" in plan["Node Type"] else []
    found = [] if plan["Node Type"] == "Subquery Scan" else found
    return found + [scan for part in plan.get("Plans", ()) for scan in scans(part)]
