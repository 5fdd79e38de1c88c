"""What the page about operating names exists."""

import re
from dataclasses import fields

from tracker.config import BACKEND, Settings

TOP = BACKEND.parent
PAGE = (TOP / "docs" / "operating.md").read_text()
OTHERS = {
    # Of the shell, the Makefile, systemd and PostgreSQL rather than settings.
    "ALTER", "CONCURRENTLY", "FILE", "PATH", "POSTGRES_PASSWORD", "REPLACE", "ROLE", "SELECT", "SIGINT", "SIGTERM",
}  # fmt: skip


def test_every_setting_that_it_names_exists() -> None:
    code = re.findall(r"`([^`\n]+)`|^Environment=(.+)$|([A-Z_]+)=", PAGE, re.MULTILINE)
    named = {name for found in code for name in re.findall(r"\b[A-Z][A-Z_]{3,}\b", " ".join(found))}
    settings = {field.name.upper() for field in fields(Settings)}
    assert named - OTHERS - settings == set()
    assert {"DATABASE_URL", "DATA_DIR", "AUTH_MODE", "TRUSTED_PROXIES", "WORKERS"} <= named


def test_every_command_that_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    made = set(re.findall(r"\bmake ([a-z-]+)", PAGE))
    assert {"admin", "backup", "build", "restore"} <= made <= targets
    programs = set(re.findall(r"python (\w+\.py)", PAGE))
    assert {"admin.py", "app.py", "backup.py"} <= programs
    assert all((BACKEND / program).is_file() for program in programs)
    image = (BACKEND / "Dockerfile").read_text()
    kept = (BACKEND / "Dockerfile.dockerignore").read_text()
    assert all(f"backend/{program}" in image and f"!backend/{program}" in kept for program in programs)


def test_every_file_that_it_links_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert links
    assert all((TOP / "docs" / link).exists() for link in links)
