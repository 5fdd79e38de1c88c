"""The Compose file: what it starts, and that its parts know each other."""

import re
from dataclasses import fields
from typing import Any

import yaml

from tracker.config import BACKEND, Settings
from tracker.database import HEALTH, LIVE, REPLICA, binds

TOP = BACKEND.parent
COMPOSE: dict[str, Any] = yaml.safe_load((TOP / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
APPS = ["app", "app1", "app2", "app3"]


def of_profile(*names: str) -> set[str]:
    """The services that there are with these profiles."""
    return {name for name, service in SERVICES.items() if set(service.get("profiles", names)) & set(names)}


def started_with(name: str) -> set[str]:
    """The service, and those that it depends on."""
    return {name}.union(*map(started_with, SERVICES[name].get("depends_on", ())))


def test_one_host_is_the_default() -> None:
    assert {name for name, service in SERVICES.items() if "profiles" not in service} == {"db", "app"}
    assert "DATABASE_REPLICA_URL" not in SERVICES["app"]["environment"]


def test_the_proxy_brings_all_that_is_scaled() -> None:
    assert started_with("proxy") == {"proxy", "app1", "app2", "app3", "db", "replica"}
    assert started_with("proxy") <= of_profile("scaled") | {"db"}
    # Both answer where the README says, so that only one of them may run.
    addresses = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert addresses == {"app": ["127.0.0.1:${PORT:-5000}:5000"], "proxy": ["127.0.0.1:${PORT:-5000}:80"]}
    proxied = re.findall(r"^ +server (\w+):5000", (TOP / "deploy" / "nginx.conf").read_text(), re.MULTILINE)
    assert proxied == ["app1", "app2", "app3"]


def test_every_setting_is_one() -> None:
    settings = {field.name.upper() for field in fields(Settings)}
    for name in APPS:
        assert set(SERVICES[name]["environment"]) - settings == {"PGPASSWORD"}
    scaled = SERVICES["app1"]["environment"]
    plain = SERVICES["app"]["environment"]
    assert scaled == SERVICES["app2"]["environment"] == SERVICES["app3"]["environment"]
    assert {name for name in scaled if scaled[name] != plain.get(name)} == {"DATABASE_REPLICA_URL", "TRUSTED_PROXIES"}
    for url, host in (("DATABASE_URL", "db"), ("DATABASE_REPLICA_URL", "replica")):
        assert scaled[url] == f"postgresql://tracker@{host}:5432/incident_tracker"


def test_what_it_mounts_and_builds_exists() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert (TOP / source).is_file() if source.startswith("./") else source in COMPOSE["volumes"]
        if "build" in service:
            assert (TOP / service["build"]["dockerfile"]).is_file()
        for other, when in service.get("depends_on", {}).items():
            assert when == {"condition": "service_healthy"}
            checked = SERVICES[other]
            # An image of ours checks itself.
            assert "healthcheck" in checked or "build" in checked


def test_postgresql_has_room_for_all() -> None:
    for name in ("db", "replica"):
        options = dict(re.findall(r"(\w+)=(\S+)", " ".join(SERVICES[name]["command"])))
        assert SERVICES[name]["command"] == SERVICES["db"]["command"]
        settings = Settings(database_url="postgresql://x", database_replica_url="postgresql://x")
        pools = binds(settings, serves=True)
        there = [bind for bind in pools if (bind or "").startswith(REPLICA) == (name == "replica")]
        workers = int(SERVICES["app1"]["environment"]["WORKERS"].removeprefix("${WORKERS:-").rstrip("}"))
        needed = 3 * workers * (sum(pools[bind]["pool_size"] for bind in there) + (name == "replica"))
        # While servers are replaced, and for whoever looks after it.
        assert needed + 10 < int(options["max_connections"])
        assert options["hba_file"] == "/etc/postgresql/pg_hba.conf"
    assert {HEALTH, LIVE} <= set(pools)
