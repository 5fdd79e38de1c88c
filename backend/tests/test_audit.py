"""The audit of the packages: what is known fails, what is accepted does not, and neither does what cannot be asked."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import audit

CLEAN = {"name": "flask", "version": "3", "vulns": []}
BAD = {"name": "jinja2", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"], "aliases": ["GHSA-a"]}]}
SKIPPED = {"name": "flask", "skip_reason": "Dependency not found on PyPI"}
NPM_CLEAN: dict[str, Any] = {"vulnerabilities": {}}
ADVISORY = {"url": "https://github.com/advisories/GHSA-b", "name": "vite", "range": "<9", "title": "Reads files"}
NPM_BAD = {"vulnerabilities": {"vite": {"via": [ADVISORY]}, "vitest": {"via": ["vite"]}}}


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the audit of programs that report this; returns the exit code and the lines."""

    def run(python: Any, npm: Any) -> tuple[int, list[str]]:
        for name, report in (("PYTHON", python), ("NPM", npm)):
            program = report if isinstance(report, str) else f"print({json.dumps(report)!r})"
            monkeypatch.setattr(audit, name, [sys.executable, "-c", program])
        code = audit.main()
        return code, capsys.readouterr().err.splitlines()

    return run


def test_nothing_found_is_silent(said: Any) -> None:
    assert said({"dependencies": [CLEAN]}, NPM_CLEAN) == (0, [])


def test_what_is_found_fails_unless_it_is_accepted(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    code, lines = said({"dependencies": [CLEAN, BAD]}, NPM_BAD)
    assert code == 1
    assert lines == [
        "Vulnerable: jinja2 2, fixed in 3 (GHSA-a, PYSEC-1)",
        "Vulnerable: vite <9: Reads files (GHSA-b)",
    ]
    monkeypatch.setattr(audit, "ACCEPTED", {"GHSA-a": "We do not use it.", "GHSA-b": "For development alone."})
    assert said({"dependencies": [BAD]}, NPM_BAD) == (0, [])


@pytest.mark.parametrize(
    ("python", "npm", "warnings"),
    [
        ("import sys; sys.exit('No route to host')", NPM_CLEAN, ["No route to host"]),
        ({"dependencies": [CLEAN, SKIPPED]}, NPM_CLEAN, ["1 of 2 are not in the database"]),
        ({"dependencies": []}, {"message": "405 Method\nNot Allowed", "error": {}}, ["405 Method Not Allowed"]),
        ("import time; time.sleep(60)", "print('<html>')", ["no answer within 3 seconds", "nothing that can be read"]),
    ],
)
def test_what_cannot_be_asked_is_a_warning_of_a_line(
    said: Any, monkeypatch: pytest.MonkeyPatch, python: Any, npm: Any, warnings: list[str]
) -> None:
    monkeypatch.setattr(audit, "PATIENCE", 3)
    code, lines = said(python, npm)
    assert code == 0
    assert len(lines) == len(warnings)
    for line, warning in zip(lines, warnings, strict=True):
        assert line.startswith("Warning: ")
        assert warning in line


def test_what_is_found_counts_where_the_rest_is_not_known(said: Any) -> None:
    code, lines = said({"dependencies": [BAD, SKIPPED]}, NPM_CLEAN)
    assert code == 1
    assert len(lines) == 2


def test_every_package_that_serves_is_audited_with_those_for_development() -> None:
    pinned = [
        {line for line in (audit.BACKEND / name).read_text().splitlines() if "==" in line}
        for name in ("requirements.txt", "requirements-dev.txt")
    ]
    assert pinned[0] <= pinned[1]
    assert all(len(reason) > 10 for reason in audit.ACCEPTED.values())
