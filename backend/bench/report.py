"""The figures as a table for people, and as JSON for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from os import cpu_count
from platform import machine, python_version, system
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from bench.goals import Figures, Group, Line, Reading, Verdict, growth, judge, to_reference


@dataclass(frozen=True, slots=True)
class Result:
    """One request with its figures."""

    name: str
    group: Group
    line: Line

    @property
    def verdicts(self) -> list[Verdict]:
        """Its goals, judged."""
        return judge(self.group, self.line)


def machine_facts(postgresql: str) -> dict[str, Any]:
    """What the figures depend on beside the code."""
    return {
        "cores": cpu_count(),
        "platform": f"{system()} {machine()}",
        "python": python_version(),
        "postgresql": postgresql,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def show(console: Console, results: Sequence[Result], readings: Sequence[Reading]) -> None:
    """Print the tables, whole also where the terminal is narrower, and how many goals are met."""
    tables = [*([_requests(results)] if results else []), *([_whole(readings)] if readings else [])]
    for table in tables:
        whole = Measurement.get(console, console.options.update(width=1_000), table).maximum
        console.width = max(console.width, whole)
        console.print(table)
    console.print(summary(results, readings))


def summary(results: Sequence[Result], readings: Sequence[Reading]) -> str:
    """How many goals are met of how many, and the worst misses."""
    judged = [(result.name, verdict) for result in results for verdict in result.verdicts]
    judged += [(reading.name, verdict) for reading in readings for verdict in reading.verdicts]
    missed = sorted((each for each in judged if not each[1].met), key=lambda each: -each[1].excess)
    sentence = f"{len(judged) - len(missed)} of {len(judged)} goals met."
    worst = [
        f"  {name}: {_told(verdict)}" + (f", {verdict.excess:.1f} times the bound" if verdict.value else "")
        for name, verdict in missed[:5]
    ]
    return "\n".join([sentence, *(["The worst:"] if worst else []), *worst])


def as_json(
    results: Sequence[Result], readings: Sequence[Reading], facts: dict[str, Any], options: dict[str, Any]
) -> dict[str, Any]:
    """Everything that was measured, with times in milliseconds and rates per second."""
    return {
        "machine": facts,
        "options": options,
        "requests": [
            {
                "name": result.name,
                "group": result.group.title,
                "sizes": {str(size): _figures(figures) for size, figures in result.line.figures.items()},
                "toReference": {str(size): round(ratio, 3) for size, ratio in result.line.to_reference.items()},
                "growth": growth(result.line),
                "goals": _goals(result.verdicts),
            }
            for result in results
        ],
        "whole": [
            {"name": reading.name, "figures": reading.figures, "goals": _goals(reading.verdicts)}
            for reading in readings
        ],
    }


def _requests(results: Sequence[Result]) -> Table:
    sizes = sorted(results[0].line.figures)
    table = Table(title="Times until the answer in ms, and answers per second", title_justify="left", pad_edge=False)
    table.add_column("request", no_wrap=True)
    for size in sizes:
        table.add_column(f"{size:,}\np50", justify="right", no_wrap=True)
        table.add_column("\np99", justify="right", no_wrap=True)
        table.add_column("\n/s", justify="right", no_wrap=True)
    table.add_column("× refe-\nrence", justify="right", no_wrap=True)
    if len(sizes) > 1:
        table.add_column(f"{sizes[-1]:,}\n/ {sizes[0]:,}", justify="right", no_wrap=True)
    table.add_column("goal", no_wrap=True)
    table.add_column("", no_wrap=True)
    group = None
    for result in results:
        if result.group is not group:
            group = result.group
            table.add_section()
            table.add_row(f"[bold]{group.title}")
        figures = [cell for size in sizes for cell in _cells(result.line.figures[size])]
        ratios = [to_reference(result.line), *([growth(result.line)] if len(sizes) > 1 else [])]
        verdicts = result.verdicts
        table.add_row(
            result.name,
            *figures,
            *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios),
            "\n".join(map(_told, verdicts)),
            "\n".join(map(_said, verdicts)),
        )
    return table


def _whole(readings: Sequence[Reading]) -> Table:
    table = Table(title="The program as a whole", title_justify="left", pad_edge=False)
    for name in ("what", "figures", "goal", ""):
        table.add_column(name)
    for reading in readings:
        table.add_row(
            reading.name,
            reading.figures,
            "\n".join(map(_told, reading.verdicts)),
            "\n".join(map(_said, reading.verdicts)),
        )
    return table


def _cells(figures: Figures) -> tuple[str, str, str]:
    more = ">" if figures.at_least else ""
    return f"{more}{_short(figures.p50)}", f"{more}{_short(figures.p99)}", _short(figures.rate)


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def _told(verdict: Verdict) -> str:
    return f"{verdict.goal}: {'not measured' if verdict.value is None else _short(verdict.value)}"


def _said(verdict: Verdict) -> str:
    return "[green]met" if verdict.met else "[bold red]NOT MET"


def _figures(figures: Figures) -> dict[str, Any]:
    return {"p50": figures.p50, "p99": figures.p99, "rate": round(figures.rate, 2), "atLeast": figures.at_least}


def _goals(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    return [{"goal": str(verdict.goal), "value": verdict.value, "met": verdict.met} for verdict in verdicts]
