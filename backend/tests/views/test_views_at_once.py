"""Writers of the same views at the same time, each on a connection of its own."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from tracker import create_app
from tracker.config import Settings
from tracker.extensions import db
from tracker.startup import upgrade_database
from tracker.views.models import BUILT_IN, VIEWS_MAX

WRITERS = 16
ROUNDS = 5


@pytest.fixture
def crowded(empty_database: str) -> Iterator[Flask]:
    """An application with a connection for every writer, so that all of them meet."""
    app = create_app(Settings(database_url=empty_database, threads=8 * WRITERS))
    upgrade_database(app)
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def at_once(app: Flask, calls: list[Callable[[Any], Any]]) -> list[Any]:
    """What each call is answered, all made at the same time."""
    start = Barrier(len(calls))

    def make(call: Callable[[Any], Any]) -> Any:
        client = app.test_client()
        start.wait()
        return call(client)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(make, calls))


def listed(app: Flask) -> list[str]:
    found = app.test_client().get("/api/views").get_json()["items"]
    return [view["id"] for view in found]


def saving(name: str) -> Callable[[Any], Any]:
    return lambda client: client.post("/api/views", json={"name": name})


def arranging(**body: Any) -> Callable[[Any], Any]:
    return lambda client: client.patch("/api/views", json=body)


def statuses(answers: list[Any]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_of_one_name_there_is_one_view(crowded: Flask) -> None:
    for number in range(ROUNDS):
        names = [f"View {number}", f"VIEW {number}"] * (WRITERS // 2)
        answers = at_once(crowded, [saving(name) for name in names])
        assert statuses(answers) == {201: 1, 422: WRITERS - 1}
    assert len(listed(crowded)) == len(BUILT_IN) + ROUNDS


def test_a_new_view_and_a_renamed_one_do_not_get_the_same_name(crowded: Flask) -> None:
    for number in range(ROUNDS):
        renamed = crowded.test_client().post("/api/views", json={"name": f"Old {number}"}).get_json()["id"]

        def rename(client: Any, renamed: str = renamed, name: str = f"new {number}") -> Any:
            return client.patch(f"/api/views/{renamed}", json={"name": name})

        answers = at_once(crowded, [saving(f"New {number}"), rename] * (WRITERS // 2))
        found = crowded.test_client().get("/api/views").get_json()["items"]
        assert [view["name"].lower() for view in found].count(f"new {number}") == 1
        # Who renames to what it is called already is right each time.
        assert set(statuses(answers)) <= {200, 201, 422}


def test_no_more_are_saved_than_there_may_be(crowded: Flask) -> None:
    for number in range(VIEWS_MAX - 3):
        assert saving(f"View {number}")(crowded.test_client()).status_code == 201
    answers = at_once(crowded, [saving(f"More {number}") for number in range(WRITERS)])
    assert statuses(answers) == {201: 3, 409: WRITERS - 3}
    assert len(listed(crowded)) == len(BUILT_IN) + VIEWS_MAX


def test_first_views_at_once_are_all_there(crowded: Flask) -> None:
    answers = at_once(crowded, [saving(f"View {number}") for number in range(WRITERS)])
    assert statuses(answers) == {201: WRITERS}
    assert set(listed(crowded)) == {*BUILT_IN, *(answer.get_json()["id"] for answer in answers)}


def test_of_arrangements_at_once_one_is_kept_whole(crowded: Flask) -> None:
    for number in range(4):
        saving(f"View {number}")(crowded.test_client())
    views = listed(crowded)
    orders = [[*views[number % 10 :], *views[: number % 10]] for number in range(WRITERS)]
    for _ in range(ROUNDS):
        answers = at_once(crowded, [arranging(order=order, default=order[0]) for order in orders])
        assert statuses(answers) == {200: WRITERS}
        for order, answer in zip(orders, answers, strict=True):
            assert [view["id"] for view in answer.get_json()["items"]] == order
        found = crowded.test_client().get("/api/views").get_json()
        order = [view["id"] for view in found["items"]]
        assert order in orders
        assert found["default"] == order[0]


def test_arranging_beside_saving_and_deleting_loses_no_view(crowded: Flask) -> None:
    for number in range(ROUNDS):
        client = crowded.test_client()
        going = saving(f"Going {number}")(client).get_json()["id"]
        client.patch("/api/views", json={"default": going})
        views = listed(crowded)
        order = views[::-1]

        def delete(client: Any, going: str = going) -> Any:
            return client.delete(f"/api/views/{going}")

        answers = at_once(
            crowded, [arranging(order=order), delete, saving(f"New {number}"), arranging(order=order), delete]
        )
        assert Counter(answers[index].status_code for index in (1, 4)) == {204: 1, 404: 1}
        assert answers[2].status_code == 201
        # Who comes after one of the others is told what has changed.
        assert {answers[index].status_code for index in (0, 3)} <= {200, 422}
        kept = order if 200 in (answers[0].status_code, answers[3].status_code) else views
        new = answers[2].get_json()["id"]
        assert listed(crowded) == [*(view for view in kept if view != going), new]
        assert crowded.test_client().get("/api/views").get_json()["default"] == "open"
