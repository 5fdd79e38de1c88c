"""What callers see while the database hangs, is gone, and comes back."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.serving import databases_in, wait_until
from tracker import create_app
from tracker.about import PATIENCE
from tracker.config import Settings
from tracker.embedded import _Server
from tracker.openapi import VERSION
from tracker.startup import running_database, upgrade_database

SOON = PATIENCE + 1
"""Seconds within which the health check has answered, whatever the database does."""


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Where the database of a test lies that may be hurt."""
    return tmp_path / "data"


@pytest.fixture
def client(data_dir: Path) -> Iterator[FlaskClient]:
    """A client of an application with a database server of its own."""
    with running_database(Settings(data_dir=data_dir)) as settings:
        app = create_app(settings)
        upgrade_database(app)
        yield app.test_client()


def health(client: FlaskClient) -> int:
    """The status of the health check, which has come soon."""
    began = time.monotonic()
    response = client.get("/api/health")
    assert time.monotonic() - began < SOON
    if response.status_code == 503:
        assert int(response.headers["Retry-After"]) > 0
        problem = response.get_json()
        assert problem["database"] == "unavailable"
        assert problem["version"] == VERSION
    return response.status_code


def test_a_database_that_hangs_is_noticed_and_comes_back(client: FlaskClient, data_dir: Path) -> None:
    assert client.get("/api/health").get_json() == {"status": "ok", "database": "ok", "version": VERSION}
    (server,) = databases_in(data_dir)
    processes = [server, *server.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        threads = threading.active_count()
        assert [health(client) for _ in range(3)] == [503] * 3
        assert threading.active_count() <= threads + 1
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)
    wait_until(lambda: health(client) == 200, "the health to come back", 5)


def test_a_server_that_never_answers_is_noticed() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql+psycopg2://postgres@127.0.0.1:{silent.getsockname()[1]}/x"
        assert health(create_app(Settings(database_url=url)).test_client()) == 503


def test_a_database_that_is_gone_is_noticed_at_once() -> None:
    assert health(create_app(Settings(database_url="postgresql+psycopg2://127.0.0.1:1/x")).test_client()) == 503


def test_a_restart_of_the_database_costs_no_read(client: FlaskClient, data_dir: Path) -> None:
    """Every connection of the pool is lost, and none of those who ask afterwards need know."""
    with ThreadPoolExecutor(8) as threads:
        # At the same time, so that there are several connections.
        list(threads.map(lambda _: client.application.test_client().get("/api/incidents"), range(50)))
    embedded = _Server(data_dir / "postgresql")
    embedded.stop()
    assert client.get("/api/incidents").status_code == 503
    embedded.ensure_running()
    assert [client.get("/api/incidents").status_code for _ in range(10)] == [200] * 10
    embedded.stop()
    embedded.ensure_running()
    assert [client.get("/api/incidents").status_code for _ in range(10)] == [200] * 10
