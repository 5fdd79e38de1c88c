"""How often one may try to sign in.

Three budgets for a quarter of an hour: of one network for one account, of one network for all accounts, and of
everybody for one account. The last would let a stranger lock somebody out, so that it does not count for networks
from which that person has signed in.
"""

from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Any

from tracker.extensions import db
from tracker.ids import new_id
from tracker.problems import Problem

FOR_ACCOUNT_FROM_NETWORK = 5
FOR_ALL_FROM_NETWORK = 50
FOR_ACCOUNT_FROM_ALL = 100
WINDOW_SECONDS = 15 * 60
KNOWN_DAYS = 180
"""For how long a network is remembered from which somebody has signed in."""

_LOCK = "SELECT pg_advisory_xact_lock(%(lock)s)"
_INSERT = "INSERT INTO sign_in_attempts (id, email_hash, network) VALUES (%(id)s, %(email_hash)s, %(network)s)"
# The oldest of as many as fit into a budget: when it is past the window, there is room again.
_WAIT = """
    SELECT ceil(extract(epoch FROM at - now())) + %(window)s FROM sign_in_attempts
    WHERE {which} AND at > now() - make_interval(secs => %(window)s) ORDER BY at DESC OFFSET %(budget)s - 1 LIMIT 1
"""
_OF_ACCOUNT_FROM_NETWORK = _WAIT.format(which="email_hash = %(email_hash)s AND network = %(network)s")
_OF_NETWORK = _WAIT.format(which="network = %(network)s")
_OF_ACCOUNT = _WAIT.format(which="email_hash = %(email_hash)s")
_IS_KNOWN = f"""
    SELECT EXISTS (
        SELECT FROM known_networks JOIN accounts ON accounts.id = known_networks.account_id
        WHERE email = %(email)s AND network = %(network)s
            AND known_networks.last_used_at > now() - interval '{KNOWN_DAYS} days'
    )
"""
_KNOW = f"""
    WITH outdated AS (
        DELETE FROM known_networks
        WHERE account_id = %(account)s AND network <> %(network)s
            AND last_used_at <= now() - interval '{KNOWN_DAYS} days'
    )
    INSERT INTO known_networks (account_id, network) VALUES (%(account)s, %(network)s)
    ON CONFLICT (account_id, network) DO UPDATE SET last_used_at = now()
"""
_FORGET = "DELETE FROM sign_in_attempts WHERE email_hash = %(email_hash)s AND network = %(network)s"
_FORGET_OLD = """
    DELETE FROM sign_in_attempts WHERE id IN (
        SELECT id FROM sign_in_attempts WHERE at < now() - make_interval(secs => %(window)s)
        ORDER BY at LIMIT 100 FOR UPDATE SKIP LOCKED
    )
"""


class TooManyAttempts(Problem):
    """Somebody has tried to sign in too often."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    type = "urn:incident-tracker:problem:too-many-attempts"
    title = "Too many attempts to sign in"

    def __init__(self, wait: int) -> None:
        super().__init__(f"Too many attempts to sign in failed. Try again in {wait} seconds.")
        self.wait = wait

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.wait)}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One that is being made: it counts as failed until it is said to have succeeded."""

    email_hash: bytes
    network: str


def network_of(address: str) -> str:
    """What one person has at hand of addresses: one of IPv4, 2^64 of IPv6."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address[:45]
    if ip.version == 6 and ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ip if ip.version == 4 else ip_network((ip, 64), strict=False).network_address)


def begin_attempt(email: str, address: str) -> Attempt:
    """Count an attempt, and commit that, before anything is compared: those made at once are all counted.

    :raises TooManyAttempts: where one of the budgets is used up; that attempt does not count.
    """
    network = network_of(address)
    email_hash = sha256(email.encode()).digest()
    named = {"email_hash": email_hash, "network": network, "window": WINDOW_SECONDS}
    # Attempts from one network take turns, so that none overlooks another.
    _run(_LOCK, {"lock": int.from_bytes(sha256(network.encode()).digest()[:8], signed=True)})
    wait = max(
        _wait(_OF_ACCOUNT_FROM_NETWORK, named, FOR_ACCOUNT_FROM_NETWORK),
        _wait(_OF_NETWORK, named, FOR_ALL_FROM_NETWORK),
    ) or _wait_for_strangers(named, email, network)
    if wait:
        db.session.rollback()
        raise TooManyAttempts(wait)
    _run(_FORGET_OLD, named)
    _run(_INSERT, {"id": new_id(), **named})
    db.session.commit()
    return Attempt(email_hash, network)


def succeed(attempt: Attempt) -> None:
    """It has succeeded, so that those from the same network were mistyped; not committed here."""
    _run(_FORGET, {"email_hash": attempt.email_hash, "network": attempt.network})


def know(account: str, address: str) -> None:
    """Note from where somebody has signed in: no stranger locks them out there, whether that session has ended."""
    _run(_KNOW, {"account": account, "network": network_of(address)})


def _wait_for_strangers(named: dict[str, Any], email: str, network: str) -> int:
    wait = _wait(_OF_ACCOUNT, named, FOR_ACCOUNT_FROM_ALL)
    return 0 if wait and _run(_IS_KNOWN, {"email": email, "network": network}).scalar_one() else wait


def _wait(sql: str, named: dict[str, Any], budget: int) -> int:
    found = _run(sql, {**named, "budget": budget}).scalar()
    return max(1, int(found)) if found is not None else 0


def _run(sql: str, parameters: dict[str, Any]) -> Any:
    return db.session.connection().exec_driver_sql(sql, parameters)
