"""A primary and standbys of it, each a PostgreSQL of its own below one folder."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg2
from sqlalchemy import make_url

from tests.serving import databases_in, wait_until
from tracker import embedded
from tracker.config import BACKEND

START_REPLICA = BACKEND.parent / "deploy" / "start-replica.sh"


@dataclass
class Cluster:
    """A running PostgreSQL.

    :param url: of its database, as libpq understands it.
    """

    folder: Path
    url: str

    @property
    def sockets(self) -> str:
        """Where it listens."""
        return str(make_url(self.url).query["host"])

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Carry out a statement, which commits by itself; returns its rows."""
        connection = psycopg2.connect(self.url)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def configure(self, **settings: str) -> None:
        """Change settings that it reads while it runs."""
        for name, value in settings.items():
            self.sql(f"ALTER SYSTEM SET {name} = %s", value)
        self.sql("SELECT pg_reload_conf()")

    def processes(self) -> list[psutil.Process]:
        """Its processes, the one that the others come from first."""
        (server,) = databases_in(self.folder)
        return [server, *server.children()]

    def crash(self) -> None:
        """End it at once, as a power cut would: it writes nothing more, and tells nobody."""
        (server,) = databases_in(self.folder)
        # What PostgreSQL calls an immediate shutdown.
        server.send_signal(signal.SIGQUIT)
        server.wait(10)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Within it, it takes what is sent, and answers nothing."""
        processes = self.processes()
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in reversed(processes):
                process.resume()

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Within it, a standby receives changes, and does not carry them out."""
        self.sql("SELECT pg_wal_replay_pause()")
        wait_until(lambda: self.sql("SELECT pg_get_wal_replay_pause_state()") == [("paused",)], "a pause")
        try:
            yield
        finally:
            self.sql("SELECT pg_wal_replay_resume()")

    def promote(self) -> None:
        """Make a standby a primary."""
        assert self.sql("SELECT pg_promote()") == [(True,)]


class Clusters:
    """Those of one test, which are stopped when it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._running.close()

    def start(self, name: str) -> Cluster:
        """Start one whose data are in the folder of that name, and are made where there are none."""
        folder = self._folder / name
        url = self._running.enter_context(embedded.embedded_postgres_url(folder))
        return Cluster(folder, url.replace("+psycopg2", ""))

    def copy(self, primary: Cluster, name: str) -> Cluster:
        """Make a standby of a primary as the containers do, and start it."""
        folder = self._folder / name
        folder.mkdir()
        server = embedded._Server(primary.folder / "postgresql")
        settings = {
            "PATH": f"{server.account.binaries}:{os.environ['PATH']}",
            "PGDATA": folder / "postgresql",
            "PRIMARY_HOST": primary.sockets,
            "PRIMARY_USER": "postgres",
        }
        given = [f"{setting}={value}" for setting, value in settings.items()]
        # It may not be the account that runs this which runs PostgreSQL.
        made = server._run("/usr/bin/env", *given, "sh", str(START_REPLICA), "true")
        assert made.returncode == 0, made.stdout
        return self.start(name)
