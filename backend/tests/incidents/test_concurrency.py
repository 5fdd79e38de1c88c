"""Writers at the same time, each on a connection of its own."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask

WRITERS = 50
BODY = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}


def test_one_writer_wins_each_version(fresh_app: Flask) -> None:
    incident = fresh_app.test_client().post("/api/incidents", json=BODY).get_json()
    address = f"/api/incidents/{incident['id']}"

    def change(writer: int) -> int:
        response = fresh_app.test_client().patch(
            address, json={"title": f"Title of {writer}"}, headers={"If-Match": '"1"', "X-Actor": f"writer-{writer}"}
        )
        return response.status_code

    with ThreadPoolExecutor(4) as pool:
        assert Counter(pool.map(change, range(WRITERS))) == {200: 1, 412: WRITERS - 1}
    found = fresh_app.test_client().get(address).get_json()
    events = fresh_app.test_client().get(f"{address}/events").get_json()["items"]
    assert found["version"] == len(events) == 2
    assert found["title"] == f"Title of {events[1]['actor'].removeprefix('writer-')}"


def test_writers_without_a_precondition_lose_nothing(fresh_app: Flask) -> None:
    incident = fresh_app.test_client().post("/api/incidents", json=BODY).get_json()
    address = f"/api/incidents/{incident['id']}"
    fields = {
        "title": "Another title",
        "service": "payments-api",
        "severity": "SEV2",
        "owner": "Ana",
        "summary": "Text",
    }

    def change(field: tuple[str, str]) -> dict[str, Any]:
        body: dict[str, Any] = fresh_app.test_client().patch(address, json=dict([field])).get_json()
        return body

    with ThreadPoolExecutor(4) as pool:
        versions = sorted(answer["version"] for answer in pool.map(change, fields.items()))
    assert versions == [2, 3, 4, 5, 6]
    found = fresh_app.test_client().get(address).get_json()
    assert {name: found[name] for name in fields} == fields
    events = fresh_app.test_client().get(f"{address}/events").get_json()["items"]
    assert Counter(name for event in events[1:] for name in event["changes"]) == Counter(list(fields))


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
