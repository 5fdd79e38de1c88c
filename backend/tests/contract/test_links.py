"""What an answer links to can be asked next: operations in the order in which people and programs call them.

By everybody who may write: see :mod:`tests.contract.calling`.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from sqlalchemy import Connection

from tests.contract.calling import EXAMPLES, Caller, check, document_for

document = {name: document_for(name) for name in ("open mode", "responder", "admin", "admin in person")}
LINKED = {
    "createIncident": {"getIncident", "updateIncident", "getEvents", "createComment"},
    "updateIncident": {"getIncident", "updateIncident", "getEvents", "createComment", "revertChange"},
    "createView": {"getView", "updateView", "deleteView"},
    "createToken": {"revokeToken"},
    "createInvitation": {"withdrawInvitation"},
}


@pytest.mark.parametrize("caller", document, indirect=True)
def test_what_is_linked_can_be_asked_next(caller: Caller, connection: Connection) -> None:
    class Steps(document[caller.name].exclude(path="/api/events/stream").as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            # Whoever takes their own role away has it again in the next scenario.
            self.before = connection.begin_nested()

        def teardown(self) -> None:
            self.before.rollback()

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return caller.sent()

        def validate_response(self, response: Any, case: Any, **_context: Any) -> None:
            check(caller, case, response, recorder=self.recorder)

    Steps.run(
        settings=settings(
            max_examples=EXAMPLES or 15,
            stateful_step_count=10,
            phases=[Phase.generate],
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
    )


@pytest.mark.parametrize("source", LINKED)
def test_an_answer_says_what_can_be_asked_next(source: str) -> None:
    (operation,) = [
        operation
        for path in document["admin"].raw_schema["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and operation.get("operationId") == source
    ]
    (success,) = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    assert success["links"].keys() == LINKED[source]
