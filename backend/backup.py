"""Save the whole database into one file, or restore it: `python backup.py save FILE`, `python backup.py restore FILE`.

Uses the embedded PostgreSQL unless DATABASE_URL is set, also while the server is running.
"""

import argparse
import shutil
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from sqlalchemy.exc import DBAPIError

from tracker.config import BACKEND, Settings, SettingsError
from tracker.startup import StartupError, complain, first_line, interrupt, running_database

STANDARD = Path("-")
"""In the place of a file: what comes in or goes out."""


def main(arguments: list[str] | None = None) -> int:
    """Save or restore; returns the exit code."""
    from tracker import create_app
    from tracker.backups import BackupError

    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        settings = Settings.load()
        if options.command == "restore" and options.file != STANDARD and not options.file.is_file():
            return complain(f"There is no file {options.file}.")
        with running_database(settings) as running:
            app = create_app(running)
            if options.command == "save":
                return save(app, options.file)
            return restore(app, options.file, replace=options.replace)
    except (SettingsError, StartupError, BackupError) as error:
        return complain(str(error))
    except DBAPIError as error:
        return complain(f"The database stopped the work ({first_line(error)}).")
    except KeyboardInterrupt:
        return complain("Interrupted.", 130)


def save(app: Flask, file: Path | None) -> int:
    """Save into the file, or into a new one below backups/; returns the exit code."""
    from tracker import backups

    if file == STANDARD:
        backups.save(app, sys.stdout.buffer)
        return 0
    target = file or BACKEND.parent / "backups" / f"incident-tracker-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump"
    backups.save(app, target)
    print(f"Saved everything in {target} ({target.stat().st_size / 1e6:,.1f} MB).")
    return 0


def restore(app: Flask, file: Path, *, replace: bool) -> int:
    """Restore what the file holds; returns the exit code."""
    from tracker import backups

    if file != STANDARD:
        backups.restore(app, file, replace=replace)
    else:
        # It is read twice.
        with tempfile.NamedTemporaryFile() as spooled:
            shutil.copyfileobj(sys.stdin.buffer, spooled)
            spooled.flush()
            backups.restore(app, Path(spooled.name), replace=replace)
    print("Restored everything.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="backup.py", description="Save the whole database in one file, or restore it."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    saving = commands.add_parser("save", help="write everything into a file")
    saving.add_argument("file", nargs="?", type=Path, metavar="FILE", help="- for the standard output; see backups/")
    restoring = commands.add_parser("restore", help="make the database what it was, all or nothing")
    restoring.add_argument("file", type=Path, metavar="FILE", help="- for the standard input")
    restoring.add_argument("--replace", action="store_true", help="delete what the database has now")
    return parser


if __name__ == "__main__":
    sys.exit(main())
