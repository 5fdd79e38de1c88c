"""Sending a write again."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from tests.serving import Answer, Server, serving
from tests.test_rules import check_problem
from tracker import idempotency
from tracker.demo import remove_everything
from tracker.extensions import db
from tracker.idempotency import REPLAYED

BODY = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}
AT_ONCE = 20


def send(client: FlaskClient, path: str, body: Any, key: str, *, method: str = "POST", actor: str = "Ana") -> Any:
    return client.open(path, method=method, json=body, headers={"Idempotency-Key": key, "X-Actor": actor})


def age(connection: Connection, interval: str) -> None:
    connection.execute(text(f"UPDATE idempotency_keys SET created_at = created_at - interval '{interval}'"))


def kept(connection: Connection) -> set[str]:
    return set(connection.execute(text("SELECT key FROM idempotency_keys")).scalars())


@dataclass(frozen=True)
class Existing:
    """The ids of what a write can be about."""

    incident: str
    change: str
    view: str


WRITES: dict[str, Callable[[Existing], tuple[str, str, Any]]] = {
    "create": lambda _: ("POST", "/api/incidents", BODY),
    "update": lambda has: ("PATCH", f"/api/incidents/{has.incident}", {"owner": "Ana"}),
    "comment": lambda has: ("POST", f"/api/incidents/{has.incident}/comments", {"body": "x"}),
    "bulk": lambda has: ("POST", "/api/incidents/bulk", {"ids": [has.incident], "set": {"owner": "x"}}),
    "revert": lambda has: ("POST", f"/api/changes/{has.change}/revert", {}),
    "create view": lambda _: ("POST", "/api/views", {"name": "Saved once"}),
    "arrange views": lambda has: ("PATCH", "/api/views", {"default": has.view}),
    "update view": lambda has: ("PATCH", f"/api/views/{has.view}", {"q": "owner:me"}),
    "delete view": lambda has: ("DELETE", f"/api/views/{has.view}", {}),
}


def test_there_is_a_test_for_every_write(app: Flask) -> None:
    routes = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"POST", "PATCH", "PUT", "DELETE"}
        # Those of accounts need somebody who has signed in: tests/accounts.
        if not rule.endpoint.startswith("accounts.")
    }
    made = [write(Existing("<incident_id>", "<change_id>", "<view_id>")) for write in WRITES.values()]
    assert {(method, path) for method, path, _ in made} == routes


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_is_sent_again_is_done_once(client: FlaskClient, create: Any, write: str) -> None:
    incident = create()
    client.patch(f"/api/incidents/{incident['id']}", json={"severity": "SEV2"})
    history = f"/api/incidents/{incident['id']}/events"
    change = client.get(history).get_json()["items"][-1]["changeId"]
    who = {"X-Actor": "Ana"}
    view = client.post("/api/views", json={"name": "Payments"}, headers=who).get_json()["id"]
    method, path, body = WRITES[write](Existing(incident["id"], change, view))

    def state() -> list[Any]:
        return [client.get(read, headers=who).get_json() for read in ("/api/incidents", history, "/api/views")]

    before = state()
    first = send(client, path, body, "a key", method=method)
    assert first.status_code in (200, 201, 204)
    assert "Idempotent-Replayed" not in first.headers
    after = state()
    assert after != before
    for _ in range(2):
        again = send(client, path, body, "a key", method=method)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert (again.status_code, again.data) == (first.status_code, first.data)
        for header in ("Change-Id", "Content-Type", "ETag", "Location"):
            assert again.headers.get(header) == first.headers.get(header)
    assert state() == after


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


def test_answers_are_removed_with_what_they_tell_of(client: FlaskClient, connection: Connection) -> None:
    send(client, "/api/incidents", BODY, "k")
    remove_everything(connection)
    assert "Idempotent-Replayed" not in send(client, "/api/incidents", BODY, "k").headers
    assert client.get("/api/incidents").get_json()["total"] == 1


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


def test_a_write_whose_commit_was_not_answered_is_not_done_again(
    fresh_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = db.session.commit

    def lose_the_answer() -> None:
        commit()
        lost = psycopg2.OperationalError("server closed the connection unexpectedly")
        raise OperationalError("COMMIT", {}, lost, connection_invalidated=True)

    client = fresh_app.test_client()
    with monkeypatch.context() as patched:
        patched.setattr(db.session, "commit", lose_the_answer)
        check_problem(in_another_thread(lambda: client.post("/api/incidents", json=BODY)), 503)
        assert client.get("/api/incidents").get_json()["total"] == 1
        check_problem(in_another_thread(lambda: send(client, "/api/incidents", BODY, "k")), 503)
    answer = send(client, "/api/incidents", BODY, "k")
    assert (answer.status_code, answer.headers["Idempotent-Replayed"]) == (201, "true")
    assert client.get("/api/incidents").get_json()["total"] == 2


@pytest.fixture
def server(tmp_path: Path, empty_database: str) -> Iterator[Server]:
    """The real program, in two processes."""
    with serving(tmp_path, DATABASE_URL=empty_database, WORKERS=2) as server:
        yield server


def at_once(call: Callable[[int], Answer]) -> list[Answer]:
    """What as many clients as `AT_ONCE` are answered, each told its number."""
    start = Barrier(AT_ONCE)

    def one(number: int) -> Answer:
        start.wait()
        return call(number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def written(database: Engine) -> tuple[int, ...]:
    """How many incidents, versions, events and saved views there are."""
    counted = ("count(*) FROM incidents", "sum(version) FROM incidents", "count(*) FROM events")
    sql = ", ".join(f"(SELECT {what})" for what in (*counted, "count(*) FROM saved_views"))
    with database.connect() as connection:
        return tuple(int(count or 0) for count in connection.execute(text(f"SELECT {sql}")).one())


def check_running(answer: Answer) -> None:
    assert (answer.status, answer.body["type"]) == (409, "urn:incident-tracker:problem:running")
    assert answer.headers["Retry-After"] == "1"


def test_of_equal_writes_at_once_one_is_done(server: Server, database: Engine) -> None:
    adds = {
        "create": (1, 1, 1, 0),
        "comment": (0, 0, 1, 0),
        "create view": (0, 0, 0, 1),
        "arrange views": (0, 0, 0, 0),
        "update view": (0, 0, 0, 0),
        "delete view": (0, 0, 0, -1),
    }
    for name, write in WRITES.items():
        incident = server.call("/api/incidents", BODY).body
        server.call(f"/api/incidents/{incident['id']}", {"severity": "SEV2"}, "PATCH")
        change = server.call(f"/api/incidents/{incident['id']}/events").body["items"][-1]["changeId"]
        view = server.call("/api/views", {"name": f"For {name}"}).body["id"]
        method, path, body = write(Existing(incident["id"], change, view))
        headers = {"Idempotency-Key": f"{name} at once"}
        before = written(database)
        answers = at_once(lambda _: server.call(path, body, method, headers=headers))  # noqa: B023
        (first,) = [answer for answer in answers if answer.status in (200, 201, 204) and REPLAYED not in answer.headers]
        for answer in answers:
            if answer.status == 409:
                check_running(answer)
            else:
                assert (answer.status, answer.body) == (first.status, first.body)
        # Those who came too early have it for asking again.
        again = server.call(path, body, method, headers=headers)
        assert (again.status, again.body, again.headers[REPLAYED]) == (first.status, first.body, "true")
        added = adds.get(name, (0, 1, 1, 0))
        assert written(database) == tuple(map(sum, zip(before, added, strict=True)))


def test_equal_keys_of_several_callers_at_once_are_several(server: Server, database: Engine) -> None:
    def send_as(caller: int) -> Answer:
        headers = {"Idempotency-Key": "k", "X-Actor": f"Caller {caller % 4}"}
        return server.call("/api/incidents", BODY, headers=headers)

    answers = at_once(send_as)
    for caller in range(4):
        (incident,) = {answer.body["id"] for answer in answers[caller::4] if answer.status == 201}
        assert send_as(caller).body["id"] == incident
    assert written(database) == (4, 4, 4, 0)


def test_of_different_writes_with_one_key_at_once_one_is_done(server: Server, database: Engine) -> None:
    def send_one(number: int) -> Answer:
        return server.call("/api/incidents", {**BODY, "title": f"Title {number}"}, headers={"Idempotency-Key": "k"})

    answers = at_once(send_one)
    (done,) = [number for number, answer in enumerate(answers) if answer.status == 201]
    for number, answer in enumerate(answers):
        if answer.status == 409:
            check_running(answer)
        elif number != done:
            assert answer.status == 422
            assert "another request" in answer.body["errors"]["Idempotency-Key"][0]
    assert send_one(done).body == answers[done].body
    assert send_one(done - 1).status == 422
    assert written(database) == (1, 1, 1, 0)


def test_writers_at_once_remove_the_keys_that_have_expired(server: Server, database: Engine) -> None:
    expired = (
        "INSERT INTO idempotency_keys (caller, key, fingerprint, status, headers, body, created_at)"
        " SELECT 'Ana', 'old ' || n, '', 201, '{}', '', now() - interval '25 hours' FROM generate_series(1, 1000) AS n"
    )
    with database.begin() as connection:
        connection.execute(text(expired))
    answers = at_once(lambda number: server.call("/api/incidents", BODY, headers={"Idempotency-Key": f"new {number}"}))
    assert {answer.status for answer in answers} == {201}
    with database.connect() as connection:
        assert kept(connection) == {f"new {number}" for number in range(AT_ONCE)}
