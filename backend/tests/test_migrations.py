"""The schema: how it comes, that it is what the models say, and the counts that it keeps."""

import io
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from tests.serving import environment
from tracker import create_app
from tracker.config import BACKEND, Settings
from tracker.extensions import Base, db
from tracker.ids import new_id
from tracker.startup import StartupError, upgrade_database
from tracker.views.models import BUILT_IN, VIEWS_MAX

INSERT = """
INSERT INTO incidents (id, title, service, severity, status, owner, started_at, created_at, updated_at, version)
VALUES (:id, 'Something broke', :service, :severity, :status, :owner, now(), now(), now(), 1)
"""
KEY = ("owner", "service", "severity", "status")


@pytest.fixture
def engine(fresh_app: Flask) -> Engine:
    """The engine of a migrated database of its own."""
    return db.engine


def objects(connection: Connection) -> Counter[str]:
    """What a database holds: relations, types, functions and triggers, extensions aside."""
    found: Counter[str] = Counter()
    queries = (
        "SELECT 'relation ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace",
        "SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'",
        """
        SELECT 'function ' || p.oid::regprocedure FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
        """,
        "SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal",
    )
    for query in queries:
        found.update(connection.execute(text(query)).scalars())
    return found


def write_every_kind_of_event(client: FlaskClient, incident: dict[str, Any]) -> None:
    """A change, a comment, and the change taken back, with a key."""
    address = f"/api/incidents/{incident['id']}"
    assert client.patch(address, json={"owner": "Ana"}).status_code == 200
    comment = client.post(f"{address}/comments", json={"body": "Looking."}, headers={"Idempotency-Key": incident["id"]})
    assert comment.status_code == 201
    change = client.get(f"{address}/events").get_json()["items"][1]["changeId"]
    assert client.post(f"/api/changes/{change}/revert").status_code == 200


def test_down_and_up_again_on_a_filled_database(fresh_app: Flask, engine: Engine) -> None:
    client = fresh_app.test_client()
    for status in ("OPEN", "MITIGATED", "RESOLVED"):
        body = {"title": "Something broke", "service": "db", "severity": "SEV2", "status": status, "summary": "x"}
        incident = client.post("/api/incidents", json=body).get_json()
        write_every_kind_of_event(client, incident)
    db.session.remove()
    with engine.connect() as connection:
        before = objects(connection)
    flask_migrate.downgrade(revision="base")
    with engine.connect() as connection:
        assert set(objects(connection)) == {"relation alembic_version", "relation alembic_version_pkc"}
    flask_migrate.upgrade()
    with engine.connect() as connection:
        assert objects(connection) == before
    assert client.get("/api/incidents").get_json()["total"] == 0
    assert client.post("/api/incidents", json=body).status_code == 201


# Alembic compares a generated column's expression as text, and PostgreSQL words it anew; the next test compares it.
@pytest.mark.filterwarnings("ignore:Computed default on incidents.search_text")
def test_models_and_migrations_say_the_same(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_database_that_the_models_would_make_is_worded_the_same(engine: Engine) -> None:
    """Alembic compares neither the expressions of indexes nor their conditions, checks or generated columns."""
    definitions = text(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version' "
        "UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace AND contype = 'c' "
        "UNION ALL SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef"
    )
    with engine.connect() as connection, connection.begin() as transaction:
        migrated = Counter(connection.execute(definitions).scalars())
        assert len(migrated) > 15
        for table in Base.metadata.tables:
            connection.execute(text(f"DROP TABLE {table} CASCADE"))
        connection.execute(text("DROP TYPE event_type, status, severity"))
        Base.metadata.create_all(connection)
        assert Counter(connection.execute(definitions).scalars()) == migrated
        transaction.rollback()


def test_starts_at_once_migrate_once(empty_database: str) -> None:
    migrate = (
        "from tracker import create_app; from tracker.config import Settings; "
        "from tracker.startup import upgrade_database; upgrade_database(create_app(Settings.load()))"
    )
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", migrate],
            cwd=BACKEND,
            env=environment(DATABASE_URL=empty_database),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(3)
    ]
    for start in starts:
        said, _ = start.communicate(timeout=60)
        assert start.returncode == 0, said.decode()
    app = create_app(Settings(database_url=empty_database))
    assert app.test_client().get("/api/incidents").get_json()["total"] == 0
    with app.app_context():
        db.engine.dispose()


def test_a_database_of_a_newer_release_is_left_alone(fresh_app: Flask, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(
            text("COMMENT ON TABLE alembic_version IS 'Releases with schema 9998 or newer run on this.'")
        )
        before = objects(connection)
    with pytest.raises(StartupError, match="9999 of a newer release"):
        upgrade_database(fresh_app)
    with engine.connect() as connection:
        assert objects(connection) == before


def kept(connection: Connection, counts: str) -> Counter[tuple[Any, ...]]:
    """The counts that are kept in a table or view."""
    columns = ", ".join(KEY if counts.startswith("owner") else KEY[1:])
    rows = connection.execute(text(f"SELECT {columns}, sum(n) FROM {counts} GROUP BY {columns} HAVING sum(n) <> 0"))
    return Counter({tuple(key): int(n) for *key, n in rows})


def counted(connection: Connection, counts: str) -> Counter[tuple[Any, ...]]:
    """The same counts, counted."""
    columns = ["coalesce(owner, '')"] * counts.startswith("owner") + list(KEY[1:])
    listed = ", ".join(columns)
    rows = connection.execute(text(f"SELECT {listed}, count(*) FROM incidents GROUP BY {listed}"))
    return Counter({tuple(key): int(n) for *key, n in rows})


def check_counts(engine: Engine) -> None:
    """What is kept is what there is, before and after folding, and folding leaves one row for each combination."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        for counts in ("incident_counts", "owner_counts"):
            assert kept(connection, counts) == counted(connection, counts)
    with engine.begin() as connection:
        connection.execute(text("SELECT fold_incident_tallies()"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM tally_changes")).scalar_one() == 0
        for tallies in ("incident_tallies", "owner_tallies"):
            right = counted(connection, tallies)
            assert kept(connection, tallies) == right
            assert connection.execute(text(f"SELECT count(*) FROM {tallies}")).scalar_one() == len(right)


def values(chance: random.Random) -> dict[str, Any]:
    """One of few combinations, so that many rows share each."""
    return {
        "id": uuid4(),
        "owner": chance.choice([None, "Ana", "Bo"]),
        "service": chance.choice(["db", "web"]),
        "severity": chance.choice(["SEV1", "SEV2"]),
        "status": chance.choice(["OPEN", "RESOLVED"]),
    }


def write_at_random(connection: Connection, chance: random.Random) -> None:
    """One statement of any of the kinds that change rows."""
    some = text(f"random() < 0.3 AND service = '{chance.choice(['db', 'web'])}'")
    match chance.randrange(6):
        case 0 | 1:
            connection.execute(text(INSERT), [values(chance) for _ in range(chance.randint(1, 5))])
        case 2:
            copied = (values(chance) for _ in range(5))
            rows = "".join(
                "\t".join((str(row["id"]), "Copied", row["service"], row["severity"], row["status"]))
                + f"\t{row['owner'] or chr(92) + 'N'}\t2026-01-01Z\t2026-01-01Z\t2026-01-01Z\t1\n"
                for row in copied
            )
            columns = "id, title, service, severity, status, owner, started_at, created_at, updated_at, version"
            connection.connection.cursor().copy_expert(f"COPY incidents ({columns}) FROM STDIN", io.StringIO(rows))
        case 3:
            new = values(chance)
            connection.execute(
                text(f"UPDATE incidents SET service = :service, status = :status, owner = :owner WHERE {some}"), new
            )
        case 4:
            connection.execute(text(f"UPDATE incidents SET title = title || '.' WHERE {some}"))
        case 5:
            connection.execute(text(f"DELETE FROM incidents WHERE {some}"))


@pytest.mark.parametrize("seed", range(2))
def test_the_kept_counts_are_right_whatever_was_written_at_once(engine: Engine, seed: int) -> None:
    def write(number: int) -> None:
        chance = random.Random(100 * seed + number)
        with engine.connect() as connection:
            for _ in range(40):
                transaction = connection.begin()
                try:
                    # Rows in one order would be needed to keep two writers from waiting for each other.
                    connection.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
                    for _ in range(chance.randint(1, 3)):
                        write_at_random(connection, chance)
                        if chance.random() < 0.2:
                            connection.execute(text("SELECT fold_incident_tallies()"))
                except OperationalError:
                    transaction.rollback()
                    continue
                if chance.random() < 0.2:
                    transaction.rollback()
                else:
                    transaction.commit()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    check_counts(engine)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM incidents")).scalar_one() > 0
        connection.execute(text("TRUNCATE incidents CASCADE"))
        write_at_random(connection, random.Random(seed))
    check_counts(engine)


@pytest.fixture
def two(engine: Engine) -> Iterator[tuple[Connection, Connection]]:
    """Two connections with a transaction open in each, in which waiting for a lock is an error."""
    with engine.connect() as one, engine.connect() as other:
        for connection in (one, other):
            connection.execute(text("SET lock_timeout = '200ms'"))
        yield one, other


def test_writers_of_the_same_count_do_not_wait_for_each_other(
    engine: Engine, two: tuple[Connection, Connection]
) -> None:
    one, other = two
    same = {"owner": "Ana", "service": "db", "severity": "SEV1", "status": "OPEN"}
    for _ in range(60):
        one.execute(text(INSERT), {"id": uuid4(), **same})
        other.execute(text(INSERT), {"id": uuid4(), **same})
    one.execute(text("SELECT fold_incident_tallies()"))
    other.execute(text("SELECT fold_incident_tallies()"))
    with engine.begin() as third:
        third.execute(text(INSERT), {"id": uuid4(), **same})
        third.execute(text("UPDATE incidents SET status = 'RESOLVED'"))
    one.commit()
    other.rollback()
    check_counts(engine)


def test_a_reader_sees_the_counts_before_a_fold_or_after_it(engine: Engine, two: tuple[Connection, Connection]) -> None:
    one, other = two
    same = {"owner": "Ana", "service": "db", "severity": "SEV1", "status": "OPEN"}
    for _ in range(5):
        one.execute(text(INSERT), {"id": uuid4(), **same})
    one.commit()
    one.execute(text("SELECT fold_incident_tallies()"))
    assert sum(kept(other, "incident_counts").values()) == 5
    one.commit()
    assert sum(kept(other, "incident_counts").values()) == 5


def test_folding_waits_for_a_transaction_that_sees_what_others_folded(
    engine: Engine, two: tuple[Connection, Connection]
) -> None:
    """One that repeats its reads would fail on rows that another has folded since it began."""
    one, other = two
    other.rollback()
    same = {"owner": "Ana", "service": "db", "severity": "SEV1", "status": "OPEN"}
    other.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    other.execute(text("SELECT 1"))
    for _ in range(3):
        one.execute(text(INSERT), {"id": uuid4(), **same})
    one.commit()
    one.execute(text("SELECT fold_incident_tallies()"))
    one.commit()
    other.execute(text(INSERT), {"id": uuid4(), **same})
    other.execute(text("SELECT fold_incident_tallies()"))
    other.commit()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM tally_changes")).scalar_one() == 1
    check_counts(engine)


def test_counts_survive_going_down_and_up_again(fresh_app: Flask, engine: Engine) -> None:
    with engine.begin() as connection:
        for seed in range(8):
            connection.execute(text(INSERT), values(random.Random(seed)))
        connection.execute(text("SELECT fold_incident_tallies()"))
        for seed in range(8, 12):
            connection.execute(text(INSERT), values(random.Random(seed)))
    flask_migrate.downgrade(revision="0001")
    with engine.begin() as connection:
        assert kept(connection, "incident_tallies") == counted(connection, "incident_tallies")
        connection.execute(text(INSERT), values(random.Random(12)))
        connection.execute(text("UPDATE incidents SET status = 'MITIGATED' WHERE service = 'db'"))
        assert kept(connection, "incident_tallies") == counted(connection, "incident_tallies")
    flask_migrate.upgrade()
    check_counts(engine)


def test_an_older_log_keeps_what_it_can_say(fresh_app: Flask, engine: Engine) -> None:
    client = fresh_app.test_client()
    body = {"title": "Something broke", "service": "db", "severity": "SEV2"}
    incident = client.post("/api/incidents", json=body).get_json()
    write_every_kind_of_event(client, incident)
    address = f"/api/incidents/{incident['id']}/events"
    before = client.get(address).get_json()["items"]
    db.session.remove()
    flask_migrate.downgrade(revision="0002")
    with engine.connect() as connection:
        old = connection.execute(text("SELECT type, changes FROM events ORDER BY id")).all()
    assert [row.type for row in old] == ["created", "updated", "updated"]
    flask_migrate.upgrade()
    after = client.get(address).get_json()["items"]
    assert [event["changes"] for event in after] == [event["changes"] for event in before if event["changes"]]
    write_every_kind_of_event(client, client.post("/api/incidents", json=body).get_json())
    with engine.connect() as connection:
        # What is older than the column is not told as news.
        live = connection.execute(text("SELECT transaction_id > 0 FROM events ORDER BY id")).scalars().all()
    assert live == [False] * 3 + [True] * 4


SAVE_VIEW = (
    "INSERT INTO saved_views (id, person, name, q, sort_by, \"order\") VALUES (:id, :person, :name, :q, 'title', 'asc')"
)
ARRANGE_VIEWS = "INSERT INTO view_arrangements (person, ids, default_id) VALUES (:person, :ids, :default)"


def test_what_each_name_saved_becomes_everybodys(fresh_app: Flask, engine: Engine) -> None:
    account = uuid4()
    long = "é" * 60
    saved = [
        ("Ana", "Payments"),
        ("Bo", "PAYMENTS"),
        (str(account), "Payments"),
        ("Cy", "Payments (Bo)"),
        ("Cy", "payments"),
        ("anonymous", long),
        ("Zoë" * 40, long.upper()),
        # One whose name begins as the last one's does.
        ("Zoë" * 39, long),
        *(("Dan", f"View {number}") for number in range(VIEWS_MAX)),
    ]
    ids = [str(new_id()) for _ in saved]
    db.session.remove()
    flask_migrate.downgrade(revision="0005")
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO accounts (id, email, name, role) VALUES (:id, 'e@example.com', 'Eve', 'viewer')"),
            {"id": account},
        )
        for identifier, (person, name) in zip(ids, saved, strict=True):
            view = {"id": identifier, "person": person, "name": name, "q": f"about {identifier}"}
            connection.execute(text(SAVE_VIEW), view)
        for person, arranged, default in (
            ("Ana", [], ids[0]),
            ("Cy", [ids[4], "all", ids[3]], ids[4]),
            (str(account), [ids[2], "open", "all", "mine"], ids[2]),
        ):
            connection.execute(text(ARRANGE_VIEWS), {"person": person, "ids": arranged, "default": default})
    flask_migrate.upgrade()
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT person, name, id::text, q FROM saved_views ORDER BY id")).all()
        owners = connection.execute(text("SELECT person FROM view_arrangements ORDER BY person")).scalars().all()
    assert [(row.id, row.q) for row in kept] == [(identifier, f"about {identifier}") for identifier in ids]
    assert [row.person for row in kept if row.id != ids[2]] == [""] * (len(saved) - 1)
    cut = ("Zoë" * 40)[:40]
    assert [row.name for row in kept][:8] == [
        "Payments",
        "PAYMENTS (Bo)",
        "Payments",
        "Payments (Bo) (Cy)",
        "payments (Cy)",
        long,
        f"{'É' * 17} ({cut})",
        f"{'é' * 15} ({cut} 2)",
    ]
    assert kept[2].person == str(account)
    assert owners == ["", str(account)]
    client = fresh_app.test_client()
    found = client.get("/api/views").get_json()
    listed = [view["id"] for view in found["items"]]
    assert listed[:3] == [ids[4], "all", ids[3]]
    assert found["default"] == ids[4]
    assert len(listed) == len(BUILT_IN) + len(saved) - 1
    # There are more than may be saved: they can be arranged and deleted all the same, until there is room again.
    assert client.patch("/api/views", json={"order": listed[::-1]}).status_code == 200
    assert client.post("/api/views", json={"name": "More"}).status_code == 409
    for identifier in ids[8:17]:
        assert client.delete(f"/api/views/{identifier}").status_code == 204
    assert client.post("/api/views", json={"name": "More"}).status_code == 201


def test_an_older_release_gives_the_views_of_everybody_to_who_says_no_name(fresh_app: Flask, engine: Engine) -> None:
    client = fresh_app.test_client()
    view = client.post("/api/views", json={"name": "Payments"}, headers={"X-Actor": "Ana"}).get_json()["id"]
    client.patch("/api/views", json={"default": view})
    before = client.get("/api/views").get_json()
    db.session.remove()
    flask_migrate.downgrade(revision="0005")
    with engine.connect() as connection:
        for table in ("saved_views", "view_arrangements"):
            assert connection.execute(text(f"SELECT person FROM {table}")).scalars().all() == ["anonymous"]
    flask_migrate.upgrade()
    assert client.get("/api/views").get_json() == before
