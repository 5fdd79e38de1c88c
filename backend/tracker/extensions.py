"""Extensions, unbound; :func:`tracker.create_app` binds them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, MetaData, Row
from sqlalchemy.orm import DeclarativeBase

from tracker.openapi import ApiDocument

if TYPE_CHECKING:
    import psycopg2.extensions


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

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection of the application's pool that commits by itself while it is used here."""
        with db.engine.connect() as connection:
            # SQLAlchemy's own option for this asks the server twice, for an isolation level that does not change.
            driver = cast("psycopg2.extensions.connection", connection.connection.dbapi_connection)
            driver.autocommit = True
            try:
                yield connection
            finally:
                if not driver.closed:
                    driver.autocommit = False


reader = Reader()
migrate = Migrate()
api = ApiDocument()
