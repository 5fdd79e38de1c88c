"""The benchmark's own PostgreSQL, with a database for each size, filled by `seed.py`."""

import fcntl
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import orjson
import psutil
from sqlalchemy import Engine, create_engine, make_url, text
from uuid_utils.compat import uuid7

from bench.programs import environment
from tracker.config import BACKEND, Settings
from tracker.startup import running_database

DATA = Path(__file__).with_name("data")
PATIENCE = 120

MARKED_WORD, MARKED_LETTER, MARKED_PAIR = "palimpsest", "ñ", "ŵq"
# Older than all others, for searches that match nothing newer; few, since each stands for what is rare.
MARKERS = (
    f"{MARKED_WORD.capitalize()} of the archive cannot be read",
    f"Archive volume {MARKED_PAIR} is missing",
    "Señal perdida en el enlace",
    "Ωmega gateway unreachable",
    "Flag 100%_done never reset",
    "Deliveries to Lange straße returned",
    "Column tenant_id dropped too early",
    "NGUYỄN cannot sign in",
)


class DatabaseError(Exception):
    """Why the benchmark cannot use its databases."""


@dataclass(frozen=True, slots=True)
class Seeding:
    """What `seed.py` took: seconds, and the most memory it held, in bytes."""

    seconds: float
    peak: int


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of the benchmark's own PostgreSQL, which no other benchmark uses meanwhile.

    :raises DatabaseError: where another one does.
    """
    DATA.mkdir(exist_ok=True)
    with (DATA / "benchmark.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseError(f"Another benchmark uses {DATA}: wait until it ends.") from None
        with running_database(Settings(data_dir=DATA)) as settings:
            assert settings.database_url is not None
            yield settings.database_url


def prepare(server_url: str, size: int, *, reuse: bool) -> tuple[str, Seeding | None]:
    """The URL of a database of that many incidents, and what filling it took, unless that was done before.

    :param reuse: take the one of an earlier run, with what that run wrote, where there is one.
    :raises DatabaseError: where `seed.py` fails.
    """
    name = f"bench_{size}"
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with connected(server_url) as engine, engine.connect() as connection:
        exists = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).scalar()
        if exists and reuse:
            return url, None
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    seeding = _seed(url, size)
    with connected(url) as engine:
        add_markers(engine)
        with engine.connect() as connection:
            # As autovacuum leaves an installation that has been running for a while.
            connection.execute(text("VACUUM (ANALYZE)"))
            connection.execute(text("CHECKPOINT"))
    return url, seeding


def add_markers(engine: Engine) -> None:
    """Add the incidents of :data:`MARKERS` with their events, older than all that are there."""
    incident = text(
        "INSERT INTO incidents (id, title, service, severity, status, started_at, resolved_at, created_at, updated_at,"
        " version) VALUES (:id, :title, 'archive', 'SEV4', 'RESOLVED', :at, :at, :at, :at, 1)"
    )
    event = text(
        "INSERT INTO events (incident_id, change_id, type, actor, at, changes)"
        " VALUES (:id, :change, 'created', 'benchmark', :at, CAST(:changes AS jsonb))"
    )
    with engine.connect() as connection:
        oldest = connection.execute(text("SELECT min(created_at) FROM incidents")).scalar_one()
        for position, title in enumerate(MARKERS, start=1):
            at = oldest - timedelta(hours=position)
            values = {"id": uuid7(), "change": uuid7(), "title": title, "at": at}
            fields = {
                "title": title,
                "service": "archive",
                "severity": "SEV4",
                "status": "RESOLVED",
                "startedAt": at,
                "resolvedAt": at,
            }
            changes = orjson.dumps({name: [None, value] for name, value in fields.items()}).decode()
            connection.execute(incident, values)
            connection.execute(event, {**values, "changes": changes})


@contextmanager
def connected(url: str) -> Iterator[Engine]:
    """An engine each of whose statements commits by itself."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"options": "-c timezone=UTC"})
    try:
        yield engine
    finally:
        engine.dispose()


def settle(engine: Engine) -> None:
    """Wait until the server has no statement left, also none of a client that went away.

    :raises DatabaseError: where one runs for minutes.
    """
    busy = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()"
    )
    end = monotonic() + PATIENCE
    with engine.connect() as connection:
        while connection.execute(busy).scalar_one():
            if monotonic() > end:
                raise DatabaseError(f"A statement still runs {PATIENCE} s after the request that sent it.")
            sleep(0.01)


def last_number(engine: Engine) -> int:
    """The largest number of an incident."""
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT max(number) FROM incidents")).scalar_one())


def forget_after(engine: Engine, number: int) -> None:
    """Delete the incidents that were created after that one."""
    with engine.connect() as connection:
        connection.execute(text("DELETE FROM incidents WHERE number > :number"), {"number": number})
        connection.execute(text("SELECT fold_incident_tallies()"))
        connection.execute(text("VACUUM"))


def pattern(word: str) -> str:
    """The word as a pattern for LIKE that finds it anywhere."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", word) + "%"


def _seed(url: str, size: int) -> Seeding:
    began = monotonic()
    peak = 0
    with subprocess.Popen(
        [sys.executable, "seed.py", "--count", str(size)],
        cwd=BACKEND,
        env=environment(DATABASE_URL=url),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        seen = psutil.Process(process.pid)
        try:
            while process.poll() is None:
                try:
                    peak = max(peak, seen.memory_info().rss)
                except psutil.NoSuchProcess:
                    break
                sleep(0.02)
        except BaseException:
            process.terminate()
            raise
        said, _ = process.communicate()
    if process.returncode != 0:
        raise DatabaseError(f"seed.py --count {size} failed: {said.strip()}")
    return Seeding(monotonic() - began, peak)
