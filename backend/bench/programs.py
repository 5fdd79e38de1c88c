"""The programs that are measured, each a process of its own."""

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from time import monotonic, sleep
from typing import Protocol

import psutil

from tracker.config import BACKEND, Settings

APP = (sys.executable, "app.py")
REFERENCE = (sys.executable, "-m", "bench.reference")
PATIENCE = 120


class ProgramError(Exception):
    """Why a program does not serve."""


def environment(**settings: object) -> dict[str, str]:
    """The environment of a program of ours: these settings, and the default of every other."""
    blank = {field.name.upper(): "" for field in fields(Settings)}
    return {**os.environ, **blank, **{name: str(value) for name, value in settings.items()}}


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Server(Protocol):
    """What answers requests."""

    def ask(
        self, path: str, *, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request."""
        ...


@dataclass(frozen=True, slots=True)
class Program:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int

    def ask(
        self, path: str, *, method: str = "GET", body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def answers(self) -> bool:
        """Whether it serves by now."""
        try:
            return self.ask("/api/health").status == 200
        except OSError:
            return False

    def resident(self) -> int:
        """Bytes of memory that the process which serves holds."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return max(child.memory_info().rss for child in children)


@contextmanager
def serving(command: tuple[str, ...], database_url: str, log: Path) -> Iterator[Program]:
    """Start a server on a free port, and wait until it answers.

    :raises ProgramError: where it does not.
    """
    with log.open("wb") as output:
        port = _free_port()
        process = subprocess.Popen(
            command,
            cwd=BACKEND,
            env=environment(PORT=port, DATABASE_URL=database_url),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    program = Program(process, port)
    try:
        end = monotonic() + PATIENCE
        while not program.answers():
            if process.poll() is not None or monotonic() > end:
                raise ProgramError(f"{' '.join(command)} does not serve: {log.read_text().strip()}")
            sleep(0.01)
        yield program
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
