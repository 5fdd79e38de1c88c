"""Figures are judged as the goals say, and shown whole."""

from io import StringIO

import pytest
from rich.console import Console

from bench.drain import count_rows
from bench.goals import Figures, Goal, Group, Line, Reading, Verdict, growth, judge, middle, p99, to_first, to_reference
from bench.report import Result, as_json, show
from bench.requests import FIRST_PAGE, PAGES, SEARCH, WRITES

FAST, SLOW = Figures(2.0, 4.0, 2_000.0), Figures(50.0, 300.0, 80.0)


def test_the_middle_of_rounds_is_the_median_of_each_figure() -> None:
    rounds = [Figures(1.0, 9.0, 100.0), Figures(3.0, 7.0, 300.0), Figures(2.0, 8.0, 900.0)]
    assert middle(rounds) == Figures(2.0, 8.0, 300.0)


def test_numbers_are_taken_at_the_largest_size() -> None:
    line = Line(figures={1_000: SLOW, 200: FAST}, first={200: FAST, 1_000: FAST}, to_reference={200: 0.9, 1_000: 0.5})
    assert (growth(line), to_first(line), p99(line), to_reference(line)) == (25.0, 25.0, 300.0, 0.5)


def test_a_single_size_does_not_tell_of_growth() -> None:
    assert growth(Line(figures={200: FAST})) is None
    assert judge(Group("Sorts", ((growth, Goal("p50, × smallest", 2)),)), Line(figures={200: FAST})) == []


@pytest.mark.parametrize(
    ("goal", "value", "met", "excess"),
    [
        (Goal("p50 ms", 100), 100.0, True, 1.0),
        (Goal("p50 ms", 100), 150.0, False, 1.5),
        (Goal("rows/s", 50_000, at_least=True), 50_000.0, True, 1.0),
        (Goal("rows/s", 50_000, at_least=True), 25_000.0, False, 2.0),
        (Goal("rows/s", 50_000, at_least=True), 0.0, False, float("inf")),
        (Goal("MB more", 50), 0.0, True, 0.0),
        (Goal("MB more", 50), None, False, float("inf")),
    ],
)
def test_a_bound_is_still_within(goal: Goal, value: float | None, met: bool, excess: float) -> None:
    verdict = Verdict(goal, value)
    assert (verdict.met, verdict.excess) == (met, excess)


def test_the_goals_of_a_request_are_those_of_its_group() -> None:
    line = Line(figures={200: FAST, 1_000: SLOW}, first={200: FAST, 1_000: FAST}, to_reference={1_000: 0.55})
    assert [(str(each.goal), each.value, each.met) for each in judge(SEARCH, line)] == [
        ("p50, × first page ≤ 10", 25.0, False),
        ("p99 ms ≤ 250", 300.0, False),
    ]
    assert [each.met for each in judge(PAGES, line)] == [True, True]
    assert [each.met for each in judge(FIRST_PAGE, line)] == [False]
    assert [each.met for each in judge(WRITES, line)] == [True]


@pytest.fixture
def results() -> list[Result]:
    """Two requests at two sizes, one of which was too slow to measure."""
    first = {200: FAST, 1_000_000: FAST}
    never = Figures(6_000.0, 6_000.0, 0.0, at_least=True)
    return [
        Result("first page", FIRST_PAGE, Line(figures=first, first=first, to_reference={1_000_000: 0.75})),
        Result("search: rare", SEARCH, Line(figures={200: FAST, 1_000_000: never}, first=first)),
    ]


READINGS = [Reading("cold start", "2.00 s, 2.10 s, 3.00 s", (Verdict(Goal("s", 3), 2.1),))]


def test_the_table_tells_everything(results: list[Result]) -> None:
    console = Console(file=StringIO(), width=80)
    show(console, results, READINGS)
    assert isinstance(console.file, StringIO)
    assert "…" not in console.file.getvalue()
    lines = console.file.getvalue().splitlines()
    (first,) = [line for line in lines if "│first page" in line]
    assert [cell.strip() for cell in first.strip("│").split("│")] == [
        *("first page", "2.00", "4.00", "2,000", "2.00", "4.00", "2,000", "0.75", "1.00"),
        *("answers/s, × reference ≥ 0.6: 0.75", "met"),
    ]
    (slow,) = [line for line in lines if "│search: rare" in line]
    assert ">6,000" in slow
    assert "p50, × first page ≤ 10: 3,000" in slow
    assert slow.count("NOT MET") == 1
    (start,) = [line for line in lines if "cold start" in line]
    assert "s ≤ 3: 2.10" in start
    assert "2 of 4 goals met." in lines
    assert "  search: rare: p50, × first page ≤ 10: 3,000, 300.0 times the bound" in lines


def test_the_json_tells_everything(results: list[Result]) -> None:
    found = as_json(results, READINGS, {"cores": 2}, {"rounds": 3})
    assert found["machine"] == {"cores": 2}
    assert found["options"] == {"rounds": 3}
    assert found["requests"][0] == {
        "name": "first page",
        "group": "The first page",
        "sizes": {size: {"p50": 2.0, "p99": 4.0, "rate": 2_000.0, "atLeast": False} for size in ("200", "1000000")},
        "toReference": {"1000000": 0.75},
        "growth": 1.0,
        "goals": [{"goal": "answers/s, × reference ≥ 0.6", "value": 0.75, "met": True}],
    }
    assert found["whole"][0]["goals"] == [{"goal": "s ≤ 3", "value": 2.1, "met": True}]


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_rows_of_a_csv_are_counted_however_it_is_cut(size: int) -> None:
    csv = b'title,summary\r\nplain,"two\r\nlines"\r\n"a ""quoted""\n word",x\r\n"",""\r\n'
    assert count_rows(csv[start : start + size] for start in range(0, len(csv), size)) == 4
