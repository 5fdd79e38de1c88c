"""Incident Tracker: the application factory."""

from threading import BoundedSemaphore
from typing import Any

from flask import Flask
from flask_cors import CORS
from sqlalchemy import make_url

from tracker import about, browser, logging, problems
from tracker.config import BACKEND, Settings
from tracker.extensions import api, db, migrate
from tracker.incidents import routes as incidents
from tracker.openapi import API_OPTIONS
from tracker.parsing import check_host, check_request
from tracker.wire import OrjsonProvider, dumps

MIGRATIONS = BACKEND / "migrations"
BODY_MAX = 1024 * 1024
"""Bytes that a request's body may have."""


def create_app(settings: Settings | None = None) -> Flask:
    """The application, wired: the settings' database, every blueprint, one renderer for errors.

    :param settings: taken from the environment when left out. Without a ``database_url`` the defaults of libpq
        apply, which is enough for commands that need no database.
    """
    settings = settings or Settings.load()
    app = Flask(__name__, static_folder=None)
    app.json = OrjsonProvider(app)
    app.config.update(
        API_OPTIONS,
        MAX_CONTENT_LENGTH=BODY_MAX,
        SQLALCHEMY_DATABASE_URI=settings.database_url or "postgresql+psycopg2://",
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings),
    )

    logging.configure(settings.log_level)
    logging.register(app)
    problems.register(app)
    if not settings.allow_open_network:
        app.before_request(check_host)
    app.before_request(check_request)

    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    api.init_app(app)
    # The others are for those who only want to look something up.
    app.extensions["export_slots"] = BoundedSemaphore(max(1, settings.threads // 2))
    api.register_blueprint(incidents.blp)
    about.register(app)
    browser.register(app)
    if settings.cors_origins:
        CORS(
            app,
            resources=r"/api/.*",
            origins=list(settings.cors_origins),
            allow_headers=["Content-Type", "If-Match", "If-None-Match", "X-Actor", "X-Request-ID"],
            expose_headers=["Content-Disposition", "ETag", "Location", "Retry-After", "X-Request-ID"],
        )
    return app


def _engine_options(settings: Settings) -> dict[str, Any]:
    given = make_url(settings.database_url).query if settings.database_url else {}
    defaults = {"connect_timeout": 3, "application_name": "incident-tracker"}
    return {
        # One connection for each thread that serves, so that none waits for another's.
        "pool_size": settings.threads,
        "max_overflow": 2,
        "pool_timeout": 5,
        "json_serializer": lambda value: dumps(value).decode(),
        "connect_args": {
            **{name: value for name, value in defaults.items() if name not in given},
            # Times come back in UTC, whatever the server's time zone.
            "options": f"{given.get('options', '')} -c timezone=UTC".strip(),
        },
    }
