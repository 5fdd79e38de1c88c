"""What Prometheus is told, by one process and by several, and what its rules and the dashboard make of it."""

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from tests.serving import Server, serving, wait_until
from tests.streams import following
from tests.test_rules import NOWHERE
from tracker import create_app
from tracker.config import BACKEND, Settings
from tracker.openapi import VERSION

MONITORING = BACKEND.parent / "docs" / "monitoring"
Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]


def numbers(text: str) -> Numbers:
    """Every sample by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Numbers, name: str, **labels: str) -> float:
    return found.get((f"incident_tracker_{name}", frozenset(labels.items())), 0)


def scraped(client: FlaskClient) -> Numbers:
    response = client.get("/metrics")
    assert response.status_code == 200, response.text
    assert response.content_type.startswith("text/plain; version=")
    return numbers(response.text)


def test_requests_are_counted_by_route_and_status(client: FlaskClient, create: Any) -> None:
    number = create()["number"]
    before = scraped(client)
    route = "/api/incidents/<incident_id>"
    for reference in (f"INC-{number}", f"INC-{number}", "INC-999999"):
        client.get(f"/api/incidents/{reference}")
    client.get("/api/no-such")
    client.open("/api/incidents", method="BREW")
    after = scraped(client)

    def more(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert more("requests_total", method="GET", route=route, status="200") == 2
    assert more("requests_total", method="GET", route=route, status="404") == 1
    assert more("requests_total", method="GET", route="none", status="404") == 1
    assert more("requests_total", method="other", route="none", status="405") == 1
    assert more("request_duration_seconds_count", method="GET", route=route) == 3
    assert more("request_duration_seconds_bucket", method="GET", route=route, le="+Inf") == 3
    assert 0 < more("request_duration_seconds_sum", method="GET", route=route) < 3
    assert more("sql_statements_total", method="GET", route=route) >= 3
    assert more("sql_seconds_total", method="GET", route=route) > 0
    assert more("sql_seconds_total", method="GET", route=route) < more(
        "request_duration_seconds_sum", method="GET", route=route
    )
    # However many addresses there are, there are few routes.
    assert not [labels for _, labels in after if ("route", f"/api/incidents/INC-{number}") in labels]


def test_incidents_are_counted_by_status_and_severity(client: FlaskClient, create: Any) -> None:
    before = scraped(client)
    identifier = create(severity="SEV1")["id"]
    create(severity="SEV1")
    client.patch(f"/api/incidents/{identifier}", json={"status": "RESOLVED"})
    after = scraped(client)
    for status, more in (("OPEN", 1), ("RESOLVED", 1), ("MITIGATED", 0)):
        labels = {"status": status, "severity": "SEV1"}
        assert value(after, "incidents", **labels) - value(before, "incidents", **labels) == more
    assert value(after, "database_up") == 1
    assert value(after, "info", version=VERSION) == 1


def test_a_database_that_is_away_is_a_number() -> None:
    found = scraped(create_app(Settings(database_url=NOWHERE)).test_client())
    assert ("incident_tracker_database_up", frozenset()) in found
    assert value(found, "database_up") == 0
    assert not [name for name, _ in found if name == "incident_tracker_incidents"]


def scrape(server: Server) -> Numbers:
    return numbers(requests.get(f"http://127.0.0.1:{server.port}/metrics", timeout=10).text)


def test_every_process_tells_of_all(tmp_path: Path, empty_database: str) -> None:
    with serving(tmp_path, DATABASE_URL=empty_database, WORKERS=2, THREADS=16, TMPDIR=tmp_path) as server:
        labels = {"method": "GET", "route": "/api/services", "status": "200"}
        for _ in range(40):
            # Each on a connection of its own, so that both processes get some.
            assert server.call("/api/services").status == 200
        assert {value(scrape(server), "requests_total", **labels) for _ in range(10)} == {40}
        assert value(scrape(server), "database_connections_max", pool="reads") == 4
        with following(server.port):
            assert value(scrape(server), "event_streams") == 1
            found = scrape(server)
            # The one that serves the scrape has its connection back by then; the live one is not of the pool.
            assert value(found, "database_connections_in_use", pool="reads") in (0, 1)
            holder = next(
                worker for worker in server.workers() if any(c.laddr.port == server.port for c in _accepted(worker))
            )
            os.kill(holder.pid, signal.SIGKILL)
        (folder,) = tmp_path.glob("incident-tracker-metrics-*")

        def is_replaced() -> bool:
            counting = [worker for worker in server.workers() if (folder / f"counter_{worker.pid}.db").exists()]
            return server.answers() and holder not in counting and len(counting) == 2

        # Until the killed one has gone, its socket takes connections that nobody accepts.
        wait_until(is_replaced, "the process to be replaced by one that has answered")
        wait_until(lambda: value(scrape(server), "event_streams") == 0, "its streams to be forgotten")
        found = scrape(server)
        assert value(found, "database_connections_max", pool="reads") == 4
        # What it has counted stays.
        assert value(found, "requests_total", **labels) == 40
        assert server.stop() == 0
        assert not folder.exists()


def _accepted(worker: Any) -> list[Any]:
    return [c for c in worker.net_connections("tcp") if c.status == "ESTABLISHED" and c.raddr]


def test_a_scrape_is_cheap(client: FlaskClient) -> None:
    scraped(client)
    began = time.perf_counter()
    for _ in range(10):
        scraped(client)
    assert (time.perf_counter() - began) / 10 < 0.25


def known() -> set[str]:
    """Every name that there can be."""
    metrics = create_app(Settings(database_url=NOWHERE)).extensions["metrics"]
    metrics.count_request("GET", "/", 200, 0.1, (1, 0.1))
    metrics.count_replica_read("primary")
    families = [*metrics._own.collect(), *_with_database()]
    names = {sample.name for family in families for sample in family.samples}
    return names | {family.name for family in families}


def _with_database() -> list[Any]:
    from prometheus_client.core import GaugeMetricFamily

    return [GaugeMetricFamily(f"incident_tracker_{name}", "") for name in ("database_up", "incidents", "info")]


def expressions() -> list[Any]:
    """What the dashboard and the rules ask for: where, and the expression."""
    found = []
    dashboard = json.loads((MONITORING / "grafana.json").read_text())
    for panel in dashboard["panels"]:
        found += [(panel["title"], target["expr"]) for target in panel["targets"]]
    rules = (MONITORING / "alerts.yml").read_text()
    found += re.findall(r"- alert: (\w+)\n\s+expr: (.+(?:\n {10,}.+)*)", rules)
    return found


@pytest.mark.parametrize(("where", "expression"), expressions(), ids=lambda text: str(text)[:40])
def test_what_is_asked_for_exists(where: str, expression: str) -> None:
    names = set(re.findall(r"incident_tracker_\w+", expression))
    assert names or 'up{job="incident-tracker"}' in expression, where
    assert names <= known(), where
    labels = set(re.findall(r"\b(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression))
    labels |= {name.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for name in group.split(",")}
    assert labels <= {
        "job",
        "instance",
        "method",
        "route",
        "status",
        "severity",
        "pool",
        "database",
        "le",
        "version",
    }, where


def test_the_rules_and_the_dashboard_are_complete() -> None:
    rules = (MONITORING / "alerts.yml").read_text()
    assert rules.count("- alert:") == rules.count("summary:") == rules.count("severity:") >= 6
    assert len(expressions()) >= 15
    used = {name for _, expression in expressions() for name in re.findall(r"incident_tracker_\w+", expression)}
    # Each number is there for somebody.
    for family in ("requests", "request_duration", "sql", "database_connections", "event_streams", "database_up"):
        assert any(family in name for name in used), family
