"""The views in open mode: the built-in ones, those that were saved, and their order, shared by everybody."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.test_rules import check_problem
from tracker.database import reader
from tracker.incidents.filters import IncidentFilter
from tracker.incidents.queries import Total, count_matching
from tracker.views import counting, routes
from tracker.views.models import VIEWS_MAX

BUILT_IN = ["open", "mine", "unassigned", "sev1-2", "resolved", "all"]
ANA, BO = {"X-Actor": "Ana"}, {"X-Actor": "Bo"}


def save(client: FlaskClient, name: str = "Payments", headers: dict[str, str] = ANA, **fields: Any) -> Any:
    response = client.post("/api/views", json={"name": name, **fields}, headers=headers)
    assert response.status_code == 201, response.text
    # As it is from now on; the answer to a write has no count.
    return client.get(response.headers["Location"], headers=headers).get_json()


def views(client: FlaskClient, headers: dict[str, str] = ANA) -> Any:
    response = client.get("/api/views", headers=headers)
    assert response.status_code == 200, response.text
    return response.get_json()


def ids(client: FlaskClient, headers: dict[str, str] = ANA) -> list[str]:
    return [view["id"] for view in views(client, headers)["items"]]


def uncounted(found: Any) -> Any:
    """As the answer to a write has them."""
    return {**found, "items": [{**view, "count": None} for view in found["items"]]}


def arrange(client: FlaskClient, headers: dict[str, str] = ANA, **body: Any) -> Any:
    return client.patch("/api/views", json=body, headers=headers)


def counts(client: FlaskClient, headers: dict[str, str] = ANA) -> dict[str, int | None]:
    return {view["id"]: view["count"] for view in views(client, headers)["items"]}


def test_everybody_has_the_built_in_ones(client: FlaskClient) -> None:
    for headers in ({}, ANA):
        found = views(client, headers)
        assert found["default"] == "open"
        assert [
            (view["id"], view["name"], view["q"], view["sortBy"], view["order"], view["density"])
            for view in found["items"]
        ] == [
            ("open", "Open", "status:open,mitigated", "severity", "desc", None),
            ("mine", "Mine", "status:open,mitigated owner:me", "severity", "desc", None),
            ("unassigned", "Unassigned", "status:open,mitigated owner:none", "severity", "desc", None),
            ("sev1-2", "SEV1–2", "status:open,mitigated sev:1,2", "severity", "desc", None),
            ("resolved", "Resolved", "status:resolved", "updatedAt", "desc", None),
            ("all", "All", "", "createdAt", "desc", None),
        ]
        assert all(view["builtIn"] for view in found["items"])


def test_a_saved_view_is_kept_as_it_was_given(client: FlaskClient) -> None:
    body = {"name": "Payments", "q": ' service:"data lake"  -batch', "sortBy": "owner", "order": "asc"}
    answer = client.post("/api/views", json={**body, "density": "compact"}, headers=ANA)
    assert answer.status_code == 201
    view = answer.get_json()
    assert view == {
        **body,
        "density": "compact",
        "id": str(UUID(view["id"])),
        "builtIn": False,
        "count": None,
        "countIsExact": True,
    }
    assert answer.headers["Location"] == f"/api/views/{view['id']}"
    view["count"] = 0
    assert client.get(answer.headers["Location"], headers=ANA).get_json() == view
    assert client.get(answer.headers["Location"].upper().replace("/API/VIEWS", "/api/views"), headers=ANA).json == view
    assert views(client)["items"][-1] == view
    assert ids(client) == [*BUILT_IN, view["id"]]
    assert client.get("/api/views/open", headers=ANA).get_json() == views(client)["items"][0]


def test_a_name_is_enough(client: FlaskClient) -> None:
    view = save(client, "  Everything\t")
    assert (view["name"], view["q"], view["sortBy"], view["order"]) == ("Everything", "", "createdAt", "desc")
    assert view["density"] is None


def test_everybody_shares_the_views(client: FlaskClient) -> None:
    view = save(client)
    address = f"/api/views/{view['id']}"
    for headers in (BO, {}, {"X-Actor": "ana"}):
        assert client.get(address, headers=headers).get_json() == view
        name = f"Renamed by {headers}"
        assert client.patch(address, json={"name": name}, headers=headers).get_json()["name"] == name
        assert arrange(client, headers, order=[view["id"], *BUILT_IN], default=view["id"]).status_code == 200
        view = client.get(address, headers=ANA).get_json()
        assert view["name"] == name
        assert views(client)["default"] == view["id"]
        assert ids(client) == ids(client, headers) == [view["id"], *BUILT_IN]
    assert client.delete(address, headers=BO).status_code == 204
    assert ids(client) == BUILT_IN


def test_a_view_that_there_is_not_cannot_be_arranged(client: FlaskClient) -> None:
    gone = save(client)["id"]
    client.delete(f"/api/views/{gone}", headers=BO)
    problem = check_problem(arrange(client, order=[*BUILT_IN, gone], default=gone), 422)
    assert problem["errors"] == {
        "order": [f"There is no view '{gone}'."],
        "default": [f"There is no view '{gone}'."],
    }


@pytest.mark.parametrize(
    "reference",
    ["x", "OPEN", "INC-1", str(uuid4()), "%00", "%C3%A9", "9" * 5000, "{00000000-0000-0000-0000-000000000000}"],
)
def test_what_there_is_not_is_not_found(client: FlaskClient, reference: str) -> None:
    address = f"/api/views/{reference}"
    check_problem(client.get(address), 404)
    check_problem(client.patch(address, json={"name": "x"}), 404)
    check_problem(client.delete(address), 404)


def test_what_is_changed_is_changed_and_the_rest_stays(client: FlaskClient) -> None:
    view = save(client, q="status:open", sortBy="owner", order="asc", density="compact")
    address = f"/api/views/{view['id']}"
    for change in (
        {},
        {"name": "PAYMENTS"},
        {"name": "Another"},
        {"q": ""},
        {"q": "owner:me"},
        {"sortBy": "title"},
        {"order": "desc"},
        {"density": None},
        {"density": "comfortable", "name": "Payments", "q": "status:resolved"},
    ):
        view = {**view, **change}
        assert client.patch(address, json=change, headers=ANA).get_json() == {**view, "count": None}
        assert client.get(address, headers=ANA).get_json() == view
    assert ids(client) == [*BUILT_IN, view["id"]]


def test_the_built_in_ones_cannot_be_changed_or_deleted(client: FlaskClient) -> None:
    before = views(client)
    for view in before["items"]:
        address = f"/api/views/{view['id']}"
        for response in (
            client.patch(address, json={"name": "Mine now"}, headers=ANA),
            client.patch(address, json={}, headers=ANA),
            client.delete(address, headers=ANA),
        ):
            problem = check_problem(response, 409)
            assert problem["detail"].startswith(f"{view['name']} is built in")
            assert problem["type"] == "urn:incident-tracker:problem:built-in"
    assert views(client) == before


def test_what_is_deleted_is_gone(client: FlaskClient) -> None:
    first, second = save(client, "First"), save(client, "Second")
    answer = client.delete(f"/api/views/{first['id']}", headers=ANA)
    assert (answer.status_code, answer.data) == (204, b"")
    assert ids(client) == [*BUILT_IN, second["id"]]
    check_problem(client.delete(f"/api/views/{first['id']}", headers=ANA), 404)
    assert save(client, "First")["id"] != first["id"]


@pytest.mark.parametrize("name", ["Payments", "payments", " PAYMENTS ", "open", "Sev1–2"])
def test_a_name_is_used_once_letter_case_aside(client: FlaskClient, name: str) -> None:
    save(client)
    other = save(client, "Other")
    for response in (
        client.post("/api/views", json={"name": name}, headers=ANA),
        client.patch(f"/api/views/{other['id']}", json={"name": name}, headers=ANA),
    ):
        problem = check_problem(response, 422)
        assert problem["errors"] == {"name": ["There is a view of this name already."]}
    assert [view["name"] for view in views(client)["items"][6:]] == ["Payments", "Other"]


def test_a_name_that_somebody_else_gave_is_taken(client: FlaskClient) -> None:
    save(client)
    problem = check_problem(client.post("/api/views", json={"name": "payments"}, headers=BO), 422)
    assert problem["errors"] == {"name": ["There is a view of this name already."]}


@pytest.mark.parametrize(
    "name", ["ÄRGER", "Überblick", "İ", "ǅ", "ß", "Σίσυφος", "支付", "🔥", "%", "\\", "'; --", "<b>x</b>"]
)
def test_any_text_is_a_name(client: FlaskClient, name: str) -> None:
    view = save(client, name)
    assert view["name"] == name
    for again in (name, name.lower(), name.upper(), name.casefold()):
        response = client.post("/api/views", json={"name": again}, headers=ANA)
        # What PostgreSQL takes for the same letter, it takes for the same everywhere: never an error of ours.
        assert response.status_code in (201, 422)
    check_problem(client.post("/api/views", json={"name": name}, headers=ANA), 422)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"name": ""}, "name"),
        ({"name": " \n"}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": None}, "name"),
        ({"name": 1}, "name"),
        ({"q": None}, "q"),
        ({"q": 1}, "q"),
        ({"q": "x" * 501}, "q"),
        ({"q": "a\0b"}, "q"),
        ({"q": "colour:red"}, "q"),
        ({"sortBy": "colour"}, "sortBy"),
        ({"sortBy": None}, "sortBy"),
        ({"sort_by": "title"}, "sort_by"),
        ({"order": "up"}, "order"),
        ({"density": "tiny"}, "density"),
        ({"density": ""}, "density"),
        ({"id": "open"}, "id"),
        ({"builtIn": True}, "builtIn"),
        ({"count": 1}, "count"),
    ],
)
def test_what_is_not_valid_is_refused(client: FlaskClient, fields: dict[str, Any], named: str) -> None:
    view = save(client)
    for response in (
        client.post("/api/views", json={"name": "New", **fields}, headers=ANA),
        client.patch(f"/api/views/{view['id']}", json=fields, headers=ANA),
    ):
        assert list(check_problem(response, 422)["errors"]) == [named]
    assert views(client)["items"][6:] == [view]


def test_the_longest_name_and_query_are_kept(client: FlaskClient) -> None:
    view = save(client, "é" * 60, q=f"{'x' * 250} {'y' * 249}")
    assert client.get(f"/api/views/{view['id']}", headers=ANA).get_json() == view
    assert "name" in check_problem(client.post("/api/views", json={}, headers=ANA), 422)["errors"]


def test_a_mistake_in_a_query_is_pointed_at_where_it_stands(client: FlaskClient) -> None:
    query = "  🔥 status:closed"
    problem = check_problem(client.post("/api/views", json={"name": "New", "q": query}, headers=ANA), 422)
    listed = check_problem(client.get("/api/incidents", query_string={"q": query}), 422)
    assert problem["mistakes"] == listed["mistakes"]
    assert problem["errors"] == {"q": listed["errors"]["q"]}
    ((start, end),) = [(mistake["start"], mistake["end"]) for mistake in problem["mistakes"]]
    assert query[start:end] == "closed"


def test_there_may_be_fifty(client: FlaskClient) -> None:
    saved = [save(client, f"View {number}") for number in range(VIEWS_MAX)]
    for headers in (ANA, BO):
        problem = check_problem(client.post("/api/views", json={"name": "One more"}, headers=headers), 409)
        assert "50 saved views" in problem["detail"]
    assert ids(client) == [*BUILT_IN, *(view["id"] for view in saved)]
    order = ids(client)[::-1]
    assert arrange(client, order=order).status_code == 200
    assert ids(client) == order
    client.delete(f"/api/views/{saved[0]['id']}", headers=ANA)
    save(client, "One more")


def test_views_come_in_the_order_that_was_chosen(client: FlaskClient) -> None:
    first, second = save(client, "First")["id"], save(client, "Second")["id"]
    assert ids(client) == [*BUILT_IN, first, second]
    order = [second, "all", "mine", first, "open", "resolved", "unassigned", "sev1-2"]
    answer = arrange(client, order=order)
    assert answer.status_code == 200
    assert answer.get_json() == uncounted(views(client))
    assert ids(client) == order
    # New ones come last, and one that goes leaves no hole.
    third = save(client, "Third")["id"]
    assert ids(client) == [*order, third]
    client.delete(f"/api/views/{first}", headers=ANA)
    assert ids(client) == [identifier for identifier in [*order, third] if identifier != first]


def test_the_default_is_one_of_the_views_and_open_again_when_it_goes(client: FlaskClient) -> None:
    view = save(client)["id"]
    for default in (view, "all", view):
        answer = arrange(client, default=default)
        assert answer.get_json()["default"] == views(client)["default"] == default
        assert ids(client) == [*BUILT_IN, view]
    both = arrange(client, order=[view, *BUILT_IN], default="mine").get_json()
    assert (both["default"], both["items"][0]["id"]) == ("mine", view)
    arrange(client, default=view)
    assert arrange(client).get_json() == uncounted(views(client))
    assert views(client)["default"] == view
    client.delete(f"/api/views/{view}", headers=ANA)
    assert views(client)["default"] == "open"
    assert arrange(client, order=BUILT_IN).get_json()["default"] == "open"


def test_an_order_names_every_view_once(client: FlaskClient) -> None:
    view = save(client)["id"]
    whole = [*BUILT_IN, view]
    unknown = "x" * 50
    for order, says in (
        (BUILT_IN, [f"Missing: '{view}'."]),
        ([view], ["Missing: " + ", ".join(f"'{name}'" for name in BUILT_IN) + "."]),
        ([], ["Missing: " + ", ".join(f"'{name}'" for name in whole) + "."]),
        ([*whole, "nope", "'"], ["There is no view 'nope', \"'\"."]),
        ([*whole, view, "all", view], [f"Named twice: 'all', '{view}'."]),
        (
            [*BUILT_IN[1:], "open", "open", unknown],
            [f"There is no view '{'x' * 40}…'.", "Named twice: 'open'.", f"Missing: '{view}'."],
        ),
    ):
        problem = check_problem(arrange(client, order=order, default="all"), 422)
        assert problem["errors"] == {"order": says}
    assert (ids(client), views(client)["default"]) == (whole, "open")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"order": None}, "order"),
        ({"order": "open"}, "order"),
        ({"order": [1]}, "order"),
        ({"order": ["open"] * 57}, "order"),
        ({"order": ["x"] * 200_000}, "order"),
        ({"default": None}, "default"),
        ({"default": "nope"}, "default"),
        ({"default": "a\0b"}, "default"),
        ({"items": []}, "items"),
    ],
)
def test_what_is_no_arrangement_is_refused(client: FlaskClient, body: dict[str, Any], named: str) -> None:
    assert list(check_problem(arrange(client, **body), 422)["errors"]) == [named]
    assert ids(client) == BUILT_IN


def test_each_view_says_how_many_incidents_it_shows(client: FlaskClient, create: Any) -> None:
    create(severity="SEV1", owner="Ana")
    create(severity="SEV2", status="MITIGATED")
    create(severity="SEV3", owner="Bo")
    create(severity="SEV4", status="RESOLVED", owner="Ana", title="Checkout is down")
    shown = {"open": 3, "mine": 1, "unassigned": 1, "sev1-2": 2, "resolved": 1, "all": 4}
    assert counts(client) == shown
    assert counts(client, {"X-Actor": "Cy"}) == {**shown, "mine": 0}
    assert counts(client, {}) == {**shown, "mine": None}
    queries = {
        "sev:1 sev:2": 0,
        "-owner:ana": 4,
        "owner:Ana,none": 3,
        "-owner:none,Bo": 2,
        "checkout": 1,
        "-checkout": 3,
        "owner:me": 2,
        "created:<1h": 4,
        "created:>1h": 0,
        "status:open checkout": 0,
        "INC-1 INC-2": 0,
    }
    saved = {save(client, f"View {number}", q=query)["id"]: query for number, query in enumerate(queries)}
    found = counts(client)
    assert {query: found[identifier] for identifier, query in saved.items()} == queries
    for view in views(client)["items"]:
        total = client.get("/api/incidents", query_string={"q": view["q"]}, headers=ANA).get_json()["total"]
        assert (view["count"], view["countIsExact"]) == (total, True), view["q"]
        assert client.get(f"/api/views/{view['id']}", headers=ANA).get_json() == view


def test_me_is_whoever_asks(client: FlaskClient, create: Any) -> None:
    create(owner="Ana")
    create(owner="anonymous")
    view = save(client, q="owner:me", headers={})
    assert view["q"] == "owner:me"
    # Who says no name is nobody.
    assert (view["count"], view["countIsExact"]) == (None, True)
    for name, count in (("Ana", 1), ("anonymous", 1), ("Bo", 0)):
        assert counts(client, {"X-Actor": name})[view["id"]] == count


def test_counting_stops_where_the_list_stops(client: FlaskClient, create: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        create()
    monkeypatch.setattr("tracker.incidents.queries.COUNT_LIMIT", 3)
    save(client, q="broke")
    broken = views(client)["items"][-1]
    assert (broken["count"], broken["countIsExact"]) == (3, False)
    # What is kept need not be counted.
    assert counts(client)["all"] == 4


def test_views_that_would_take_too_long_have_no_count(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = fresh_app.test_client()
    client.post("/api/incidents", json={"title": "Checkout broke", "service": "checkout-web", "severity": "SEV3"})
    for query in ("broke", "slow", "broke", "sev:3"):
        save(client, f"Shows {len(views(client)['items'])}", q=query)

    def count_slowly(which: IncidentFilter) -> Total:
        if "slow" in which.words:
            reader.rows("SELECT pg_sleep(%(seconds)s)", {"seconds": 60})
        return count_matching(which)

    monkeypatch.setattr(counting, "count_matching", count_slowly)
    # What is kept need not be counted.
    assert list(counts(client).values())[6:] == [1, None, None, 1]
    # The connections are as they were.
    monkeypatch.setattr(counting, "count_matching", count_matching)
    for _ in range(20):
        assert list(counts(client).values())[6:] == [1, 0, 1, 1]
    assert reader.rows("SELECT setting = reset_val FROM pg_settings WHERE name = 'statement_timeout'", {}) == [(True,)]


def test_writing_counts_nothing(client: FlaskClient, create: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its transaction would be open meanwhile, and the stream of events waits for the oldest one."""
    create()
    monkeypatch.setattr(routes, "count_views", lambda *_args, **_named: pytest.fail("was counted"))
    view = client.post("/api/views", json={"name": "Search", "q": "broke"}, headers=ANA).get_json()
    renamed = client.patch(f"/api/views/{view['id']}", json={"name": "Renamed"}, headers=ANA).get_json()
    arranged = client.patch("/api/views", json={"default": view["id"]}, headers=ANA).get_json()
    assert [view["count"], renamed["count"]] == [None, None]
    assert {one["count"] for one in arranged["items"]} == {None}


def test_all_that_is_kept_is_read_at_once(client: FlaskClient, create: Any, statements: list[str]) -> None:
    create()
    for number in range(20):
        save(client, f"View {number}", q=f"sev:1,2,3 -service:s{number} owner:none,me")
    statements.clear()
    assert set(list(counts(client).values())[6:]) == {1}
    assert len(statements) == 2


def test_who_asks_must_be_a_name(client: FlaskClient) -> None:
    for response in (
        client.get("/api/views", headers={"X-Actor": "%ff"}),
        client.get("/api/views/open", headers={"X-Actor": "x" * 121}),
        client.post("/api/views", json={"name": "x"}, headers={"X-Actor": ""}),
        client.patch("/api/views", json={"default": "all"}, headers={"X-Actor": "%ff"}),
        client.delete("/api/views/open", headers={"X-Actor": "%ff"}),
    ):
        assert list(check_problem(response, 422)["errors"]) == ["X-Actor"]
    assert (ids(client), views(client)["default"]) == (BUILT_IN, "open")
