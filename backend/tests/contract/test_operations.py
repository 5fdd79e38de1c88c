"""The API does what its OpenAPI document says: every operation is called with what the document allows and forbids.

By everybody: see :mod:`tests.contract.calling`.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from sqlalchemy import Connection

from tests.contract.calling import CALLERS, EXAMPLES, Caller, check, document_for, operations_of

ABOUT_INVITATIONS = ("/api/invitations/read", "/api/invitations/accept")


def calls_of(callers: Iterable[str]) -> list[Any]:
    """Every operation, by each of them."""
    return [
        pytest.param(name, operation, id=f"{operation.label} by {name}")
        for name in callers
        for operation in operations_of(document_for(name))
    ]


def with_invitation(case: Any, secret: str) -> Any:
    """A case that is about an invitation that there is."""
    case.body["token"] = secret
    return case


def call(caller: Caller, case: Any, connection: Connection) -> None:
    """Call, and take back what that did: who ends the own session is still there for the next call."""
    with connection.begin_nested() as before:
        response = case.call(**caller.sent())
        check(caller, case, response)
        # Else nothing behind the question who is calling would be tried.
        if caller.signed_in and case.operation.label != "POST /api/session":
            assert response.status_code != 401
        before.rollback()


@pytest.mark.parametrize(("caller", "operation"), calls_of(CALLERS), indirect=["caller"])
def test_every_operation_keeps_its_contract(caller: Caller, operation: Any, connection: Connection) -> None:
    named = caller.existing_of(operation)
    for mode in GenerationMode:
        if mode is GenerationMode.NEGATIVE and not operation.body and not len(operation.query):
            # Paths and headers are text, of which none is against the document.
            continue
        cases = operation.as_strategy(mode)
        if named:
            # Half of the calls go to what exists.
            cases |= operation.as_strategy(mode, path_parameters=named)
        if caller.invitation and operation.path in ABOUT_INVITATIONS and mode is GenerationMode.POSITIVE:
            cases |= cases.map(partial(with_invitation, secret=caller.invitation))

        @settings(
            max_examples=EXAMPLES or (12 if caller.name == "open mode" else 4),
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def call_with(case: Any) -> None:
            call(caller, case, connection)

        call_with()


AT_THE_EDGES = CALLERS if EXAMPLES else ("open mode", "nobody", "admin in person")


@pytest.mark.parametrize(("caller", "operation"), calls_of(AT_THE_EDGES), indirect=["caller"])
def test_every_operation_keeps_it_at_the_edges(caller: Caller, operation: Any, connection: Connection) -> None:
    schema = operation.schema
    cases = schema.iter_coverage_cases(
        operation, generation_modes=list(GenerationMode), generation_config=schema.config.generation
    )
    for case in cases:
        if case.meta.generation.mode is GenerationMode.POSITIVE:
            case.path_parameters.update(caller.existing_of(operation))
        call(caller, case, connection)
