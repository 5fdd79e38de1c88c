"""What two do to accounts at the same moment, each on a connection of their own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from tests.accounts.conftest import PASSWORD
from tracker import create_app
from tracker.accounts import operations, passwords
from tracker.callers import CSRF_HEADER, Role
from tracker.config import Settings
from tracker.extensions import db
from tracker.problems import Problem
from tracker.startup import upgrade_database

ROUNDS = 5


@pytest.fixture
def asking(empty_database: str) -> Iterator[Flask]:
    """An application where one has to sign in, with a connection for everybody."""
    app = create_app(Settings(database_url=empty_database, auth_mode="required", threads=32))
    upgrade_database(app)
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    start = Barrier(len(calls))

    def make(call: Callable[[], Any]) -> Any:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(make, calls))


def make_account(app: Flask, name: str, role: Role) -> tuple[str, str]:
    """Makes an account; its id and address."""
    email = f"{name.lower()}@example.com"
    with app.app_context():
        identifier = operations._create_account(
            email=email, name=name, role=role, password=passwords.hash_password(PASSWORD)
        )
        db.session.commit()
    return identifier, email


def signed_in(app: Flask, email: str) -> tuple[Any, dict[str, str]]:
    client = app.test_client()
    answer = client.post("/api/session", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 201
    return client, {CSRF_HEADER: answer.get_json()["csrfToken"]}


def test_two_admins_who_demote_each_other_leave_one(asking: Flask) -> None:
    one, other = (make_account(asking, name, Role.ADMIN)[0] for name in ("Ana", "Bo"))

    def demote(identifier: str) -> bool:
        with asking.app_context():
            try:
                operations.update_account(identifier, name=None, role=Role.VIEWER, disabled=None, roles_come_from=None)
            except Problem:
                db.session.rollback()
                return False
            db.session.commit()
            return True

    for _ in range(ROUNDS):
        assert sorted(at_once(lambda: demote(one), lambda: demote(other))) == [False, True]
        with asking.app_context():
            for identifier in (one, other):
                operations.update_account(identifier, name=None, role=Role.ADMIN, disabled=None, roles_come_from=None)
            db.session.commit()


def test_of_two_who_accept_one_invitation_one_comes_in(asking: Flask) -> None:
    client, headers = signed_in(asking, make_account(asking, "Ana", Role.ADMIN)[1])
    for number in range(ROUNDS):
        body = {"email": f"new{number}@example.com", "role": "viewer"}
        link = client.post("/api/invitations", json=body, headers=headers).get_json()["link"]
        token = link.partition("#")[2]

        def accept(name: str, token: str = token) -> int:
            body = {"token": token, "name": name, "password": PASSWORD}
            return int(asking.test_client().post("/api/invitations/accept", json=body).status_code)

        names = [f"{which} {number}" for which in ("Bo", "Cy", "Dan")]
        assert sorted(at_once(*(lambda name=name: accept(name) for name in names))) == [201, 404, 404]
        accounts = client.get("/api/accounts").get_json()["items"]
        assert len([one for one in accounts if one["email"] == body["email"]]) == 1
