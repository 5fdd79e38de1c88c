"""Backups: the whole database in one file, written and read by PostgreSQL's own pg_dump and pg_restore."""

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import IO

from flask import Flask
from psycopg2.extensions import make_dsn
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from tracker.extensions import db
from tracker.programs import package, reason
from tracker.startup import (
    StartupError,
    cannot_be_reached,
    is_known,
    refuse_unfit_server,
    take_turn,
    upgrade_database,
)

LOCK_PATIENCE = 30
"""Seconds for which a restore waits until nobody uses a table."""
PEOPLE_MADE = ("incidents", "accounts", "saved_views")
"""The tables of which each row was made by somebody, for whom it would be lost."""

# The schema of a database is the tracker's own, but for what extensions brought.
_CLEAR = """
DO $$
DECLARE
    command text;
BEGIN
    FOR command IN
        WITH ours AS (
            SELECT 1 AS turn, 'pg_class'::regclass AS catalog, oid, format('TABLE %s', oid::regclass) AS name
            FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
            UNION ALL
            SELECT 2, 'pg_proc', oid, format('ROUTINE %s', oid::regprocedure)
            FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
            UNION ALL
            SELECT 3, 'pg_type', oid, format('TYPE %s', oid::regtype)
            FROM pg_type WHERE typnamespace = current_schema()::regnamespace AND typtype = 'e'
        )
        SELECT format('DROP %s CASCADE', name) FROM ours
        WHERE NOT EXISTS (
            SELECT FROM pg_depend WHERE classid = ours.catalog AND objid = ours.oid AND deptype = 'e'
        )
        ORDER BY turn
    LOOP
        EXECUTE command;
    END LOOP;
END $$;
"""
_BEFORE = f"""
BEGIN;
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = '{LOCK_PATIENCE}s';
{_CLEAR}
"""
_AFTER = """
COMMIT;
"""
_END_OTHERS = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
""")
_REVISION = re.compile(r"^COPY \S*alembic_version .*\n(\w+)$", re.MULTILINE)


class BackupError(Exception):
    """Why nothing was saved or restored; one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class _Client:
    """PostgreSQL's programs as clients of one server.

    The password is in their environment, since everybody may read the arguments of a program.
    """

    folder: Path
    server: int
    dsn: str
    password: str | None

    @classmethod
    def of(cls, engine: Engine, folder: Path, server: int) -> "_Client":
        _, arguments = engine.dialect.create_connect_args(engine.url)
        password = arguments.pop("password", None)
        return cls(folder, server, make_dsn(**arguments), password)

    def command(self, program: str, *arguments: str) -> list[str]:
        return [str(self.folder / program), *arguments]

    def environment(self) -> dict[str, str]:
        password = {} if self.password is None else {"PGPASSWORD": self.password}
        return {**os.environ, **password, "LC_ALL": "C"}


def save(app: Flask, target: Path | IO[bytes]) -> None:
    """Write everything that the database holds at one moment into a file, which is complete or not there.

    :param target: the file, which nobody else may read, as it holds the hashes of passwords; or one that is open.
    :raises BackupError: where that cannot be done.
    """
    with app.app_context(), _connected() as connection:
        client = _client(connection)
        if not _exists(connection, "alembic_version"):
            raise BackupError("The database holds no incident tracker: there is nothing to save.")
    if not isinstance(target, Path):
        _dump(client, target)
        return
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        # Made so that its owner alone can read it.
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f"{target.name}.", delete=False) as part:
            fresh = Path(part.name)
            try:
                _dump(client, part)
                os.fsync(part.fileno())
                fresh.replace(target)
            finally:
                fresh.unlink(missing_ok=True)
    except OSError as error:
        raise BackupError(f"{target} cannot be written ({error.strerror}): name another FILE.") from error


def restore(app: Flask, source: Path, *, replace: bool) -> None:
    """Make the database what it was when the file was written, or leave it as it is; then bring it up to date.

    :param replace: whether what people made since may be lost.
    :raises BackupError: where that cannot be done.
    :raises StartupError: where the database cannot be brought up to date.
    """
    with app.app_context():
        with _connected() as connection:
            refuse_unfit_server(connection)
            client = _client(connection)
            revision = _revision(client, source)
            if not is_known(revision):
                raise BackupError(
                    f"{source} has the schema {revision} of a newer release: install that release to restore it."
                )
            if not replace and (held := _held(connection)):
                raise BackupError(
                    f"The database has {held}, which would be lost: make a backup of it, and say so with --replace "
                    "(make restore … REPLACE=1)."
                )
            connection.commit()
            take_turn(connection)
            _load(client, source)
            # What serves this database has plans and a place in the log that are of the old one: it has to come anew.
            connection.execute(_END_OTHERS)
            connection.commit()
        db.engine.dispose()
    upgrade_database(app)
    with app.app_context():
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # No index answers alone, and no plan is a good one, before the tables have been looked through.
            connection.execute(text("VACUUM ANALYZE"))
        db.engine.dispose()


def _connected() -> Connection:
    try:
        return db.engine.connect()
    except OperationalError as error:
        raise StartupError(cannot_be_reached(db.engine, error)) from error


def _client(connection: Connection) -> _Client:
    """The newest programs there are, since older ones read neither a newer server nor the files of newer ones.

    :raises BackupError: where they are missing, or older than the server.
    """
    server = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
    folders = []
    with suppress(PackageNotFoundError):
        folders.append(package() / "pginstall" / "bin")
    if found := shutil.which("pg_dump"):
        folders.append(Path(found).parent)
    newest, folder = max(((_major(folder), folder) for folder in folders), default=(0, Path()))
    if newest < server:
        there = f"the newest one here is of {newest}" if newest else "there is none here"
        raise BackupError(
            f"PostgreSQL {server} needs a pg_dump of {server} or newer, and {there}: install its client programs "
            f"(Debian: postgresql-client-{server})."
        )
    return _Client.of(connection.engine, folder, server)


def _major(folder: Path) -> int:
    try:
        said = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    except OSError:
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else 0


def _exists(connection: Connection, table: str) -> bool:
    return connection.execute(text("SELECT to_regclass(:table)"), {"table": table}).scalar_one() is not None


def _held(connection: Connection) -> str:
    """What people made in a database, in words."""
    counts = {
        table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608 - a constant.
        for table in PEOPLE_MADE
        if _exists(connection, table)
    }
    return ", ".join(f"{table.replace('_', ' ')} ({count:,})" for table, count in counts.items() if count)


def _dump(client: _Client, target: IO[bytes]) -> None:
    command = client.command("pg_dump", "--format=custom", f"--dbname={client.dsn}")
    done = subprocess.run(command, stdout=target, stderr=subprocess.PIPE, env=client.environment(), check=False)  # noqa: S603
    if done.returncode != 0:
        raise BackupError(f"The database cannot be saved: {reason(done.stderr.decode(errors='replace'))}")


def _revision(client: _Client, source: Path) -> str:
    """The schema of what a file holds.

    :raises BackupError: where it is no backup of an incident tracker.
    """
    command = client.command("pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(source.absolute()))
    done = subprocess.run(command, capture_output=True, env=client.environment(), check=False)  # noqa: S603
    if done.returncode != 0:
        raise BackupError(f"{source} is no backup that can be read: {reason(done.stderr.decode(errors='replace'))}")
    found = _REVISION.search(done.stdout.decode(errors="replace"))
    if found is None:
        raise BackupError(f"{source} is no backup of an incident tracker.")
    return found[1]


def _load(client: _Client, source: Path) -> None:
    """Run what the file says in one transaction, which only ends where the file has been read to its end."""
    reading = client.command(
        "pg_restore", "--no-owner", "--no-privileges", "--no-comments", "--file=-", str(source.absolute())
    )
    writing = client.command("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={client.dsn}")
    with (
        tempfile.TemporaryFile() as unread,
        tempfile.TemporaryFile() as unwritten,
        subprocess.Popen(reading, stdout=subprocess.PIPE, stderr=unread, env=client.environment()) as reader,  # noqa: S603
        subprocess.Popen(  # noqa: S603
            writing,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=unwritten,
            env=client.environment(),
        ) as writer,
    ):
        assert reader.stdout is not None  # noqa: S101 - for the types: it is a pipe.
        assert writer.stdin is not None  # noqa: S101 - likewise.
        # Where it has ended early, it says why.
        with suppress(BrokenPipeError):
            writer.stdin.write(_BEFORE.encode())
            _pass_on(reader.stdout, writer.stdin, client.server)
            if reader.wait() == 0:
                writer.stdin.write(_AFTER.encode())
        with suppress(BrokenPipeError):
            writer.stdin.close()
        reader.stdout.close()
        if writer.wait() != 0:
            raise BackupError(f"Nothing was restored: {_said(unwritten)}")
        if reader.wait() != 0:
            raise BackupError(f"Nothing was restored, as {source} cannot be read to its end: {_said(unread)}")


def _pass_on(script: IO[bytes], writer: IO[bytes], server: int) -> None:
    """Everything, but for a setting in the head of the script that older servers do not know."""
    for line in script:
        if server >= 17 or not line.startswith(b"SET transaction_timeout "):
            writer.write(line)
        if line.startswith(b"SELECT "):
            break
    shutil.copyfileobj(script, writer)


def _said(file: IO[bytes]) -> str:
    file.seek(0)
    return reason(file.read().decode(errors="replace"))
