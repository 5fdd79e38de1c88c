"""The reference does the tracker's work: the same incidents come out, the same rows go in."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine

from bench.checks import check, check_reference, with_moments
from bench.reference import Reference
from bench.requests import Request, requests_for
from bench.samples import choose
from tests.bench.conftest import InProcess

JSON = {"Content-Type": "application/json", "X-Actor": "Ana Souza"}
BODY = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1", "owner": "Ana Souza"}


@pytest.fixture
def reference(demo: Engine) -> Iterator[InProcess]:
    """The reference, on the same database as the server."""
    application = Reference(demo.url.render_as_string(hide_password=False))
    yield InProcess(application)
    application.connection().close()


def sent(to: InProcess, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a write answers with."""
    answer = to.ask(path, method=method, body=orjson.dumps(body), headers=JSON)
    assert answer.status in (200, 201), answer.body
    incident: dict[str, Any] = orjson.loads(answer.body)
    return incident


def history(server: InProcess, identifier: str) -> list[dict[str, Any]]:
    """An incident's events, without what is never the same."""
    events = orjson.loads(server.ask(f"/api/incidents/{identifier}/events").body)["items"]
    times = ("startedAt", "mitigatedAt", "resolvedAt")
    return [
        {
            "type": event["type"],
            "actor": event["actor"],
            "changes": {
                name: [value and "a time" for value in change] if name in times else change
                for name, change in event["changes"].items()
            },
        }
        for event in events
    ]


def test_it_answers_what_is_measured_with_the_same_incidents(
    demo: Engine, server: InProcess, reference: InProcess
) -> None:
    with demo.connect() as connection:
        compared: list[Request] = [each for each in requests_for(choose(connection)) if each.reference]
        for request in compared:
            check_reference(request, server, reference)
            if request.method != "GET":
                # Its writes pass the same checks as the tracker's.
                check(request, Relayed(server, reference), connection)
    assert [request.name for request in compared] == ["first page", "read one", "create", "update"]


class Relayed(InProcess):
    """Writes go to the reference, reads to the tracker."""

    def __init__(self, reads: InProcess, writes: InProcess) -> None:
        self.reads, self.writes = reads, writes

    def ask(self, path: str, *, method: str = "GET", **rest: Any) -> Any:
        """Send one request."""
        return (self.reads if method == "GET" else self.writes).ask(path, method=method, **rest)


@pytest.mark.parametrize(
    "changes",
    [
        [{"status": "RESOLVED"}],
        [{"status": "MITIGATED", "summary": "Rolled **back**"}, {"status": "OPEN", "owner": None}],
        [{"status": "RESOLVED"}, {"status": "MITIGATED"}, {"status": "MITIGATED"}],
    ],
)
def test_its_writes_leave_what_the_trackers_leave(
    server: InProcess, reference: InProcess, changes: list[dict[str, Any]]
) -> None:
    histories = []
    for writer in (server, reference):
        incident = sent(writer, "POST", "/api/incidents", BODY)
        address = f"/api/incidents/{incident['id']}"
        for change in changes:
            incident = sent(writer, "PATCH", address, change)
        assert with_moments(orjson.loads(server.ask(address).body)) == with_moments(incident)
        events = history(server, incident["id"])
        assert incident["version"] == len(events)
        histories.append(events)
    ours, theirs = histories
    assert ours == theirs
