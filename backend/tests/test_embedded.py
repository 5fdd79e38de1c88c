"""The database that comes with the program, run for real: what starts it, what ends it, and where it may lie."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import databases_in, environment, failing, once_free, serving, started, wait_until
from tracker.config import BACKEND
from tracker.embedded import _Server, _socket_folder, embedded_postgres_url

AS_ROOT = os.geteuid() == 0
SECOND_START = 10
"""Seconds; a second start takes about two, but machines that run tests are busy."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account may enter, which pytest's own are not."""
    path = Path(tempfile.mkdtemp(prefix="it-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def test_data_outlive_every_kind_of_end(folder: Path) -> None:
    data = folder / "data"
    with serving(folder, DATA_DIR=data) as server:
        assert f"Serving on http://localhost:{server.port}" in server.said()
        assert str(data) in server.said()
        server.create("Before SIGTERM")
        assert server.stop(signal.SIGTERM) == 0
        assert databases_in(data) == []

    began = time.monotonic()
    with serving(folder, DATA_DIR=data) as server:
        assert time.monotonic() - began < SECOND_START
        server.create("Before SIGINT")
        assert server.stop(signal.SIGINT) == 0
        assert databases_in(data) == []

    with serving(folder, DATA_DIR=data) as server:
        server.create("Before SIGKILL")
        server.process.kill()
        server.process.wait()
        killed = server.port

    # The database waits for the next start.
    with serving(folder, DATA_DIR=data, port=once_free(killed)) as server:
        assert server.titles() == {"Before SIGTERM", "Before SIGINT", "Before SIGKILL"}
        for database in databases_in(data):
            database.kill()
            database.wait()
        assert server.stop() == 0

    with serving(folder, DATA_DIR=data) as server:
        assert len(server.titles()) == 3
    assert databases_in(data) == []


def test_two_starts_share_one_database_and_the_last_stops_it(folder: Path) -> None:
    data = folder / "data"
    with started(folder, DATA_DIR=data) as one, started(folder, DATA_DIR=data) as two:
        wait_until(lambda: one.answers() and two.answers(), "both servers")
        one.create("Told to the first")
        assert two.titles() == {"Told to the first"}
        assert len(databases_in(data)) == 1
        assert one.stop() == 0
        assert two.create("Told to the second") == 2
        assert two.stop() == 0
    assert databases_in(data) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_stop_while_the_database_is_being_made_breaks_nothing(folder: Path, number: signal.Signals) -> None:
    data = folder / "data"
    with started(folder, DATA_DIR=data) as server:
        wait_until(lambda: list(data.glob("postgresql.new*/PG_VERSION")), "the database to be begun")
        assert server.stop(number) != 0
        assert "Traceback" not in server.said()
    with serving(folder, DATA_DIR=data) as server:
        assert server.create("After the stop") == 1
        assert list(data.glob("postgresql.new*")) == [] or number == signal.SIGKILL
    assert databases_in(data) == []


@pytest.mark.parametrize("name", ['it\'s a "quoted", $HOME `name` ü', "x" * 150])
def test_the_data_may_lie_in_a_folder_of_any_name(folder: Path, name: str) -> None:
    data = folder / name
    with serving(folder, DATA_DIR=data) as server:
        assert server.create("Anything") == 1
        assert len(databases_in(data)) == 1
        assert _socket_folder(data / "postgresql").is_dir()
    assert databases_in(data) == []
    assert not _socket_folder(data / "postgresql").exists()


def test_a_full_disk_is_one_clear_sentence(folder: Path) -> None:
    # A limit on the size of files ends writing as a full disk does, without needing one.
    limit = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (65536,) * 2); "
    limit += "os.execv(sys.argv[1], sys.argv[1:])"
    limited = (sys.executable, "-c", limit)
    code, _, errors = failing(folder, DATA_DIR=folder / "data", prefix=limited)
    assert code == 1
    assert len(errors.splitlines()) == 1
    assert errors.startswith("No database could be made in")
    assert "File too large" in errors
    with serving(folder, DATA_DIR=folder / "data") as server:
        assert server.create("With space again") == 1


@pytest.mark.parametrize(("made_by", "older"), [("9", True), ("9.6", True), ("99", False)])
def test_data_of_another_major_version_are_kept_and_the_way_on_is_told(folder: Path, made_by: str, older: bool) -> None:
    data = folder / "data"
    with serving(folder, DATA_DIR=data) as server:
        server.create("Before the upgrade")
        assert server.stop() == 0
    version = data / "postgresql" / "PG_VERSION"
    ours = version.read_text()
    version.write_text(f"{made_by}\n")
    code, _, errors = failing(folder, DATA_DIR=data)
    assert code == 1
    assert len(errors.splitlines()) == 1
    assert errors.startswith(
        f"The data in {data / 'postgresql'} was made by PostgreSQL {made_by}, but this release brings {ours.strip()}: "
    )
    move = f"mv {data / 'postgresql'} {data / 'postgresql'}-{made_by}"
    if not older:
        assert "install the release that made it" in errors
        assert "mv " not in errors
        return
    # What the sentence says, in its order: with the release that made it, then by hand, then with this one.
    commands = re.findall(r"`([^`]+)`", errors)
    assert commands == ["make backup FILE=/path/to/old.dump", move, "make restore FILE=/path/to/old.dump"]
    version.write_text(ours)
    dump = str(folder / "old.dump")
    backup = [sys.executable, str(BACKEND / "backup.py")]
    subprocess.run([*backup, "save", dump], env=environment(DATA_DIR=data), check=True, stdout=subprocess.DEVNULL)
    subprocess.run(commands[1].split(), check=True)
    subprocess.run([*backup, "restore", dump], env=environment(DATA_DIR=data), check=True, stdout=subprocess.DEVNULL)
    with serving(folder, DATA_DIR=data) as server:
        assert server.titles() == {"Before the upgrade"}


def test_a_start_that_fails_or_is_stopped_half_way_leaves_no_server_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = folder / "data"

    def fail(server: _Server) -> None:
        assert len(databases_in(data)) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(_Server, "_ensure_database", fail)
    with pytest.raises(KeyboardInterrupt), embedded_postgres_url(data):
        raise AssertionError("it did start")
    assert databases_in(data) == []


def _without(program: str, folder: Path) -> str:
    """A PATH on which one program is not found."""
    links = folder / "bin"
    links.mkdir()
    for directory in reversed(os.environ["PATH"].split(os.pathsep)):
        for path in Path(directory).glob("*"):
            link = links / path.name
            if path.name != program:
                link.unlink(missing_ok=True)
                link.symlink_to(path)
    return str(links)


# Root is nobody's usual account to run this under, but the usual one in containers: PostgreSQL itself refuses it.
@pytest.mark.parametrize("account", ["root without user namespaces", "nobody"] if AS_ROOT else ["the usual one"])
def test_every_account_can_run_the_database(folder: Path, account: str) -> None:
    data = folder / "data"
    nobody = pwd.getpwnam("nobody")
    settings: dict[str, object] = {"DATA_DIR": data}
    prefix: tuple[str, ...] = ()
    owner = os.geteuid()
    if account.startswith("root"):
        settings["PATH"] = _without("unshare", folder)
        owner = nobody.pw_uid
    elif account == "nobody":
        prefix = ("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
        settings["HOME"] = str(folder)
        data.mkdir()
        os.chown(data, nobody.pw_uid, nobody.pw_gid)
        owner = nobody.pw_uid
    for start in (1, 2):
        with serving(folder, prefix=prefix, **settings) as server:
            assert server.create(f"Start {start}") >= start
            assert [database.uids().real for database in databases_in(data)] == [owner]
        assert databases_in(data) == []
    assert (data / "postgresql").stat().st_uid == owner
