"""Accounts, invitations, sessions and tokens, as those who have them use them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, text

from tests.accounts.conftest import PASSWORD, Person, sign_in
from tests.test_rules import check_problem
from tracker.accounts import operations
from tracker.accounts.models import TOKENS_MAX
from tracker.callers import COOKIE, check_caller, still_allowed
from tracker.extensions import db

Join = Callable[..., Person]
ANOTHER = "another long password"


def invite(admin: Person, email: str = "bo@example.com", role: str = "viewer") -> Any:
    answer = admin.open("POST", "/api/invitations", {"email": email, "role": role})
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def secret_of(invitation: Any) -> str:
    return str(invitation["link"].partition("#")[2])


def post(app: Flask, path: str, body: Any) -> Any:
    return app.test_client().post(path, json=body)


def test_one_comes_in_by_a_link_once(required: Flask, admin: Person) -> None:
    invitation = invite(admin, " Bo@Example.com ")
    secret = secret_of(invitation)
    assert invitation["link"] == f"http://localhost/join#{secret}"
    listed = admin.get("/api/invitations").get_json()["items"]
    assert listed == [{name: value for name, value in invitation.items() if name != "link"}]
    assert (listed[0]["email"], listed[0]["createdBy"]) == ("bo@example.com", "Root")
    seen = post(required, "/api/invitations/read", {"token": secret}).get_json()
    assert seen == {"email": "bo@example.com", "role": "viewer", "expiresAt": listed[0]["expiresAt"], "isReset": False}
    answer = post(required, "/api/invitations/accept", {"token": secret, "name": "Bo", "password": PASSWORD})
    assert answer.status_code == 201
    assert answer.get_json()["account"]["role"] == "viewer"
    assert COOKIE in answer.headers["Set-Cookie"]
    assert sign_in(required, "BO@example.com")[1].status_code == 201
    for path, body in (
        ("/api/invitations/read", {"token": secret}),
        ("/api/invitations/accept", {"token": secret, "name": "Bob", "password": PASSWORD}),
    ):
        check_problem(post(required, path, body), 404)
    assert [account["name"] for account in admin.get("/api/accounts").get_json()["items"]] == ["Bo", "Root"]


def test_who_has_an_account_gets_a_new_password_by_a_link(required: Flask, admin: Person, join: Join) -> None:
    ana = join("Ana")
    secret = secret_of(invite(admin, ana.email, "admin"))
    assert post(required, "/api/invitations/read", {"token": secret}).get_json()["isReset"] is True
    named = post(required, "/api/invitations/accept", {"token": secret, "name": "Ana", "password": ANOTHER})
    assert "name" in check_problem(named, 422)["errors"]
    answer = post(required, "/api/invitations/accept", {"token": secret, "password": ANOTHER})
    assert answer.status_code == 201
    # Its role is what it was.
    assert answer.get_json()["account"]["role"] == "responder"
    check_problem(ana.get("/api/me"), 401)
    check_problem(sign_in(required, ana.email)[1], 401)
    assert sign_in(required, ana.email, ANOTHER)[1].status_code == 201


def test_an_invitation_ends(required: Flask, admin: Person, join: Join, connection: Connection) -> None:
    first = invite(admin)
    second = invite(admin)
    check_problem(post(required, "/api/invitations/read", {"token": secret_of(first)}), 404)
    assert admin.open("DELETE", f"/api/invitations/{second['id']}", {}).status_code == 204
    check_problem(post(required, "/api/invitations/read", {"token": secret_of(second)}), 404)
    third = invite(admin)
    connection.execute(text("UPDATE invitations SET expires_at = now()"))
    body = {"token": secret_of(third), "name": "Bo", "password": PASSWORD}
    check_problem(post(required, "/api/invitations/accept", body), 404)
    assert admin.get("/api/invitations").get_json()["items"] == []
    # Nor can it bring back who was shut out.
    ana = join("Ana")
    fourth = invite(admin, ana.email)
    admin.open("PATCH", f"/api/accounts/{ana.id}", {"disabled": True})
    check_problem(post(required, "/api/invitations/accept", {"token": secret_of(fourth), "password": ANOTHER}), 404)
    check_problem(admin.open("POST", "/api/invitations", {"email": ana.email, "role": "viewer"}), 409)


def test_a_link_that_somebody_made_up_is_no_work(required: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "hash_password", lambda _password: pytest.fail("was hashed"))
    body = {"token": "x" * 43, "name": "Mallory", "password": PASSWORD}
    check_problem(post(required, "/api/invitations/accept", body), 404)


def test_whether_a_stream_may_go_on_is_known_while_it_does(required: Flask, admin: Person, join: Join) -> None:
    ana = join("Ana")
    made = ana.open("POST", "/api/tokens", {"name": "script", "role": "viewer"}).get_json()
    token = made["token"]
    cookie = ana.client.get_cookie(COOKIE)
    assert cookie is not None
    asked = []
    by_token, by_cookie = {"Authorization": f"bearer  {token} "}, {"Cookie": f"{COOKIE}={cookie.value}"}
    for headers in (by_token, by_cookie, by_token | by_cookie):
        with required.test_request_context("/api/events/stream", headers=headers):
            check_caller()
            asked.append(still_allowed())
    with required.app_context():
        assert [ask() for ask in asked] == [True, True, True]
        ana.open("DELETE", f"/api/tokens/{made['id']}", {})
        # Of both, it is the token that was believed.
        assert [ask() for ask in asked] == [False, True, False]
        admin.open("PATCH", f"/api/accounts/{ana.id}", {"disabled": True})
        assert [ask() for ask in asked] == [False, False, False]


def test_who_is_disabled_is_out_at_once(required: Flask, admin: Person, join: Join) -> None:
    ana = join("Ana")
    token = ana.open("POST", "/api/tokens", {"name": "script", "role": "viewer"}).get_json()["token"]
    script = {"headers": {"Authorization": f"Bearer {token}"}}
    assert required.test_client().get("/api/me", **script).status_code == 200
    account = admin.open("PATCH", f"/api/accounts/{ana.id}", {"disabled": True}).get_json()
    assert account["disabled"] is True
    check_problem(ana.get("/api/me"), 401)
    check_problem(required.test_client().get("/api/me", **script), 401)
    check_problem(sign_in(required, ana.email)[1], 401)
    assert admin.open("PATCH", f"/api/accounts/{ana.id}", {"disabled": False}).get_json()["disabled"] is False
    # The session has ended for good; the token is the account's.
    check_problem(ana.get("/api/me"), 401)
    assert required.test_client().get("/api/me", **script).status_code == 200


def test_the_last_admin_stays(admin: Person, join: Join) -> None:
    for change in ({"role": "viewer"}, {"disabled": True}):
        problem = check_problem(admin.open("PATCH", f"/api/accounts/{admin.id}", change), 409)
        assert problem["type"] == "urn:incident-tracker:problem:last-admin"
    second = join("Second", "admin")
    assert admin.open("PATCH", f"/api/accounts/{admin.id}", {"role": "viewer"}).status_code == 200
    check_problem(admin.get("/api/accounts"), 403)
    check_problem(second.open("PATCH", f"/api/accounts/{second.id}", {"disabled": True}), 409)


def test_names_are_unique_letter_case_aside(required: Flask, admin: Person, join: Join) -> None:
    join("Ana")
    bo = join("Bo")
    assert "name" in check_problem(bo.open("PATCH", "/api/me", {"name": "ANA"}), 422)["errors"]
    assert bo.open("PATCH", "/api/me", {"name": "BO"}).get_json()["name"] == "BO"
    secret = secret_of(invite(admin, "c@example.com"))
    body = {"token": secret, "name": "ana", "password": PASSWORD}
    assert "name" in check_problem(post(required, "/api/invitations/accept", body), 422)["errors"]
    # It was not used up by that.
    assert post(required, "/api/invitations/accept", {**body, "name": "Cy"}).status_code == 201


def test_a_new_password_ends_the_other_sessions(required: Flask, join: Join) -> None:
    ana = join("Ana")
    elsewhere, _ = sign_in(required, ana.email)
    wrong = ana.open("PATCH", "/api/me", {"password": {"current": "not it", "new": ANOTHER}})
    assert check_problem(wrong, 422)["errors"] == {"password": {"current": ["Is not your password."]}}
    assert elsewhere.get("/api/me").status_code == 200
    change = {"password": {"current": PASSWORD, "new": ANOTHER}}
    assert ana.open("PATCH", "/api/me", change).status_code == 200
    assert ana.get("/api/me").status_code == 200
    check_problem(elsewhere.get("/api/me"), 401)
    check_problem(sign_in(required, ana.email)[1], 401)
    assert sign_in(required, ana.email, ANOTHER)[1].status_code == 201


def test_who_finds_an_open_browser_cannot_guess_the_password_there(join: Join) -> None:
    ana = join("Ana")
    for _ in range(5):
        check_problem(ana.open("PATCH", "/api/me", {"password": {"current": "not it", "new": ANOTHER}}), 422)
    check_problem(ana.open("PATCH", "/api/me", {"password": {"current": PASSWORD, "new": ANOTHER}}), 429)


@pytest.mark.parametrize("password", ["short", "x" * 11, "x" * 257, None, 123456789012])
def test_a_password_is_12_to_256_characters(required: Flask, admin: Person, password: Any) -> None:
    secret = secret_of(invite(admin))
    body = {"token": secret, "name": "Bo", "password": password}
    assert "password" in check_problem(post(required, "/api/invitations/accept", body), 422)["errors"]


def test_a_password_is_taken_as_it_is_typed(required: Flask, admin: Person) -> None:
    password = "  pässwörd \t🔑 "
    body = {"token": secret_of(invite(admin)), "name": "Bo", "password": password}
    assert post(required, "/api/invitations/accept", body).status_code == 201
    check_problem(sign_in(required, "bo@example.com", password.strip())[1], 401)
    assert sign_in(required, "bo@example.com", password)[1].status_code == 201


def test_sessions_are_listed_and_ended(required: Flask, join: Join) -> None:
    ana, bo = join("Ana"), join("Bo")
    client = required.test_client()
    client.post(
        "/api/session",
        json={"email": ana.email, "password": PASSWORD},
        headers={"User-Agent": "Browser/1.0 (\x7f)" + "x" * 300},
        environ_base={"REMOTE_ADDR": "2001:db8::7"},
    )
    items = ana.get("/api/sessions").get_json()["items"]
    items.sort(key=lambda item: item["current"])
    assert [item["current"] for item in items] == [False, True]
    assert (items[0]["address"], items[0]["userAgent"][:15]) == ("2001:db8::7", "Browser/1.0 ()x")
    assert len(items[0]["userAgent"]) == 200
    check_problem(bo.open("DELETE", f"/api/sessions/{items[0]['id']}", {}), 404)
    assert client.get("/api/me").status_code == 200
    assert ana.open("DELETE", f"/api/sessions/{items[0]['id']}", {}).status_code == 204
    check_problem(client.get("/api/me"), 401)
    other, _ = sign_in(required, ana.email)
    assert ana.open("DELETE", "/api/sessions", {}).status_code == 204
    check_problem(other.get("/api/me"), 401)
    assert ana.get("/api/me").status_code == bo.get("/api/me").status_code == 200


def test_a_token_acts_as_its_account_until_it_is_revoked(required: Flask, join: Join) -> None:
    ana = join("Ana")
    made = ana.open("POST", "/api/tokens", {"name": "deploy", "role": "responder"}).get_json()
    assert made["token"].startswith("itk_")
    assert len(made["token"]) > 40
    script = required.test_client()
    headers = {"Authorization": f"Bearer {made['token']}"}
    body = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}
    # No cookie, no CSRF token.
    incident = script.post("/api/incidents", json=body, headers=headers)
    assert incident.status_code == 201
    history = script.get(f"/api/incidents/{incident.get_json()['id']}/events", headers=headers).get_json()
    assert history["items"][0]["actor"] == "Ana"
    sessions = script.get("/api/sessions", headers=headers).get_json()["items"]
    assert [session["current"] for session in sessions] == [False]
    listed = ana.get("/api/tokens").get_json()["items"]
    assert [(token["name"], token["account"]["name"]) for token in listed] == [("deploy", "Ana")]
    assert listed[0]["lastUsedAt"] is not None
    assert "token" not in listed[0]
    # One that leaks must not make others, or take the account over.
    for method, path, given in (
        ("POST", "/api/tokens", {"name": "more", "role": "viewer"}),
        ("PATCH", "/api/me", {"name": "Mallory"}),
        ("DELETE", "/api/sessions", {}),
    ):
        problem = check_problem(script.open(path, method=method, json=given, headers=headers), 403)
        assert "takes signing in" in problem["detail"]
    assert ana.open("DELETE", f"/api/tokens/{made['id']}", {}).status_code == 204
    check_problem(script.get("/api/incidents", headers=headers), 401)


def test_a_token_has_no_more_rights_than_its_account(required: Flask, admin: Person, join: Join) -> None:
    vera = join("Vera", "viewer")
    check_problem(vera.open("POST", "/api/tokens", {"name": "more", "role": "admin"}), 403)
    ana = join("Ana")
    token = ana.open("POST", "/api/tokens", {"name": "script", "role": "responder"}).get_json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    admin.open("PATCH", f"/api/accounts/{ana.id}", {"role": "viewer"})
    body = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}
    check_problem(required.test_client().post("/api/incidents", json=body, headers=headers), 403)
    assert required.test_client().get("/api/incidents", headers=headers).status_code == 200


def test_a_token_ends_when_it_was_said_to(required: Flask, join: Join, connection: Connection) -> None:
    ana = join("Ana")
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    body = {"name": "script", "role": "viewer", "expiresAt": past}
    assert "expiresAt" in check_problem(ana.open("POST", "/api/tokens", body), 422)["errors"]
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    token = ana.open("POST", "/api/tokens", {**body, "expiresAt": soon}).get_json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert required.test_client().get("/api/me", headers=headers).status_code == 200
    connection.execute(text("UPDATE tokens SET expires_at = now()"))
    check_problem(required.test_client().get("/api/me", headers=headers), 401)


def test_admins_revoke_anyones_tokens_and_others_only_their_own(admin: Person, join: Join) -> None:
    ana, bo = join("Ana"), join("Bo")
    token = ana.open("POST", "/api/tokens", {"name": "script", "role": "viewer"}).get_json()["id"]
    assert bo.get("/api/tokens").get_json()["items"] == []
    check_problem(bo.open("DELETE", f"/api/tokens/{token}", {}), 404)
    assert [one["account"]["name"] for one in admin.get("/api/tokens").get_json()["items"]] == ["Ana"]
    assert admin.open("DELETE", f"/api/tokens/{token}", {}).status_code == 204
    assert ana.get("/api/tokens").get_json()["items"] == []


def test_an_account_has_at_most_so_many_tokens(join: Join) -> None:
    ana = join("Ana")
    for number in range(TOKENS_MAX):
        assert ana.open("POST", "/api/tokens", {"name": f"{number}", "role": "viewer"}).status_code == 201
    check_problem(ana.open("POST", "/api/tokens", {"name": "more", "role": "viewer"}), 409)


@pytest.mark.parametrize(
    "given",
    ["Bearer", "Bearer ", "Bearer x", "Bearer itk_", f"Bearer itk_{'x' * 43}", "Basic YTpi", "itk_x", "",
     f"Bearer itk_{'x' * 5000}"],
)  # fmt: skip
def test_what_is_no_token_is_refused_also_beside_a_session(join: Join, given: str) -> None:
    ana = join("Ana")
    check_problem(ana.client.get("/api/me", headers={"Authorization": given}), 401)


def test_views_belong_to_the_account(admin: Person, join: Join) -> None:
    ana, bo = join("Ana"), join("Bo")
    view = ana.open("POST", "/api/views", {"name": "Mine", "q": "owner:me"})
    assert "name" in check_problem(view, 422)["errors"]
    view = ana.open("POST", "/api/views", {"name": "Payments", "q": "owner:me"}).get_json()
    ana.open("PATCH", "/api/me", {"name": "Ana Souza"})
    assert ana.get("/api/views").get_json()["items"][-1]["id"] == view["id"]
    check_problem(bo.get(f"/api/views/{view['id']}"), 404)


def test_the_first_admin(required: Flask, connection: Connection) -> None:
    with required.app_context():
        assert not operations.has_accounts()
        identifier = operations.make_admin(email="root@example.com", name="Root", password=PASSWORD)
        db.session.commit()
        assert operations.has_accounts()
        # Once more, it is the way back in.
        admins = {"email": "root@example.com", "name": None}
        assert operations.make_admin(**admins, password=ANOTHER) == identifier  # type: ignore[arg-type]
        db.session.commit()
    check_problem(sign_in(required, "root@example.com")[1], 401)
    assert sign_in(required, "root@example.com", ANOTHER)[1].get_json()["account"]["role"] == "admin"


def test_prometheus_shows_a_token_where_one_has_to_sign_in(required: Flask, join: Join) -> None:
    check_problem(required.test_client().get("/metrics"), 401)
    vera = join("Vera", "viewer")
    token = vera.open("POST", "/api/tokens", {"name": "prometheus", "role": "viewer"}).get_json()["token"]
    answer = required.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
