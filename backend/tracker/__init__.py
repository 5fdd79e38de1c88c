"""Incident Tracker: the application factory."""

from threading import BoundedSemaphore

from flask import Flask
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from tracker import about, admission, browser, callers, database, logging, metrics, problems
from tracker.accounts import oidc_routes as oidc
from tracker.accounts import routes as accounts
from tracker.config import BACKEND, Settings
from tracker.extensions import api, db, migrate
from tracker.history import routes as history
from tracker.history.log import EventLog
from tracker.history.stream import Hub
from tracker.incidents import queries
from tracker.incidents import routes as incidents
from tracker.openapi import API_OPTIONS
from tracker.parsing import check_host, check_request
from tracker.replica import Replica
from tracker.views import routes as views
from tracker.wire import OrjsonProvider

MIGRATIONS = BACKEND / "migrations"
BODY_MAX = 1024 * 1024
"""Bytes that a request's body may have."""
# What pages of other origins may send, and see of an answer.
READ_HEADERS = ("Authorization", "If-None-Match", "Last-Event-ID", "X-Request-ID")
WRITE_HEADERS = ("Content-Type", "Idempotency-Key", "If-Match", "X-Actor")
SHOWN_HEADERS = (
    "Change-Id", "Content-Disposition", "ETag", "Idempotent-Replayed", "Location", "Retry-After",
    "WWW-Authenticate", "X-Request-ID",
)  # fmt: skip


def create_app(settings: Settings | None = None, *, serves: bool = False) -> Flask:
    """The application, wired: the settings' database, every blueprint, one renderer for errors.

    :param settings: taken from the environment when left out. Without a ``database_url`` the defaults of libpq
        apply, which is enough for commands that need no database.
    :param serves: whether it answers requests, whose statements are timed, rather than migrates or loads, which may
        take as long as they need.
    """
    settings = settings or Settings.load()
    app = database.Application(__name__, static_folder=None)
    app.json = OrjsonProvider(app)
    app.config.update(
        API_OPTIONS,
        MAX_CONTENT_LENGTH=BODY_MAX,
        SQLALCHEMY_BINDS=database.binds(settings, serves=serves),
    )

    logging.configure(settings.log_level, settings.log_format)
    logging.register(app)
    counted = metrics.register(app)
    problems.register(app)
    admission.register(app, settings.threads)
    if not settings.allow_open_network and not settings.auth_required:
        app.before_request(check_host)
    callers.register(app, required=settings.auth_required)
    app.before_request(check_request)

    db.init_app(app)
    if serves:
        with app.app_context():
            database.time_statements(db.engine, settings.slow_query_ms)
            for name, bind in (("writes", None), ("reads", database.READS)):
                counted.watch(db.engines[bind], name, database.pool_size(settings))
            if settings.database_replica_url:
                database.time_statements(db.engines[database.REPLICA_EXPORTS], settings.slow_query_ms)
                counted.watch(db.engines[database.REPLICA], "replica", database.pool_size(settings))
                connect = database.connecting_to_replica(settings)
                app.extensions["replica"] = Replica(app, connect, counted.count_replica_read)
            if database.pooler_url(settings, serves=serves):
                database.settle_each_transaction(settings, db.engines)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    api.init_app(app)
    for name, scheme in callers.SECURITY_SCHEMES.items():
        api.spec.components.security_scheme(name, scheme)
    app.extensions["export_slots"] = BoundedSemaphore(database.exports(settings))
    event_log = EventLog(queries.rendered_from("incidents"))
    app.extensions["live"] = Hub(app, event_log, limit=settings.streams, on_change=counted.count_streams)
    api.register_blueprint(incidents.blp)
    api.register_blueprint(history.blp)
    api.register_blueprint(views.blp)
    api.register_blueprint(accounts.blp)
    api.register_blueprint(oidc.blp)
    if settings.oidc is not None:
        from tracker.accounts.provider import Provider

        app.extensions["oidc"] = Provider(settings.oidc)
    about.register(app)
    browser.register(app)
    if settings.cors_origins:
        CORS(
            app,
            resources=r"/api/.*",
            origins=list(settings.cors_origins),
            allow_headers=[*READ_HEADERS, *WRITE_HEADERS],
            expose_headers=SHOWN_HEADERS,
        )
    if proxies := settings.trusted_proxies:
        # Around everything else, which then need not know that there is a proxy.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    return app
