"""PostgreSQL stopped at once amid writes: what was acknowledged is there, once, and counted."""

import threading
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from tests.serving import wait_until
from tests.test_migrations import check_counts
from tracker import create_app
from tracker.config import Settings
from tracker.embedded import _Server
from tracker.startup import running_database, upgrade_database

WRITERS = 4


def test_the_kept_counts_survive_a_crash_of_the_database(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with running_database(Settings(data_dir=data_dir)) as settings:
        assert settings.database_url is not None
        app = create_app(settings)
        upgrade_database(app)
        acknowledged: list[str] = []
        refused: list[int] = []
        done = threading.Event()

        def write(writer: int) -> None:
            client = app.test_client()
            for number in range(100_000):
                if done.is_set():
                    return
                body: dict[str, Any] = {"title": f"Number {number}", "service": f"s{writer}", "severity": "SEV3"}
                answer = client.post("/api/incidents", json=body)
                if answer.status_code != 201:
                    refused.append(answer.status_code)
                    continue
                acknowledged.append(answer.get_json()["id"])
                client.patch(f"/api/incidents/{acknowledged[-1]}", json={"status": "RESOLVED", "owner": "Ana"})

        writers = [threading.Thread(target=write, args=(writer,), daemon=True) for writer in range(WRITERS)]
        for writer in writers:
            writer.start()
        wait_until(lambda: len(acknowledged) > 150, "some writes")
        # Without a checkpoint: it has to recover from its log, as after a loss of power.
        embedded = _Server(data_dir / "postgresql")
        embedded._run("pg_ctl", "stop", "-D", str(embedded.pgdata), "-m", "immediate", "-w")
        wait_until(lambda: refused, "a write to be refused")
        embedded.ensure_running()
        before = len(acknowledged)
        wait_until(lambda: len(acknowledged) > before + 50, "writes to go on")
        done.set()
        for writer in writers:
            writer.join()
        assert set(refused) == {503}
        found = set()
        cursor: str | None = ""
        client = app.test_client()
        while cursor is not None:
            page = client.get(
                "/api/incidents", query_string={"per_page": 100, **({"cursor": cursor} if cursor else {})}
            )
            found |= {item["id"] for item in page.get_json()["items"]}
            cursor = page.get_json()["nextCursor"]
        assert set(acknowledged) <= found
        engine = create_engine(settings.database_url)
        check_counts(engine)
        engine.dispose()
