"""About the service: its health, and the documentation of its API."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from threading import Lock

import flask_swagger_ui
from flask import Flask, Response, current_app, render_template, send_from_directory
from marshmallow import Schema, fields, validate
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from tracker.database import HEALTH
from tracker.extensions import api, db
from tracker.openapi import RETRY_AFTER, VERSION, ProblemSchema
from tracker.parsing import Blueprint
from tracker.problems import MEDIA_TYPE, NotFound, Unavailable
from tracker.wire import json_response

PATIENCE = 1.0
"""Seconds in which the database must answer to count as healthy."""

SWAGGER_UI = Path(flask_swagger_ui.__file__).parent / "dist"
_ASSETS = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")

blp = Blueprint("service", __name__, url_prefix="/api", description="About the service itself.")
docs = Blueprint("docs", __name__, url_prefix="/api")


class Health(Schema):
    """That the service and its database answer."""

    status = fields.String(required=True, validate=validate.Equal("ok"))
    database = fields.String(required=True, validate=validate.Equal("ok"))
    version = fields.String(required=True)


class Alive(Schema):
    """That the service answers."""

    status = fields.String(required=True, validate=validate.Equal("ok"))


class _Probe:
    """Asks the database one thing at a time, without waiting longer than a caller has patience.

    A database that hangs would otherwise hold one more thread with each question.
    """

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="health")
        self._lock = Lock()
        self._pending: Future[None] | None = None

    def answers(self, engine: Engine) -> bool:
        with self._lock:
            if self._pending is None or self._pending.done():
                self._pending = self._executor.submit(_ask, engine)
            pending = self._pending
        try:
            pending.result(PATIENCE)
        except (SQLAlchemyError, FutureTimeoutError):
            return False
        return True


def _ask(engine: Engine) -> None:
    try:
        _select(engine)
    except SQLAlchemyError:
        # A connection from before a restart of the database fails once; the pool then opens new ones.
        _select(engine)


def _select(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))


_probe = _Probe()


@blp.route("/health", needs=None)
@blp.response(200, Health, example={"status": "ok", "database": "ok", "version": VERSION})
@blp.alt_response(
    503,
    schema=ProblemSchema,
    content_type=MEDIA_TYPE,
    description="The database does not answer within a second; `database` and `version` say so for programs.",
    headers={"Retry-After": RETRY_AFTER},
)
def get_health() -> Response:
    """Check the service and its database"""
    if not _probe.answers(db.engines[HEALTH]):
        raise Unavailable("The database does not answer within a second.", database="unavailable", version=VERSION)
    return json_response({"status": "ok", "database": "ok", "version": VERSION})


@blp.route("/health/live", needs=None)
@blp.response(200, Alive, example={"status": "ok"})
def get_liveness() -> Response:
    """Check the service alone

    It answers as long as this process does, whatever becomes of the database: restarting it would not help that.
    """
    return json_response({"status": "ok"})


@docs.route("/openapi.json", needs=None)
def get_openapi() -> Response:
    """This API as an OpenAPI 3.1 document."""
    return json_response(api.spec.to_dict())


@docs.route("/docs", needs=None)
def get_docs() -> str:
    """The documentation as a page."""
    return render_template("docs.html")


@docs.route("/docs/<path:name>", needs=None)
def get_docs_asset(name: str) -> Response:
    """What the page is made of, from this server: it works where no other host can be reached."""
    if name == "start.js":
        return send_from_directory(Path(current_app.root_path) / "templates", "docs.js")
    if name not in _ASSETS:
        raise NotFound("There is no such page.")
    return send_from_directory(SWAGGER_UI, name)


def register(app: Flask) -> None:
    """Add the service's own addresses."""
    api.register_blueprint(blp)
    app.register_blueprint(docs)
