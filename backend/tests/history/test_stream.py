"""The live stream as a client sees it: what it is told, where it continues, and when it is refused or cut off."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import islice
from typing import Any

import psycopg2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.history.test_order import EVENT, connected, hub
from tests.serving import wait_until
from tests.streams import Message, messages, told
from tracker import create_app
from tracker.config import Settings
from tracker.connections import allow_open_files
from tracker.extensions import db
from tracker.history import stream as live
from tracker.history.log import EventLog, Place, parse_place
from tracker.history.queries import EVENTS_PER_PAGE
from tracker.history.stream import Hub
from tracker.startup import upgrade_database

STREAM = "/api/events/stream"
LISTENERS = "FROM pg_stat_activity WHERE application_name = 'incident-tracker-live' AND datname = current_database()"
BODY = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1", "summary": "Two\nlines\r\nand é"}


@pytest.fixture
def client(fresh_app: Flask) -> FlaskClient:
    """A client of an application that commits."""
    return fresh_app.test_client()


@pytest.fixture
def create(client: FlaskClient) -> Callable[[], str]:
    """Makes an incident; returns its id."""

    def create() -> str:
        response = client.post("/api/incidents", json=BODY)
        assert response.status_code == 201
        made: str = response.get_json()["id"]
        return made

    return create


@pytest.fixture
def streams(fresh_app: Flask) -> Iterator[Hub]:
    """Streams that often have a heartbeat."""
    with hub(fresh_app, heartbeat=0.1) as made:
        yield made


def opening(stream: Any) -> Message:
    """What a stream says first."""
    message = next(messages(stream))
    assert message is not None
    return message


def follow(client: FlaskClient, **options: Any) -> Any:
    """A stream over HTTP, in which nothing was read yet."""
    response = client.get(STREAM, **options)
    assert response.status_code == 200, response.text
    return response


def check_problem(response: Any, status: int) -> dict[str, Any]:
    """A problem, not a stream."""
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    problem: dict[str, Any] = response.get_json()
    return problem


def test_an_event_comes_as_its_history_shows_it_with_the_incident(
    client: FlaskClient, create: Callable[[], str]
) -> None:
    with closing(follow(client)) as response:
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Accel-Buffering"] == "no"
        incident = create()
        client.patch(f"/api/incidents/{incident}", json={"status": "MITIGATED"}, headers={"X-Actor": "Ana"})
        client.patch(f"/api/incidents/{incident}", json={"status": "MITIGATED"})
        created, updated = told(response.response, 2)
    assert (created.type, updated.type) == ("created", "updated")
    history = client.get(f"/api/incidents/{incident}/events").get_json()["items"]
    assert [{**history[0], "incident": created.data["incident"]}, history[1]] == [
        created.data,
        {name: value for name, value in updated.data.items() if name != "incident"},
    ]
    assert updated.data["incident"] == client.get(f"/api/incidents/{incident}").get_json()
    assert created.data["incident"]["summary"] == BODY["summary"].strip()


def test_a_stream_continues_after_any_event_and_begins_with_the_present(
    client: FlaskClient, create: Callable[[], str]
) -> None:
    with closing(follow(client)) as response:
        before = opening(response.response)
        for _ in range(5):
            create()
        events = told(response.response, 5)
    assert len({event.id for event in events}) == 5
    for number, place in enumerate([before, *events]):
        for options in (
            {"headers": {"Last-Event-ID": place.id}},
            {"query_string": {"after": place.id}},
            # As a browser reconnects: the header knows more than the address.
            {"headers": {"Last-Event-ID": place.id}, "query_string": {"after": before.id}},
        ):
            with closing(follow(client, **options)) as response:
                assert opening(response.response) == Message(place.id, None, None)
                assert told(response.response, 5 - number) == events[number:] if number < 5 else True
    with closing(follow(client)) as response:
        assert opening(response.response).id == events[-1].id
        create()
        assert told(response.response, 1)[0].data["incident"]["number"] == 6


def test_what_one_transaction_did_comes_whole_whatever_its_size(fresh_app: Flask, streams: Hub, client: Any) -> None:
    many = 2 * EVENTS_PER_PAGE + 50
    body = client.post("/api/incidents", json=BODY).get_json()
    with closing(streams.open()) as following, connected(fresh_app) as connection, connection.cursor() as cursor:
        start = parse_place(opening(following).id, name="id")
        for _ in range(many):
            cursor.execute(EVENT, (body["id"], "bulk"))
        connection.commit()
        events = told(following, many)
        with closing(streams.open(start)) as again:
            assert told(again, many) == events
    assert [event.data["id"] for event in events] == sorted(event.data["id"] for event in events)
    assert len({event.id.partition("-")[0] for event in events}) == 1


def test_the_present_of_an_empty_log_is_its_beginning(client: FlaskClient, create: Callable[[], str]) -> None:
    with closing(follow(client)) as response:
        assert opening(response.response).id == "0-0"
    create()
    with closing(follow(client, headers={"Last-Event-ID": "0-0"})) as response:
        assert told(response.response, 1)[0].type == "created"


@pytest.mark.parametrize("cursor", ["9223372036854775806-1", "1-1", "0-1", "9000000000-9000000000"])
def test_what_this_log_does_not_have_cannot_be_continued_from(
    client: FlaskClient, create: Callable[[], str], cursor: str
) -> None:
    create()
    with closing(follow(client, headers={"Last-Event-ID": cursor})) as response:
        [reset] = told(response.response, 1)
        assert reset.type == "reset"
        create()
        [event] = told(response.response, 1)
        assert event.data["incident"]["number"] == 2
    # The id of the reset is where to continue from.
    with closing(follow(client, headers={"Last-Event-ID": reset.id})) as response:
        assert told(response.response, 1) == [event]


def test_what_is_older_than_a_week_cannot_be_continued_from(client: FlaskClient, create: Callable[[], str]) -> None:
    with closing(follow(client)) as response:
        for _ in range(3):
            create()
        events = told(response.response, 3)
    db.session.execute(text("UPDATE events SET at = at - interval '169 hours' WHERE id < (SELECT max(id) FROM events)"))
    db.session.commit()
    for cursor, expected in (("0-0", "reset"), (events[0].id, "reset"), (events[1].id, "created")):
        with closing(follow(client, headers={"Last-Event-ID": cursor})) as response:
            assert told(response.response, 1)[0].type == expected
    # Nothing happened since, for whatever time: nothing is missed.
    db.session.execute(text("UPDATE events SET at = at - interval '169 hours'"))
    db.session.commit()
    with closing(follow(client, headers={"Last-Event-ID": events[2].id})) as response:
        create()
        assert told(response.response, 1)[0].type == "created"


NO_IDS = ["", "x", "1", "1-", "-1", "1-2-3", "-1--2", "1.0-2", "1-9223372036854775807", "9" * 19 + "-1", "9" * 20]


@pytest.mark.parametrize("cursor", NO_IDS)
def test_what_is_no_id_is_refused_by_name(client: FlaskClient, cursor: str) -> None:
    problem = check_problem(client.get(STREAM, headers={"Last-Event-ID": cursor}), 400)
    assert problem["detail"].startswith("Last-Event-ID is not the id of an event")
    if cursor:
        problem = check_problem(client.get(STREAM, query_string={"after": cursor}), 400)
        assert problem["detail"].startswith("after is not the id of an event")
    assert list(check_problem(client.get(f"{STREAM}?after="), 422)["errors"]) == ["after"]
    assert list(check_problem(client.get(f"{STREAM}?before=1-1"), 422)["errors"]) == ["before"]


def test_as_many_streams_as_the_server_allows_and_no_more(fresh_app: Flask, create: Callable[[], str]) -> None:
    assert db.engine.url
    app = create_app(
        Settings(
            database_url=db.engine.url.render_as_string(hide_password=False),
            streams=2,
            threads=4,
            cors_origins=("https://status.example.com",),
        )
    )
    client = app.test_client()
    try:
        for _ in range(3):
            running = [follow(client), follow(client)]
            refused = client.get(STREAM)
            assert check_problem(refused, 503)["detail"].startswith("As many event streams are open")
            assert int(refused.headers["Retry-After"]) > 0
            # A refusal, HEAD, and a stream of which nothing was read make room; and no stream counts as a request.
            assert client.get(f"{STREAM}?after=x").status_code == 400
            for _ in range(5):
                assert client.head(STREAM).headers["Content-Type"] == "text/event-stream; charset=utf-8"
                assert client.get("/api/incidents").status_code == 200
            for response in running:
                response.close()
                response.close()
        asked = client.options(
            STREAM,
            headers={
                "Origin": "https://status.example.com",
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "Last-Event-ID",
            },
        )
        assert asked.headers["Access-Control-Allow-Headers"] == "Last-Event-ID"
    finally:
        app.extensions["live"].stop()


@pytest.mark.parametrize("is_busy", [False, True])
def test_a_stream_ends_once_its_client_may_not_read_any_more(
    streams: Hub, create: Callable[[], str], is_busy: bool
) -> None:
    allowed = True
    with closing(streams.open(is_allowed=lambda: allowed)) as following:
        found = messages(following)
        assert next(found) is not None
        assert next(found) is None
        allowed = False
        end = time.monotonic() + 10
        # It ends by itself, with something to tell or without.
        for _ in found:
            assert time.monotonic() < end
            if is_busy:
                create()


def test_silence_is_broken_by_heartbeats(streams: Hub) -> None:
    with closing(streams.open()) as following:
        found = messages(following)
        assert next(found) is not None
        began = time.monotonic()
        assert [next(found) for _ in range(5)] == [None] * 5
    assert 0.3 < time.monotonic() - began < 2


def test_a_slow_client_is_cut_off_and_continues(
    streams: Hub, create: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BACKLOG", 3)
    with closing(streams.open()) as slow, closing(streams.open()) as quick:
        start = opening(slow)
        for number in range(6):
            create()
            # One part each, and the other client is not disturbed.
            assert told(quick, 1)[0].data["incident"]["number"] == number + 1
        rest = [message for message in messages(slow) if message]
        assert len(rest) <= 3
    after = parse_place((rest or [start])[-1].id, name="id")
    with closing(streams.open(after)) as again:
        missed = told(again, 6 - len(rest))
    assert [event.data["incident"]["number"] for event in [*rest, *missed]] == [1, 2, 3, 4, 5, 6]
    assert not streams._clients


def test_what_waits_for_a_client_is_bounded_in_bytes_too(
    streams: Hub, create: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BACKLOG_BYTES", 2_000)
    with closing(streams.open()) as slow, closing(streams.open()) as quick:
        opening(slow)
        # Two parts fit, of somewhat less than a kilobyte each.
        for _ in range(5):
            create()
            assert told(quick, 1)
        assert list(islice(messages(slow), 20)) == []
        assert len(streams._clients) == 1


def test_who_comes_as_the_thread_ends_is_told_so(
    client: FlaskClient, create: Callable[[], str], fresh_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would be told nothing, until somebody else has a thread started."""
    hub = fresh_app.extensions["live"]
    monkeypatch.setattr(hub, "_start", lambda: None)
    assert "interrupted" in check_problem(client.get(STREAM), 503)["detail"]
    monkeypatch.undo()
    with closing(follow(client)) as response:
        create()
        assert told(response.response, 1)[0].type == "created"


def test_nothing_is_passed_on_once_a_stream_is_to_end(streams: Hub, create: Callable[[], str]) -> None:
    """What is taken out after the end has begun may come after something that was thrown away."""
    with closing(streams.open()) as following:
        found = messages(following)
        assert next(found) is not None
        [client] = streams._clients
        client.ended = True
        create()
        assert [message for message in found if message] == []


def test_a_transaction_that_runs_holds_back_what_comes_after_it_until_it_ends(
    fresh_app: Flask, streams: Hub, create: Callable[[], str]
) -> None:
    with closing(streams.open()) as following, connected(fresh_app) as connection:
        found = messages(following)
        start = next(found)
        connection.cursor().execute("SELECT pg_current_xact_id()")
        create()
        assert [next(found) for _ in range(4)] == [None] * 4
        # A stream that begins now, or continues, is not ahead of it.
        for after in (None, start):
            with closing(streams.open(parse_place(after.id, name="id") if after else None)) as another:
                beginning = messages(another)
                assert next(beginning) == start
                assert next(beginning) is None
        # It announces nothing.
        connection.rollback()
        began = time.monotonic()
        message = next(message for message in found if message)
        assert message.type == "created"
        assert time.monotonic() - began < 1


def test_a_lost_connection_costs_nobody_anything(
    streams: Hub, create: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = text(f"SELECT pid {LISTENERS}")
    with closing(streams.open()) as following:
        assert opening(following).id == "0-0"
        for number in range(1, 4):
            [pid] = db.session.execute(listener).scalars().all()
            db.session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            create()
            assert told(following, 1)[0].data["incident"]["number"] == number
            db.session.commit()


def test_after_a_restore_everybody_starts_anew(fresh_app: Flask, streams: Hub, create: Callable[[], str]) -> None:
    create()
    with closing(streams.open()) as following:
        start = parse_place(opening(following).id, name="id")
        # What was told last is not there any more.
        with connected(fresh_app) as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM events")
            cursor.execute(f"SELECT pg_terminate_backend(pid) {LISTENERS}")
            connection.commit()
        assert [message for message in messages(following) if message] == []
    with closing(streams.open(start)) as following:
        [reset] = told(following, 1)
        assert (reset.type, reset.id) == ("reset", "0-0")
        create()
        assert told(following, 1)[0].type == "created"


def test_the_numbers_that_a_dump_brings_from_another_server_are_forgotten_at_the_start(
    fresh_app: Flask, create: Callable[[], str]
) -> None:
    numbers = text("SELECT transaction_id FROM events ORDER BY id")
    create()
    create()
    kept = db.session.execute(numbers).scalars().all()
    db.session.commit()
    upgrade_database(fresh_app)
    assert db.session.execute(numbers).scalars().all() == kept
    db.session.execute(text("UPDATE events SET transaction_id = transaction_id + 1000000 WHERE id = 1"))
    db.session.commit()
    upgrade_database(fresh_app)
    assert db.session.execute(numbers).scalars().all() == [0, 0]
    db.session.commit()
    with hub(fresh_app) as streams, closing(streams.open(Place(kept[1], 2))) as following:
        assert told(following, 1)[0].type == "reset"
        create()
        assert told(following, 1)[0].data["incident"]["number"] == 3


def test_reading_on_takes_a_look_at_what_is_new_alone(
    fresh_app: Flask, streams: Hub, create: Callable[[], str]
) -> None:
    """However long the log is: an index leads to the place."""
    incident = create()
    with connected(fresh_app) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events (incident_id, change_id, type, actor, at, transaction_id)"
            " SELECT %s, gen_random_uuid(), 'updated', 'x', now(), 1 + n %% 50 FROM generate_series(1, 20000) n",
            (incident,),
        )
        connection.commit()
        connection.autocommit = True
        cursor.execute("ANALYZE events")
        place = streams._log.last(lambda sql, values: (cursor.execute(sql, values), cursor.fetchall())[1])

        def explained(sql: str, values: Any) -> list[Any]:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", values)
            [[[plan]]] = cursor.fetchall()
            blocks = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
            assert blocks < 50, sql
            return [(True, True)] if "coalesce" in sql else []

        streams._log.read(explained, place)
        streams._log.last(explained)
        streams._log.continues(explained, place)


def test_where_the_database_is_away_a_stream_is_refused_and_room_is_left() -> None:
    app = create_app(Settings(database_url="postgresql+psycopg2://postgres@127.0.0.1:1/nothing", streams=1))
    for _ in range(3):
        response = app.test_client().get(STREAM)
        assert "database does not answer" in check_problem(response, 503)["detail"]
        assert int(response.headers["Retry-After"]) > 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_whatever_ends_the_thread_the_next_stream_starts_another(
    streams: Hub, create: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = streams._log.read
    with closing(streams.open()) as following:
        assert opening(following).id == "0-0"
        with monkeypatch.context() as patch:
            patch.setattr(streams._log, "read", lambda *_: 1 / 0)
            assert [message for message in messages(following) if message] == []
            wait_until(lambda: streams._thread is None, "the end of the thread")
    assert streams._log.read == read
    with closing(streams.open()) as following:
        create()
        assert told(following, 1)[0].type == "created"


def test_a_database_that_goes_away_as_the_first_stream_opens_refuses_it_and_the_next_one_is_served(
    client: FlaskClient, create: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    create()

    def last(_log: EventLog, _run: Any) -> Place:
        raise psycopg2.OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patched:
        patched.setattr(EventLog, "last", last)
        response = client.get(STREAM)
    assert "database does not answer" in check_problem(response, 503)["detail"]
    assert "Retry-After" in response.headers
    with db.engine.connect() as connection:
        wait_until(
            lambda: connection.execute(text(f"SELECT count(*) {LISTENERS}")).scalar_one() == 0,
            "the connection to close",
        )
    with closing(follow(client)) as response:
        assert opening(response.response).id


def test_it_follows_however_many_files_are_open(streams: Hub, create: Callable[[], str]) -> None:
    """`select` would know none above 1023."""
    if allow_open_files(1200) < 1200:
        pytest.skip("so many files may not be open here")
    create()
    with ExitStack() as stack:
        while (file := os.open(os.devnull, os.O_RDONLY)) < 1024:
            stack.callback(os.close, file)
        stack.callback(os.close, file)
        with closing(streams.open()) as stream:
            made = create()
            (message,) = told(stream, 1)
            assert message.data["incidentId"] == made
