"""Signing in and out, and what is tried against it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.accounts.conftest import PASSWORD, Person, sign_in
from tests.test_rules import check_problem
from tracker.accounts import operations, passwords, throttle
from tracker.callers import COOKIE, CSRF_HEADER, SECURE_COOKIE, csrf_of

Join = Callable[..., Person]


def cookie(client: FlaskClient, name: str = COOKIE) -> Any:
    return client.get_cookie(name)


def test_in_open_mode_there_is_nobody_to_be(client: FlaskClient) -> None:
    assert client.get("/api/session").get_json() == {
        "mode": "open",
        "account": None,
        "csrfToken": None,
        "methods": {"password": False, "oidc": None},
    }
    for method, path, body in (
        ("POST", "/api/session", {"email": "a@b", "password": "x"}),
        ("GET", "/api/me", None),
        ("GET", "/api/tokens", None),
        ("GET", "/api/accounts", None),
    ):
        problem = check_problem(client.open(path, method=method, json=body), 409)
        assert problem["type"] == "urn:incident-tracker:problem:open-mode"
    assert client.get("/api/incidents").status_code == 200


def test_one_signs_in_acts_under_the_accounts_name_and_signs_out(required: Flask, join: Join) -> None:
    ana = join("Ana")
    session = ana.get("/api/session").get_json()
    assert session["account"]["name"] == "Ana"
    assert session["account"] == ana.get("/api/me").get_json()
    body = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1", "owner": "Ana"}
    incident = ana.open("POST", "/api/incidents", body)
    assert incident.status_code == 201
    history = ana.get(f"/api/incidents/{incident.get_json()['id']}/events").get_json()["items"]
    assert [event["actor"] for event in history] == ["Ana"]
    assert ana.get("/api/incidents?q=owner:me").get_json()["total"] == 1
    kept = cookie(ana.client)
    assert (kept.http_only, kept.same_site, kept.path, kept.secure) == (True, "Lax", "/", False)
    # Whoever comes every day stays signed in for as long as the server lets them.
    assert kept.max_age == 90 * 24 * 60 * 60
    # Who has signed in acts as nobody else.
    assert "X-Actor" in check_problem(ana.open("POST", "/api/incidents", body, X_Actor="Bo"), 422)["errors"]
    assert ana.open("DELETE", "/api/session", {}).status_code == 204
    assert cookie(ana.client) is None
    # It has ended on the server, too.
    ana.client.set_cookie(COOKIE, kept.value)
    assert check_problem(ana.get("/api/incidents"), 401)["type"] == "urn:incident-tracker:problem:unauthenticated"


def test_without_signing_in_there_is_nothing_to_see(required: Flask) -> None:
    client = required.test_client()
    answer = client.get("/api/incidents")
    check_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert client.get("/api/session").get_json() == {
        "mode": "required",
        "account": None,
        "csrfToken": None,
        "methods": {"password": True, "oidc": None},
    }


def test_nobody_learns_whether_an_account_exists(required: Flask, join: Join, admin: Person) -> None:
    join("Ana")
    bo = join("Bo")
    assert admin.open("PATCH", f"/api/accounts/{bo.id}", {"disabled": True}).status_code == 200
    compared: list[str | None] = []

    def note(password: str, kept: str | None, compare: Any = passwords.is_password) -> bool:
        compared.append(kept)
        return bool(compare(password, kept))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "is_password", note)
        answers = [
            sign_in(required, email, password)[1]
            for email, password in (
                ("ana@example.com", "wrong"),
                ("nobody@example.com", PASSWORD),
                ("bo@example.com", PASSWORD),
            )
        ]
    problems = [check_problem(answer, 401) for answer in answers]
    assert len({problem["detail"] + problem["type"] for problem in problems}) == 1
    assert all("Set-Cookie" not in answer.headers for answer in answers)
    # In each case a hash was computed, which is what takes the time.
    assert [kept is None for kept in compared] == [False, True, True]


@pytest.mark.parametrize(
    "meanwhile",
    [
        "UPDATE accounts SET password = 'another' WHERE id = :id",
        "UPDATE accounts SET disabled_at = now() WHERE id = :id",
    ],
)
def test_who_is_shut_out_while_the_password_is_compared_does_not_come_in(
    required: Flask, join: Join, connection: Connection, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    ana = join("Ana")

    def compare(_password: str, _kept: str | None) -> bool:
        connection.execute(text(meanwhile), {"id": ana.id})
        return True

    monkeypatch.setattr(operations, "is_password", compare)
    check_problem(sign_in(required, ana.email)[1], 401)


def test_an_unknown_password_takes_as_long_as_a_known_one() -> None:
    """The hash that is compared for nobody has the parameters of all others."""
    from argon2 import PasswordHasher

    assert not PasswordHasher().check_needs_rehash(passwords._NOBODYS)


def test_a_session_that_was_planted_is_not_the_one_that_one_gets(required: Flask, join: Join) -> None:
    mallory = join("Mallory")
    planted = cookie(mallory.client).value
    join("Ana")
    victim = required.test_client()
    victim.set_cookie(COOKIE, planted)
    answer = victim.post("/api/session", json={"email": "ana@example.com", "password": PASSWORD})
    assert answer.status_code == 201
    assert cookie(victim).value != planted
    assert answer.get_json()["account"]["name"] == "Ana"
    # What Mallory holds is nobody's any more.
    check_problem(mallory.get("/api/me"), 401)


def test_a_session_ends_when_it_was_not_used_and_at_the_latest_after_90_days(
    join: Join, connection: Connection
) -> None:
    for column, age in (("last_used_at", 31), ("created_at", 91)):
        ana = join(f"Ana{age}")
        for days, status in ((age - 2, 200), (age, 401)):
            moment = datetime.now(UTC) - timedelta(days=days)
            connection.execute(
                text(f"UPDATE sessions SET {column} = :moment WHERE account_id = :id"), {"moment": moment, "id": ana.id}
            )
            assert ana.get("/api/me").status_code == status


def test_writes_by_cookie_need_the_token_that_only_this_origin_can_read(join: Join) -> None:
    ana, bo = join("Ana"), join("Bo")
    body = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}
    for given in (None, "", "x" * 64, bo.csrf, ana.csrf[:-1], "é"):
        headers = {} if given is None else {CSRF_HEADER: given}
        problem = check_problem(ana.client.post("/api/incidents", json=body, headers=headers), 403)
        assert problem["type"] == "urn:incident-tracker:problem:csrf"
    # A form of another site can only be of these types, which no write takes.
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = ana.client.post("/api/incidents", data="{}", content_type=media, headers={CSRF_HEADER: ana.csrf})
        check_problem(answer, 415)
    check_problem(ana.client.delete("/api/session", json={}), 403)
    assert ana.get("/api/incidents").get_json()["total"] == 0
    assert ana.open("POST", "/api/incidents", body).status_code == 201
    assert csrf_of(cookie(ana.client).value) == ana.csrf


def test_behind_tls_the_cookie_is_secure_and_of_this_host_alone(required: Flask, join: Join) -> None:
    join("Ana")
    client = required.test_client()
    body = {"email": "ana@example.com", "password": PASSWORD}
    answer = client.post("/api/session", json=body, base_url="https://localhost")
    kept = answer.headers["Set-Cookie"]
    assert kept.startswith(f"{SECURE_COOKIE}=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in kept
    assert "Domain" not in kept
    assert client.get("/api/me", base_url="https://localhost").status_code == 200


def test_of_secrets_only_hashes_are_kept(join: Join, connection: Connection) -> None:
    ana = join("Ana")
    token = ana.open("POST", "/api/tokens", {"name": "script", "role": "viewer"}).get_json()["token"]
    tables = ("accounts", "sessions", "tokens", "invitations", "sign_in_attempts", "idempotency_keys")
    rows = [str(row) for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))]
    assert rows
    for secret in (PASSWORD, cookie(ana.client).value, token, token.removeprefix("itk_"), ana.csrf):
        assert not [row for row in rows if secret in row]


def test_no_secret_is_told_in_the_log_or_in_a_refusal(
    required: Flask, admin: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong, short = "a password that is wrong", "too short"
    token = admin.open("POST", "/api/tokens", {"name": "script", "role": "viewer"}).get_json()["token"]
    link = admin.open("POST", "/api/invitations", {"email": "bo@example.com", "role": "viewer"}).get_json()["link"]
    invited = link.partition("#")[2]
    script = required.test_client()
    change = {"password": {"current": wrong, "new": "a new password"}}
    for answer, status in (
        (sign_in(required, admin.email, wrong)[1], 401),
        (script.post("/api/session", json={"email": admin.email, "password": wrong, wrong * 3: wrong}), 422),
        (admin.open("PATCH", "/api/me", change), 422),
        (script.post("/api/invitations/accept", json={"token": invited, "name": "Bo", "password": short}), 422),
        (script.post("/api/incidents", json={}, headers={"Authorization": f"Bearer {token}"}), 403),
        (script.post("/api/incidents", json={}, headers={"Authorization": f"Bearer {token}x"}), 401),
        (admin.open("POST", "/api/incidents", {}, X_CSRF_Token=f"{admin.csrf}x"), 403),
    ):
        refused = check_problem(answer, status)
        for secret in (PASSWORD, short, token, invited, admin.csrf, cookie(admin.client).value, "a new password"):
            assert secret not in str(refused)
    logged = capsys.readouterr().out
    assert logged.count("path=/api/incidents ") == 3
    for secret in (PASSWORD, wrong, short, token, invited, admin.csrf, cookie(admin.client).value, "a new password"):
        assert secret not in logged


def test_no_answer_about_accounts_is_kept_on_the_way(admin: Person) -> None:
    for path in ("session", "me", "sessions", "tokens", "accounts", "invitations"):
        assert admin.get(f"/api/{path}").headers["Cache-Control"] == "no-store"
    assert admin.open("POST", "/api/tokens", {}).headers["Cache-Control"] == "no-store"


def test_five_may_fail_then_one_waits(required: Flask, join: Join, connection: Connection) -> None:
    join("Ana")
    for _ in range(throttle.FOR_ACCOUNT_FROM_NETWORK):
        check_problem(sign_in(required, "ana@example.com", "wrong")[1], 401)
    # The right one has to wait as well: else one could go on guessing.
    for _ in range(2):
        answer = sign_in(required, "ana@example.com")[1]
        problem = check_problem(answer, 429)
        assert problem["type"] == "urn:incident-tracker:problem:too-many-attempts"
        assert 0 < int(answer.headers["Retry-After"]) <= throttle.WINDOW_SECONDS
    # From elsewhere, and for others from here, nothing has changed.
    assert sign_in(required, "ana@example.com", address="198.51.100.7")[1].status_code == 201
    check_problem(sign_in(required, "bo@example.com", "wrong")[1], 401)
    connection.execute(text("UPDATE sign_in_attempts SET at = at - interval '16 minutes'"))
    assert sign_in(required, "ana@example.com")[1].status_code == 201


def test_what_succeeds_gives_the_budget_back(required: Flask, join: Join) -> None:
    join("Ana")
    for _ in range(3):
        for _ in range(throttle.FOR_ACCOUNT_FROM_NETWORK - 1):
            check_problem(sign_in(required, "ana@example.com", "wrong")[1], 401)
        assert sign_in(required, "ana@example.com")[1].status_code == 201


def test_no_stranger_locks_somebody_out(
    required: Flask, join: Join, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "FOR_ACCOUNT_FROM_ALL", 6)
    # That she has signed out everywhere makes no difference.
    assert join("Ana").open("DELETE", "/api/session", {}).status_code == 204
    for host in range(6):
        check_problem(sign_in(required, "ana@example.com", "wrong", address=f"203.0.113.{host}")[1], 401)
    check_problem(sign_in(required, "ana@example.com", "wrong", address="203.0.113.99")[1], 429)
    # Where she has signed in before, she can.
    assert sign_in(required, "ana@example.com")[1].status_code == 201
    connection.execute(text("UPDATE known_networks SET last_used_at = now() - interval '181 days'"))
    assert sign_in(required, "ana@example.com", address="203.0.113.99")[1].status_code == 429
    assert sign_in(required, "ana@example.com")[1].status_code == 429


def test_one_network_guesses_at_all_accounts_only_so_often(
    required: Flask, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "FOR_ALL_FROM_NETWORK", 4)
    # The 2^64 addresses of one person are one network.
    for host in range(4):
        answer = sign_in(required, f"user{host}@example.com", "wrong", address=f"2001:db8::{host + 1}")[1]
        check_problem(answer, 401)
    check_problem(sign_in(required, "other@example.com", "wrong", address="2001:db8::ffff")[1], 429)
    check_problem(sign_in(required, "other@example.com", "wrong", address="2001:db8:0:1::1")[1], 401)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_networks(address: str, network: str) -> None:
    assert throttle.network_of(address) == network


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"password": "x"}, "email"),
        ({"email": "ana@example.com"}, "password"),
        ({"email": "ana", "password": "x"}, "email"),
        ({"email": "a\0@b", "password": "x"}, "email"),
        ({"email": "ana@example.com", "password": ""}, "password"),
        ({"email": "ana@example.com", "password": "x" * 257}, "password"),
        ({"email": "ana@example.com", "password": 1}, "password"),
        ({"email": ["ana@example.com"], "password": "x"}, "email"),
        ({"email": "ana@example.com", "password": "x", "role": "admin"}, "role"),
    ],
)
def test_what_cannot_be_signed_in_with_is_refused(required: Flask, body: dict[str, Any], named: str) -> None:
    assert list(check_problem(required.test_client().post("/api/session", json=body), 422)["errors"]) == [named]


def test_what_an_admin_sends_again_is_done_once(admin: Person, join: Join) -> None:
    ana = join("Ana")
    token = ana.open("POST", "/api/tokens", {"name": "script", "role": "viewer"}).get_json()["id"]
    for method, path, body in (
        ("PATCH", f"/api/accounts/{ana.id}", {"role": "viewer"}),
        ("DELETE", f"/api/tokens/{token}", {}),
    ):
        first, second = (admin.open(method, path, body, Idempotency_Key=path) for _ in range(2))
        assert (first.status_code, first.data) == (second.status_code, second.data)
        assert first.status_code in (200, 204)
        assert "Idempotent-Replayed" not in first.headers
        assert second.headers["Idempotent-Replayed"] == "true"
    # Keys are each caller's own.
    assert check_problem(ana.open("DELETE", f"/api/tokens/{token}", {}, Idempotency_Key=f"/api/tokens/{token}"), 404)


def test_answers_with_secrets_are_not_kept_for_a_second_time(required: Flask, admin: Person) -> None:
    for method, path, body in (
        ("POST", "/api/session", {"email": "root@example.com", "password": PASSWORD}),
        ("POST", "/api/tokens", {"name": "script", "role": "viewer"}),
        ("POST", "/api/invitations", {"email": "bo@example.com", "role": "viewer"}),
        ("PATCH", "/api/me", {"password": {"current": PASSWORD, "new": "another long one"}}),
    ):
        errors = check_problem(admin.open(method, path, body, Idempotency_Key="a key"), 422)["errors"]
        assert list(errors) == ["Idempotency-Key"]
