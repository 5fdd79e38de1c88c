"""Measure what further processes, hosts and a replica buy: `python -m bench.scaling`, or `make bench-scaling`.

Starts a primary and a standby, serves them in each of the ways of docs/scaling.md, and drives each with `wrk`. All of
it runs on one machine, so that answers per second say how far its processors went; what the primary is spared shows in
the processor time that each answer took of it.
"""

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url

from bench.databases import DATA, DatabaseError, connected, forget_after, last_number, prepare, settle
from bench.load import LoadError, drive
from bench.requests import FIRST, Request, requests_for
from bench.samples import SampleError, choose
from tests.clusters import Cluster, Clusters
from tests.hosts import NGINX, proxy_to
from tests.serving import Server, started, wait_until
from tracker.config import normalise_database_url
from tracker.startup import StartupError, complain

FOLDER = DATA / "scaling"
NAMES = (FIRST, "severity + status", "search: common", "facets under search: common", "read one", "create")
"""The requests, as the other benchmark names them."""

Serving = Callable[[], AbstractContextManager[Server]]


@contextmanager
def one(url: str, **settings: Any) -> Iterator[Server]:
    """One server, of one process or of several."""
    with (
        TemporaryDirectory() as folder,
        started(Path(folder), DATABASE_URL=url, LOG_LEVEL="error", **settings) as server,
    ):
        wait_until(server.answers, "the server")
        yield server


@contextmanager
def three(url: str, **settings: Any) -> Iterator[Server]:
    """Three servers of one process each, behind the proxy."""
    with ExitStack() as stack:
        servers = [stack.enter_context(one(url, TRUSTED_PROXIES=1, **settings)) for _ in range(3)]
        folder = stack.enter_context(TemporaryDirectory())
        yield stack.enter_context(proxy_to(servers, Path(folder)))


def main() -> int:
    """Measure and report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description="Measure what each step buys.")
    parser.add_argument("--size", type=int, default=1_000_000, help="how many incidents (1000000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (3)")
    parser.add_argument("--seconds", type=int, default=3, help="how long each time (3)")
    options = parser.parse_args()
    if NGINX is None:
        return complain("It takes nginx: install it (Debian: apt install nginx-light; macOS: brew install nginx).")
    try:
        measure(options.size, options.rounds, options.seconds)
    except (DatabaseError, LoadError, SampleError, StartupError) as error:
        return complain(str(error))
    return 0


def measure(size: int, rounds: int, seconds: int) -> None:
    """All ways in turn, so that what disturbs the machine disturbs each of them."""
    shutil.rmtree(FOLDER / "standby", ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Clusters(FOLDER) as clusters:
        primary = clusters.start("primary")
        url, _ = prepare(normalise_database_url(primary.url), size, reuse=True)
        standby = clusters.copy(primary, "standby")
        replica = make_url(url).set(query={"host": standby.sockets}).render_as_string(hide_password=False)
        ways: dict[str, Serving] = {
            "one process": partial(one, url),
            "one server, three processes": partial(one, url, WORKERS=3),
            "three servers": partial(three, url),
            "one process, a replica": partial(one, url, DATABASE_REPLICA_URL=replica),
            "three servers, a replica": partial(three, url, DATABASE_REPLICA_URL=replica),
        }
        found: dict[tuple[str, str], list[tuple[float, float]]] = {}
        with connected(url) as engine:
            with engine.connect() as connection:
                requests = [one for one in requests_for(choose(connection)) if one.name in NAMES]
            last = last_number(engine)
            for number in range(rounds):
                print(f"Round {number + 1} of {rounds} …", file=sys.stderr)
                for name, serve in ways.items():
                    with serve() as server:
                        for request in requests:
                            drive(server.port, request, seconds=1)
                            found.setdefault((request.name, name), []).append(driven(server, primary, request, seconds))
                            settle(engine)
                    forget_after(engine, last)
    show(requests, list(ways), found)


def driven(server: Server, primary: Cluster, request: Request, seconds: int) -> tuple[float, float]:
    """Answers per second, and milliseconds of a processor that each took of the primary."""
    before = used(primary)
    rate = drive(server.port, request, seconds=seconds).rate
    return rate, 1000 * (used(primary) - before) / (rate * seconds)


def used(cluster: Cluster) -> float:
    """Seconds of processors that the processes of a PostgreSQL have taken."""
    return sum(times.user + times.system for times in (process.cpu_times() for process in cluster.processes()))


def show(requests: list[Request], ways: list[str], found: dict[tuple[str, str], list[tuple[float, float]]]) -> None:
    """The medians, as a table."""
    table = Table("Answers/s · ms of the primary's processor for each", *ways)
    for request in requests:
        row = []
        for way in ways:
            rates, times = zip(*found[request.name, way], strict=True)
            row.append(f"{median(rates):,.0f} · {median(times):.2f}")
        table.add_row(request.name, *row)
    Console(width=160).print(table)


if __name__ == "__main__":
    sys.exit(main())
