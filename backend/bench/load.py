"""Load from outside the process: `wrk`, one thread, four connections that each send when the last answer is there."""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time_ns

import orjson

from bench.goals import Figures
from bench.requests import Request

SCRIPT = Path(__file__).with_name("wrk.lua")
CONNECTIONS = 4
FEW = 2 * CONNECTIONS
"""With fewer answers than this, a measurement says little and is made again, for longer."""
LONGER = 6


class LoadError(Exception):
    """An answer that is not the expected one, or none, amid a measurement."""


def is_slow(figures: Figures, seconds: int) -> bool:
    """Whether so few answers come in the time that more rounds are not worth theirs."""
    return figures.rate * seconds < FEW


def drive(port: int, request: Request, *, seconds: int) -> Figures:
    """Send the request for some seconds; where that brings next to no answers, once more for longer.

    :raises LoadError: where an answer is an error, or a connection breaks.
    """
    figures = _drive(port, request, seconds)
    return _drive(port, request, seconds * LONGER) if is_slow(figures, seconds) else figures


def _drive(port: int, request: Request, seconds: int) -> Figures:
    with TemporaryDirectory() as folder:
        plan = Path(folder) / "plan"
        plan.write_bytes(b"".join(b"%s\t%s\t%s\n" % line for line in _lines(request)))
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "60s", "--latency"]
        for name, value in request.headers.items():
            command += ["-H", f"{name}: {value}"]
        command += ["-s", str(SCRIPT), f"http://127.0.0.1:{port}", "--", str(plan)]
        # Numbers that no earlier measurement used, so that each update changes something. Lua's have 53 bits.
        done = subprocess.run([*command, str(time_ns() // 1000 % 10**12 * 1000)], capture_output=True, check=False)
    if done.returncode != 0:
        raise LoadError(f"{request.name}: wrk failed: {done.stderr.decode().strip() or done.stdout.decode().strip()}")
    found = orjson.loads(done.stdout.splitlines()[-1])
    if found["refused"] or found["broken"]:
        raise LoadError(
            f"{request.name}: of {found['requests']} answers {found['refused']} were errors, "
            f"and {found['broken']} connections broke."
        )
    if not found["requests"]:
        return Figures(seconds * 1000, seconds * 1000, 0, at_least=True)
    rate = found["requests"] / found["microseconds"] * 1_000_000
    return Figures(found["p50"] / 1000, found["p99"] / 1000, rate)


def _lines(request: Request) -> list[tuple[bytes, bytes, bytes]]:
    return [(request.method.encode(), path.encode(), body) for path, body in request.targets()]
