"""What a sign-in by OpenID Connect is about: whom a provider names, why they may not get in, what ties both steps."""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from tracker.callers import Role


class SignInError(Exception):
    """Somebody comes from the OpenID Connect provider, and does not get in.

    :param code: why, for the page that explains it: ``unreachable``, ``cancelled``, ``expired``, ``invalid``,
        ``unconfirmed``, ``unknown``, ``no-role``, ``disabled`` or ``taken``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, as an OpenID Connect provider knows them.

    :param is_confirmed: whether the address is known to be theirs.
    :param role: which the provider gives them; None where it gives none.
    """

    issuer: str
    subject: str
    email: str | None
    is_confirmed: bool
    name: str
    role: Role | None


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in, from the redirect to the provider until the browser is back.

    All that it has to remember is derived from one secret, which the browser alone keeps.
    """

    secret: str

    @property
    def state(self) -> str:
        """What the browser brings back, by which it shows that it is the one that began."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """What the token repeats, by which it shows that it was made for this sign-in."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What only who began can show for the code (RFC 7636)."""
        return self._derived("verifier")

    def _derived(self, what: str) -> str:
        return hmac.new(self.secret.encode(), what.encode(), sha256).hexdigest()
