"""Those who call, and how many cases they made."""

from typing import Any

import pytest
from sqlalchemy import Connection

from tests.accounts.conftest import Person, admin, join, quick_hashes, required
from tests.contract.calling import Caller, cases_made
from tracker.callers import COOKIE, CSRF_HEADER

__all__ = ["admin", "join", "quick_hashes", "required"]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if cases_made:
        by_caller = ", ".join(f"{name} {count:,}" for name, count in cases_made.items())
        terminalreporter.write_line(f"Cases of the contract: {cases_made.total():,} ({by_caller})")


@pytest.fixture
def caller(request: pytest.FixtureRequest, connection: Connection) -> Caller:
    """Somebody, by name, for whom there is one of everything."""
    if request.param == "open mode":
        return _with_things(Caller(request.getfixturevalue("app"), request.param), {})
    root: Person = request.getfixturevalue("admin")
    make = request.getfixturevalue("join")
    in_person = {CSRF_HEADER: root.csrf}
    cookie = root.client.get_cookie(COOKIE)
    assert cookie is not None
    if request.param == "admin in person":
        caller = Caller(root.app, request.param, in_person, {COOKIE: cookie.value})
    elif request.param == "nobody":
        caller = Caller(root.app, request.param)
    else:
        person = root if request.param == "admin" else make("Ana", request.param)
        made = person.open("POST", "/api/tokens", {"name": "mine", "role": request.param}).get_json()
        caller = Caller(root.app, request.param, {"Authorization": f"Bearer {made['token']}"})
        caller.existing["token_id"] = made["id"]
    return _with_things(caller, {**in_person, "Cookie": f"{COOKIE}={cookie.value}"})


def _with_things(caller: Caller, by_root: dict[str, str]) -> Caller:
    """Make one of everything; where one has to sign in, what is not the caller's is an admin's."""
    client = caller.app.test_client(use_cookies=False)

    def make(path: str, headers: dict[str, str], **body: Any) -> Any:
        answer = client.post(path, json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.get_json()

    incident = make(
        "/api/incidents", by_root, title="It broke", service="api", severity="SEV3", owner="Ana", summary="Text"
    )["id"]
    change = make("/api/incidents/bulk", by_root, ids=[incident], set={"severity": "SEV1"})["changeId"]
    by_caller = dict(caller.headers)
    if caller.cookies:
        by_caller["Cookie"] = by_root["Cookie"]
    view = "open" if caller.name == "nobody" else make("/api/views", by_caller, name="Mine, first", q="owner:me")["id"]
    caller.existing |= {"incident_id": incident, "change_id": change, "view_id": view}
    if by_root:
        invitation = make("/api/invitations", by_root, email="bo@example.com", role="viewer")
        caller.invitation = invitation["link"].partition("#")[2]
        accounts = client.get("/api/accounts", headers=by_root).get_json()["items"]
        sessions = client.get("/api/sessions", headers=by_root).get_json()["items"]
        caller.existing |= {
            "account_id": accounts[0]["id"],
            "session_id": sessions[0]["id"],
            "invitation_id": invitation["id"],
        }
        caller.existing.setdefault("token_id", make("/api/tokens", by_root, name="mine", role="viewer")["id"])
    return caller
