"""Taking changes back."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from tests.incidents.test_bulk import bulk, events, read
from tests.test_rules import check_problem


def revert(client: FlaskClient, change: str, actor: str = "Bo") -> Any:
    return client.post(f"/api/changes/{change}/revert", json={}, headers={"X-Actor": actor})


def last_change(client: FlaskClient, incident: dict[str, Any]) -> str:
    change: str = events(client, incident)[-1]["changeId"]
    return change


def test_a_change_is_put_back_with_the_times_that_it_stamped(client: FlaskClient, create: Any) -> None:
    incident = create(owner="Ana", status="MITIGATED")
    changed = client.patch(
        f"/api/incidents/{incident['id']}", json={"status": "RESOLVED", "owner": None, "title": "Another title"}
    ).get_json()
    answer = revert(client, last_change(client, incident))
    assert answer.status_code == 200
    body = answer.get_json()
    assert {**body, "changeId": ""} == {
        "changeId": "", "matched": 1, "changed": 1, "items": [{"id": incident["id"], "version": 3}],
    }  # fmt: skip
    now = read(client, incident)
    assert now == incident | {"version": 3, "updatedAt": now["updatedAt"]}
    *_, done, undone = events(client, incident)
    assert (undone["type"], undone["actor"], undone["changeId"]) == ("reverted", "Bo", body["changeId"])
    assert undone["revertsChangeId"] == done["changeId"]
    assert undone["changes"] == {name: [after, before] for name, (before, after) in done["changes"].items()}
    assert undone["at"] == now["updatedAt"] > changed["updatedAt"]


def test_reopening_is_put_back_to_the_old_times(client: FlaskClient, create: Any) -> None:
    incident = create(
        status="RESOLVED",
        startedAt="2026-01-01T00:00:00Z",
        mitigatedAt="2026-01-01T01:00:00Z",
        resolvedAt="2026-01-01T02:00:00Z",
    )
    client.patch(f"/api/incidents/{incident['id']}", json={"status": "OPEN"})
    revert(client, last_change(client, incident))
    now = read(client, incident)
    assert (now["status"], now["mitigatedAt"], now["resolvedAt"]) == (
        "RESOLVED", "2026-01-01T01:00:00+00:00", "2026-01-01T02:00:00+00:00",
    )  # fmt: skip


def test_a_revert_is_a_change_that_can_be_reverted(client: FlaskClient, create: Any) -> None:
    incident = create()
    client.patch(f"/api/incidents/{incident['id']}", json={"severity": "SEV1"})
    change = last_change(client, incident)
    for severity in ("SEV3", "SEV1", "SEV3", "SEV1"):
        change = revert(client, change).get_json()["changeId"]
        assert read(client, incident)["severity"] == severity
    assert read(client, incident)["version"] == 6


def test_what_was_changed_since_is_not_overwritten(client: FlaskClient, create: Any) -> None:
    incident = create()
    address = f"/api/incidents/{incident['id']}"
    client.patch(address, json={"severity": "SEV1", "owner": "Ana"})
    change = last_change(client, incident)
    client.patch(address, json={"owner": "Cleo", "title": "Another title"}, headers={"X-Actor": "Cleo"})
    before = read(client, incident)
    problem = check_problem(revert(client, change), 409)
    assert problem["type"] == "urn:incident-tracker:problem:overtaken"
    assert problem["conflicts"] == [
        {
            "id": incident["id"],
            "number": incident["number"],
            "title": "Another title",
            "fields": ["owner"],
            "actor": "Cleo",
            "at": before["updatedAt"],
        }
    ]
    assert read(client, incident) == before


def test_a_field_that_came_back_to_its_value_was_changed_all_the_same(client: FlaskClient, create: Any) -> None:
    incident = create()
    address = f"/api/incidents/{incident['id']}"
    client.patch(address, json={"severity": "SEV1"})
    change = last_change(client, incident)
    client.patch(address, json={"severity": "SEV2"})
    client.patch(address, json={"severity": "SEV1"})
    assert check_problem(revert(client, change), 409)["conflicts"][0]["fields"] == ["severity"]


def test_changes_of_one_field_are_taken_back_one_after_another(client: FlaskClient, create: Any) -> None:
    incident = create()
    changes = []
    for status in ("MITIGATED", "RESOLVED", "OPEN"):
        client.patch(f"/api/incidents/{incident['id']}", json={"status": status})
        changes.append(last_change(client, incident))
    assert revert(client, changes[0]).status_code == 409
    for change, status in zip(reversed(changes), ("RESOLVED", "MITIGATED", "OPEN"), strict=True):
        assert revert(client, change).status_code == 200
        assert read(client, incident)["status"] == status
    assert read(client, incident)["mitigatedAt"] is None


def test_what_was_taken_back_and_done_again_counts(client: FlaskClient, create: Any) -> None:
    incident = create()
    address = f"/api/incidents/{incident['id']}"
    client.patch(address, json={"severity": "SEV1"})
    first = last_change(client, incident)
    client.patch(address, json={"severity": "SEV2"}, headers={"X-Actor": "Cleo"})
    undone = revert(client, last_change(client, incident)).get_json()["changeId"]
    redone = revert(client, undone, "Dan").get_json()["changeId"]
    (conflict,) = revert(client, first).get_json()["conflicts"]
    assert (conflict["fields"], conflict["actor"]) == (["severity"], "Cleo")
    assert read(client, incident)["severity"] == "SEV2"
    revert(client, redone)
    assert revert(client, first).status_code == 200
    assert read(client, incident)["severity"] == incident["severity"]


def test_other_fields_and_comments_since_do_not_matter(client: FlaskClient, create: Any) -> None:
    incident = create()
    address = f"/api/incidents/{incident['id']}"
    client.patch(address, json={"severity": "SEV1"})
    change = last_change(client, incident)
    client.patch(address, json={"owner": "Cleo"})
    client.post(f"{address}/comments", json={"body": "Severity is wrong."})
    assert revert(client, change).status_code == 200
    now = read(client, incident)
    assert (now["severity"], now["owner"], now["version"]) == ("SEV3", "Cleo", 4)


def test_a_bulk_change_is_reverted_as_a_whole_or_not_at_all(client: FlaskClient, create: Any) -> None:
    incidents = [create(severity=severity) for severity in ("SEV1", "SEV2", "SEV3")]
    ids = [incident["id"] for incident in incidents]
    change = bulk(client, ids=ids, set={"status": "RESOLVED", "severity": "SEV3"}).get_json()["changeId"]
    client.patch(f"/api/incidents/{ids[1]}", json={"status": "OPEN"}, headers={"X-Actor": "Cleo"})
    before = [read(client, incident) for incident in incidents]
    problem = check_problem(revert(client, change), 409)
    assert [(conflict["id"], conflict["actor"]) for conflict in problem["conflicts"]] == [(ids[1], "Cleo")]
    assert problem["conflicts"][0]["fields"] == ["resolvedAt", "status"]
    assert [read(client, incident) for incident in incidents] == before
    # Without what stands in the way, all of it goes back.
    assert revert(client, last_change(client, incidents[1])).status_code == 200
    assert revert(client, change).status_code == 200
    assert [read(client, incident)["severity"] for incident in incidents] == ["SEV1", "SEV2", "SEV3"]
    # What was taken back is not taken back once more.
    assert [one["actor"] for one in check_problem(revert(client, change), 409)["conflicts"]] == ["Bo"] * 3


def test_a_whole_bulk_change_goes_back(client: FlaskClient, create: Any) -> None:
    incidents = [create(severity=severity, owner=severity) for severity in ("SEV1", "SEV2", "SEV3")]
    change = bulk(client, filter={}, set={"severity": "SEV3", "owner": None}).get_json()
    answer = revert(client, change["changeId"]).get_json()
    assert (answer["matched"], answer["changed"]) == (3, 3)
    for incident in incidents:
        now = read(client, incident)
        assert now == incident | {"version": 3, "updatedAt": now["updatedAt"]}
        assert events(client, incident)[-1]["changeId"] == answer["changeId"]


def test_a_time_that_no_longer_fits_is_a_conflict(client: FlaskClient, create: Any) -> None:
    incident = create(
        startedAt="2026-01-01T00:00:00Z",
        mitigatedAt="2026-01-01T01:00:00Z",
        resolvedAt="2026-01-01T04:00:00Z",
        status="RESOLVED",
    )
    address = f"/api/incidents/{incident['id']}"
    client.patch(address, json={"mitigatedAt": "2026-01-01T03:00:00Z"})
    change = last_change(client, incident)
    client.patch(address, json={"startedAt": "2026-01-01T02:00:00Z"})
    (conflict,) = check_problem(revert(client, change), 409)["conflicts"]
    assert (conflict["fields"], conflict["actor"], conflict["at"]) == (["mitigatedAt"], None, None)


def test_a_status_does_not_go_back_past_a_time_that_was_corrected(client: FlaskClient, create: Any) -> None:
    incident = create(startedAt="2026-01-01T00:00:00Z")
    address = f"/api/incidents/{incident['id']}"
    client.patch(address, json={"status": "RESOLVED"})
    change = last_change(client, incident)
    client.patch(address, json={"mitigatedAt": "2026-01-01T10:05:00Z"}, headers={"X-Actor": "Cleo"})
    (conflict,) = check_problem(revert(client, change), 409)["conflicts"]
    assert (conflict["fields"], conflict["actor"]) == (["mitigatedAt"], "Cleo")


@pytest.mark.parametrize("kind", ["created", "commented"])
def test_what_set_no_field_cannot_be_reverted(client: FlaskClient, create: Any, kind: str) -> None:
    incident = create()
    client.post(f"/api/incidents/{incident['id']}/comments", json={"body": "Looking."})
    (change,) = [event["changeId"] for event in events(client, incident) if event["type"] == kind]
    problem = check_problem(revert(client, change), 409)
    assert problem["type"] == "urn:incident-tracker:problem:not-revertible"


@pytest.mark.parametrize("change", [str(uuid4()), "INC-1", "x", "%00"])
def test_a_change_that_is_not_there_is_not_found(client: FlaskClient, create: Any, change: str) -> None:
    create()
    check_problem(revert(client, change), 404)


def test_a_change_whose_incidents_were_deleted_meanwhile_is_not_found(
    client: FlaskClient, create: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = create()
    client.patch(f"/api/incidents/{incident['id']}", json={"severity": "SEV1"})
    change = last_change(client, incident)
    # As between reading the change and locking its incidents.
    monkeypatch.setattr("tracker.incidents.operations.locked", lambda *_: [])
    check_problem(revert(client, change), 404)


def test_no_body_is_needed_but_from_another_origin(client: FlaskClient, create: Any) -> None:
    incident = create()
    client.patch(f"/api/incidents/{incident['id']}", json={"severity": "SEV1"})
    address = f"/api/changes/{last_change(client, incident)}/revert"
    check_problem(client.post(address, headers={"Origin": "http://evil.example"}), 415)
    check_problem(client.post(address, data="x=1"), 415)
    check_problem(client.post(address, json=[]), 422)
    assert client.post(address).status_code == 200


FIELDS: dict[str, list[Any]] = {
    "severity": ["SEV1", "SEV2"],
    "owner": [None, "Ana"],
    "service": ["db", "web"],
    "status": ["OPEN", "MITIGATED", "RESOLVED"],
}
step = st.one_of(
    st.tuples(
        st.just("change"),
        st.sets(st.integers(0, 2), min_size=1),
        st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in FIELDS.items()}).filter(
            bool
        ),
    ),
    st.tuples(st.just("revert"), st.integers(0, 20), st.none()),
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, min_size=1, max_size=12))
def test_any_changes_and_reverts_do_what_a_model_says(
    client: FlaskClient, create: Callable[..., dict[str, Any]], connection: Connection, steps: list[Any]
) -> None:
    """The model keeps every change's fields before and after, and refuses what was touched since and is not undone."""
    with connection.begin_nested() as savepoint:
        incidents = [create() for _ in range(3)]
        model = [{name: read(client, incident)[name] for name in FIELDS} for incident in incidents]
        done: list[tuple[str, dict[int, dict[str, tuple[Any, Any]]]]] = []
        # What each of them took back, by its place among them.
        targets: list[int | None] = []

        def is_undone(place: int) -> bool:
            return any(target == place and not is_undone(later) for later, target in enumerate(targets))

        for kind, first, fields in steps:
            at: int | None = None
            if kind == "change":
                touched = {
                    index: {
                        name: (model[index][name], value)
                        for name, value in fields.items()
                        if model[index][name] != value
                    }
                    for index in first
                }
                answer = bulk(client, ids=[incidents[index]["id"] for index in first], set=fields)
                assert answer.status_code == 200
            elif not done:
                continue
            else:
                at = first % len(done)
                change, what = done[at]
                clash = any(
                    done[later][1].get(index, {}).keys() & mine.keys()
                    for later in range(at + 1, len(done))
                    if not is_undone(later) and (targets[later] or 0) <= at
                    for index, mine in what.items()
                )
                answer = revert(client, change)
                assert answer.status_code == (409 if clash else 200)
                if clash:
                    continue
                touched = {
                    index: {name: (after, before) for name, (before, after) in mine.items()}
                    for index, mine in what.items()
                }
            touched = {index: changes for index, changes in touched.items() if changes}
            assert answer.get_json()["changed"] == len(touched)
            for index, changes in touched.items():
                model[index] |= {name: after for name, (_, after) in changes.items()}
            if touched:
                done.append((answer.get_json()["changeId"], touched))
                targets.append(at)
            assert [{name: read(client, one)[name] for name in FIELDS} for one in incidents] == model
        for incident in incidents:
            # Replayed, the log gives the incident, times and all.
            replayed: dict[str, Any] = {}
            log = events(client, incident)
            for event in log:
                for name, (before, after) in event["changes"].items():
                    assert replayed.get(name) == before
                    replayed[name] = after
            now = read(client, incident)
            assert {name: now[name] for name in replayed} == replayed
            assert now["version"] == len(log)
        savepoint.rollback()
