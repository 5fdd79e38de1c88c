"""Writers at the same time, each on a connection of its own."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask

from tracker import create_app
from tracker.config import Settings
from tracker.startup import upgrade_database

WRITERS = 50
BODY = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}


@pytest.fixture
def crowded(empty_database: str) -> Flask:
    """An application with a connection for every writer, so that all of them meet at the incident."""
    app = create_app(Settings(database_url=empty_database, threads=8 * WRITERS))
    upgrade_database(app)
    return app


def test_one_writer_wins_each_version(crowded: Flask) -> None:
    """Each adds its number to what it has seen. Who is too late looks again, and in the end all numbers are there."""
    incident = crowded.test_client().post("/api/incidents", json=BODY).get_json()
    address = f"/api/incidents/{incident['id']}"
    start = Barrier(WRITERS)

    def write(writer: int) -> int:
        client, seen = crowded.test_client(), incident
        start.wait()
        while True:
            summary = f"{seen['summary'] or 'Writers:'} {writer}"
            answer = client.patch(address, json={"summary": summary}, headers={"If-Match": f'"{seen["version"]}"'})
            if answer.status_code == 200:
                assert answer.get_json()["version"] == seen["version"] + 1
                return int(answer.get_json()["version"])
            assert answer.status_code == 412, answer.text
            assert answer.get_json()["current"]["version"] > seen["version"]
            seen = answer.get_json()["current"]

    with ThreadPoolExecutor(WRITERS) as pool:
        versions = list(pool.map(write, range(WRITERS)))
    assert sorted(versions) == list(range(2, WRITERS + 2))
    found = crowded.test_client().get(address).get_json()
    assert found["version"] == WRITERS + 1
    # In the order of the versions that they won.
    assert found["summary"].split()[1:] == [str(versions.index(version)) for version in sorted(versions)]
    events = crowded.test_client().get(f"{address}/events").get_json()["items"]
    texts = [event["changes"]["summary"] for event in events[1:]]
    assert [before for before, _ in texts] == [None, *(after for _, after in texts[:-1])]
    assert texts[-1][1] == found["summary"]
    assert len(texts) == WRITERS


def test_writers_without_a_precondition_lose_nothing(crowded: Flask) -> None:
    incident = crowded.test_client().post("/api/incidents", json=BODY).get_json()
    address = f"/api/incidents/{incident['id']}"
    fields = {
        "title": "Another title",
        "service": "payments-api",
        "severity": "SEV2",
        "owner": "Ana",
        "summary": "Text",
    }
    comments = [f"Comment {number}" for number in range(5)]
    start = Barrier(len(fields) + len(comments))

    def change(name: str) -> int:
        client = crowded.test_client()
        start.wait()
        if name in ("service", "severity"):
            bulk = {"ids": [incident["id"]], "set": {name: fields[name]}}
            return int(client.post("/api/incidents/bulk", json=bulk).get_json()["items"][0]["version"])
        return int(client.patch(address, json={name: fields[name]}).get_json()["version"])

    def comment(text: str) -> int:
        client = crowded.test_client()
        start.wait()
        return client.post(f"{address}/comments", json={"body": text}).status_code

    with ThreadPoolExecutor(start.parties) as pool:
        commented = pool.map(comment, comments)
        versions = sorted(pool.map(change, fields))
    assert versions == [2, 3, 4, 5, 6]
    assert list(commented) == [201] * len(comments)
    found = crowded.test_client().get(address).get_json()
    assert {name: found[name] for name in fields} == fields
    events = crowded.test_client().get(f"{address}/events").get_json()["items"]
    assert Counter(name for event in events[1:] for name in event["changes"]) == Counter(list(fields))
    assert sorted(event["comment"] for event in events if event["comment"]) == comments


def test_creates_at_the_same_time_have_numbers_of_their_own(fresh_app: Flask) -> None:
    def create(_: int) -> int:
        response = fresh_app.test_client().post("/api/incidents", json=BODY)
        assert response.status_code == 201
        number: int = response.get_json()["number"]
        return number

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(create, range(WRITERS)))
    assert len(set(numbers)) == WRITERS
    assert fresh_app.test_client().get("/api/incidents").get_json()["total"] == WRITERS
