"""What each role may do, on every route there is."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.accounts.conftest import Person
from tests.test_rules import check_problem
from tracker.callers import CSRF_HEADER, Role

Join = Callable[..., Person]

PUBLIC = {
    "GET /",
    "GET /<page:path>",
    "GET /api/docs",
    "GET /api/docs/<path:name>",
    "GET /api/health",
    "GET /api/health/live",
    "GET /api/openapi.json",
    "GET /api/session",
    "POST /api/session",
    "DELETE /api/session",
    "GET /api/oidc/start",
    "GET /api/oidc/callback",
    "POST /api/invitations/read",
    "POST /api/invitations/accept",
}
VIEWER_WRITES = {
    "POST /api/views",
    "PATCH /api/views",
    "PATCH /api/views/<view_id>",
    "DELETE /api/views/<view_id>",
    "PATCH /api/me",
    "DELETE /api/sessions",
    "DELETE /api/sessions/<session_id>",
    "POST /api/tokens",
    "DELETE /api/tokens/<token_id>",
}
IN_PERSON = {
    "PATCH /api/me",
    "DELETE /api/sessions",
    "DELETE /api/sessions/<session_id>",
    "POST /api/tokens",
    "POST /api/invitations",
}
ADMIN = {
    "GET /api/accounts",
    "PATCH /api/accounts/<account_id>",
    "GET /api/invitations",
    "POST /api/invitations",
    "DELETE /api/invitations/<invitation_id>",
}


def routes(app: Flask) -> dict[str, Role | None]:
    """What each route says that it needs."""
    return {
        f"{method} {rule.rule}": vars(app.view_functions[rule.endpoint])["needs"]
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_says_what_it_needs(app: Flask) -> None:
    for route, needs in routes(app).items():
        if route in PUBLIC:
            assert needs is None, route
        elif route in ADMIN:
            assert needs is Role.ADMIN, route
        elif route in VIEWER_WRITES or route.startswith("GET "):
            assert needs is Role.VIEWER, route
        else:
            assert needs is Role.RESPONDER, route


def test_the_document_says_what_each_route_needs(app: Flask) -> None:
    document = app.test_client().get("/api/openapi.json").get_json()
    for path, operations in document["paths"].items():
        for method in operations.keys() - {"parameters"}:
            route = f"{method.upper()} {path.replace('{', '<').replace('}', '>')}"
            alternatives = operations[method].get("security", [])
            roles = {role for schemes in alternatives for needed in schemes.values() for role in needed}
            needs = routes(app)[route]
            assert roles == ({needs} if needs else set()), route
            if needs is not None:
                assert any("token" in schemes for schemes in alternatives) == (route not in IN_PERSON), route
                assert any("csrf" in schemes for schemes in alternatives) == (method != "get"), route


def test_a_route_that_says_nothing_is_for_admins(
    required: Flask, join: Join, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(required.view_functions["incidents.list_services"], "needs")
    responder = join("Ana")
    check_problem(responder.get("/api/services"), 403)
    assert admin.get("/api/services").status_code == 200


def test_every_route_is_closed_to_who_may_not(required: Flask, join: Join, admin: Person) -> None:
    people: list[tuple[Role | None, Any]] = [
        (None, None),
        (Role.VIEWER, join("Vera", "viewer")),
        (Role.RESPONDER, join("Ana")),
        (Role.ADMIN, admin),
    ]
    for route, needs in routes(required).items():
        method, rule = route.split()
        path = re.sub(r"<[^>]+>", "019ab2f6-1f0e-7a52-8c11-4d5e6f708192", rule)
        if needs is None or path == "/api/events/stream" or route == "DELETE /api/sessions":
            continue
        body: Any = None if method == "GET" else {}
        for role, person in people:
            if person is None:
                check_problem(required.test_client().open(path, method=method, json=body), 401)
                continue
            answer = person.open(method, path, body)
            assert role is not None
            if role.includes(needs):
                # It gets as far as what is wrong with the request.
                assert answer.status_code in (200, 404, 409, 422), f"{role}: {route}: {answer.text}"
                answer.get_data()
                answer.close()
            else:
                problem = check_problem(answer, 403)
                assert problem["type"] == "urn:incident-tracker:problem:forbidden", route
                assert f"takes the role {needs}" in problem["detail"]


def test_no_address_of_accounts_escapes_the_rules(required: Flask, admin: Person) -> None:
    walked = 0
    for rule in required.url_map.iter_rules():
        if not rule.endpoint.startswith("accounts."):
            continue
        path = re.sub(r"<[^>]+>", "019ab2f6-1f0e-7a52-8c11-4d5e6f708192", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            walked += 1
            if method == "GET":
                answer = admin.get(f"{path}?no_such=1")
                assert admin.client.head(path).status_code == 200
            else:
                answer = admin.open(method, path, {"no_such": 1})
                headers = {CSRF_HEADER: admin.csrf}
                for data, media, status in (("{}", "text/plain", 415), ("{", "application/json", 400)):
                    sent = admin.client.open(path, method=method, data=data, content_type=media, headers=headers)
                    check_problem(sent, status)
                check_problem(admin.open(method, f"{path}?no_such=1", {}), 422)
            assert "no_such" in check_problem(answer, 422)["errors"]
    assert walked >= 18


def test_roles_include_those_before_them() -> None:
    included = [[role.includes(other) for other in Role] for role in Role]
    assert included == [[True, False, False], [True, True, False], [True, True, True]]


def test_a_live_stream_needs_somebody(required: Flask, join: Join) -> None:
    check_problem(required.test_client().get("/api/events/stream"), 401)
    assert join("Vera", "viewer").client.head("/api/events/stream").status_code == 200
