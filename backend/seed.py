"""Make the tables and fill them with demo incidents: `python seed.py`.

Uses the embedded PostgreSQL unless DATABASE_URL is set, also while the server is running. A database that has
incidents is left as it is; `--reset` deletes them first.
"""

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tracker.config import Settings, SettingsError
from tracker.demo import DEMO_COUNT, load_when_empty, remove_everything
from tracker.demo.loader import Progress, settle
from tracker.extensions import db
from tracker.startup import StartupError, complain, first_line, interrupt, running_database, upgrade_database

MOST = 100_000_000
REFUSED = 2
"""The exit code for a command that was not carried out because of how it was given, as argparse uses it."""


def main(arguments: list[str] | None = None) -> int:
    """Seed the database; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.yes and not options.reset:
        parser.error("--yes answers the question of --reset; without it there is none")
    if options.reset and not options.yes and not sys.stdin.isatty():
        return complain("--reset deletes every incident; without a terminal to ask on, add --yes.", REFUSED)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        with running_database(Settings.load()) as settings:
            from tracker import create_app

            app = create_app(settings)
            upgrade_database(app)
            return seed(app, options.count, reset=options.reset, confirmed=options.yes)
    except (SettingsError, StartupError) as error:
        return complain(str(error))
    except DBAPIError as error:
        return complain(f"The database stopped the work ({first_line(error)}); nothing was changed.")
    except KeyboardInterrupt:
        return complain("Interrupted; nothing was changed.", 130)


def seed(app: Flask, count: int, *, reset: bool, confirmed: bool) -> int:
    """Load ``count`` demo incidents into the migrated database of ``app``; returns the exit code.

    Deleting and loading are one transaction: other programs see the old incidents or the new ones.
    """
    with app.app_context():
        with db.engine.begin() as connection:
            if reset:
                existing = int(connection.execute(text("SELECT count(*) FROM incidents")).scalar_one())
                if existing and not confirmed and not _agrees(existing):
                    return complain("Nothing was deleted.", 1)
                remove_everything(connection)
            began = monotonic()
            with _progress(count) as progress:
                loaded = load_when_empty(connection, count, progress=progress)
        if loaded:
            settle(db.engine, loaded)
    if not loaded:
        print("There are incidents already; nothing was added (--reset deletes them first).")
    else:
        print(f"Loaded {loaded:,} demo incidents with their histories in {monotonic() - began:.1f} s.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="seed.py", description="Make the tables and fill them with demo incidents.")
    parser.add_argument(
        "--count", type=_count, default=DEMO_COUNT, metavar="N", help=f"how many incidents ({DEMO_COUNT})"
    )
    parser.add_argument("--reset", action="store_true", help="delete all incidents first")
    parser.add_argument("--yes", action="store_true", help="do not ask before deleting")
    return parser


def _count(raw: str) -> int:
    digits = raw.replace("_", "").replace(",", "")
    if not (digits.isascii() and digits.isdecimal() and 1 <= int(digits) <= MOST):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {MOST:,}, but is {raw!r}")
    return int(digits)


def _agrees(existing: int) -> bool:
    what = "the one incident" if existing == 1 else f"all {existing:,} incidents"
    try:
        answer = input(f"Delete {what} with their histories from this database? [y/N] ")
    except EOFError:
        return False
    return answer.strip().lower() in ("y", "yes")


@contextmanager
def _progress(count: int) -> Iterator[Progress]:
    """A bar that shows how many of ``count`` are written; nothing where no one is looking."""
    # Imported here, since it takes longer than loading 200 incidents.
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task("Loading incidents", total=count)

        def show(done: int) -> None:
            # What is left then has no steps to count: indexes and statistics.
            bar.update(task, completed=done, description="Indexing" if done == count else "Loading incidents")

        yield show


if __name__ == "__main__":
    sys.exit(main())
