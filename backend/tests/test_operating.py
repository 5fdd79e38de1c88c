"""What the pages about operating and scaling name exists."""

import re
from dataclasses import fields

from tracker.config import BACKEND, Settings

TOP = BACKEND.parent
OPERATING, SCALING = ((TOP / "docs" / name).read_text() for name in ("operating.md", "scaling.md"))
PAGES = OPERATING + SCALING
OTHERS = {
    # Of the shell, the Makefile, systemd and PostgreSQL rather than settings.
    "ALTER", "CONCURRENTLY", "FILE", "LISTEN", "PATH", "POSTGRES_PASSWORD", "REPLACE", "ROLE", "SELECT", "SIGINT",
    "SIGTERM", "SYNCHRONOUS_STANDBY_NAMES", "UPDATE",
}  # fmt: skip


def test_every_setting_that_it_names_exists() -> None:
    code = re.findall(r"`([^`\n]+)`|^Environment=(.+)$|([A-Z_]+)=", PAGES, re.MULTILINE)
    named = {name for found in code for name in re.findall(r"\b[A-Z][A-Z_]{3,}\b", " ".join(found))}
    settings = {field.name.upper() for field in fields(Settings)}
    assert named - OTHERS - settings == set()
    assert {"DATABASE_URL", "DATA_DIR", "AUTH_MODE", "TRUSTED_PROXIES", "WORKERS"} <= named
    assert {"DATABASE_REPLICA_URL", "DATABASE_DIRECT_URL"} <= named


def test_every_command_that_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    made = {
        name for pair in re.findall(r"`make ([a-z-]+)|^make ([a-z-]+)", PAGES, re.MULTILINE) for name in pair if name
    }
    assert {"admin", "backup", "bench-scaling", "build", "restore"} <= made <= targets
    programs = set(re.findall(r"python (\w+\.py)", OPERATING))
    assert {"admin.py", "app.py", "backup.py"} <= programs
    assert all((BACKEND / program).is_file() for program in programs)
    image = (BACKEND / "Dockerfile").read_text()
    kept = (BACKEND / "Dockerfile.dockerignore").read_text()
    assert all(f"backend/{program}" in image and f"!backend/{program}" in kept for program in programs)


def test_every_file_that_they_link_exists() -> None:
    for page in (OPERATING, SCALING):
        links = re.findall(r"\]\(([^)#]+)[)#]", page)
        assert links
        assert all((TOP / "docs" / link).exists() for link in links)
    named = set(re.findall(r"`((?:tests|deploy|docs)/[\w./-]+)`", SCALING))
    assert {"tests/test_hosts.py", "tests/test_replica.py"} <= named
    assert all((TOP / name).exists() or (BACKEND / name).exists() for name in named)
