"""The live stream: every event, to everyone who listens, as it is committed.

One thread of the process listens on one connection, reads what is new once, and hands it to a queue for each client;
each client's own thread writes it out. Whoever does not keep up is cut off, and continues from its last event.
"""

import select
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from itertools import accumulate
from queue import Empty, SimpleQueue
from random import uniform
from threading import BoundedSemaphore, Lock, Thread
from typing import Any

import psycopg2
import psycopg2.extensions
import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tracker.database import POOL_TIMEOUT, listening, reader
from tracker.history.log import BEGINNING, EventLog, Part, Place, Run
from tracker.problems import Busy, Unavailable

CHANNEL = "incident_events"
HEARTBEAT = 15.0
"""Seconds after which a client hears something, whatever happens."""
RETRY = 2000
"""Milliseconds after which a client whose stream ended comes back."""
BACKLOG, BACKLOG_BYTES = 256, 32_000_000
"""Parts of the log that may wait for one client, and how large they may be in all; the same objects wait for all."""
SOON, LATER = 0.005, 0.1
"""Seconds until what cannot be told yet is looked for again: at first, and after some time."""
PROBE = 2.0
"""Seconds after which the log is read although nothing was announced: that also tries the connection."""
REST = 0.0001
"""Seconds for each client, in which it has its part written, before the next part is read."""
RECONNECT = 1.0
"""The most seconds between attempts to reach the database."""
AWAY = (psycopg2.Error, DBAPIError, PoolTimeoutError)
"""How it shows that the database does not answer."""
_BEAT = b":\n\n"

log = structlog.get_logger()

_Connection = psycopg2.extensions.connection
_Frames = tuple[tuple[Place, bytes], ...]


class _Client:
    """One stream as the hub sees it: what waits for it, and whether it is to end without that."""

    __slots__ = ("ended", "queue")

    def __init__(self) -> None:
        self.queue: SimpleQueue[_Frames | None] = SimpleQueue()
        self.ended = False

    def end(self) -> None:
        """Let go of what waits, and wake the thread up."""
        # First, so that the thread passes on nothing that it finds behind what is taken away here.
        self.ended = True
        try:
            while True:
                self.queue.get_nowait()
        except Empty:
            self.queue.put(None)


class Stream:
    """The bytes of one stream, without an end of their own. Closing it makes room for another."""

    def __init__(self, chunks: Generator[bytes], leave: Callable[[], None]) -> None:
        self._chunks = chunks
        self._leave: Callable[[], None] | None = leave

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Also where nothing was read yet, when a generator would not notice."""
        self._chunks.close()
        if self._leave is not None:
            self._leave()
            self._leave = None


class Hub:
    """The streams of one process, and the thread that feeds them, which starts with the first of them.

    :param limit: how many may be open at once.
    :param heartbeat: seconds after which a client hears something, whatever happens.
    :param on_change: told how many are open, whenever that changes.
    """

    def __init__(
        self,
        app: Flask,
        event_log: EventLog,
        *,
        limit: int,
        heartbeat: float = HEARTBEAT,
        on_change: Callable[[int], None] = lambda _number: None,
    ) -> None:
        self.on_start: Callable[[], None] | None = None
        """Called with the first stream."""
        self._app = app
        self._log = event_log
        self._heartbeat = heartbeat
        self._on_change = on_change
        self._slots = BoundedSemaphore(limit)
        # Whoever starts the thread waits for the database, and holds up only those who would do the same.
        self._starting, self._lock = Lock(), Lock()
        self._thread: Thread | None = None
        self._clients: set[_Client] = set()
        self._told = BEGINNING
        self._sizes: deque[int] = deque(maxlen=BACKLOG)
        """How large the latest parts were, in bytes."""
        self._stopped = False

    def open(self, after: Place | None = None, *, is_allowed: Callable[[], bool] = lambda: True) -> Stream:
        """A new stream.

        :param after: where the client continues; None for the present.
        :param is_allowed: whether the client may still read, asked as often as it hears something at least.
        :raises Unavailable: where as many are open as may be, or the process ends.
        :raises DBAPIError: where the database does not answer.
        """
        if not self._slots.acquire(blocking=False):
            raise Unavailable("As many event streams are open as this server allows. Try again when one has ended.")
        client = _Client()
        try:
            self._start()
            # From here on everything after ``present`` comes through the queue; what is before it is read below.
            present = self._join(client)
            resumed = after is not None and self._log.continues(reader.prepared, after)
            seen = after if after is not None and resumed else present
            part = self._log.read(reader.prepared, seen, present)
        except BaseException:
            self._leave(client)
            raise
        # An id without data is not an event: it lets a client that has seen nothing yet remember where it came in.
        reset = "" if after is None or resumed else "event: reset\ndata: {}\n"
        opening = f"retry: {RETRY}\nid: {seen}\n{reset}\n".encode()
        chunks = self._chunks(client, opening, part, seen, present, is_allowed)
        return Stream(chunks, lambda: self._leave(client))

    def stop(self) -> None:
        """End all streams, and open no more: their clients come back when there is a process for them."""
        self._stopped = True
        self._end_all()

    def _chunks(
        self,
        client: _Client,
        opening: bytes,
        part: Part,
        seen: Place,
        present: Place,
        is_allowed: Callable[[], bool],
    ) -> Generator[bytes]:
        yield opening
        try:
            while part.events and not client.ended:
                seen = part.events[-1].place
                yield b"".join([frame for _, frame in _frames(part)])
                with self._app.app_context():
                    part = self._log.read(reader.prepared, seen, present)
        except AWAY as error:
            log.warning("stream broke off", cause=str(error))
            return
        # A little less for some than for others, so that not all threads wake up at once.
        patience = self._heartbeat * uniform(0.7, 1)  # noqa: S311 - no secret.
        take = client.queue.get
        asked = time.monotonic()
        while True:
            if time.monotonic() - asked >= patience:
                if not self._still(is_allowed):
                    return
                asked = time.monotonic()
            try:
                frames = take(timeout=patience)
            except Empty:
                yield _BEAT
                continue
            if frames is None or client.ended:
                return
            # A client may come from another process, which is ahead of this one.
            if chunk := b"".join([frame for place, frame in frames if place > seen]):
                yield chunk

    def _still(self, is_allowed: Callable[[], bool]) -> bool:
        try:
            with self._app.app_context():
                return is_allowed()
        except AWAY:
            # Nobody can say; what there is to tell comes from the database as well.
            return True

    def _join(self, client: _Client) -> Place:
        with self._lock:
            if self._stopped:
                raise Unavailable("The server is about to stop. Try again in a few seconds.")
            if self._thread is None:
                # It has just ended, and nobody would tell this client anything.
                raise Unavailable("Live events are interrupted. Try again in a few seconds.")
            self._clients.add(client)
            self._on_change(len(self._clients))
            return self._told

    def _leave(self, client: _Client) -> None:
        with self._lock:
            self._clients.discard(client)
            self._on_change(len(self._clients))
        self._slots.release()

    def _end_all(self, *, told: Place | None = None) -> None:
        """End all streams; whoever joins after that begins at ``told``, if it is given."""
        with self._lock:
            for client in self._clients:
                client.end()
            self._clients.clear()
            self._on_change(0)
            self._told = told or self._told

    def _start(self) -> None:
        if self._thread is not None:
            return
        if not self._starting.acquire(timeout=POOL_TIMEOUT):
            raise Busy
        try:
            if self._thread is None:
                self._follow_from_now_on(listening(CHANNEL))
                if self.on_start is not None:
                    self.on_start()
        finally:
            self._starting.release()

    def _follow_from_now_on(self, connection: _Connection) -> None:
        try:
            self._told = self._log.last(_running(connection))
            self._thread = Thread(target=self._run, args=(connection,), name="live", daemon=True)
            self._thread.start()
        except BaseException as error:
            # The next stream tries again.
            self._thread = None
            connection.close()
            if isinstance(error, psycopg2.Error):
                raise Unavailable("The database does not answer at the moment. Try again in a few seconds.") from error
            raise

    def _run(self, connection: _Connection | None) -> None:
        wait = SOON
        try:
            while not self._stopped:
                try:
                    if connection is None:
                        connection = self._return_to_the_database()
                    wait = SOON
                    self._follow(connection)
                except AWAY as error:
                    if connection is not None:
                        log.warning("live stream lost the database", cause=str(error).strip())
                        connection.close()
                        connection = None
                    time.sleep(wait)
                    wait = min(2 * wait, RECONNECT)
        finally:
            # Whatever it was: nobody waits for what does not come, and the next stream starts another thread.
            if connection is not None:
                connection.close()
            self._thread = None
            self._end_all()

    def _return_to_the_database(self) -> _Connection:
        with self._app.app_context():
            connection = listening(CHANNEL)
        run = _running(connection)
        try:
            if not self._log.continues(run, self._told):
                # Another database, or an older state of this one. Each client learns it when it comes back.
                log.warning("live stream starts anew")
                self._end_all(told=self._log.last(run))
        except psycopg2.Error:
            connection.close()
            raise
        return connection

    def _follow(self, connection: _Connection) -> None:
        """Read what is announced, and what is to be told although nobody announces it."""
        run, wait = _running(connection), SOON
        # Not `select`, which knows no file above 1023: with many streams this may be one.
        announced = select.poll()
        announced.register(connection, select.POLLIN)
        while not self._stopped:
            # What was announced so far is there to be read.
            connection.notifies.clear()
            part = self._log.read(run, self._told)
            if part.events:
                self._tell(_frames(part))
                time.sleep(REST * len(self._clients))
            if part.full:
                continue
            # A transaction that holds others up may end without an event of its own, which announces nothing.
            wait = min(2 * wait, LATER) if part.waiting else SOON
            connection.poll()
            if not connection.notifies:
                announced.poll(1000 * (wait if part.waiting else PROBE))
                connection.poll()

    def _tell(self, frames: _Frames) -> None:
        with self._lock:
            self._told = frames[-1][0]
            most = self._most_parts()
            slow = [client for client in self._clients if client.queue.qsize() >= most]
            for client in slow:
                client.end()
                self._clients.discard(client)
            for client in self._clients:
                client.queue.put(frames)
            self._sizes.append(sum(len(frame) for _, frame in frames))
        if slow:
            log.warning("slow streams cut off", streams=len(slow))

    def _most_parts(self) -> int:
        """How many of the latest parts may wait for a client; one in any case, however large it is."""
        fitting = sum(size <= BACKLOG_BYTES for size in accumulate(reversed(self._sizes)))
        return BACKLOG if fitting == len(self._sizes) else max(1, fitting)


def _frames(part: Part) -> _Frames:
    """The events as the protocol writes them (HTML, "Server-sent events"): JSON has no line breaks in it."""
    return tuple(
        (event.place, f"id: {event.place}\nevent: {event.type}\ndata: {event.json}\n\n".encode())
        for event in part.events
    )


def _running(connection: _Connection) -> Run:
    def run(sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()

    return run
