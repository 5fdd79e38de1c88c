"""Sending a write again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.test_rules import check_problem
from tracker import idempotency
from tracker.extensions import db

BODY = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}


def send(client: FlaskClient, path: str, body: Any, key: str, *, method: str = "POST", actor: str = "Ana") -> Any:
    return client.open(path, method=method, json=body, headers={"Idempotency-Key": key, "X-Actor": actor})


def age(connection: Connection, interval: str) -> None:
    connection.execute(text(f"UPDATE idempotency_keys SET created_at = created_at - interval '{interval}'"))


def kept(connection: Connection) -> set[str]:
    return set(connection.execute(text("SELECT key FROM idempotency_keys")).scalars())


WRITES: dict[str, Callable[[dict[str, Any], str], tuple[str, str, Any]]] = {
    "create": lambda _incident, _change: ("POST", "/api/incidents", BODY),
    "update": lambda incident, _change: ("PATCH", f"/api/incidents/{incident['id']}", {"owner": "Ana"}),
    "comment": lambda incident, _change: ("POST", f"/api/incidents/{incident['id']}/comments", {"body": "x"}),
    "bulk": lambda incident, _change: ("POST", "/api/incidents/bulk", {"ids": [incident["id"]], "set": {"owner": "x"}}),
    "revert": lambda _incident, change: ("POST", f"/api/changes/{change}/revert", {}),
}


def test_there_is_a_test_for_every_write(app: Flask) -> None:
    routes = {
        rule.rule for rule in app.url_map.iter_rules() if (rule.methods or set()) & {"POST", "PATCH", "PUT", "DELETE"}
    }
    made = [write({"id": "<incident_id>"}, "<change_id>") for write in WRITES.values()]
    assert {path for _, path, _ in made} == routes


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_is_sent_again_is_done_once(client: FlaskClient, create: Any, write: str) -> None:
    incident = create()
    client.patch(f"/api/incidents/{incident['id']}", json={"severity": "SEV2"})
    history = f"/api/incidents/{incident['id']}/events"
    change = client.get(history).get_json()["items"][-1]["changeId"]
    method, path, body = WRITES[write](incident, change)
    first = send(client, path, body, "a key", method=method)
    assert first.status_code in (200, 201)
    assert "Idempotent-Replayed" not in first.headers
    state = (client.get("/api/incidents").get_json(), client.get(history).get_json())
    for _ in range(2):
        again = send(client, path, body, "a key", method=method)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert (again.status_code, again.data) == (first.status_code, first.data)
        for header in ("Content-Type", "ETag", "Location"):
            assert again.headers.get(header) == first.headers.get(header)
    assert (client.get("/api/incidents").get_json(), client.get(history).get_json()) == state


def test_another_request_needs_another_key(client: FlaskClient) -> None:
    incident = send(client, "/api/incidents", BODY, "k").get_json()
    path = f"/api/incidents/{incident['id']}"
    for method, other, body in (
        ("POST", "/api/incidents", {**BODY, "severity": "SEV2"}),
        ("PATCH", path, BODY),
        ("POST", f"{path}/comments", {"body": "x"}),
    ):
        problem = check_problem(send(client, other, body, "k", method=method), 422)
        assert "another request" in problem["errors"]["Idempotency-Key"][0]
    assert client.get("/api/incidents").get_json()["total"] == 1


def test_the_same_body_may_be_written_otherwise(client: FlaskClient) -> None:
    send(client, "/api/incidents", BODY, "k")
    turned = dict(reversed(BODY.items()))
    assert "Idempotent-Replayed" in send(client, "/api/incidents", turned, "k").headers


def test_keys_belong_to_the_caller(client: FlaskClient) -> None:
    first = send(client, "/api/incidents", BODY, "k", actor="Ana").get_json()
    second = send(client, "/api/incidents", BODY, "k", actor="Bo").get_json()
    assert first["id"] != second["id"]
    assert send(client, "/api/incidents", BODY, "k", actor="Bo").get_json() == second


def test_what_failed_is_tried_again(client: FlaskClient, create: Any, connection: Connection) -> None:
    incident = create()
    path = f"/api/incidents/{incident['id']}"
    headers = {"Idempotency-Key": "k", "If-Match": '"2"'}
    check_problem(client.patch(path, json={"owner": "Ana"}, headers=headers), 412)
    assert kept(connection) == set()
    client.patch(path, json={"severity": "SEV1"})
    assert client.patch(path, json={"owner": "Ana"}, headers=headers).get_json()["version"] == 3
    # What was done stays done, although the version has moved on.
    client.patch(path, json={"severity": "SEV2"})
    assert client.patch(path, json={"owner": "Ana"}, headers=headers).get_json()["version"] == 3


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\tkey", "schlüssel".encode().decode("latin-1")])
def test_a_key_that_cannot_be_kept_is_refused(client: FlaskClient, key: str) -> None:
    problem = check_problem(send(client, "/api/incidents", BODY, key), 422)
    assert "1 to 255 printable ASCII" in problem["errors"]["Idempotency-Key"][0]


def test_the_longest_key_is_kept(client: FlaskClient, connection: Connection) -> None:
    send(client, "/api/incidents", BODY, "~" * 255)
    assert kept(connection) == {"~" * 255}


def test_while_the_first_is_at_work_the_second_is_told_so(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    second: list[Any] = []
    fingerprint = idempotency._fingerprint

    def meanwhile() -> bytes:
        if not second:
            second.append(None)
            monkeypatch.setattr(idempotency, "_fingerprint", fingerprint)
            second[0] = in_another_thread(lambda: send(fresh_app.test_client(), "/api/incidents", BODY, "k"))
        return fingerprint()

    monkeypatch.setattr(idempotency, "_fingerprint", meanwhile)
    first = send(fresh_app.test_client(), "/api/incidents", BODY, "k")
    assert first.status_code == 201
    problem = check_problem(second[0], 409)
    assert problem["type"] == "urn:incident-tracker:problem:running"
    assert second[0].headers["Retry-After"] == "1"
    again = send(fresh_app.test_client(), "/api/incidents", BODY, "k")
    assert (again.data, again.headers["Idempotent-Replayed"]) == (first.data, "true")


def in_another_thread(call: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def test_keys_expire_and_are_removed_by_those_that_come_later(client: FlaskClient, connection: Connection) -> None:
    first = send(client, "/api/incidents", BODY, "k").get_json()
    for number in range(5):
        send(client, "/api/incidents", BODY, f"old {number}")
    age(connection, "23 hours 59 minutes")
    assert send(client, "/api/incidents", BODY, "k").get_json() == first
    age(connection, "2 minutes")
    # After 24 hours a key is a new one, even where nobody has removed it yet.
    other = send(client, "/api/incidents", BODY, "k")
    assert "Idempotent-Replayed" not in other.headers
    assert other.get_json()["id"] != first["id"]
    assert kept(connection) == {"k"}
    assert send(client, "/api/incidents", BODY, "k").get_json() == other.get_json()


def test_without_a_key_nothing_is_kept(client: FlaskClient, create: Any, connection: Connection) -> None:
    create()
    assert kept(connection) == set()


def test_what_cannot_be_committed_is_not_kept(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("before the commit")

    with monkeypatch.context() as patched:
        patched.setattr(db.session, "commit", fail)
        # A thread of its own has no session left over, as a request of the server has none.
        failed = in_another_thread(lambda: send(fresh_app.test_client(), "/api/incidents", BODY, "k"))
        assert failed.status_code == 500
    answer = send(fresh_app.test_client(), "/api/incidents", BODY, "k")
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer.headers
    assert fresh_app.test_client().get("/api/incidents").get_json()["total"] == 1
