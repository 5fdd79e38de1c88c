"""`python seed.py` as people and scripts call it."""

import os
import subprocess
import sys

import pytest
from flask import Flask
from sqlalchemy import text

import seed
from tracker.config import BACKEND
from tracker.extensions import db


def run(*arguments: str, database_url: str) -> subprocess.CompletedProcess[str]:
    """Run the script without a terminal."""
    environment = {**os.environ, "DATABASE_URL": database_url}
    command = [sys.executable, "seed.py", *arguments]
    return subprocess.run(
        command, cwd=BACKEND, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def count() -> int:
    """How many incidents there are, and in passing that all have their history."""
    with db.engine.connect() as connection:
        versions, changes = connection.execute(
            text("SELECT (SELECT sum(version) FROM incidents), (SELECT count(*) FROM events WHERE type <> 'commented')")
        ).one()
        assert (versions or 0) == changes
        return int(connection.execute(text("SELECT count(*) FROM incidents")).scalar_one())


def test_from_an_empty_database_to_a_reset(empty_database: str) -> None:
    first = run(database_url=empty_database)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("Loaded 200 demo incidents")
    assert len(first.stdout.splitlines()) == 1

    second = run("--count", "50", database_url=empty_database)
    assert second.returncode == 0
    assert second.stdout == "There are incidents already; nothing was added (--reset deletes them first).\n"

    refused = run("--reset", database_url=empty_database)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "--reset deletes every incident; without a terminal to ask on, add --yes.\n"

    reset = run("--reset", "--yes", "--count", "30", database_url=empty_database)
    assert reset.returncode == 0
    assert reset.stdout.startswith("Loaded 30 demo incidents")


@pytest.mark.parametrize("wrong", ["0", "-5", "many", "1.5", "", "²", "100000001"])
def test_a_wrong_count_is_explained(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        seed.main([f"--count={wrong}"])
    assert stopped.value.code == 2
    assert "must be a whole number from 1 to 100,000,000" in capsys.readouterr().err


def test_a_database_that_is_away_is_one_sentence() -> None:
    gone = run(database_url="postgresql://nobody:secret@127.0.0.1:1/nothing")
    assert gone.returncode == 1
    assert gone.stdout == ""
    assert len(gone.stderr.strip().splitlines()) == 1
    assert "cannot be reached" in gone.stderr
    assert "secret" not in gone.stderr


def test_a_wrong_setting_is_one_sentence() -> None:
    wrong = run(database_url="mysql://localhost/incidents")
    assert wrong.returncode == 1
    assert len(wrong.stderr.strip().splitlines()) == 1
    assert "DATABASE_URL" in wrong.stderr


@pytest.mark.parametrize(("answer", "code", "left"), [("n", 1, 40), ("", 1, 40), ("yes", 0, 7), ("Y", 0, 7)])
def test_reset_does_as_it_is_told(
    answer: str, code: int, left: int, fresh_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def reply(question: str) -> str:
        asked.append(question)
        return answer

    monkeypatch.setattr("builtins.input", reply)
    assert seed.seed(fresh_app, 40, reset=False, confirmed=False) == 0
    assert not asked
    assert seed.seed(fresh_app, 7, reset=True, confirmed=False) == code
    assert asked == ["Delete all 40 incidents with their histories from this database? [y/N] "]
    assert count() == left


def test_the_end_of_input_is_no(fresh_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(_question: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", end)
    assert seed.seed(fresh_app, 5, reset=False, confirmed=False) == 0
    assert seed.seed(fresh_app, 5, reset=True, confirmed=False) == 1
    assert count() == 5


def test_nothing_is_asked_where_nothing_would_be_lost(fresh_app: Flask) -> None:
    assert seed.seed(fresh_app, 5, reset=True, confirmed=False) == 0
    assert count() == 5
