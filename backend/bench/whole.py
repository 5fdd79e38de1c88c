"""What is measured of the program as a whole: seeding, the start, memory, the export, and bulk changes."""

import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import monotonic, sleep
from typing import Any

import orjson

from bench.databases import Seeding
from bench.goals import Goal, Reading, Verdict
from bench.programs import APP, Program, ProgramError, serving

MB = 1024 * 1024
EXPORT = "/api/incidents/export?format=csv"
STARTS = 3
BULK = 1_000
"""Incidents that a bulk change touches."""
BULK_CHANGES = 5
GOAL_SIZE = 1_000_000
"""Seeding fewer than this is shown, but not judged."""

SEEDING = Goal("s", 120)
SEEDING_MEMORY = Goal("MB, × those for a tenth", 1.25)
COLD_START = Goal("s", 3)
MEMORY = Goal("MB", 150)
EXPORT_RATE = Goal("rows/s", 50_000, at_least=True)
EXPORT_MEMORY = Goal("MB more", 50)
BULK_CHANGE = Goal("s", 1)


def seeding(seedings: Mapping[int, Seeding]) -> list[Reading]:
    """How long `seed.py` takes, and whether its memory grows with what it writes."""
    readings = []
    for size, took in seedings.items():
        verdicts = []
        if size >= GOAL_SIZE:
            verdicts.append(Verdict(SEEDING, took.seconds))
            if tenth := seedings.get(size // 10):
                verdicts.append(Verdict(SEEDING_MEMORY, took.peak / tenth.peak))
        figures = f"{took.seconds:.1f} s, {size / took.seconds:,.0f} rows/s, at most {took.peak / MB:.0f} MB"
        readings.append(Reading(f"seed.py --count {size}", figures, tuple(verdicts)))
    return readings


def cold_start(database_url: str, folder: Path) -> Reading:
    """How long `python app.py` takes, on a database that is made, until it answers."""
    took = []
    for _ in range(STARTS):
        began = monotonic()
        with serving(APP, database_url, folder / "start.log"):
            took.append(monotonic() - began)
    figures = ", ".join(f"{seconds:.2f} s" for seconds in sorted(took))
    return Reading("cold start", figures, (Verdict(COLD_START, median(took)),))


def memory(program: Program) -> Reading:
    """What the process that serves holds."""
    held = program.resident() / MB
    return Reading("memory of the worker", f"{held:.0f} MB", (Verdict(MEMORY, held),))


def export(program: Program, count: int) -> Reading:
    """How fast all incidents leave as CSV, and what memory that takes.

    :raises ProgramError: where it breaks off.
    """
    before = peak = program.resident()
    url = f"http://127.0.0.1:{program.port}{EXPORT}"
    with subprocess.Popen([sys.executable, "-m", "bench.drain", url], stdout=subprocess.PIPE) as client:
        while client.poll() is None:
            peak = max(peak, program.resident())
            sleep(0.05)
        said, _ = client.communicate()
    if client.returncode != 0:
        raise ProgramError("The export broke off.")
    found = orjson.loads(said)
    growth = (peak - before) / MB
    if found["status"] != 200:
        failed = (Verdict(EXPORT_RATE, None), Verdict(EXPORT_MEMORY, None))
        return Reading("export as CSV", f"not there: {EXPORT} answers {found['status']}", failed)
    figures = (
        f"{found['rows']:,} rows in {found['seconds']:.1f} s, {found['bytes'] / MB:,.0f} MB, {growth:.0f} MB more held"
    )
    # Beside the incidents there is one line of names.
    complete = found["rows"] == count + 1
    rate = found["rows"] / found["seconds"] if complete else None
    if not complete:
        figures += f"; there are {count:,} incidents"
    return Reading("export as CSV", figures, (Verdict(EXPORT_RATE, rate), Verdict(EXPORT_MEMORY, growth)))


def bulk(program: Program) -> Reading:
    """How long it takes to resolve 1,000 incidents that are open, by their ids, and to take that back.

    :raises ProgramError: where it does not change as many.
    """
    pages = range(1, BULK // 100 + 1)
    listed = "/api/incidents?sort_by=number&order=asc&per_page=100&page="
    ids = [item["id"] for page in pages for item in _call(program, f"{listed}{page}")["items"]]
    _change(program, {"ids": ids, "set": {"status": "OPEN"}})
    took: dict[str, list[float]] = {"changed": [], "taken back": []}
    for _ in range(BULK_CHANGES):
        began = monotonic()
        change = _change(program, {"ids": ids, "set": {"status": "RESOLVED", "owner": "Bench"}})
        took["changed"].append(monotonic() - began)
        began = monotonic()
        back = _call(program, f"/api/changes/{change['changeId']}/revert", {})
        took["taken back"].append(monotonic() - began)
        if not change["changed"] == back["changed"] == len(ids):
            raise ProgramError(f"Of {len(ids)} incidents {change['changed']} were changed, {back['changed']} put back.")
    middles = {what: median(seconds) for what, seconds in took.items()}
    figures = ", ".join(f"{len(ids):,} {what} in {seconds:.2f} s" for what, seconds in middles.items())
    return Reading("bulk change", figures, tuple(Verdict(BULK_CHANGE, seconds) for seconds in middles.values()))


def _change(program: Program, body: dict[str, Any]) -> Any:
    return _call(program, "/api/incidents/bulk", body)


def _call(program: Program, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{program.port}{path}",
        None if body is None else orjson.dumps(body),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own server.
        return orjson.loads(answer.read())
