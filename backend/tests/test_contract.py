"""The API does what its OpenAPI document says: every operation is called with what the document allows and forbids.

CONTRACT_EXAMPLES=500 asks more of each operation than a run of the suite has time for.
"""

import os
import re
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tracker import create_app
from tracker.config import Settings

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "12"))

# What is refused for a reason that JSON Schema cannot state, and that the descriptions do.
BEYOND_THE_SCHEMA = re.compile(
    r"control characters"
    r"|characters long, but has"  # It counts them after trimming.
    r"|in double quotes|empty item"
    r"|Must not be (in the future|before|after)"
    r"|exists in the calendar|RFC 3339"
    r"|combined with page"
    r"|ASCII or percent-encoded"
    r"|cursor is not one|cursor belongs to"
    r"|If-Match does not name"
    r"|but not both|UUID of an incident|There is no such incident|named before"
    r"|printable ASCII|needs a new key"
    r"|a view of this name already|There is no view|Named twice|Missing: "
    r"|valid integer"  # To JSON Schema, 1.0 is one.
)

# The document needs no database, so that the operations are known before any test has one.
document = schemathesis.openapi.from_wsgi(
    "/api/openapi.json", create_app(Settings(database_url="postgresql+psycopg2://127.0.0.1:1/none"))
)
operations: list[Any] = [
    operation
    for operation in (result.ok() for result in document.get_all_operations() if isinstance(result, Ok))
    # An answer without an end cannot be waited for; its own tests read it strictly.
    if operation.path != "/api/events/stream"
]
calls = [
    pytest.param(operation, mode, id=f"{operation.label}, {mode.value}")
    for operation in operations
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    # Paths and headers are text, of which none is against the document.
    if mode is GenerationMode.POSITIVE or operation.body or len(operation.query)
]


@pytest.mark.parametrize(("operation", "mode"), calls)
def test_every_operation_keeps_its_contract(
    app: Flask,
    create: Any,
    operation: Any,
    mode: GenerationMode,
) -> None:
    incident = create(owner="Ana", summary="Text")["id"]
    changed = app.test_client().post("/api/incidents/bulk", json={"ids": [incident], "set": {"severity": "SEV1"}})
    view = app.test_client().post("/api/views", json={"name": "Mine, first", "q": "owner:me"}).get_json()["id"]
    existing = {"incident_id": incident, "change_id": changed.get_json()["changeId"], "view_id": view}
    cases = operation.as_strategy(mode)
    named = {name: value for name, value in existing.items() if f"{{{name}}}" in operation.path}
    if named:
        # Text that anybody makes up names nothing; half of the calls go to what exists.
        cases |= operation.as_strategy(mode, path_parameters=named)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def call(case: Any) -> None:
        response = case.call(app=app)
        allowed = mode is GenerationMode.POSITIVE and response.status_code in (400, 412, 422)
        excluded = [positive_data_acceptance] if allowed else []
        # Refused for its length, before anything of it was read.
        excluded += [negative_data_rejection] if response.status_code == 414 else []
        case.validate_response(response, excluded_checks=excluded)
        if allowed:
            problem = response.json()
            # What a query may say is a language of its own.
            errors = {name: reason for name, reason in problem.get("errors", {}).items() if name != "q"}
            for reason in errors.values() if "errors" in problem else [problem["detail"]]:
                assert BEYOND_THE_SCHEMA.search(str(reason)), problem

    call()
