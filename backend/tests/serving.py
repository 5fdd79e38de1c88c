"""The real program as a process: `python app.py` with a port and a data folder of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import psutil

from tracker.config import BACKEND, Settings

PATIENCE = 60
"""Seconds until a test gives up; nothing takes nearly that long."""


def wait_until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> None:
    """Poll until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def free_port() -> int:
    """A port of the loopback address on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(**settings: object) -> dict[str, str]:
    """The environment of a server: these settings, and the default of every other, whatever is set here.

    But for the log, which is what a person reads.
    """
    blank = {field.name.upper(): "" for field in fields(Settings)}
    return {**os.environ, **blank, "LOG_FORMAT": "text", **{name: str(value) for name, value in settings.items()}}


@dataclass
class Answer:
    """A response, read."""

    status: int
    headers: Any
    body: Any


@dataclass
class Server:
    """A running `python app.py`."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path
    errors: Path

    def call(
        self,
        path: str,
        body: Any = None,
        method: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10,
    ) -> Answer:
        """Send a request, JSON if there is a body; errors of HTTP are answers too."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={**({} if body is None else {"Content-Type": "application/json"}), **(headers or {})},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:  # noqa: S310 - likewise.
                content = response.read()
                return Answer(response.status, response.headers, json.loads(content) if content else None)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, json.load(error))

    def create(self, title: str) -> int:
        """Add an incident; returns its number."""
        answer = self.call("/api/incidents", {"title": title, "service": "db", "severity": "SEV3"})
        assert answer.status == 201, answer.body
        number: int = answer.body["number"]
        return number

    def titles(self) -> set[str]:
        """The titles of all incidents."""
        return {item["title"] for item in self.call("/api/incidents?per_page=100").body["items"]}

    def answers(self) -> bool:
        """Whether the server is up and healthy."""
        assert self.process.poll() is None, self.said()
        try:
            return self.call("/api/health").status == 200
        except OSError:
            return False

    def workers(self) -> list[psutil.Process]:
        """The processes that answer requests."""
        return psutil.Process(self.process.pid).children()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def said(self) -> str:
        """All that it wrote so far."""
        return self.output.read_text() + self.errors.read_text()


@contextmanager
def started(
    folder: Path, *, port: int | None = None, prefix: tuple[str, ...] = (), **settings: object
) -> Iterator[Server]:
    """Start a server that writes its output below ``folder``; on the way out it is gone, whatever happened.

    :param prefix: a program that runs it, such as ``setpriv``.
    """
    port = port or free_port()
    output, errors = folder / f"out-{port}", folder / f"err-{port}"
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            [*prefix, sys.executable, str(BACKEND / "app.py")],
            env=environment(**{"PORT": port, **settings}),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd="/",
        )
    server = Server(process, port, output, errors)
    try:
        yield server
    finally:
        if process.poll() is None:
            server.stop()


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[Server]:
    """Start a server and wait until it answers."""
    with started(folder, **settings) as server:
        wait_until(server.answers, "the server")
        yield server


def failing(folder: Path, **settings: Any) -> tuple[int, str, str]:
    """Start a server that is to give up by itself; returns its exit code, output and errors."""
    with started(folder, **settings) as server:
        code = server.process.wait(PATIENCE)
        return code, server.output.read_text(), server.errors.read_text()


def once_free(port: int) -> int:
    """The port, once nothing listens on it: a worker ends by itself with the program, and gives it back."""

    def free() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    wait_until(free, "the worker to end with its parent", 10)
    return port


def databases_in(data_dir: Path) -> list[psutil.Process]:
    """The PostgreSQL servers that run on a data folder."""
    pgdata = str(data_dir / "postgresql")
    # A server works in its data, under this first word; and so does what it has forked, until that has its own.
    found = {
        process.pid: process
        for process in psutil.process_iter(["cmdline", "cwd", "ppid"])
        if process.info["cwd"] == pgdata and (process.info["cmdline"] or [""])[0].endswith("/postgres")
    }
    return [process for process in found.values() if process.info["ppid"] not in found]
