"""Typed settings, and the only place that reads the environment.

Every setting is a field of :class:`Settings`; its name in the environment is the field's name in capitals.
The environment wins over ``backend/.env``. ``.env.example`` lists them all, which a test checks.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

BACKEND = Path(__file__).resolve().parent.parent
AUTH_MODES = ("open", "required")
LOG_LEVELS = ("debug", "info", "warning", "error")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


class SettingsError(Exception):
    """A setting that cannot be used; the message is one sentence for the person who starts the server."""


def is_loopback(host: str) -> bool:
    """Whether an address or host name reaches this machine alone.

    Names below ``.localhost`` count, since browsers resolve them to loopback without asking DNS (RFC 6761).
    """
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def normalise_database_url(url: str) -> str:
    """The URL with psycopg2 named as its driver, which SQLAlchemy 2.1 no longer assumes."""
    scheme, separator, rest = url.partition("://")
    example = "such as postgresql://user:password@localhost:5432/incident_tracker"
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise SettingsError(f"DATABASE_URL must start with postgresql:// or postgres://, {example}.")
    normalised = f"postgresql+psycopg2://{rest}"
    try:
        make_url(normalised)
    except (ArgumentError, ValueError) as error:
        # Without what it is: it holds a password.
        raise SettingsError(f"DATABASE_URL must be a URL of PostgreSQL, {example}.") from error
    return normalised


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one installation runs."""

    host: str = "127.0.0.1"
    port: int = 5000
    workers: int = 1
    threads: int = 64
    streams: int = 500
    statement_timeout: int = 10
    slow_query_ms: int = 500
    database_url: str | None = None
    data_dir: Path = BACKEND.parent / "data"
    auth_mode: str = ""
    admin_email: str | None = None
    admin_password: str | None = field(default=None, repr=False)
    allow_open_network: bool = False
    trusted_proxies: int = 0
    cors_origins: tuple[str, ...] = ()
    log_level: str = "info"

    @classmethod
    def load(cls) -> "Settings":
        """The settings of the environment and ``backend/.env``.

        :raises SettingsError: where one of them cannot be used.
        """
        try:
            file = dotenv_values(BACKEND / ".env")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{BACKEND / '.env'} cannot be read as UTF-8 text: correct or remove it.") from error
        return cls.parse({**file, **os.environ})

    @classmethod
    def parse(cls, environment: Mapping[str, str | None]) -> "Settings":
        """The settings that ``environment`` describes; an empty value counts as not set."""
        values: dict[str, Any] = {}
        for setting in fields(cls):
            name = setting.name.upper()
            raw = (environment.get(name) or "").strip()
            if raw:
                values[setting.name] = _READERS[setting.name](name, raw)
        settings = cls(**values)
        if not settings.auth_required and not is_loopback(settings.host) and not settings.allow_open_network:
            raise SettingsError(
                f"HOST={settings.host} can be reached from other machines, and with AUTH_MODE=open nobody signs in: "
                "use HOST=127.0.0.1 or AUTH_MODE=required, or set ALLOW_OPEN_NETWORK=1 if everyone on that network "
                "may change everything."
            )
        if (settings.admin_email is None) != (settings.admin_password is None):
            raise SettingsError("ADMIN_EMAIL and ADMIN_PASSWORD must be set together, or neither.")
        return settings

    @property
    def auth_required(self) -> bool:
        """Whether one has to sign in: as AUTH_MODE says, and without it wherever other machines can reach."""
        return self.auth_mode == "required" if self.auth_mode else not is_loopback(self.host)


def _address(name: str, raw: str) -> str:
    address = "127.0.0.1" if raw.lower() == "localhost" else raw.removeprefix("[").removesuffix("]")
    try:
        return str(ip_address(address))
    except ValueError:
        raise SettingsError(f"{name} must be an IP address or localhost, but is {raw!r}.") from None


def _number(low: int, high: int) -> Any:
    def read(name: str, raw: str) -> int:
        if not raw.isdecimal() or len(raw) > len(str(high)) or not low <= int(raw) <= high:
            raise SettingsError(f"{name} must be a whole number from {low} to {high}, but is {raw!r}.")
        return int(raw)

    return read


def _switch(name: str, raw: str) -> bool:
    if raw not in ("0", "1"):
        raise SettingsError(f"{name} must be 1 (on) or 0 (off), but is {raw!r}.")
    return raw == "1"


def _origins(name: str, raw: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in raw.split(",") if origin.strip())
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"{name} must list origins such as https://status.example.com, separated by commas, "
                f"but one is {origin!r}."
            )
    return origins


def _log_level(name: str, raw: str) -> str:
    if raw.lower() not in LOG_LEVELS:
        raise SettingsError(f"{name} must be one of {', '.join(LOG_LEVELS)}, but is {raw!r}.")
    return raw.lower()


def _auth_mode(name: str, raw: str) -> str:
    if raw not in AUTH_MODES:
        raise SettingsError(f"{name} must be one of {', '.join(AUTH_MODES)}, but is {raw!r}.")
    return raw


def _secret(name: str, raw: str) -> str:
    if not 12 <= len(raw) <= 256:
        raise SettingsError(f"{name} must be 12 to 256 characters long.")
    return raw


def _email(name: str, raw: str) -> str:
    if not re.fullmatch(r"[^\s@]+@[^\s@]+", raw) or len(raw) > 254:
        raise SettingsError(f"{name} must be an e-mail address, but is {raw!r}.")
    return raw.lower()


_READERS: dict[str, Any] = {
    "host": _address,
    "port": _number(1, 65535),
    "workers": _number(1, 64),
    # Fewer could not be shared out between work, waiting and answering that there is too much.
    "threads": _number(4, 512),
    "streams": _number(0, 5000),
    "statement_timeout": _number(0, 3600),
    "slow_query_ms": _number(0, 3_600_000),
    "database_url": lambda _name, raw: normalise_database_url(raw),
    # From the top of the repository, so that it is the same folder wherever the program is started.
    "data_dir": lambda _name, raw: (BACKEND.parent / Path(raw).expanduser()).resolve(),
    "auth_mode": _auth_mode,
    "admin_email": _email,
    "admin_password": _secret,
    "allow_open_network": _switch,
    "trusted_proxies": _number(0, 9),
    "cors_origins": _origins,
    "log_level": _log_level,
}
