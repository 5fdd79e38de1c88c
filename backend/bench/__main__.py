"""Measure how fast the tracker answers: `python -m bench`, or `make bench`.

Starts a PostgreSQL of its own, fills a database for each size by `seed.py`, serves each by `python app.py` and by the
hand-written reference, checks every answer once, drives both in turn with `wrk`, and prints a table. The figures
also go to `bench/results.json`.

Exit code 1 means that something is wrong: an answer that is not right, an error, a program that does not start. A goal
that is missed is not an error, since machines are noisy; the table says it.
"""

import argparse
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import Engine, text

from bench import streams, whole
from bench.checks import WrongAnswerError, check, check_reference
from bench.databases import (
    DATA,
    DatabaseError,
    connected,
    forget_after,
    last_number,
    prepare,
    running_server,
    settle,
)
from bench.goals import Figures, Line, Reading, middle
from bench.load import CONNECTIONS, LoadError, drive, is_slow
from bench.programs import APP, REFERENCE, Program, ProgramError, serving
from bench.report import Result, as_json, machine_facts, show
from bench.requests import FIRST, GROUPS, WRITES, Request, requests_for
from bench.samples import SampleError, choose
from tracker.startup import StartupError, complain, interrupt

RESULTS = Path(__file__).with_name("results.json")
SIZES = (200, 100_000, 1_000_000)
FIRST_PAGE_EVERY = 20
"""After so many requests the first page is measured again, since so much is compared with it."""


@dataclass(frozen=True, slots=True)
class Site:
    """One size: its database, and the two programs that serve it."""

    size: int
    url: str
    engine: Engine
    program: Program
    reference: Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to measure, and for how long."""

    sizes: tuple[int, ...] = SIZES
    only: tuple[str, ...] = ()
    rounds: int = 3
    seconds: int = 1
    reuse: bool = False

    def wants(self, name: str) -> bool:
        """Whether a line with this name was asked for."""
        return not self.only or any(part.lower() in name.lower() for part in self.only)


class Measurements:
    """The figures of all rounds, by request and size."""

    def __init__(self) -> None:
        self.ours: dict[tuple[str, int], list[Figures]] = {}
        self.ratios: dict[tuple[str, int], list[float]] = {}

    def add(self, name: str, size: int, ours: Figures, reference: Figures | None) -> None:
        """Note one round of a request."""
        self.ours.setdefault((name, size), []).append(ours)
        if reference is not None:
            self.ratios.setdefault((name, size), []).append(ours.rate / reference.rate if reference.rate else 0.0)

    def is_slow(self, name: str, size: int, seconds: int) -> bool:
        """Whether an earlier round said all that a later one could: that it takes seconds."""
        return any(is_slow(figures, seconds) for figures in self.ours.get((name, size), ())[:1])

    def line(self, name: str, sizes: Iterable[int]) -> Line:
        """The medians of one request."""
        return Line(
            figures={size: middle(self.ours[name, size]) for size in sizes},
            first={size: middle(self.ours[FIRST, size]) for size in sizes},
            to_reference={size: median(self.ratios[name, size]) for size in sizes if (name, size) in self.ratios},
        )


def main() -> int:
    """Measure and report; returns the exit code."""
    options = _options()
    signal.signal(signal.SIGTERM, interrupt)
    try:
        measure(options, Console())
    except (DatabaseError, ProgramError, SampleError, WrongAnswerError, LoadError, StartupError) as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return complain("Interrupted.", 130)
    return 0


def measure(options: Options, console: Console) -> None:
    """Everything, from the databases to the report."""
    with running_server() as server_url, ExitStack() as stack:
        seedings, urls = {}, {}
        for size in options.sizes:
            say(f"Filling a database with {size:,} incidents …")
            urls[size], seeding = prepare(server_url, size, reuse=options.reuse)
            if seeding is not None:
                seedings[size] = seeding
        sites = [stack.enter_context(served(size, url)) for size, url in urls.items()]
        largest = sites[-1]
        chosen = {site.size: checked(site, options) for site in sites}
        results = drive_all(sites, chosen, options)
        readings = [reading for reading in whole.seeding(seedings) if options.wants(reading.name)]
        readings += measure_whole(largest, chosen[largest.size][0], options)
        with largest.engine.connect() as connection:
            version = connection.execute(text("SHOW server_version")).scalar_one()
    facts = machine_facts(version)
    used = {
        "sizes": options.sizes,
        "only": options.only,
        "rounds": options.rounds,
        "seconds": options.seconds,
        "reuse": options.reuse,
        "connections": CONNECTIONS,
    }
    show(console, results, readings)
    RESULTS.write_bytes(orjson.dumps(as_json(results, readings, facts, used), option=orjson.OPT_INDENT_2))
    say(f"The figures are in {RESULTS}")


@contextmanager
def served(size: int, url: str) -> Iterator[Site]:
    """Both programs, serving one database."""
    with (
        connected(url) as engine,
        serving(APP, url, DATA / f"app-{size}.log") as program,
        serving(REFERENCE, url, DATA / f"reference-{size}.log") as reference,
    ):
        yield Site(size, url, engine, program, reference)


def checked(site: Site, options: Options) -> list[Request]:
    """The wanted requests, each of them answered right by both programs; the first page always."""
    say(f"Checking every answer at {site.size:,} incidents …")
    with site.engine.connect() as connection:
        samples = choose(connection)
        wanted = [each for each in requests_for(samples) if each.name == FIRST or options.wants(each.name)]
        last = last_number(site.engine)
        ready = [check(request, site.program, connection) for request in wanted]
        for request in ready:
            if request.reference:
                check_reference(request, site.program, site.reference)
    forget_after(site.engine, last)
    return ready


def drive_all(sites: list[Site], chosen: dict[int, list[Request]], options: Options) -> list[Result]:
    """Measure the requests round by round, at all sizes in turn; what writes goes last, since it changes the data."""
    found = Measurements()
    sizes = [site.size for site in sites]
    rows = list(zip(*(chosen[size] for size in sizes), strict=True))
    first = rows[0]
    for site, request in zip(sites, first, strict=True):
        # Not noted: after this, each thread has its connection and has imported what it needs.
        drive_both(site, request, options.seconds)

    def drive_row(row: tuple[Request, ...], number: int) -> None:
        for site, request in zip(sites, row, strict=True):
            # No goal is about the sizes between: one round shows how the figures grow.
            between = number > 0 and site not in (sites[0], sites[-1])
            if not between and not found.is_slow(request.name, site.size, options.seconds):
                found.add(request.name, site.size, *drive_both(site, request, options.seconds))

    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    ) as bar:  # fmt: skip
        task = bar.add_task("Measuring", total=len(rows) * options.rounds)
        for writes in (False, True):
            part = [row for row in rows if (row[0].group is WRITES) == writes]
            for number in range(options.rounds if part else 0):
                if not sys.stderr.isatty():
                    say(f"Measuring {'writes' if writes else 'reads'}, round {number + 1} of {options.rounds} …")
                for position, row in enumerate(part):
                    bar.update(task, advance=1, description=row[0].name)
                    if position and position % FIRST_PAGE_EVERY == 0:
                        drive_row(first, number)
                    drive_row(row, number)
    results = [
        Result(name, group, found.line(name, sizes))
        for name, group in ((row[0].name, row[0].group) for row in rows)
        if options.wants(name)
    ]
    return sorted(results, key=lambda result: GROUPS.index(result.group))


def drive_both(site: Site, request: Request, seconds: int) -> tuple[Figures, Figures | None]:
    """Our figures and the reference's, one after the other."""
    last = last_number(site.engine) if request.group is WRITES else None
    figures = []
    for program in (site.program, site.reference) if request.reference else (site.program,):
        figures.append(drive(program.port, request, seconds=seconds))
        settle(site.engine)
        if last is not None:
            forget_after(site.engine, last)
    return figures[0], figures[1] if request.reference else None


def measure_whole(site: Site, first: Request, options: Options) -> list[Reading]:
    """Memory first, as the requests left it; then what disturbs it."""
    with site.engine.connect() as connection:
        count = int(connection.execute(text("SELECT count(*) FROM incidents")).scalar_one())
    writer = streams.Writer(site.program)
    beside = partial(streams.beside_the_list, site.program, writer, first, seconds=options.seconds)
    steps = {
        "memory of the worker": partial(whole.memory, site.program),
        "export as CSV": partial(whole.export, site.program, count),
        "bulk change": partial(whole.bulk, site.program),
        "streams: a change reaches them": partial(streams.latency, site.program, writer),
        "streams: the list beside them": partial(beside, writes=False),
        "streams: the list beside them, amid changes": partial(beside, writes=True),
        "cold start": partial(whole.cold_start, site.url, DATA),
    }
    readings = []
    for name, step in steps.items():
        if options.wants(name):
            say(f"Measuring: {name} …")
            readings.append(step())
    return readings


def say(sentence: str) -> None:
    """Tell what is going on, apart from the table."""
    print(sentence, file=sys.stderr, flush=True)


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure how fast the tracker answers.")
    parser.add_argument(
        "--size", type=_sizes, default=SIZES, metavar="N,N", help="how many incidents (200,100000,1000000)"
    )
    parser.add_argument(
        "--only", type=_parts, default=(), metavar="TEXT,TEXT", help="only lines whose name has one of these"
    )
    parser.add_argument("--rounds", type=_positive, default=3, metavar="N", help="how often each is measured (3)")
    parser.add_argument("--seconds", type=_positive, default=1, metavar="N", help="how long each time (1)")
    parser.add_argument("--reuse", action="store_true", help="take the databases that an earlier run left")
    given: dict[str, Any] = vars(parser.parse_args())
    return Options(sizes=given.pop("size"), **given)


def _positive(raw: str) -> int:
    number = int(raw)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, but is {raw}")
    return number


def _sizes(raw: str) -> tuple[int, ...]:
    sizes = sorted({int(part.replace("_", "")) for part in raw.split(",")})
    if sizes[0] < SIZES[0]:
        raise argparse.ArgumentTypeError(f"must be {SIZES[0]} or more each, for all that is searched for to occur")
    return tuple(sizes)


def _parts(raw: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in raw.split(",") if part.strip())


if __name__ == "__main__":
    sys.exit(main())
