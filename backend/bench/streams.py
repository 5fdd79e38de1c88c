"""What live streams are measured for: how soon a change reaches everybody, and what they cost the list."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from statistics import median
from threading import Event, Thread
from time import monotonic, sleep

import orjson

from bench.goals import Goal, Reading, Verdict
from bench.load import drive
from bench.programs import Program, ProgramError
from bench.requests import Request

MOST = 500
COUNTS = (1, 100, MOST)
CHANGES = 60
"""So many changes are followed by each number of streams."""
PER_SECOND = 5
"""How many changes come while the list is measured."""
ROUNDS = 7

REACHED = Goal("p95 ms until all have it", 100)
LOSS = Goal("answers/s, × those without streams", 0.9, at_least=True)


class Listeners:
    """A process that follows streams."""

    def __init__(self, port: int, count: int) -> None:
        command = [sys.executable, "-m", "bench.listen", str(port), str(count)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"open\n":
            self._process.communicate()
            raise ProgramError(f"{count} streams cannot be opened.")

    def finish(self) -> dict[str, list[float]]:
        """The moments at which each change came; then they are gone.

        :raises ProgramError: where a stream ended before.
        """
        said, _ = self._process.communicate()
        if self._process.returncode != 0:
            raise ProgramError("A stream broke off.")
        found: dict[str, list[float]] = orjson.loads(said)
        return found


def let_go(writer: "Writer") -> None:
    """Make one more change, with which the server notices which streams have been left."""
    writer.change()
    sleep(1)


class Writer:
    """Changes an incident again and again, each time under another name."""

    def __init__(self, program: Program) -> None:
        self._program = program
        [newest] = orjson.loads(program.ask("/api/incidents?per_page=1").body)["items"]
        self._path = f"/api/incidents/{newest['id']}"
        self.sent: dict[str, float] = {}
        self._number = 0

    def change(self) -> None:
        """Send one change, noting when."""
        self._number += 1
        name = f"bench-{self._number}"
        self.sent[name] = monotonic()
        body = orjson.dumps({"owner": f"Benchmark {self._number % 2}"})
        headers = {"Content-Type": "application/json", "X-Actor": name}
        answer = self._program.ask(self._path, method="PATCH", body=body, headers=headers)
        if answer.status != 200:
            raise ProgramError(f"A change was answered with {answer.status}.")

    @contextmanager
    def steadily(self) -> Iterator[None]:
        """Some changes each second, until the end."""
        done = Event()

        def write() -> None:
            while not done.wait(1 / PER_SECOND):
                self.change()

        thread = Thread(target=write)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def percentile(values: list[float], share: float) -> float:
    """The smallest value that so many are not above."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def delays(sent: Mapping[str, float], came: Mapping[str, list[float]], count: int) -> tuple[list[float], list[float]]:
    """Milliseconds from sending a change until it came: for each stream, and until it had come to all.

    :raises ProgramError: where a stream was not told of it once.
    """
    for name in sent:
        if len(came.get(name, [])) != count:
            raise ProgramError(f"{name} came {len(came.get(name, []))} times to {count} streams.")
    each = [(moment - sent[name]) * 1000 for name in sent for moment in came[name]]
    return each, [(max(came[name]) - sent[name]) * 1000 for name in sent]


def latency(program: Program, writer: Writer) -> Reading:
    """How soon a change reaches streams: from before it is sent, so that the change itself is in it."""
    figures = []
    worst: list[float] = []
    for count in COUNTS:
        listeners = Listeners(program.port, count)
        writer.sent.clear()
        with writer.steadily():
            while len(writer.sent) < CHANGES:
                sleep(0.1)
        sleep(1)
        each, worst = delays(writer.sent, listeners.finish(), count)
        let_go(writer)
        figures.append(
            f"{count}: p50 {percentile(each, 0.5):.1f} ms, p95 {percentile(each, 0.95):.1f} ms, "
            f"all p95 {percentile(worst, 0.95):.1f} ms"
        )
    return Reading("streams: a change reaches them", "; ".join(figures), (Verdict(REACHED, percentile(worst, 0.95)),))


def beside_the_list(program: Program, writer: Writer, first: Request, *, seconds: int, writes: bool) -> Reading:
    """What the first page loses by :data:`MOST` streams, each round with and without them in turn."""
    rates: dict[bool, list[float]] = {False: [], True: []}

    def measure(streams: bool) -> None:
        if not writes:
            rates[streams].append(drive(program.port, first, seconds=seconds).rate)
            return
        with writer.steadily():
            rates[streams].append(drive(program.port, first, seconds=seconds).rate)

    for number in range(ROUNDS):
        for streams in (False, True) if number % 2 else (True, False):
            if streams:
                listeners = Listeners(program.port, MOST)
                measure(True)
                listeners.finish()
                let_go(writer)
            else:
                measure(False)
    ratio = median(rates[True][number] / rates[False][number] for number in range(ROUNDS))
    during = f", {PER_SECOND} changes/s" if writes else ""
    figures = f"{median(rates[True]):,.0f}/s with {MOST} streams, {median(rates[False]):,.0f}/s without{during}"
    name = "streams: the list beside them" + (", amid changes" if writes else "")
    return Reading(name, figures, (Verdict(LOSS, ratio),))
