"""Extensions, unbound; :func:`tracker.create_app` binds them."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from flask import current_app
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, MetaData, Row
from sqlalchemy.orm import DeclarativeBase

from tracker.openapi import ApiDocument


class Base(DeclarativeBase):
    """What every model derives from. Constraint names are fixed, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(
    model_class=Base,
    disable_autonaming=True,
    # What an operation returns is rendered after the commit, without loading it again.
    session_options={"expire_on_commit": False},
)


class Reader:
    """Statements that only read, each a transaction of its own.

    Beginning and ending one explicitly would cost two more round trips, which take longer than most of the reads.
    """

    _NAME = "incident-tracker-reader"

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """All rows that a statement of ours gives.

        :param sql: in psycopg2's form, with ``%(name)s`` for a value of ``parameters``.
        """
        with self.connect() as connection:
            return connection.exec_driver_sql(sql, dict(parameters)).all()

    def row(self, sql: str, parameters: Mapping[str, Any]) -> Row[Any] | None:
        """The first row, if there is one."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def connect(self) -> AbstractContextManager[Connection]:
        """A connection of the application's pool that commits by itself."""
        engine: Engine | None = current_app.extensions.get(self._NAME)
        if engine is None:
            engine = db.engine.execution_options(isolation_level="AUTOCOMMIT")
            current_app.extensions[self._NAME] = engine
        return engine.connect()


reader = Reader()
migrate = Migrate()
api = ApiDocument()
