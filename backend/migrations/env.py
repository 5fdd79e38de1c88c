"""How Flask-Migrate runs migrations: online, each in a transaction of its own, never waiting long for a lock."""

from alembic import context
from flask import current_app
from sqlalchemy import text

db = current_app.extensions["migrate"].db

# A migration that waits for a lock makes every later query on that table wait behind it: better to fail and be
# run again than to stop the service.
LOCK_TIMEOUT = "2s"
# None takes nearly as long. One that hangs holds its locks no longer, and neither a role's shorter limit nor the URL's
# ends one that only has much to do.
STATEMENT_TIMEOUT = "1h"


def run_migrations() -> None:
    """Run the migrations on the application's own engine."""
    with db.engine.connect() as connection:
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.commit()
        context.configure(connection=connection, target_metadata=db.metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
