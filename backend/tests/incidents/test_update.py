from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

LATER = datetime(2030, 1, 1, 12, tzinfo=UTC)


def patch(client: FlaskClient, incident: dict[str, Any], body: dict[str, Any], **headers: str) -> Any:
    return client.patch(
        f"/api/incidents/{incident['id']}",
        json=body,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def events(client: FlaskClient, incident: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/api/incidents/{incident['id']}/events").get_json()["items"]
    return items


def test_only_the_given_fields_change(client: FlaskClient, create: Any) -> None:
    incident = create(owner="Ana", summary="Text")
    with time_machine.travel(LATER, tick=False):
        response = patch(client, incident, {"title": "  New title  ", "owner": None})
    assert response.status_code == 200
    assert response.headers["ETag"] == '"2"'
    assert response.get_json() == {
        **incident, "title": "New title", "owner": None, "version": 2, "updatedAt": "2030-01-01T12:00:00+00:00",
    }  # fmt: skip


def test_changing_nothing_leaves_no_trace(client: FlaskClient, create: Any) -> None:
    incident = create(owner="Ana", status="RESOLVED")
    same = {name: incident[name] for name in ("title", "service", "severity", "status", "owner", "startedAt")}
    for body in ({}, same, {"title": f"  {incident['title']} "}):
        response = patch(client, incident, body)
        assert response.status_code == 200
        assert response.get_json() == incident
    assert len(events(client, incident)) == 1


def test_every_transition_is_allowed_and_stamps(client: FlaskClient, create: Any) -> None:
    incident = create()
    mitigated = patch(client, incident, {"status": "MITIGATED"}).get_json()
    assert mitigated["mitigatedAt"] == mitigated["updatedAt"]
    resolved = patch(client, incident, {"status": "RESOLVED"}).get_json()
    assert resolved["mitigatedAt"] == mitigated["mitigatedAt"]
    assert resolved["resolvedAt"] == resolved["updatedAt"]
    back = patch(client, incident, {"status": "MITIGATED"}).get_json()
    assert (back["mitigatedAt"], back["resolvedAt"]) == (mitigated["mitigatedAt"], None)
    reopened = patch(client, incident, {"status": "OPEN"}).get_json()
    assert reopened["mitigatedAt"] is reopened["resolvedAt"] is None
    assert reopened["version"] == 5


def test_a_change_may_be_made_by_a_host_whose_clock_is_behind(client: FlaskClient, create: Any) -> None:
    with time_machine.travel(LATER, tick=False):
        incident = create()
    address = f"/api/incidents/{incident['id']}"
    mitigated = patch(client, incident, {"status": "MITIGATED"})
    assert mitigated.status_code == 200, mitigated.text
    assert mitigated.get_json()["mitigatedAt"] == mitigated.get_json()["updatedAt"] == incident["createdAt"]
    resolved = client.post("/api/incidents/bulk", json={"ids": [incident["id"]], "set": {"status": "RESOLVED"}})
    assert resolved.status_code == 200, resolved.text
    assert client.post(f"{address}/comments", json={"body": "Was it DNS?"}).status_code == 201
    reverted = client.post(f"/api/changes/{resolved.get_json()['changeId']}/revert")
    assert reverted.status_code == 200, reverted.text
    assert [event["at"] for event in events(client, incident)] == [incident["createdAt"]] * 5


def test_times_may_be_corrected_by_hand(client: FlaskClient, create: Any) -> None:
    incident = create(status="MITIGATED", startedAt="2026-01-01T00:00:00Z")
    corrected = patch(client, incident, {"mitigatedAt": "2026-01-01T01:00:00Z"}).get_json()
    assert corrected["mitigatedAt"] == "2026-01-01T01:00:00+00:00"
    given = patch(client, incident, {"status": "RESOLVED", "resolvedAt": "2026-01-01T02:00:00Z"}).get_json()
    assert given["resolvedAt"] == "2026-01-01T02:00:00+00:00"
    cleared = patch(client, incident, {"mitigatedAt": None, "startedAt": None}).status_code
    assert cleared == 422  # startedAt goes back to createdAt, which is after resolvedAt.
    assert patch(client, incident, {"mitigatedAt": None}).get_json()["mitigatedAt"] is None


def test_started_at_cleared_is_created_at(client: FlaskClient, create: Any) -> None:
    incident = create(startedAt="2026-01-01T00:00:00Z")
    assert patch(client, incident, {"startedAt": None}).get_json()["startedAt"] == incident["createdAt"]


def test_an_order_that_is_broken_blames_the_field_that_was_sent(client: FlaskClient, create: Any) -> None:
    incident = create(status="MITIGATED", startedAt="2026-01-01T00:00:00Z", mitigatedAt="2026-01-02T00:00:00Z")
    problem = patch(client, incident, {"startedAt": "2026-01-03T00:00:00Z"}).get_json()
    assert problem["errors"] == {"startedAt": ["Must not be after mitigatedAt, which is 2026-01-02T00:00:00+00:00."]}
    assert client.get(f"/api/incidents/{incident['id']}").get_json() == incident
    assert len(events(client, incident)) == 1


@pytest.mark.parametrize(
    "body",
    [{"title": None}, {"service": None}, {"severity": None}, {"status": None}, {"title": ""}, {"version": 7}, {"x": 1}],
)
def test_what_cannot_be_is_refused(client: FlaskClient, create: Any, body: dict[str, Any]) -> None:
    incident = create()
    response = patch(client, incident, body)
    assert response.status_code == 422
    assert list(response.get_json()["errors"]) == list(body)


@pytest.mark.parametrize("name", ["INC-999999999", "INC-0", "INC-x", "nonsense", "INC-" + "9" * 30, "0" * 32])
def test_an_incident_that_is_not_there(client: FlaskClient, name: str) -> None:
    for response in (
        client.get(f"/api/incidents/{name}"),
        client.get(f"/api/incidents/{name}/events"),
        client.patch(f"/api/incidents/{name}", json={}),
    ):
        assert response.status_code == 404
        assert response.get_json()["title"] == "Not Found"


def test_if_match_guards_a_change(client: FlaskClient, create: Any) -> None:
    incident = create()
    assert patch(client, incident, {"owner": "Ana"}, If_Match='"1"').status_code == 200
    response = patch(client, incident, {"owner": "Bo"}, If_Match='"1"')
    assert response.status_code == 412
    assert response.get_json()["current"]["owner"] == "Ana"
    assert response.get_json()["current"]["version"] == 2
    for accepted in ('"2"', "*", '"7", "2"'):
        assert patch(client, incident, {}, If_Match=accepted).status_code == 200
    for refused in ('W/"2"', "nonsense", ""):
        assert patch(client, incident, {}, If_Match=refused).status_code == 412
    assert len(events(client, incident)) == 2


def test_if_none_match_saves_the_body(client: FlaskClient, create: Any) -> None:
    incident = create()
    address = f"/api/incidents/{incident['id']}"
    for tag in ('"1"', 'W/"1"', "*"):
        response = client.get(address, headers={"If-None-Match": tag})
        assert (response.status_code, response.data) == (304, b"")
        assert response.headers["ETag"] == '"1"'
        assert response.headers["Cache-Control"] == "no-cache"
    assert client.get(address, headers={"If-None-Match": '"2"'}).get_json() == incident


def test_the_history_tells_who_changed_what(client: FlaskClient, create: Any) -> None:
    incident = create(actor="Ana", summary="Text")
    changed = patch(client, incident, {"status": "MITIGATED", "summary": None}, X_Actor="Zo%C3%AB").get_json()
    first, second = events(client, incident)
    assert first["type"] == "created"
    assert first["actor"] == "Ana"
    assert first["at"] == incident["createdAt"]
    assert first["changes"] == {
        name: [None, incident[name]] for name in ("title", "service", "severity", "status", "summary", "startedAt")
    }
    assert second["type"] == "updated"
    assert second["actor"] == "Zoë"
    assert second["changes"] == {
        "status": ["OPEN", "MITIGATED"],
        "summary": ["Text", None],
        "mitigatedAt": [None, changed["mitigatedAt"]],
    }
    assert second["incidentId"] == incident["id"]
    assert second["changeId"] != first["changeId"]
    assert second["comment"] is None


@pytest.mark.parametrize("name", ["", "%ff", "x" * 121, "a%00b", "%20"])
def test_a_name_that_cannot_be_is_refused(client: FlaskClient, create: Any, name: str) -> None:
    response = patch(client, create(), {"owner": "Ana"}, X_Actor=name)
    assert response.status_code == 422
    assert list(response.get_json()["errors"]) == ["X-Actor"]


def test_a_long_history_is_read_in_parts(client: FlaskClient, create: Any) -> None:
    incident = create()
    for step in range(105):
        patch(client, incident, {"title": f"Title {step}"})
    address = f"/api/incidents/{incident['id']}/events"
    first = client.get(address).get_json()
    rest = client.get(address, query_string={"cursor": first["nextCursor"]}).get_json()
    assert (len(first["items"]), len(rest["items"]), rest["nextCursor"]) == (100, 6, None)
    ids = [event["id"] for event in first["items"] + rest["items"]]
    assert ids == sorted(set(ids))
    assert client.get(address, query_string={"cursor": "-1"}).status_code == 400
