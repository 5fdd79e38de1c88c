"""Serve the application: `python app.py`.

Starts the embedded PostgreSQL unless DATABASE_URL is set, brings the schema up to date, and serves the API and
the built browser pages from one process. `--demo` loads the demo incidents into a new database; `--reload`
restarts on changes of the code.
"""

import argparse
import os
import signal
import subprocess
import sys
from functools import partial
from threading import Thread

from flask import Flask
from sqlalchemy.exc import DBAPIError

from tracker.config import BACKEND, Settings, SettingsError, shared_metrics
from tracker.connections import allow_open_files
from tracker.logging import announce, configure
from tracker.startup import (
    StartupError,
    application_for_worker,
    complain,
    first_line,
    interrupt,
    require_free_port,
    running_database,
    upgrade_database,
)

CONNECTIONS = 512
"""Clients that one process lets connect at once beside its streams, idle ones included."""
FILES = 256
"""Files that a process may have open beside those connections: its own, and those to the database."""
STOPS = (signal.SIGTERM, signal.SIGINT)
"""The signals that ask the program to stop."""
SPARE_THREADS = 4
"""Threads that refuse one more stream, while all others are taken."""


def main() -> int:
    """Serve until interrupted; returns the exit code."""
    parser = argparse.ArgumentParser(description="Serve the incident tracker.")
    parser.add_argument("--demo", action="store_true", help="load 200 demo incidents when the database is new")
    parser.add_argument("--reload", action="store_true", help="restart when the code changes (for development)")
    options = parser.parse_args()
    # Until the server takes over, a polite stop must still stop the database.
    signal.signal(signal.SIGTERM, interrupt)
    try:
        settings = Settings.load()
        configure(settings.log_level, settings.log_format)
        require_free_port(settings.host, settings.port)
        announce(_database_sentence(settings))
        with running_database(settings) as running:
            prepare(running, demo=options.demo)
            announce(f"Serving on http://{_shown(settings.host)}:{settings.port} (stop with Ctrl-C)")
            with shared_metrics():
                if options.reload:
                    return serve_reloading(running)
                serve(running)
    except (SettingsError, StartupError) as error:
        return complain(str(error))
    except DBAPIError as error:
        return complain(f"The database stopped the work ({first_line(error)}).")
    except KeyboardInterrupt:
        return 130
    announce("Stopped.")
    return 0


def prepare(settings: Settings, *, demo: bool) -> None:
    """Bring the schema up to date, and load the demo incidents if they are wanted and there are none."""
    from tracker import create_app

    app = create_app(settings)
    upgrade_database(app)
    if settings.auth_required:
        first_admin(app, settings)
    if demo:
        from tracker.demo import load_demo_when_new

        if loaded := load_demo_when_new(app):
            announce(f"Loaded {loaded} demo incidents.")


def first_admin(app: Flask, settings: Settings) -> None:
    """Make the admin that the environment names where there is no account yet, or say that there is none."""
    from tracker.accounts import operations
    from tracker.extensions import db

    with app.app_context():
        if operations.has_accounts():
            return
        if settings.admin_email is None or settings.admin_password is None:
            announce("There is no account yet, and one has to sign in: make the first admin with `make admin`.")
            return
        name = settings.admin_email.partition("@")[0]
        operations.make_admin(email=settings.admin_email, name=name, password=settings.admin_password)
        db.session.commit()
        announce(f"Made the first admin, {settings.admin_email}.")


def serve(settings: Settings) -> None:
    """Serve with Granian until a signal."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    files = allow_open_files(CONNECTIONS + settings.streams + FILES)
    server = Granian(
        "tracker",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        # Nobody speaks HTTP/2 without TLS, and its limits are others: 16 MB of headers, 200 requests a connection.
        http=HTTPModes.http1,
        workers=settings.workers,
        blocking_threads=settings.threads + settings.streams + SPARE_THREADS,
        backpressure=max(files - FILES, CONNECTIONS // 2),
        log_level=LogLevels.error,
        websockets=False,
        workers_kill_timeout=10,
        # One that was killed, for its memory say, takes the requests in its hands with it, and nothing else.
        respawn_failed_workers=True,
    )

    def stop_when_told() -> None:
        while True:
            signal.sigwait(STOPS)
            server.signal_handler_interrupt()  # type: ignore[no-untyped-call]

    # Not by handlers: one does not run where the signal comes as its thread goes to sleep, until that wakes up.
    # The workers begin with what is blocked here, and tell their own threads likewise.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    Thread(target=stop_when_told, name="stop-when-told", daemon=True).start()
    try:
        server.serve(target_loader=partial(application_for_worker, settings), wrap_loader=False)
    except SystemExit:
        # A worker that was killed just before a stop is no failure of the stop.
        if not server.interrupt_signal:
            raise


def serve_reloading(settings: Settings) -> int:
    """Serve with Flask's development server, which restarts itself when the code changes."""
    command = [sys.executable, "-m", "flask", "--app", "tracker:create_app(serves=True)", "run", "--debug"]
    command += ["--host", settings.host, "--port", str(settings.port)]
    environment = {**os.environ, "DATABASE_URL": settings.database_url or ""}
    with subprocess.Popen(command, cwd=BACKEND, env=environment) as child:  # noqa: S603 - our own interpreter.
        try:
            return child.wait()
        finally:
            # Killed, as the standard library would have it, it could not take along the process that it restarts.
            child.terminate()


def _database_sentence(settings: Settings) -> str:
    if settings.database_url:
        return "Using the database of DATABASE_URL."
    return f"Starting PostgreSQL; the data lies in {settings.data_dir}"


def _shown(host: str) -> str:
    if host in ("127.0.0.1", "::1", "0.0.0.0"):  # noqa: S104 - only compared.
        return "localhost"
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    sys.exit(main())
