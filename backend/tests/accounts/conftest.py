"""A server where one has to sign in, and the people who do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection

from tracker.accounts import operations, passwords
from tracker.callers import CSRF_HEADER
from tracker.extensions import db

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that are no work: what they withstand is the library's business."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def required(shared_app: Flask, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application that all tests share, asking who is calling."""
    from tracker.callers import check_caller
    from tracker.parsing import check_request

    hooks = shared_app.before_request_funcs.setdefault(None, [])
    monkeypatch.setitem(shared_app.config, "AUTH_REQUIRED", True)
    hooks.insert(hooks.index(check_request), check_caller)
    yield shared_app
    hooks.remove(check_caller)


@dataclass
class Person:
    """Somebody in a browser of their own, signed in."""

    app: Flask
    id: str
    email: str
    name: str
    client: FlaskClient
    csrf: str

    def open(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        sent = {CSRF_HEADER: self.csrf, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.client.open(path, method=method, json=body, headers=sent)

    def get(self, path: str) -> Any:
        return self.client.get(path)


def sign_in(app: Flask, email: str, password: str = PASSWORD, *, address: str = "192.0.2.1") -> tuple[FlaskClient, Any]:
    """A browser, and what it was answered."""
    client = app.test_client()
    answer = client.post(
        "/api/session", json={"email": email, "password": password}, environ_base={"REMOTE_ADDR": address}
    )
    return client, answer


@pytest.fixture
def join(required: Flask) -> Callable[..., Person]:
    """Makes an account and signs in: ``join("Ana", "responder")``."""

    def make(name: str, role: str = "responder") -> Person:
        email = f"{name.lower()}@example.com"
        with required.app_context():
            identifier = operations._create_account(
                email=email, name=name, role=role, password=passwords.hash_password(PASSWORD)
            )
            db.session.commit()
        client, answer = sign_in(required, email)
        assert answer.status_code == 201, answer.text
        return Person(required, identifier, email, name, client, answer.get_json()["csrfToken"])

    return make


@pytest.fixture
def admin(join: Callable[..., Person]) -> Person:
    """An admin who has signed in."""
    return join("Root", "admin")
