"""How the first admin comes about."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask

import admin as program
from app import first_admin
from tests.accounts.conftest import PASSWORD
from tests.serving import environment, serving
from tracker.config import Settings


def sign_in_body(password: str) -> dict[str, str]:
    return {"email": "ana@example.com", "password": password}


def test_one_comes_from_the_environment_once_and_later_from_the_program(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"DATABASE_URL": empty_database, "AUTH_MODE": "required"}
    first = {"ADMIN_EMAIL": "Ana@example.com", "ADMIN_PASSWORD": PASSWORD}
    with serving(tmp_path, **settings, **first) as server:
        answer = server.call("/api/session", sign_in_body(PASSWORD))
        assert (answer.status, answer.body["account"]["role"]) == (201, "admin")
        assert server.call("/api/incidents").status == 401
        assert PASSWORD not in server.said()
    answers = iter(["ana@example.com", "Ana Souza"])
    passwords = iter(["another long password"] * 2)
    for name, value in environment(**settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("builtins.input", lambda _question: next(answers))
    monkeypatch.setattr(program, "getpass", lambda _question: next(passwords))
    assert program.main() == 0
    assert "Ana Souza (ana@example.com) is an admin." in capsys.readouterr().out
    with serving(tmp_path, **settings, **first) as server:
        assert server.call("/api/session", sign_in_body(PASSWORD)).status == 401
        assert server.call("/api/session", sign_in_body("another long password")).status == 201


@pytest.mark.parametrize(
    ("email", "passwords", "said"),
    [
        ("nobody", [PASSWORD, PASSWORD], "Must be an e-mail address"),
        ("ana@example.com", ["short", "short"], "Must be 12 to 256 characters long."),
        ("ana@example.com", [PASSWORD, "another long password"], "The two passwords are not the same."),
    ],
)
def test_what_cannot_be_used_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], email: str, passwords: list[str], said: str
) -> None:
    answers, given = iter([email, "Ana"]), iter(passwords)
    monkeypatch.setattr("builtins.input", lambda _question: next(answers))
    monkeypatch.setattr(program, "getpass", lambda _question: next(given))
    assert program.main() == 1
    assert said in capsys.readouterr().err


def test_without_an_account_the_start_says_how_to_make_one(empty_database: str, tmp_path: Path) -> None:
    with serving(tmp_path, DATABASE_URL=empty_database, AUTH_MODE="required") as server:
        assert "make admin" in server.said()


def test_of_servers_that_start_at_once_one_makes_it(fresh_app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(admin_email="ana@example.com", admin_password=PASSWORD)
    start = Barrier(4)

    def begin(_number: int) -> None:
        start.wait()
        first_admin(fresh_app, settings)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(begin, range(4)))
    assert capsys.readouterr().out == "Made the first admin, ana@example.com.\n"
