"""Typed settings, and the only place that reads the environment.

Every setting is a field of :class:`Settings`; its name in the environment is the field's name in capitals.
The environment wins over ``backend/.env``. ``.env.example`` lists them all, which a test checks.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from tracker.wire import PASSWORD_MAX, PASSWORD_MIN, is_email

BACKEND = Path(__file__).resolve().parent.parent
AUTH_MODES = ("open", "required")
LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("debug", "info", "warning", "error")
_ROLES = ("admin", "responder", "viewer")
# The name is prometheus-client's.
_METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """The OpenID Connect provider beside passwords.

    :param roles: each role with the value of the claim that gives it, the highest role first; ``*`` is any value.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    role_claim: str | None
    roles: tuple[tuple[str, str], ...]
    trust_email: bool


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


def metrics_folder() -> Path | None:
    """Where the processes of this server keep what they count; None where there is but one."""
    folder = os.environ.get(_METRICS_FOLDER)
    return Path(folder) if folder else None


@contextmanager
def shared_metrics() -> Iterator[None]:
    """Within it, all processes that this one starts keep what they count in one new folder."""
    with TemporaryDirectory(prefix="incident-tracker-metrics-") as folder:
        os.environ[_METRICS_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[_METRICS_FOLDER]


def normalise_database_url(url: str, setting: str = "DATABASE_URL") -> str:
    """The URL with psycopg2 named as its driver, which SQLAlchemy 2.1 no longer assumes."""
    scheme, separator, rest = url.partition("://")
    example = "such as postgresql://user:password@localhost:5432/incident_tracker"
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise SettingsError(f"{setting} must start with postgresql:// or postgres://, {example}.")
    normalised = f"postgresql+psycopg2://{rest}"
    try:
        make_url(normalised)
    except (ArgumentError, ValueError) as error:
        # Without what it is: it holds a password.
        raise SettingsError(f"{setting} must be a URL of PostgreSQL, {example}.") from error
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
    database_direct_url: str | None = None
    database_replica_url: str | None = None
    data_dir: Path = BACKEND.parent / "data"
    auth_mode: str = ""
    admin_email: str | None = None
    admin_password: str | None = field(default=None, repr=False)
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = field(default=None, repr=False)
    oidc_name: str = "SSO"
    oidc_role_claim: str | None = None
    oidc_roles: tuple[tuple[str, str], ...] = ()
    oidc_trust_email: bool = False
    allow_open_network: bool = False
    trusted_proxies: int = 0
    cors_origins: tuple[str, ...] = ()
    log_level: str = "info"
    log_format: str = ""

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
        if settings.database_direct_url and not settings.database_url:
            raise SettingsError("DATABASE_DIRECT_URL needs DATABASE_URL: the pooler in front of that PostgreSQL.")
        if settings.database_replica_url and not settings.database_url:
            raise SettingsError(
                "DATABASE_REPLICA_URL needs DATABASE_URL, the primary that it replicates: the PostgreSQL that comes "
                "along has no replica."
            )
        if (settings.admin_email is None) != (settings.admin_password is None):
            raise SettingsError("ADMIN_EMAIL and ADMIN_PASSWORD must be set together, or neither.")
        together = (settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)
        if None in together and any(together):
            raise SettingsError(
                "OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET must be set together, or none of them."
            )
        if settings.oidc_issuer and not settings.auth_required:
            raise SettingsError("OIDC_ISSUER needs AUTH_MODE=required: in open mode nobody signs in.")
        if settings.oidc_roles and not settings.oidc_role_claim:
            raise SettingsError("OIDC_ROLES needs OIDC_ROLE_CLAIM: the name of the claim that has these values.")
        return settings

    @property
    def oidc(self) -> OidcSettings | None:
        """The OpenID Connect provider, if there is one."""
        if self.oidc_issuer is None or self.oidc_client_id is None or self.oidc_client_secret is None:
            return None
        return OidcSettings(
            issuer=self.oidc_issuer,
            client_id=self.oidc_client_id,
            client_secret=self.oidc_client_secret,
            name=self.oidc_name,
            role_claim=self.oidc_role_claim,
            roles=self.oidc_roles or tuple((role, role) for role in _ROLES),
            trust_email=self.oidc_trust_email,
        )

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


def _log_format(name: str, raw: str) -> str:
    if raw not in LOG_FORMATS:
        raise SettingsError(f"{name} must be one of {', '.join(LOG_FORMATS)}, but is {raw!r}.")
    return raw


def _auth_mode(name: str, raw: str) -> str:
    if raw not in AUTH_MODES:
        raise SettingsError(f"{name} must be one of {', '.join(AUTH_MODES)}, but is {raw!r}.")
    return raw


def _secret(name: str, raw: str) -> str:
    if not PASSWORD_MIN <= len(raw) <= PASSWORD_MAX:
        raise SettingsError(f"{name} must be {PASSWORD_MIN} to {PASSWORD_MAX} characters long.")
    return raw


def _email(name: str, raw: str) -> str:
    if not is_email(raw):
        raise SettingsError(f"{name} must be an e-mail address, but is {raw!r}.")
    return raw.lower()


def _issuer(name: str, raw: str) -> str:
    url = urlsplit(raw)
    secure = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname or ""))
    if not secure or not url.hostname or url.query or url.fragment or url.username:
        raise SettingsError(f"{name} must be an address such as https://login.example.com, but is {raw!r}.")
    return raw


def _text(name: str, raw: str) -> str:
    if len(raw) > 500 or not raw.isprintable():
        raise SettingsError(f"{name} must be 1 to 500 characters, without control characters.")
    return raw


def _shown_name(name: str, raw: str) -> str:
    if len(raw) > 40 or not raw.isprintable():
        raise SettingsError(f"{name} must be 1 to 40 characters, without control characters.")
    return raw


def _roles(name: str, raw: str) -> tuple[tuple[str, str], ...]:
    given = [tuple(part.strip() for part in item.partition(":")[::2]) for item in raw.split(",")]
    for role, value in given:
        if role not in _ROLES or not value:
            raise SettingsError(
                f"{name} must list pairs of a role ({', '.join(_ROLES)}) and a value of the claim, such as "
                f"admin:incident-admins,viewer:*, but is {raw!r}."
            )
    return tuple((role, value) for role, value in sorted(given, key=lambda pair: _ROLES.index(pair[0])))


_READERS: dict[str, Any] = {
    "host": _address,
    "port": _number(1, 65535),
    "workers": _number(1, 64),
    # Fewer could not be shared out between work, waiting and answering that there is too much.
    "threads": _number(4, 512),
    "streams": _number(0, 5000),
    "statement_timeout": _number(0, 3600),
    "slow_query_ms": _number(0, 3_600_000),
    "database_url": lambda name, raw: normalise_database_url(raw, name),
    "database_direct_url": lambda name, raw: normalise_database_url(raw, name),
    "database_replica_url": lambda name, raw: normalise_database_url(raw, name),
    # From the top of the repository, so that it is the same folder wherever the program is started.
    "data_dir": lambda _name, raw: (BACKEND.parent / Path(raw).expanduser()).resolve(),
    "auth_mode": _auth_mode,
    "admin_email": _email,
    "admin_password": _secret,
    "oidc_issuer": _issuer,
    "oidc_client_id": _text,
    "oidc_client_secret": _text,
    "oidc_name": _shown_name,
    "oidc_role_claim": _text,
    "oidc_roles": _roles,
    "oidc_trust_email": _switch,
    "allow_open_network": _switch,
    "trusted_proxies": _number(0, 9),
    "cors_origins": _origins,
    "log_level": _log_level,
    "log_format": _log_format,
}
