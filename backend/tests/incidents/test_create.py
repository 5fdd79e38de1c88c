from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

BODY = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}


def test_a_new_incident_has_every_field_of_the_contract(client: FlaskClient) -> None:
    response = client.post("/api/incidents", json=BODY)
    incident = response.get_json()
    assert response.status_code == 201
    assert list(incident) == [
        "id", "number", "title", "service", "severity", "status", "owner", "summary",
        "startedAt", "mitigatedAt", "resolvedAt", "createdAt", "updatedAt", "version",
    ]  # fmt: skip
    assert UUID(incident["id"]).version == 7
    assert incident["status"] == "OPEN"
    assert incident["owner"] is incident["summary"] is incident["mitigatedAt"] is incident["resolvedAt"] is None
    assert incident["startedAt"] == incident["createdAt"] == incident["updatedAt"]
    assert incident["createdAt"].endswith("+00:00")
    assert incident["version"] == 1
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Location"] == f"/api/incidents/{incident['id']}"
    assert client.get(response.headers["Location"]).get_json() == incident


def test_numbers_rise_and_name_the_incident(client: FlaskClient, create: Any) -> None:
    first, second = create(), create()
    assert second["number"] > first["number"]
    for name in (f"INC-{second['number']}", f"inc-{second['number']}", second["id"], second["id"].upper()):
        assert client.get(f"/api/incidents/{name}").get_json() == second


def test_strings_are_trimmed(create: Any) -> None:
    incident = create(title="  Disk full\n", service="\tdb ", owner=" Ana ", summary=" one\n\ttwo \n")
    assert (incident["title"], incident["service"], incident["owner"]) == ("Disk full", "db", "Ana")
    assert incident["summary"] == "one\n\ttwo"


@pytest.mark.parametrize(
    "text",
    [
        "Ünïcödé 🚒 事故",
        "‮right to left‬ עברית",
        "'; DROP TABLE incidents; --",
        "<script>alert(1)</script>",
        "=1+1",
        "%_\\",
    ],
)
def test_hostile_text_is_stored_as_text(create: Any, text: str) -> None:
    incident = create(title=f"abc {text}", service=text, owner=text, summary=text)
    assert incident["title"] == f"abc {text}"
    assert incident["service"] == incident["owner"] == incident["summary"] == text


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("title", "ab", "3 to 255"),
        ("title", "  ab  ", "3 to 255"),
        ("title", "x" * 256, "has 256"),
        ("title", None, "null"),
        ("title", 7, "string"),
        ("title", "a\0bcd", "control"),
        ("title", "abc\ndef", "control"),
        ("title", "\x1cabc", "control"),
        ("service", "", "1 to 120"),
        ("service", "x" * 121, "1 to 120"),
        ("severity", "SEV5", "SEV1, SEV2, SEV3, SEV4"),
        ("severity", "sev1", "SEV1, SEV2, SEV3, SEV4"),
        ("severity", 1, "string"),
        ("status", "CLOSED", "OPEN, MITIGATED, RESOLVED"),
        ("owner", " ", "1 to 120"),
        ("summary", "x" * 20_001, "20,000"),
        ("summary", "a\0b", "control"),
        ("startedAt", "2026-01-01T00:00:00", "offset"),
        ("startedAt", "2026-01-01", "RFC 3339"),
        ("startedAt", "yesterday", "RFC 3339"),
        ("startedAt", 1767225600, "RFC 3339"),
        ("startedAt", "2026-02-30T00:00:00Z", "calendar"),
        ("startedAt", "0001-01-01T00:00:00+12:00", "calendar"),
        ("startedAt", "2999-01-01T00:00:00Z", "future"),
        ("number", 7, "Known: title"),
        ("id", "x", "Known: title"),
        ("sevrity", "SEV1", "Known: title"),
    ],
)
def test_a_field_that_does_not_validate_is_named(client: FlaskClient, field: str, value: Any, says: str) -> None:
    response = client.post("/api/incidents", json={**BODY, field: value})
    problem = response.get_json()
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert list(problem["errors"]) == [field]
    assert says in problem["errors"][field][0]
    assert client.get("/api/incidents").get_json()["total"] == 0


def test_all_missing_fields_are_named_at_once(client: FlaskClient) -> None:
    problem = client.post("/api/incidents", json={}).get_json()
    assert set(problem["errors"]) == {"title", "service", "severity"}


def test_limits_are_inclusive(create: Any) -> None:
    incident = create(title="é" * 255, service="s" * 120, owner="o" * 120, summary="m" * 20_000)
    assert len(incident["title"]) == 255
    assert create(title="abc")["title"] == "abc"


def test_status_stamps_its_time(create: Any) -> None:
    mitigated, resolved = create(status="MITIGATED"), create(status="RESOLVED")
    assert mitigated["mitigatedAt"] == mitigated["createdAt"]
    assert mitigated["resolvedAt"] is None
    assert resolved["resolvedAt"] == resolved["createdAt"]


def test_given_times_win_over_stamps_and_come_back_in_utc(create: Any) -> None:
    incident = create(
        status="RESOLVED",
        startedAt="2026-01-01T10:00:00+02:00",
        mitigatedAt="2026-01-01T08:30:00.25Z",
        resolvedAt="2026-01-01T09:00:00Z",
    )
    assert incident["startedAt"] == "2026-01-01T08:00:00+00:00"
    assert incident["mitigatedAt"] == "2026-01-01T08:30:00.25+00:00"
    assert incident["resolvedAt"] == "2026-01-01T09:00:00+00:00"


@pytest.mark.parametrize(
    ("times", "blamed"),
    [
        ({"startedAt": "2026-01-02T00:00:00Z", "mitigatedAt": "2026-01-01T00:00:00Z"}, "mitigatedAt"),
        ({"resolvedAt": "2026-01-01T00:00:00Z"}, "resolvedAt"),
        (
            {
                "startedAt": "2026-01-01T00:00:00Z",
                "mitigatedAt": "2026-01-03T00:00:00Z",
                "resolvedAt": "2026-01-02T00:00:00Z",
            },
            "resolvedAt",
        ),
    ],
)
def test_times_out_of_order_are_refused(client: FlaskClient, times: dict[str, str], blamed: str) -> None:
    response = client.post("/api/incidents", json={**BODY, "status": "RESOLVED", **times})
    assert response.status_code == 422
    assert list(response.get_json()["errors"]) == [blamed]
    assert "Must not be before" in response.get_json()["errors"][blamed][0]
