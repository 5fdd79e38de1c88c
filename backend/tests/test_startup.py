"""What can be wrong before the first request: one clear sentence each, and an exit code that says so."""

import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

import app
from tests.serving import environment, failing, serving

Complaint = Callable[..., str]


@pytest.fixture
def complaint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Complaint]:
    """Starts the program with settings that cannot work; returns the one sentence with which it gives up.

    In this process, since a new one for each case would take minutes.
    """

    def start(**settings: object) -> str:
        for name, value in environment(**{"DATA_DIR": tmp_path / "data", **settings}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", ["app.py"])
        assert app.main() == 1
        errors = capsys.readouterr().err
        assert len(errors.splitlines()) == 1, errors
        assert errors.rstrip().endswith("."), errors
        return errors.strip()

    handler = signal.getsignal(signal.SIGTERM)
    yield start
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which something listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_in_use_ends_the_program_before_it_begins(tmp_path: Path, taken: int) -> None:
    code, _, said = failing(tmp_path, port=taken, DATA_DIR=tmp_path / "data")
    assert code == 1
    assert len(said.splitlines()) == 1
    assert said.startswith(f"Port {taken} is in use")
    assert "PORT=" in said
    assert not (tmp_path / "data").exists()


OIDC = {
    "AUTH_MODE": "required",
    "OIDC_ISSUER": "https://login.example.com",
    "OIDC_CLIENT_ID": "tracker",
    "OIDC_CLIENT_SECRET": "secret",
}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"PORT": "http"}, "PORT must be a whole number from 1 to 65535"),
        ({"PORT": "0"}, "PORT must be"),
        ({"PORT": "65536"}, "PORT must be"),
        ({"PORT": "-1"}, "PORT must be"),
        ({"PORT": "9" * 5000}, "PORT must be"),
        ({"THREADS": "1e3"}, "THREADS must be"),
        ({"THREADS": "3"}, "THREADS must be a whole number from 4"),
        ({"STATEMENT_TIMEOUT": "10s"}, "STATEMENT_TIMEOUT must be"),
        ({"SLOW_QUERY_MS": "0.5"}, "SLOW_QUERY_MS must be"),
        ({"WORKERS": "none"}, "WORKERS must be"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL must be one of"),
        ({"ALLOW_OPEN_NETWORK": "yes"}, "ALLOW_OPEN_NETWORK must be 1 (on) or 0 (off)"),
        ({"TRUSTED_PROXIES": "all"}, "TRUSTED_PROXIES must be a whole number from 0 to 9"),
        ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS must list origins"),
        ({"HOST": "192.0.2.1", "AUTH_MODE": "open"}, "HOST=192.0.2.1 can be reached from other machines"),
        ({"AUTH_MODE": "none"}, "AUTH_MODE must be one of open, required"),
        ({"ADMIN_EMAIL": "ana@example.com"}, "ADMIN_EMAIL and ADMIN_PASSWORD must be set together"),
        ({"ADMIN_EMAIL": "ana", "ADMIN_PASSWORD": "x" * 12}, "ADMIN_EMAIL must be an e-mail address"),
        ({"ADMIN_EMAIL": "<ana@example.com>", "ADMIN_PASSWORD": "x" * 12}, "ADMIN_EMAIL must be an e-mail address"),
        ({"ADMIN_EMAIL": "ana@example.com", "ADMIN_PASSWORD": "short"}, "ADMIN_PASSWORD must be 12 to 256"),
        ({**OIDC, "OIDC_ISSUER": ""}, "OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET must be set together"),
        ({**OIDC, "OIDC_ISSUER": "http://login.example.com"}, "OIDC_ISSUER must be an address such as https://"),
        ({**OIDC, "OIDC_ISSUER": "login.example.com"}, "OIDC_ISSUER must be an address such as https://"),
        ({**OIDC, "AUTH_MODE": "open"}, "OIDC_ISSUER needs AUTH_MODE=required"),
        ({**OIDC, "OIDC_ROLES": "admin:*"}, "OIDC_ROLES needs OIDC_ROLE_CLAIM"),
        ({**OIDC, "OIDC_ROLE_CLAIM": "groups", "OIDC_ROLES": "root:*"}, "OIDC_ROLES must list pairs of a role"),
        ({**OIDC, "OIDC_ROLE_CLAIM": "groups", "OIDC_ROLES": "admin"}, "OIDC_ROLES must list pairs of a role"),
        ({**OIDC, "OIDC_NAME": "x" * 41}, "OIDC_NAME must be 1 to 40 characters"),
        ({**OIDC, "OIDC_CLIENT_ID": "x" * 501}, "OIDC_CLIENT_ID must be 1 to 500 characters"),
        ({**OIDC, "OIDC_TRUST_EMAIL": "yes"}, "OIDC_TRUST_EMAIL must be 1 (on) or 0 (off)"),
        ({"HOST": "no.such.host.invalid", "ALLOW_OPEN_NETWORK": "1"}, "IP address or localhost"),
        ({"CORS_ORIGINS": "http://[::1]:3000"}, "origins such as"),
        ({"HOST": "0.0.0.0", "AUTH_MODE": "open"}, "ALLOW_OPEN_NETWORK=1"),  # noqa: S104 - refused.
        ({"HOST": "192.0.2.1"}, "Cannot listen on 192.0.2.1"),
        ({"DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL must start with postgresql://"),
        ({"DATABASE_URL": "localhost"}, "DATABASE_URL must start with postgresql://"),
        ({"DATABASE_URL": "postgresql://localhost:port/x"}, "DATABASE_URL"),
        ({"DATABASE_REPLICA_URL": "mysql://localhost/x"}, "DATABASE_REPLICA_URL must start with postgresql://"),
        ({"DATABASE_REPLICA_URL": "postgresql://localhost/x"}, "DATABASE_REPLICA_URL needs DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://me:secret@127.0.0.1:1/x"}, "cannot be reached"),
        ({"DATABASE_DIRECT_URL": "postgresql://me:secret@127.0.0.1:1/x"}, "DATABASE_DIRECT_URL needs DATABASE_URL"),
        ({"DATABASE_URL": "postgresql:///x", "DATABASE_DIRECT_URL": "x:secret"}, "DATABASE_DIRECT_URL must start with"),
        ({"DATABASE_URL": "postgresql://me:secret@no.such.host.invalid/x"}, "cannot be reached"),
        ({"DATA_DIR": "/dev/null/data"}, "The data folder /dev/null/data cannot be written"),
        ({"DATA_DIR": "/proc/incident-tracker"}, "The data folder /proc/incident-tracker cannot be written"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_setting_that_cannot_be_used(complaint: Complaint, settings: dict[str, object], says: str) -> None:
    said = complaint(**settings)
    assert says in said
    assert "secret" not in said


@pytest.mark.parametrize("wrong", ["database", "user"])
def test_a_database_that_lets_nobody_in(complaint: Complaint, server_url: str, wrong: str) -> None:
    url = make_url(server_url)
    url = (
        url.set(database="no_such_database") if wrong == "database" else url.set(username="no_such_user", password="pw")
    )
    said = complaint(DATABASE_URL=url.set(drivername="postgresql").render_as_string(hide_password=False))
    assert "DATABASE_URL" in said
    assert "no_such_" in said
    assert "pw" not in said


def test_a_database_of_a_newer_release(complaint: Complaint, empty_database: str) -> None:
    engine = create_engine(empty_database)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
    engine.dispose()
    said = complaint(DATABASE_URL=_plain(empty_database))
    assert "9999" in said
    assert "newer release" in said


@pytest.mark.parametrize(("encoding", "says"), [("LATIN1", "UTF8"), ("UTF8", "LC_CTYPE")])
def test_a_database_that_cannot_hold_or_find_every_name(
    complaint: Complaint, server_url: str, encoding: str, says: str
) -> None:
    server = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        newer = (connection.dialect.server_version_info or (0,)) >= (15,)
        provider = " LOCALE_PROVIDER libc" if newer else ""
        connection.execute(text("DROP DATABASE IF EXISTS incident_tracker_unfit"))
        connection.execute(
            text(
                f"CREATE DATABASE incident_tracker_unfit ENCODING '{encoding}' TEMPLATE template0"
                # Said so that every release understands it: newer ones have a provider of their own besides.
                " LC_COLLATE 'C' LC_CTYPE 'C'" + provider
            )
        )
        try:
            url = make_url(server_url).set(database="incident_tracker_unfit")
            said = complaint(DATABASE_URL=_plain(url.render_as_string(hide_password=False)))
        finally:
            connection.execute(text("DROP DATABASE incident_tracker_unfit WITH (FORCE)"))
    server.dispose()
    assert says in said


def test_a_settings_file_that_cannot_be_read(
    complaint: Complaint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=4403\n# caf\xe9\n")
    monkeypatch.setattr("tracker.config.BACKEND", tmp_path)
    assert "cannot be read as UTF-8" in complaint()


def test_a_name_for_loopback_is_listened_on(tmp_path: Path) -> None:
    with serving(tmp_path, HOST="localhost", DATA_DIR=tmp_path / "data") as server:
        assert server.call("/api/health").status == 200


def test_a_configured_database_is_used_and_left_running(tmp_path: Path, empty_database: str) -> None:
    with serving(tmp_path, DATABASE_URL=_plain(empty_database), DATA_DIR=tmp_path / "data") as server:
        assert "DATABASE_URL" in server.said()
        assert server.create("In the configured database") == 1
        body = b'{"title": "In chunks", "service": "db", "severity": "SEV1"}'
        assert _chunked(server.port, body) == 201
        assert _chunked(server.port, body.ljust(2 << 20) + b"more") == 413
        assert server.titles() == {"In the configured database", "In chunks"}
    assert not (tmp_path / "data").exists()
    engine = create_engine(empty_database)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM incidents")).scalar_one() == 2
    engine.dispose()


def _chunked(port: int, body: bytes) -> int:
    """POST a body in chunks, without its length; returns the status."""
    head = "POST /api/incidents HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head.encode())
        for at in range(0, len(body), 1 << 16):
            part = body[at : at + (1 << 16)]
            connection.sendall(b"%x\r\n%b\r\n" % (len(part), part))
        connection.sendall(b"0\r\n\r\n")
        return int(connection.recv(64).split()[1])


def _plain(url: str) -> str:
    """The URL as a person would write it, without the driver."""
    return url.replace("postgresql+psycopg2://", "postgres://")
