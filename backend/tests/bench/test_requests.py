"""The list of requests covers what the API has, and every answer to it can be checked."""

from itertools import combinations, product

import orjson
import pytest
from sqlalchemy import Engine

from bench.checks import FACETS, SORT_COLUMNS, WrongAnswerError, check
from bench.requests import FACET_LIST, GROUPS, LIST, Request, requests_for
from bench.samples import choose
from tests.bench.conftest import InProcess
from tracker.incidents.models import SORT_KEYS
from tracker.incidents.schemas import Facets, FilterArguments

FILTERS = list(FilterArguments().fields)


@pytest.fixture
def requests(demo: Engine) -> list[Request]:
    """The list, made for the small database."""
    with demo.connect() as connection:
        return requests_for(choose(connection))


def test_a_request_has_one_name(requests: list[Request]) -> None:
    names = [request.name for request in requests]
    assert len(set(names)) == len(names)
    assert {request.group.title for request in requests} == {group.title for group in GROUPS}


def test_each_filter_is_measured_alone_and_with_each_other(requests: list[Request]) -> None:
    measured = {frozenset(request.parameters) for request in requests if request.path == LIST}
    wanted = [*combinations(FILTERS, 1), *combinations(FILTERS, 2)]
    assert [names for names in wanted if frozenset(names) not in measured] == []


def test_each_filter_is_measured_under_the_facets(requests: list[Request]) -> None:
    measured = {frozenset(request.parameters) for request in requests if request.path == FACET_LIST}
    assert [name for name in FILTERS if frozenset([name]) not in measured] == []
    assert frozenset() in measured
    assert list(Facets().fields) == [*FACETS, "estimated"]


def test_each_sort_is_measured_both_ways_and_by_cursor(requests: list[Request]) -> None:
    plain = [dict(request.parameters) for request in requests if request.after_page is None]
    for name, order in product(SORT_KEYS, ("asc", "desc")):
        assert {"sort_by": name, "order": order} in plain, f"{name} {order}"
    continued = [request.parameters.get("sort_by") for request in requests if request.after_page is not None]
    assert set(SORT_KEYS) <= set(continued)
    assert set(SORT_COLUMNS) == set(SORT_KEYS)


def test_the_data_decides_and_nothing_else(demo: Engine) -> None:
    with demo.connect() as connection:
        assert choose(connection) == choose(connection)


def test_every_request_is_answered_right(demo: Engine, server: InProcess, requests: list[Request]) -> None:
    with demo.connect() as connection:
        checked = [check(request, server, connection) for request in requests]
    assert [request.name for request in checked] == [request.name for request in requests]
    assert any("cursor" in request.parameters for request in checked)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (LIST, lambda answer: {**answer, "items": answer["items"][1:]}),
        (LIST, lambda answer: {**answer, "items": answer["items"][::-1]}),
        (LIST, lambda answer: {**answer, "total": answer["total"] + 1}),
        (LIST, lambda answer: {**answer, "totalIsExact": False}),
        (FACET_LIST, lambda answer: {**answer, "severity": answer["severity"][1:]}),
    ],
)
def test_a_wrong_answer_is_noticed(demo: Engine, server: InProcess, path: str, wrong: object) -> None:
    assert callable(wrong)
    request = Request(name="this one", group=GROUPS[0], path=path, parameters={"severity": "SEV1,SEV3"})
    server.change = lambda body: orjson.dumps(wrong(orjson.loads(body)))
    with demo.connect() as connection, pytest.raises(WrongAnswerError, match="this one"):
        check(request, server, connection)


def test_two_different_answers_to_equal_requests_are_noticed(demo: Engine, server: InProcess) -> None:
    answers = iter([b" ", b""])
    server.change = lambda body: body + next(answers)
    with demo.connect() as connection, pytest.raises(WrongAnswerError, match="two equal requests"):
        check(Request(name="this one", group=GROUPS[0]), server, connection)


def test_an_error_is_noticed(demo: Engine, server: InProcess) -> None:
    request = Request(name="this one", group=GROUPS[0], parameters={"status": "CLOSED"})
    with demo.connect() as connection, pytest.raises(WrongAnswerError, match="this one: 422 instead of 200"):
        check(request, server, connection)
