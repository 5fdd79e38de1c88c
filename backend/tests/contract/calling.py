"""Who calls the API in the tests of its contract, and what must hold of every answer.

CONTRACT_EXAMPLES=100 asks more of each operation than a run of the suite has time for, and of every caller alike:

    CONTRACT_EXAMPLES=100 .venv/bin/pytest tests/contract

The end of the run says how many cases each caller made.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from flask import Flask
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    negative_data_rejection,
    positive_data_acceptance,
)

from tracker import create_app
from tracker.config import Settings
from tracker.wire import json_response

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "0"))
"""How many cases to make up for an operation; 0 for the few of an ordinary run."""

CALLERS = ("open mode", "nobody", "viewer", "responder", "admin", "admin in person")
"""Open mode, where nobody is asked; then who calls where one has to sign in: by a token, or by a session."""

_METHODS = ("get", "post", "put", "patch", "delete")

cases_made: Counter[str] = Counter()

# What is refused for a reason that JSON Schema cannot state, and that the descriptions do.
BEYOND_THE_SCHEMA = re.compile(
    r"control characters"
    r"|characters long, but has"  # It counts them after trimming.
    r"|in double quotes|empty item"
    r"|Must not be (in the future|in the past|before|after)"
    r"|exists in the calendar|RFC 3339"
    r"|combined with page"
    r"|ASCII or percent-encoded"
    r"|cursor is not one|cursor belongs to"
    r"|If-Match does not name"
    r"|but not both|UUID of an incident|There is no such incident|named before"
    r"|printable ASCII|needs a new key"
    r"|a view of this name already|There is no view|Named twice|Missing: "
    r"|valid integer"  # To JSON Schema, 1.0 is one.
    r"|an e-mail address, such as"
    r"|Is not your password|Somebody has this name already|the account has one already|there is no account yet"
)


@dataclass
class Caller:
    """Somebody who calls.

    :param existing: parameter of a path -> what there is under it. Text that anybody makes up names nothing.
    :param invitation: the secret of an invitation's link.
    """

    app: Flask
    name: str
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    existing: dict[str, str] = field(default_factory=dict)
    invitation: str | None = None

    @property
    def signed_in(self) -> bool:
        return bool(self.headers)

    def existing_of(self, operation: Any) -> dict[str, str]:
        """What an operation's path can name."""
        return {name: value for name, value in self.existing.items() if f"{{{name}}}" in operation.path}

    def sent(self) -> dict[str, Any]:
        """What goes with every call."""
        return {"app": self.app, "headers": dict(self.headers), "cookies": dict(self.cookies)}


def document_for(caller: str) -> Any:
    """The document, as strict as it is for a caller."""
    document = deepcopy(_written)
    for path in document["paths"].values():
        operations = [value for name, value in path.items() if name in _METHODS]
        for operation in operations:
            # Else no status would be undocumented.
            operation["responses"].pop("default", None)
            if caller == "open mode":
                # Nobody is asked.
                operation.pop("security", None)
        if caller != "open mode":
            # It is refused, which has a test of its own; nearly every call would be.
            for owner in (path, *operations):
                named = owner.get("parameters", [])
                owner["parameters"] = [parameter for parameter in named if parameter["name"] != "X-Actor"]
    loaded = schemathesis.openapi.from_wsgi("/", json_response(document))
    # Who has no credentials makes some up; who has them would spoil them.
    loaded.config.generation.update(with_security_parameters=caller == "nobody")
    return loaded


def operations_of(document: Any) -> Iterator[Any]:
    """The operations of a document."""
    for result in document.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        # An answer without an end cannot be waited for; its own tests read it strictly.
        if operation.path != "/api/events/stream":
            yield operation


def check(caller: Caller, case: Any, response: Any, **context: Any) -> None:
    """All checks of schemathesis, and what the refusal of something that the document allows must say."""
    cases_made[caller.name] += 1
    positive = case.meta is None or case.meta.generation.mode.is_positive
    allowed = positive and response.status_code in (400, 412, 422)
    excluded: list[Any] = [positive_data_acceptance] if allowed else []
    # Refused for its length, before anything of it was read.
    excluded += [negative_data_rejection] if response.status_code == 414 else []
    # /api/incidents/bulk is an address for an incident as well, though for none that there is.
    excluded += [allow_header_conformance] if case.path in _AMBIGUOUS else []
    # As an authentication of schemathesis' own says it, so that it tries what happens without.
    case._has_explicit_auth = caller.signed_in
    case.validate_response(
        response, excluded_checks=excluded, headers=caller.headers, transport_kwargs=caller.sent(), **context
    )
    if allowed:
        problem = response.json()
        # What a query may say is a language of its own.
        errors = {name: reason for name, reason in problem.get("errors", {}).items() if name != "q"}
        for reason in errors.values() if "errors" in problem else [problem["detail"]]:
            assert BEYOND_THE_SCHEMA.search(str(reason)), problem


# The document needs no database, so that the operations are known before any test has one.
_written: dict[str, Any] = (
    create_app(Settings(database_url="postgresql+psycopg2://127.0.0.1:1/none", log_format="text"))
    .test_client()
    .get("/api/openapi.json")
    .get_json()
)

_AMBIGUOUS = {
    path
    for path in _written["paths"]
    for other in _written["paths"]
    if path != other and re.fullmatch(re.sub(r"{[^/]+}", "[^/]+", other), path)
}
