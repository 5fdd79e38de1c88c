"""Changing many incidents at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from tests.test_rules import check_problem
from tracker.incidents import operations

LATER = datetime(2030, 1, 1, 12, tzinfo=UTC)


def bulk(client: FlaskClient, *, actor: str = "Ana", **body: Any) -> Any:
    return client.post("/api/incidents/bulk", json=body, headers={"X-Actor": actor})


def read(client: FlaskClient, incident: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/incidents/{incident['id']}").get_json()
    return found


def events(client: FlaskClient, incident: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/api/incidents/{incident['id']}/events").get_json()["items"]
    return items


def test_all_are_changed_as_one_change(client: FlaskClient, create: Any) -> None:
    open_one, mitigated, resolved = create(), create(status="MITIGATED"), create(status="RESOLVED", owner="Ana")
    other = create()
    with time_machine.travel(LATER, tick=False):
        answer = bulk(
            client,
            ids=[open_one["id"], f"INC-{mitigated['number']}", resolved["id"].upper()],
            set={"status": "RESOLVED", "owner": "Ana"},
        )
    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["matched"], body["changed"]) == (3, 2)
    assert {item["id"]: item["version"] for item in body["items"]} == {open_one["id"]: 2, mitigated["id"]: 2}
    now = "2030-01-01T12:00:00+00:00"
    done = {"status": "RESOLVED", "owner": "Ana", "resolvedAt": now, "updatedAt": now, "version": 2}
    assert read(client, open_one) == open_one | done
    assert read(client, mitigated) == mitigated | done
    # It was so already, which leaves no trace.
    assert read(client, resolved) == resolved
    assert read(client, other) == other
    for incident, status in ((open_one, "OPEN"), (mitigated, "MITIGATED")):
        event = events(client, incident)[-1]
        assert (event["changeId"], event["changeSize"]) == (body["changeId"], 2)
        assert (event["type"], event["actor"], event["at"]) == ("updated", "Ana", now)
        assert event["changes"] == {
            "status": [status, "RESOLVED"], "owner": [None, "Ana"], "resolvedAt": [None, now],
        }  # fmt: skip
    assert len(events(client, resolved)) == 1


@pytest.mark.parametrize(
    ("which", "matched"),
    [
        ({"severity": "SEV1,SEV2"}, {1, 2}),
        ({"severity": ["SEV1", "SEV2"]}, {1, 2}),
        ({"owner": "none", "service": "web"}, {2}),
        ({"owner": [None, "Doe, Jane"]}, {2, 3, 4}),
        ({"owner": '"Doe, Jane"'}, {4}),
        ({"search": "checkout"}, {1, 4}),
        ({"q": 'checkout -owner:"Doe, Jane"'}, {1}),
        ({"q": "-service:web owner:me,none"}, {3}),
        ({"q": "owner:me", "severity": "SEV1,SEV2"}, {1}),
        ({"q": "sev:1", "severity": "SEV2"}, set()),
        ({"q": "-checkout created:>2026-06-01"}, {2, 3}),
        ({"search": "ch", "status": "OPEN"}, {1, 4}),
        ({"created_from": "2026-06-01T00:00:00Z"}, {1, 2, 3, 4}),
        ({"created_to": "2026-06-01T00:00:00Z"}, set()),
        ({}, {1, 2, 3, 4}),
    ],
)
def test_a_filter_means_what_it_does_in_the_list(
    client: FlaskClient, create: Any, which: dict[str, Any], matched: set[int]
) -> None:
    incidents = {
        1: create(severity="SEV1", title="Checkout is down", service="web", owner="Ana"),
        2: create(severity="SEV2", service="web"),
        3: create(severity="SEV3"),
        4: create(severity="SEV3", title="Checkout is slow", owner="Doe, Jane"),
    }
    tried = bulk(client, filter=which, set={"service": "moved"}, dryRun=True).get_json()
    assert {read(client, incident)["version"] for incident in incidents.values()} == {1}
    done = bulk(client, filter=which, set={"service": "moved"}, expectedCount=len(matched)).get_json()
    changed = {number for number, incident in incidents.items() if read(client, incident)["service"] == "moved"}
    assert changed == matched
    assert (tried["matched"], tried["changed"]) == (done["matched"], done["changed"]) == (len(matched), len(matched))
    assert {item["id"] for item in tried["items"]} == {item["id"] for item in done["items"]}
    assert {item["version"] for item in tried["items"]} <= {1}
    assert tried["changeId"] is None
    assert (done["changeId"] is None) == (not matched)


def test_another_count_than_expected_changes_nothing(client: FlaskClient, create: Any) -> None:
    incidents = [create(), create()]
    problem = check_problem(bulk(client, filter={}, set={"owner": "Ana"}, expectedCount=3), 409)
    assert problem["type"] == "urn:incident-tracker:problem:unexpected-count"
    assert problem["matched"] == 2
    assert [read(client, incident) for incident in incidents] == incidents


def test_one_that_is_not_there_stops_all(client: FlaskClient, create: Any) -> None:
    incident = create()
    for other in (str(uuid4()), "INC-999999", incident["id"]):
        problem = check_problem(bulk(client, ids=[incident["id"], other], set={"owner": "Ana"}), 422)
        assert list(problem["errors"]["ids"]) == ["1"]
    assert read(client, incident) == incident


def test_too_many_are_refused(client: FlaskClient, create: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "BULK_MAX", 2)
    incidents = [create() for _ in range(3)]
    problem = check_problem(bulk(client, filter={}, set={"owner": "Ana"}), 422)
    assert "more than 2" in problem["errors"]["filter"][0]
    assert {read(client, incident)["version"] for incident in incidents} == {1}


INCIDENT = "INC-1"


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"set": {"owner": "Ana"}}, "ids", "or filter"),
        ({"ids": [INCIDENT], "filter": {}, "set": {"owner": "Ana"}}, "ids", "not both"),
        ({"ids": [], "set": {"owner": "Ana"}}, "ids", "1 to 1,000"),
        ({"ids": [f"INC-{n}" for n in range(1, 1002)], "set": {"owner": "Ana"}}, "ids", "1 to 1,000"),
        ({"ids": ["x"], "set": {"owner": "Ana"}}, "ids", "INC-42"),
        ({"ids": [INCIDENT]}, "set", "required"),
        ({"ids": [INCIDENT], "set": {}}, "set", "at least one of: status, severity, owner, service"),
        ({"ids": [INCIDENT], "set": {"title": "x"}}, "set", "Known: status, severity, owner, service."),
        ({"ids": [INCIDENT], "set": {"status": "DONE"}}, "set", "OPEN, MITIGATED, RESOLVED"),
        ({"ids": [INCIDENT], "set": {"service": None}}, "set", "null"),
        ({"filter": {"state": "OPEN"}, "set": {"owner": "Ana"}}, "filter", "Known: q, search, severity"),
        ({"filter": {"status": []}, "set": {"owner": "Ana"}}, "filter", "empty"),
        ({"filter": {"service": [None]}, "set": {"owner": "Ana"}}, "filter", "null"),
        ({"filter": {"status": 5}, "set": {"owner": "Ana"}}, "filter", "array, or text"),
        ({"filter": {"q": 5}, "set": {"owner": "Ana"}}, "filter", "{'q': ['Not a valid string.']}"),
        ({"filter": {"q": "sev:9"}, "set": {"owner": "Ana"}}, "filter", "{'q': [\"Must be one of: 1, 2, 3, 4"),
        ({"filter": {"page": 2}, "set": {"owner": "Ana"}}, "filter", "Known"),
        ({"ids": [INCIDENT], "set": {"owner": "Ana"}, "expectedCount": -1}, "expectedCount", "greater"),
        ({"ids": [INCIDENT], "set": {"owner": "Ana"}, "expectedCount": "1"}, "expectedCount", "integer"),
        ({"ids": [INCIDENT], "set": {"owner": "Ana"}, "dryRun": "yes"}, "dryRun", "boolean"),
        # Taken for false, it would write.
        ({"ids": [INCIDENT], "set": {"owner": "Ana"}, "dryRun": 0}, "dryRun", "boolean"),
        ({"ids": [INCIDENT], "set": {"owner": "Ana"}, "dryRun": 1.0}, "dryRun", "boolean"),
        ({"ids": [INCIDENT], "set": {"owner": "Ana"}, "dry_run": True}, "dry_run", "dryRun"),
    ],
)
def test_what_is_wrong_is_named(client: FlaskClient, body: dict[str, Any], field: str, says: str) -> None:
    problem = check_problem(bulk(client, **body), 422)
    assert list(problem["errors"]) == [field]
    assert says in str(problem["errors"][field])


def test_it_takes_few_statements_however_many_there_are(
    client: FlaskClient, create: Any, statements: list[str]
) -> None:
    ids = [create()["id"] for _ in range(12)]
    statements.clear()
    assert bulk(client, ids=ids, set={"status": "RESOLVED"}).get_json()["changed"] == 12
    kinds = [statement.split()[0] for statement in statements if "SAVEPOINT" not in statement]
    assert kinds == ["SELECT", "UPDATE", "INSERT"]


def test_the_kept_counts_follow(client: FlaskClient, create: Any) -> None:
    for _ in range(3):
        create(service="old")
    bulk(client, filter={"service": "old"}, set={"service": "new", "status": "RESOLVED"})
    assert client.get("/api/services").get_json()["items"] == [{"name": "new", "open": 0, "total": 3}]


def test_changes_of_the_same_incidents_at_once_do_not_stop_each_other(fresh_app: Flask) -> None:
    """Each locks what it names in the order of ids, whatever the order in which it names them."""
    client = fresh_app.test_client()
    body = {"title": "Something broke", "service": "web", "severity": "SEV3"}
    ids = [client.post("/api/incidents", json=body).get_json()["id"] for _ in range(30)]

    def change(writer: int) -> int:
        mine = ids if writer % 2 else ids[::-1]
        which = {"filter": {"service": "web"}} if writer % 3 == 0 else {"ids": mine}
        return int(bulk(fresh_app.test_client(), **which, set={"owner": f"writer-{writer}"}).status_code)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(change, range(24))) == {200}
    # Whoever was last has all of them, and each change is in each history.
    assert len({read(client, {"id": one})["owner"] for one in ids}) == 1
    assert {read(client, {"id": one})["version"] for one in ids} == {25}
