"""The real application as the benchmark sees it, on a small database that has what the requests look for."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine
from werkzeug.test import Client

from bench.databases import add_markers, connected
from bench.programs import Answer
from tracker.demo import load
from tracker.extensions import db

SIZE = 200


class InProcess:
    """A WSGI application that is asked without a network; ``change`` alters the bodies it answers with."""

    def __init__(self, application: Any) -> None:
        self.client = Client(application)
        self.change: Callable[[bytes], bytes] = lambda body: body

    def ask(
        self, path: str, *, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request."""
        response = self.client.open(path, method=method, data=body, headers=dict(headers or {}))
        return Answer(response.status_code, dict(response.headers), self.change(response.data))


@pytest.fixture
def demo(fresh_app: Flask) -> Iterator[Engine]:
    """A database with the demo incidents and the markers of the benchmark."""
    with db.engine.begin() as connection:
        load(connection, SIZE, now=datetime.now(UTC))
    with connected(db.engine.url.render_as_string(hide_password=False)) as engine:
        add_markers(engine)
        yield engine


@pytest.fixture
def server(fresh_app: Flask) -> InProcess:
    """The real application."""
    return InProcess(fresh_app)
