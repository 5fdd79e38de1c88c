"""The documentation says what is so: the page, the OpenAPI document, its examples, and the list of settings."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker import create_app
from tracker.config import BACKEND, Settings
from tracker.history.models import Event, EventType
from tracker.history.schemas import WIRE_FIELDS as EVENT_FIELDS
from tracker.history.schemas import EventRead
from tracker.incidents.models import Incident, Severity, Status
from tracker.incidents.queries import represent
from tracker.incidents.schemas import IncidentRead
from tracker.wire import dumps

EXPORTED = BACKEND.parent / "frontend" / "openapi.json"


@pytest.fixture(scope="module")
def app() -> Flask:
    """The application without a database, which documentation needs none of."""
    return create_app(Settings(database_url="postgresql+psycopg2://127.0.0.1:1/none"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of it."""
    return app.test_client()


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    """The OpenAPI document as it is served."""
    served: dict[str, Any] = client.get("/api/openapi.json").get_json()
    return served


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of every operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield (
                    path,
                    method,
                    {**operation, "parameters": [*item.get("parameters", []), *operation.get("parameters", [])]},
                )


def test_the_page_works_where_no_other_host_can_be_reached(client: FlaskClient) -> None:
    page = client.get("/api/docs").text
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(assets) >= 3
    for asset in assets:
        assert asset.startswith("/api/docs/")
        response = client.get(asset, buffered=True)
        assert response.status_code == 200
        assert response.data
    assert not re.search(r"(https?:)?//", page)
    # The page's policy lets it run scripts that come as files only.
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|javascript:", page)
    assert "/api/openapi.json" in client.get("/api/docs/start.js", buffered=True).text


def test_what_the_front_end_is_generated_from_is_what_is_served(document: dict[str, Any]) -> None:
    assert json.loads(EXPORTED.read_text()) == document, (
        "Export it again, from backend/: flask --app tracker openapi write ../frontend/openapi.json"
    )


def test_the_document_is_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert {"title", "version", "description"} <= document["info"].keys()
    identifiers = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(identifiers)) == len(identifiers)
    for reference in re.findall(r'"\$ref": ?"([^"]+)"', json.dumps(document)):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate({**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"})
    for path, _, operation in operations(document):
        in_path = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert operation["summary"]
        assert all(response.get("description") or "$ref" in response for response in operation["responses"].values())


def test_every_address_of_the_api_is_documented(app: Flask, document: dict[str, Any]) -> None:
    routed = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/") and not rule.rule.startswith(("/api/docs", "/api/openapi.json"))
    }
    assert routed == {(path, method) for path, method, _ in operations(document)}


def test_every_operation_tells_of_its_errors(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        # Whether the service itself is alive depends on nothing else.
        expected = {"default"} if path == "/api/health/live" else {"503", "default"}
        expected |= {"404"} if "{" in path else set()
        expected |= {"400", "413", "415", "422"} if "requestBody" in operation else set()
        expected |= {"422"} if any(parameter["in"] == "query" for parameter in operation["parameters"]) else set()
        assert expected <= operation["responses"].keys(), (method, path)
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")):
                assert list(response["content"]) == ["application/problem+json"], (method, path, status)


def examples(document: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Every example in the document: where it is, the example, and the schema that it must satisfy."""
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        for parameter in operation["parameters"]:
            if "example" in parameter:
                yield f"{where} {parameter['name']}", parameter["example"], parameter["schema"]
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            for content in body.get("content", {}).values():
                if "example" in content:
                    yield where, content["example"], content["schema"]
            for name, header in body.get("headers", {}).items():
                if "example" in header:
                    yield f"{where} {name}", header["example"], header["schema"]


def test_the_longest_name_of_an_actor_is_within_the_document(client: FlaskClient, document: dict[str, Any]) -> None:
    (parameter,) = [
        parameter
        for parameter in document["paths"]["/api/incidents"]["post"]["parameters"]
        if parameter["name"] == "X-Actor"
    ]
    longest = quote("🔥" * 120)
    assert len(longest) == parameter["schema"]["maxLength"]
    # The one gets as far as the database that is not there; the other is refused before.
    for name, status in ((longest, 503), ("x" * 121, 422)):
        assert client.get("/api/views", headers={"X-Actor": name}).status_code == status


def test_every_example_is_valid(document: dict[str, Any]) -> None:
    found = list(examples(document))
    for where, example, schema in found:
        whole = {
            **schema,
            "components": document["components"],
            "$schema": "https://json-schema.org/draft/2020-12/schema",
        }
        errors = [
            error.message
            for error in jsonschema_rs.Draft202012Validator(whole, validate_formats=True).iter_errors(example)
        ]
        assert errors == [], where
    documented = {where for where, _, _ in found}
    for path, method, operation in operations(document):
        if "requestBody" in operation:
            assert f"{method} {path}" in documented


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=3, max_size=40)
instants = st.datetimes(
    min_value=datetime.fromisoformat("1970-01-02"),
    max_value=datetime.fromisoformat("2900-01-01"),
    timezones=st.just(UTC),
)
incidents = st.builds(
    Incident,
    id=st.uuids(),
    number=st.integers(1, 2**63 - 1),
    title=texts,
    service=texts,
    severity=st.sampled_from(Severity),
    status=st.sampled_from(Status),
    owner=st.none() | texts,
    summary=st.none() | texts,
    started_at=instants,
    mitigated_at=st.none() | instants,
    resolved_at=st.none() | instants,
    created_at=instants,
    updated_at=instants,
    version=st.integers(1, 2**31 - 1),
)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(incidents)
def test_an_incident_is_rendered_as_its_schema_says(incident: Incident) -> None:
    """Answers are made without a pass through marshmallow, and must be what that would make."""
    assert json.loads(dumps(represent(incident))) == IncidentRead().dump(incident)


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(number=st.integers(1, 2**63 - 1), kind=st.sampled_from(EventType), at=instants, actor=texts, text=texts)
def test_an_event_is_rendered_as_its_schema_says(
    number: int, kind: EventType, at: datetime, actor: str, text: str
) -> None:
    event = Event(
        id=number, incident_id=UUID(int=number), change_id=UUID(int=1), type=kind, actor=actor, at=at,
        changes={"title": [None, text]}, comment=None,
    )  # fmt: skip
    rendered = {name: getattr(event, attribute) for name, attribute in EVENT_FIELDS.items()}
    assert json.loads(dumps(rendered)) == EventRead().dump(event)


def test_every_setting_is_listed_with_a_sentence() -> None:
    lines = (BACKEND / ".env.example").read_text().splitlines()
    listed = [match[1] for line in lines if (match := re.match(r"#? ?([A-Z][A-Z_]*)=", line))]
    assert sorted(listed) == sorted(field.name.upper() for field in fields(Settings))
    assert len(listed) == len(set(listed))
    for index, line in enumerate(lines):
        if re.match(r"#? ?[A-Z][A-Z_]*=", line):
            above = lines[index - 1]
            assert above.startswith("# "), f"nothing explains {line}"
            assert above.rstrip().endswith((".", ")")), f"what explains {line} is no sentence"
