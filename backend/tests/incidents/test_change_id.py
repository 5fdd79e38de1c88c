"""The header that names what a write did, whatever kind of write it is."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.incidents.test_bulk import events, read
from tests.test_rules import check_problem

HEADER = "Change-Id"
BODY = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}


def patch(client: FlaskClient, incident: dict[str, Any], body: Any, **headers: str) -> Any:
    return client.patch(f"/api/incidents/{incident['id']}", json=body, headers=headers)


def test_every_write_names_the_change_that_it_made(client: FlaskClient, create: Any) -> None:
    created = client.post("/api/incidents", json=BODY)
    incident = created.get_json()
    bulk = {"filter": {"service": BODY["service"]}, "set": {"severity": "SEV3"}}
    answers = [
        created,
        patch(client, incident, {"owner": "Ana"}),
        client.post(f"/api/incidents/{incident['id']}/comments", json={"body": "Looking."}),
        client.post("/api/incidents/bulk", json=bulk),
    ]
    assert answers[3].get_json()["changeId"] == answers[3].headers[HEADER]
    # What the header names is what can be taken back.
    answers.append(client.post(f"/api/changes/{answers[1].headers[HEADER]}/revert"))
    assert answers[4].status_code == 200
    assert read(client, incident)["owner"] is None
    named = [answer.headers[HEADER] for answer in answers]
    assert named == [event["changeId"] for event in events(client, incident)]
    assert len(set(named)) == len(named)


def test_what_changes_nothing_names_no_change(client: FlaskClient, create: Any) -> None:
    incident = create(severity="SEV3", owner="Ana")
    owned = patch(client, incident, {"owner": None}).headers[HEADER]
    assert HEADER in client.post(f"/api/changes/{owned}/revert").headers
    before = events(client, incident)
    same = {"ids": [incident["id"]], "set": {"severity": "SEV3"}}
    another = {"ids": [incident["id"]], "set": {"severity": "SEV1"}, "dryRun": True}
    for answer in (
        patch(client, incident, {}),
        patch(client, incident, {"severity": "SEV3", "owner": "Ana"}),
        client.post("/api/incidents/bulk", json=same),
        client.post("/api/incidents/bulk", json=another),
        client.get(f"/api/incidents/{incident['id']}"),
    ):
        assert answer.status_code == 200
        assert HEADER not in answer.headers
    assert HEADER not in patch(client, incident, {"owner": "Bo"}, **{"If-Match": '"1"'}).headers
    check_problem(client.post(f"/api/changes/{owned}/revert"), 409)
    assert events(client, incident) == before


def test_sent_again_it_names_the_same_change(client: FlaskClient, create: Any) -> None:
    incident = create()
    first, again = (patch(client, incident, {"owner": "Ana"}, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers[HEADER] == first.headers[HEADER] == events(client, incident)[-1]["changeId"]
    # Nor does a change appear where there was none.
    for _ in range(2):
        assert HEADER not in patch(client, incident, {"owner": "Ana"}, **{"Idempotency-Key": "other"}).headers


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/api/incidents", "post", "201"),
        ("/api/incidents/{incident_id}", "patch", "200"),
        ("/api/incidents/{incident_id}/comments", "post", "201"),
        ("/api/incidents/bulk", "post", "200"),
        ("/api/changes/{change_id}/revert", "post", "200"),
    ],
)
def test_the_document_tells_of_it(client: FlaskClient, path: str, method: str, status: str) -> None:
    document = client.get("/api/openapi.json").get_json()
    assert HEADER in document["paths"][path][method]["responses"][status]["headers"]
