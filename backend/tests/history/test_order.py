"""The proof of the live stream: whatever is written at the same time, everybody is told everything, once, in one order.

Writers get the numbers of their transactions, wait, and commit or roll back in any order. Readers of two processes'
worth of streams are cut off at any byte, and come back with an event that they have seen, not always the last one.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import text

from tests.serving import wait_until
from tests.streams import messages
from tracker.extensions import db
from tracker.history.log import BEGINNING, EventLog, Place, parse_place
from tracker.history.stream import Hub
from tracker.incidents.queries import rendered_from

WRITERS, TRANSACTIONS, READERS = 8, 30, 6
EVENT = (
    "INSERT INTO events (incident_id, change_id, type, actor, at)"
    " VALUES (%s, gen_random_uuid(), 'updated', %s, now()) RETURNING id"
)
Write = Callable[..., int]


@pytest.fixture
def incident(fresh_app: Flask) -> str:
    """The id of an incident that events can be about; its own event is in the log."""
    body = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}
    made: str = fresh_app.test_client().post("/api/incidents", json=body).get_json()["id"]
    return made


@contextmanager
def connected(app: Flask) -> Iterator[Any]:
    """A connection of one's own."""
    connection = psycopg2.connect(db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def hub(app: Flask, **options: Any) -> Iterator[Hub]:
    """The streams of a process of their own."""
    made = Hub(app, EventLog(rendered_from("incidents")), **{"limit": 50, "heartbeat": 0.2, **options})
    yield made
    made.stop()
    with connected(app) as connection:
        # Otherwise it looks up only now and then.
        connection.cursor().execute("NOTIFY incident_events")
        connection.commit()
        wait_until(lambda: made._thread is None, "the thread to end")


def write(app: Flask, incident: str, chance: random.Random) -> None:
    """Many transactions, one after the other, of no, one or several events, some of which are undone."""
    with connected(app) as connection, connection.cursor() as cursor:

        def pause() -> None:
            if chance.random() < 0.6:
                time.sleep(chance.expovariate(1 / 0.004))

        for _ in range(TRANSACTIONS):
            if chance.random() < 0.5:
                # The number is there long before the first event is.
                cursor.execute("SELECT pg_current_xact_id()")
                pause()
            for _ in range(chance.choice((0, 1, 1, 1, 2, 5))):
                cursor.execute("SAVEPOINT part")
                cursor.execute(EVENT, (incident, "writer"))
                pause()
                cursor.execute("ROLLBACK TO part" if chance.random() < 0.2 else "RELEASE part")
            (connection.rollback if chance.random() < 0.2 else connection.commit)()


def read(streams: Hub, chance: random.Random, last: threading.Event, last_id: list[int]) -> list[tuple[Place, int]]:
    """What a client has seen in the end, that loses its connection again and again, and sometimes its memory."""
    seen: list[tuple[Place, int]] = []
    while not (last.is_set() and seen and seen[-1][1] == last_id[0]):
        after = seen[-1][0] if seen else BEGINNING
        stream = streams.open(after)
        until = len(seen) + chance.randrange(1, 40)
        try:
            found = messages(stream)
            opening = next(found)
            assert opening is not None
            assert (opening.type, parse_place(opening.id, name="id")) == (None, after)
            for message in found:
                if message is None:
                    if last.is_set():
                        break
                    continue
                assert message.type == "updated" or not seen, "another event than is written"
                seen.append((parse_place(message.id, name="id"), message.data["id"]))
                if len(seen) >= until:
                    break
        finally:
            stream.close()
        if chance.random() < 0.3 and not last.is_set():
            # It continues from an event that it saw earlier.
            del seen[chance.randrange(len(seen) + 1) :]
    return seen


@pytest.mark.parametrize("seed", range(2))
def test_everybody_is_told_everything_once_and_in_one_order(fresh_app: Flask, incident: str, seed: int) -> None:
    chance = random.Random(time.time_ns() if seed else 0)
    last, last_id = threading.Event(), [0]
    with hub(fresh_app) as one, hub(fresh_app) as another, ThreadPoolExecutor(WRITERS + READERS) as pool:

        def writing(number: int) -> None:
            with fresh_app.app_context():
                write(fresh_app, incident, random.Random(number))

        def reading(streams: Hub, number: int) -> list[tuple[Place, int]]:
            with fresh_app.app_context():
                return read(streams, random.Random(number), last, last_id)

        readers = [
            pool.submit(reading, (one, another)[number % 2], chance.randrange(1 << 30)) for number in range(READERS)
        ]
        writers = [pool.submit(writing, chance.randrange(1 << 30)) for _ in range(WRITERS)]
        for writer in writers:
            writer.result()
        with connected(fresh_app) as connection, connection.cursor() as cursor:
            cursor.execute(EVENT, (incident, "the last"))
            last_id[0] = cursor.fetchone()[0]
            connection.commit()
        last.set()
        found = [reader.result(timeout=60) for reader in readers]
    rows = db.session.execute(text("SELECT transaction_id, id FROM events ORDER BY transaction_id, id")).all()
    written = [(Place(transaction, event), event) for transaction, event in rows]
    assert len(written) > WRITERS * TRANSACTIONS / 2
    assert [event for _, event in written] != sorted(event for _, event in written), "all were committed in order"
    for seen in found:
        assert seen == written
