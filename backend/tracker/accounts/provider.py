"""Asking an OpenID Connect provider who somebody is, by the authorization code flow with PKCE.

Imported only where there is one: the libraries take a while.
"""

import hmac
import time
from collections.abc import Mapping
from threading import BoundedSemaphore, Lock
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
import structlog
from authlib.common.urls import add_params_to_uri
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from marshmallow import ValidationError

from tracker.accounts.oidc import Flow, Identity, SignInError
from tracker.accounts.schemas import Email
from tracker.callers import Role
from tracker.config import OidcSettings
from tracker.wire import NAME_MAX

log = structlog.get_logger()

_SCOPE = "openid email profile"
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures that only the provider can make: not those by a secret that both know, and not none."""
_REMEMBERED = 3600
"""Seconds for which what a provider says about itself is taken to hold."""
_TIMEOUT = 5
"""Seconds that a provider may take to connect, and for each piece of an answer."""
_AT_ONCE = 4
"""Requests that may wait for a provider at once; each holds a thread."""
_CLOCKS = 60
"""Seconds that its clock may differ from ours."""
_CANCELLED = (
    "access_denied",
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
)
_TEMPORARY = ("server_error", "temporarily_unavailable")


class Provider:
    """The provider that the settings name."""

    def __init__(self, settings: OidcSettings) -> None:
        self.name = settings.name
        self.decides_roles = settings.role_claim is not None
        self._settings = settings
        self._asking = _Asking()
        self._lock = Lock()
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._read_at = 0.0

    def address(self, flow: Flow, redirect_uri: str) -> str:
        """Where the browser goes to sign in.

        :raises SignInError: where the provider does not answer, or not as one.
        """
        with self._asking:
            metadata = self._read_metadata()
        parameters = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": _SCOPE,
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": create_s256_code_challenge(flow.verifier),
            "code_challenge_method": "S256",
        }
        return str(add_params_to_uri(metadata["authorization_endpoint"], list(parameters.items())))

    def identify(self, answer: Mapping[str, str], flow: Flow, redirect_uri: str) -> Identity:
        """Who the provider says has signed in.

        :param answer: the query with which the browser came back.
        :raises SignInError: where it says nothing, or what it says cannot be verified.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), flow.state.encode()):
            raise SignInError("expired")
        with self._asking:
            metadata = self._read_metadata()
            self._check_issuer(answer, metadata)
            if "error" in answer:
                _refuse_error(answer["error"])
            if not answer.get("code"):
                raise _UnverifiedError("neither a code nor an error")
            claims = self._fetch_claims(answer["code"], flow, redirect_uri, metadata)
        return self._identity(claims)

    def _check_issuer(self, answer: Mapping[str, str], metadata: Mapping[str, Any]) -> None:
        """RFC 9207: an answer that another provider gave must not be taken to this one."""
        given = answer.get("iss")
        is_named = metadata.get("authorization_response_iss_parameter_supported") is True
        if given != self._settings.issuer and (given is not None or is_named):
            raise _UnverifiedError("the answer is of another issuer")

    def _fetch_claims(self, code: str, flow: Flow, redirect_uri: str, metadata: dict[str, Any]) -> dict[str, Any]:
        supported = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        method = "client_secret_basic" if "client_secret_basic" in supported else "client_secret_post"
        with OAuth2Session(
            self._settings.client_id,
            self._settings.client_secret,
            token_endpoint_auth_method=method,
            redirect_uri=redirect_uri,
            default_timeout=_TIMEOUT,
        ) as session:
            token = session.fetch_token(metadata["token_endpoint"], code=code, code_verifier=flow.verifier)
            claims = self._verified(token, flow, metadata)
            # What is not in the token may be at the other address.
            userinfo = metadata.get("userinfo_endpoint")
            wanted = ("email", *((self._settings.role_claim,) if self._settings.role_claim else ()))
            if userinfo and any(_claim(claims, name) is None for name in wanted):
                response = session.get(userinfo)
                response.raise_for_status()
                more = response.json()
                if not isinstance(more, dict) or more.get("sub") != claims["sub"]:
                    raise _UnverifiedError("userinfo is about somebody else")
                claims = {**more, **claims}
        return claims

    def _verified(self, token: Mapping[str, Any], flow: Flow, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """The claims of a token, after checking who signed it, for whom, for which sign-in, and until when."""
        given = token.get("id_token")
        if not isinstance(given, str):
            raise _UnverifiedError("no id_token")
        registry = JWSRegistry(algorithms=list(_ALGORITHMS), strict_check_header=False)
        try:
            decoded = jwt.decode(given, self._read_keys(metadata), registry=registry)
        except InvalidKeyIdError:
            # It has changed its keys.
            decoded = jwt.decode(given, self._read_keys(metadata, anew=True), registry=registry)
        options = {
            "iss": {"essential": True, "value": self._settings.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
            "sub": {"essential": True},
        }
        parameters = {
            "nonce": flow.nonce,
            "client_id": self._settings.client_id,
            "access_token": token.get("access_token"),
        }
        claims = CodeIDToken(decoded.claims, decoded.header, options, parameters)
        claims.validate(leeway=_CLOCKS)
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise _UnverifiedError("sub is not text")
        return dict(claims)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        email = _email(claims.get("email"))
        return Identity(
            issuer=self._settings.issuer,
            subject=claims["sub"],
            email=email,
            is_confirmed=self._settings.trust_email or _is_true(claims.get("email_verified")),
            name=_name(claims, email),
            role=self._role(claims),
        )

    def _role(self, claims: Mapping[str, Any]) -> Role | None:
        if self._settings.role_claim is None:
            return None
        given = _claim(claims, self._settings.role_claim)
        values = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        for role, value in self._settings.roles:
            if value == "*" or value in values:
                return Role(role)
        return None

    def _read_metadata(self) -> dict[str, Any]:
        """What the provider says about itself (OpenID Connect Discovery)."""
        with self._lock:
            if self._metadata and time.monotonic() - self._read_at < _REMEMBERED:
                return self._metadata
        issuer = self._settings.issuer
        metadata = _fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != issuer:
            raise _UnverifiedError(f"OIDC_ISSUER is {issuer}, but it calls itself {str(metadata.get('issuer'))[:200]}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
            url = metadata.get(name)
            if url is None and name == "userinfo_endpoint":
                continue
            # What goes there, or comes from there, is a secret.
            if not isinstance(url, str) or urlsplit(url).scheme not in ("https", urlsplit(issuer).scheme):
                raise _UnverifiedError(f"{name} is not an address of https")
        with self._lock:
            self._metadata, self._keys, self._read_at = metadata, None, time.monotonic()
        return metadata

    def _read_keys(self, metadata: Mapping[str, Any], *, anew: bool = False) -> KeySet:
        with self._lock:
            keys = self._keys
        if keys is None or anew:
            keys = KeySet.import_key_set(_fetch(metadata["jwks_uri"]))  # type: ignore[arg-type]
            with self._lock:
                self._keys = keys
        return keys


class _UnverifiedError(SignInError):
    """The provider's answer is not one that can be believed; the log says why."""

    def __init__(self, cause: str) -> None:
        super().__init__("invalid")
        log.error("the OpenID Connect provider's answer was refused", cause=cause)


class _Asking:
    """Asks the provider, a few at once, and makes a refusal of whatever goes wrong."""

    def __init__(self) -> None:
        self._places = BoundedSemaphore(_AT_ONCE)

    def __enter__(self) -> None:
        if not self._places.acquire(blocking=False):
            raise SignInError("unreachable")

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._places.release()
        if isinstance(error, OAuthError):
            _refuse_error(str(error.error))
        if isinstance(error, requests.RequestException):
            # Only what kind it is: its text can have an address with secrets.
            log.error("the OpenID Connect provider does not answer", cause=type(error).__name__)
            raise SignInError("unreachable") from error
        if isinstance(error, JoseError):
            raise _UnverifiedError(f"{error.error} {getattr(error, 'claim', '')}".strip()) from error
        if isinstance(error, (ValueError, TypeError, KeyError, AttributeError)):
            raise _UnverifiedError(type(error).__name__) from error


def _refuse_error(code: str) -> NoReturn:
    """Refuse because of an error of OAuth 2.0.

    :raises SignInError: always.
    """
    if code in _CANCELLED:
        raise SignInError("cancelled")
    if code == "invalid_grant":
        raise SignInError("expired")
    if code in _TEMPORARY:
        raise SignInError("unreachable")
    raise _UnverifiedError(f"it answered {code[:60]!r}")


def _fetch(url: str) -> dict[str, Any]:
    response = requests.get(url, timeout=_TIMEOUT, headers={"Accept": "application/json"})
    response.raise_for_status()
    value = response.json()
    if not isinstance(value, dict):
        raise _UnverifiedError("it gave something else than a JSON object")
    return value


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a path such as ``realm_access.roles``."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _is_true(given: Any) -> bool:
    """Whether a claim says so; some providers give text instead of a boolean."""
    return given is True or given == "true"


def _email(given: Any) -> str | None:
    try:
        return str(Email().deserialize(given))
    except ValidationError:
        return None


def _name(claims: Mapping[str, Any], email: str | None) -> str:
    """What to call the person: the first of these claims that says something."""
    for given in (claims.get("name"), claims.get("preferred_username"), (email or "").partition("@")[0]):
        if isinstance(given, str):
            name = " ".join("".join(filter(lambda c: c.isprintable() or c.isspace(), given)).split())
            if name:
                return name[:NAME_MAX].rstrip()
    return "Somebody"
