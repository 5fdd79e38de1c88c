"""What Prometheus is told at ``/metrics``: of requests by all processes of this server, and of incidents.

Each process writes its numbers into files of its own, which all of them read, so that it does not matter which one is
asked.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tracker.callers import Role, needing
from tracker.config import metrics_folder
from tracker.database import reader, spent
from tracker.openapi import VERSION

PREFIX = "incident_tracker"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds: a first page takes 2 ms, and a statement is stopped after 10 s."""
PATIENCE = 1.0
"""Seconds in which the database must answer what it is asked for a scrape."""
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_COUNTS = """
    SELECT status::text, severity::text, sum(n)::bigint FROM incident_counts GROUP BY status, severity HAVING sum(n) > 0
"""

blp = Blueprint("metrics", __name__)


class Metrics:
    """The numbers of one process.

    :param folder: where the processes of the server keep theirs; None where there is but this one.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        # It chooses when it is imported, which is before the folder is known.
        values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
        own = self._own = CollectorRegistry()
        self._requests = Counter(
            f"{PREFIX}_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=own,
        )
        self._seconds = Histogram(
            f"{PREFIX}_request_duration_seconds",
            "Seconds until a request was answered; of a stream or an export, until it began.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=own,
        )
        self._statements = Counter(
            f"{PREFIX}_sql_statements", "SQL statements of requests.", ("method", "route"), registry=own
        )
        self._sql_seconds = Counter(
            f"{PREFIX}_sql_seconds", "Seconds that these statements took.", ("method", "route"), registry=own
        )
        self._in_use = Gauge(
            f"{PREFIX}_database_connections_in_use",
            "Connections that requests have in hand.",
            ("pool",),
            multiprocess_mode="livesum",
            registry=own,
        )
        self._size = Gauge(
            f"{PREFIX}_database_connections_max",
            "Connections that they may have in hand; the next one waits.",
            ("pool",),
            multiprocess_mode="livesum",
            registry=own,
        )
        self._replica_reads = Counter(
            f"{PREFIX}_replica_reads",
            "Reads that are for the replica, by the database that they took place on.",
            ("database",),
            registry=own,
        )
        self._streams = Gauge(
            f"{PREFIX}_event_streams", "Live event streams that are open.", multiprocess_mode="livesum", registry=own
        )
        self._shared = CollectorRegistry(auto_describe=False)
        self._shared.register(_Database())
        self._children: dict[tuple[str, str, int], tuple[Any, Any, Any, Any]] = {}

    def count_request(self, method: str, route: str, status: int, seconds: float, sql: tuple[int, float]) -> None:
        """Count a request that was answered."""
        key = (method, route, status)
        children = self._children.get(key)
        if children is None:
            labels = (method, route)
            children = self._children[key] = (
                self._requests.labels(*labels, status),
                self._seconds.labels(*labels),
                self._statements.labels(*labels),
                self._sql_seconds.labels(*labels),
            )
        requests, duration, statements, sql_seconds = children
        requests.inc()
        duration.observe(seconds)
        if sql[0]:
            statements.inc(sql[0])
            sql_seconds.inc(sql[1])

    def count_replica_read(self, database: str) -> None:
        """Count a read that is for the replica, and took place there or on the primary."""
        self._replica_reads.labels(database).inc()

    def count_streams(self, number: int) -> None:
        """Note how many event streams are open in this process."""
        self._streams.set(number)

    def watch(self, engine: Engine, pool: str, size: int) -> None:
        """Count the connections of an engine that are in use."""
        in_use = self._in_use.labels(pool)
        self._size.labels(pool).set(size)
        event.listen(engine, "checkout", lambda *_: in_use.inc())
        event.listen(engine, "checkin", lambda *_: in_use.dec())

    def text(self) -> bytes:
        """All numbers, as Prometheus reads them."""
        processes = self._own
        if self._folder is not None:
            _forget_ended(self._folder)
            processes = CollectorRegistry()
            MultiProcessCollector(processes, str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(processes) + generate_latest(self._shared)


class _Database(Collector):
    """What the database knows, and which version asks it; the same from every process."""

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily(f"{PREFIX}_info", "1, with the version of the program.", labels=("version",))
        info.add_metric((VERSION,), 1)
        yield info
        is_up = GaugeMetricFamily(f"{PREFIX}_database_up", "1 where the database answers within a second, else 0.")
        incidents = GaugeMetricFamily(f"{PREFIX}_incidents", "Incidents there are.", labels=("status", "severity"))
        try:
            with reader.until(time.monotonic() + PATIENCE):
                counts = reader.prepared(_COUNTS, {})
        except (DBAPIError, PoolTimeoutError):
            is_up.add_metric((), 0)
            yield is_up
            return
        is_up.add_metric((), 1)
        yield is_up
        for status, severity, number in counts:
            incidents.add_metric((status, severity), number)
        yield incidents


def _forget_ended(folder: Path) -> None:
    """Leave out what processes that are no more had in hand; what they counted stays."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]


@blp.route("/metrics")
@needing(Role.VIEWER)
def get_metrics() -> Response:
    """The numbers, in Prometheus' text format."""
    return Response(current_app.extensions["metrics"].text(), content_type=CONTENT_TYPE_LATEST)


def _count(response: Response) -> Response:
    route = "none" if request.url_rule is None else request.url_rule.rule
    method = request.method if request.method in _METHODS else "other"
    metrics: Metrics = current_app.extensions["metrics"]
    metrics.count_request(method, route, response.status_code, time.perf_counter() - g.began, spent())
    return response


def register(app: Flask) -> Metrics:
    """Count every request from now on."""
    metrics = app.extensions["metrics"] = Metrics(metrics_folder())
    app.after_request(_count)
    app.register_blueprint(blp)
    return metrics
