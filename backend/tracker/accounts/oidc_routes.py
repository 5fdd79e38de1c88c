"""Signing in by OpenID Connect: to the provider, and back. Both are visits of a browser, which ends on a page."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flask import Response, request
from marshmallow import EXCLUDE

from tracker.accounts import operations
from tracker.accounts.oidc import Flow, SignInError
from tracker.accounts.routes import browser, check_mode, oidc, set_session
from tracker.accounts.schemas import PATH_HERE, TO_MAX, OidcAnswer, OidcStart
from tracker.callers import new_secret, session_secret
from tracker.idempotency import in_one_transaction_unkept
from tracker.openapi import problems
from tracker.parsing import Blueprint, keep_nowhere
from tracker.problems import Invalid, NotFound

if TYPE_CHECKING:
    from tracker.accounts.provider import Provider

blp = Blueprint("oidc", __name__, url_prefix="/api/oidc", description="Signing in by OpenID Connect.")
blp.before_request(check_mode)
blp.after_request(keep_nowhere)

_COOKIE, _SECURE_COOKIE = "itk_oidc", "__Host-itk_oidc"
_MINUTES = 10
_IN_A_COOKIE = "/%?&=:@!$'()*+-._~#[]"
"""What of an address need not be encoded in a cookie."""
_TO_A_PAGE = {"Location": {"description": "What the browser opens next.", "schema": {"type": "string"}}}


@blp.route("/start", needs=None)
@blp.arguments(OidcStart, location="query")
@blp.response(303, headers=_TO_A_PAGE)
@problems(blp, 404, 409, 422)
def start(query: dict[str, Any]) -> Response:
    """Go to the provider

    For a browser, which signs in there and comes back.
    """
    provider = _provider()
    to = quote(query["to"], safe=_IN_A_COOKIE)
    if len(to) > TO_MAX:
        raise Invalid({"to": [f"Must be at most {TO_MAX:,} characters long where it is percent-encoded."]})
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        # Another site must not begin it behind somebody's back.
        return _redirect(f"/sign-in?{urlencode({'to': to})}")
    flow = Flow(new_secret())
    try:
        response = _redirect(provider.address(flow, _redirect_uri()))
    except SignInError as refusal:
        return _refused(refusal, to)
    response.set_cookie(
        _cookie_name(),
        f"{flow.secret}.{to}",
        max_age=_MINUTES * 60,
        path="/",
        secure=request.is_secure,
        httponly=True,
        # The provider sends the browser back, which is a visit from another site.
        samesite="Lax",
    )
    return response


@blp.route("/callback", needs=None)
@blp.arguments(OidcAnswer, location="query", unknown=EXCLUDE)
@blp.response(303, headers=_TO_A_PAGE)
@problems(blp, 404, 409, 422)
@in_one_transaction_unkept
def come_back(query: dict[str, Any]) -> Response:
    """Come back from the provider

    Signs in whom the provider names, and goes on to the page that was asked for; or to the sign-in page, which says
    what went wrong.
    """
    provider = _provider()
    secret, _, to = request.cookies.get(_cookie_name(), "").partition(".")
    # Only of our making where nobody has changed it.
    if len(to) > TO_MAX or not PATH_HERE.fullmatch(to):
        to = "/"
    try:
        if not secret:
            raise SignInError("expired")
        identity = provider.identify(query, Flow(secret), _redirect_uri())
        session = operations.sign_in_from_provider(
            identity, decides_roles=provider.decides_roles, **browser(), before=session_secret()
        )
        response = _redirect(to)
        set_session(response, session)
    except SignInError as refusal:
        response = _refused(refusal, to)
    response.delete_cookie(_cookie_name(), secure=request.is_secure, httponly=True, samesite="Lax")
    return response


def _provider() -> "Provider":
    provider = oidc()
    if provider is None:
        raise NotFound("This server has no OpenID Connect provider: OIDC_ISSUER is not set.")
    return provider


def _redirect_uri() -> str:
    return f"{request.host_url}api/oidc/callback"


def _cookie_name() -> str:
    return _SECURE_COOKIE if request.is_secure else _COOKIE


def _refused(refusal: SignInError, to: str) -> Response:
    return _redirect(f"/sign-in?{urlencode({'problem': refusal.code, 'to': to})}")


def _redirect(to: str) -> Response:
    return Response(status=303, headers={"Location": to}, content_type="text/plain")
