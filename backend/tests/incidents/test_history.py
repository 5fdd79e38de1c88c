"""An incident's history, and its comments."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.incidents.test_bulk import events, read
from tests.test_rules import check_problem


def comment(client: FlaskClient, incident: dict[str, Any], body: Any, **headers: str) -> Any:
    return client.post(f"/api/incidents/{incident['id']}/comments", json={"body": body}, headers=headers)


def test_a_comment_is_an_event_that_leaves_the_incident_alone(client: FlaskClient, create: Any) -> None:
    incident = create()
    answer = comment(client, incident, "  Rolled back to `v2`.\n\n- [x] done\t\n", **{"X-Actor": "Ana"})
    assert answer.status_code == 201
    event = answer.get_json()
    assert event["comment"] == "Rolled back to `v2`.\n\n- [x] done"
    assert (event["type"], event["actor"], event["changes"]) == ("commented", "Ana", {})
    assert event["incidentId"] == incident["id"]
    assert event["revertsChangeId"] is None
    assert events(client, incident)[1:] == [event]
    assert read(client, incident) == incident


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "# **Markdown** [x](javascript:alert(1))",
        "\u202eright to left\u202c שלום 中文 🙂",
        "'; DROP TABLE events; --",
        "%s %(x)s :name {x} \\",
        '{"json": [null]}',
        "x" * 20_000,
    ],
)
def test_a_comment_is_kept_as_it_was_written(client: FlaskClient, create: Any, body: str) -> None:
    incident = create()
    assert comment(client, incident, body).get_json()["comment"] == body
    assert events(client, incident)[-1]["comment"] == body


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (None, "null"),
        ("", "1 to 20,000"),
        (" \n\t ", "1 to 20,000"),
        ("x" * 20_001, "20,001"),
        ("nul\0", "control characters"),
        (5, "string"),
    ],
)
def test_a_comment_that_cannot_be_kept_is_refused(client: FlaskClient, create: Any, body: Any, says: str) -> None:
    incident = create()
    assert says in check_problem(comment(client, incident, body), 422)["errors"]["body"][0]
    assert len(events(client, incident)) == 1


def test_a_comment_needs_an_incident(client: FlaskClient) -> None:
    check_problem(client.post("/api/incidents/INC-1/comments", json={"body": "x"}), 404)


def test_a_long_history_comes_in_pages(client: FlaskClient, create: Any) -> None:
    incident = create()
    for number in range(204):
        comment(client, incident, str(number))
    address = f"/api/incidents/{incident['id']}/events"
    pages = [client.get(address).get_json()]
    while cursor := pages[-1]["nextCursor"]:
        pages.append(client.get(address, query_string={"cursor": cursor}).get_json())
    assert [len(page["items"]) for page in pages] == [100, 100, 5]
    ids = [event["id"] for page in pages for event in page["items"]]
    assert ids == sorted(set(ids))
    assert [event["comment"] for page in pages for event in page["items"]][1:] == [str(number) for number in range(204)]


def test_a_page_takes_two_statements(client: FlaskClient, create: Any, statements: list[str]) -> None:
    incident = create()
    statements.clear()
    events(client, incident)
    assert len(statements) == 2
