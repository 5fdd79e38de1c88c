"""The HTTP of accounts: signing in and out, one's own account and tokens, and for admins everybody's."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Response, current_app, request

from tracker.accounts import operations, queries
from tracker.accounts.schemas import (
    ACCOUNT_EXAMPLE,
    INVITATION_EXAMPLE,
    SESSION_EXAMPLE,
    TOKEN_EXAMPLE,
    AccountList,
    AccountPatch,
    AccountRead,
    BrowserSessionList,
    InvitationAccept,
    InvitationCreate,
    InvitationList,
    InvitationSecret,
    InvitationSeen,
    MePatch,
    NewInvitation,
    NewToken,
    SessionRead,
    SignIn,
    TokenCreate,
    TokenList,
)
from tracker.callers import (
    COOKIE,
    LIFETIME_DAYS,
    SECURE_COOKIE,
    Caller,
    Role,
    check_csrf,
    cookie_name,
    csrf_of,
    current,
    identify,
    is_required,
    security,
    session_secret,
)
from tracker.database import reader
from tracker.idempotency import in_one_transaction, in_one_transaction_unkept
from tracker.incidents.schemas import Nothing
from tracker.openapi import IDEMPOTENCY_KEY, REPLAYED, links, problems
from tracker.parsing import Blueprint, keep_nowhere
from tracker.problems import Conflict
from tracker.wire import json_response

if TYPE_CHECKING:
    from tracker.accounts.provider import Provider

blp = Blueprint("accounts", __name__, url_prefix="/api", description="Signing in, accounts, and tokens for scripts.")


def _path_id(name: str, what: str) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"name": name, "in": "path", "required": True, "description": f"The id of {what}.", "schema": schema}


class OpenMode(Conflict):
    """Nobody signs in here, so that there is nothing to manage."""

    type = "urn:incident-tracker:problem:open-mode"
    title = "There are no accounts in open mode"


blp.after_request(keep_nowhere)


@blp.before_request  # type: ignore[untyped-decorator]
def check_mode() -> None:
    """Refuse what is about accounts where there are none.

    :raises OpenMode: in open mode, but for the question which mode it is.
    """
    if not is_required() and request.endpoint != "accounts.get_session":
        raise OpenMode("This server runs in open mode: nobody signs in, and there are no accounts.")


@blp.route("/session", needs=None)
@blp.doc(security=security(None, reads=True))
@blp.response(200, SessionRead, example=SESSION_EXAMPLE)
@problems(blp)
def get_session() -> Response:
    """Say who has signed in

    And how one can. It is for everybody, and never answers 401.
    """
    caller = identify() if is_required() and "Authorization" not in request.headers else None
    return _session_response(caller.id if caller else None, caller.csrf if caller else None)


@blp.route("/session", methods=["POST"], needs=None)
@blp.arguments(SignIn, example={"email": "ana@example.com", "password": "correct horse battery"})
@blp.response(201, SessionRead, example=SESSION_EXAMPLE)
@problems(blp, 400, 401, 409, 413, 415, 422, 429)
@in_one_transaction_unkept
def sign_in(body: dict[str, Any]) -> Response:
    """Sign in by a password

    The cookie that comes with the answer is the session. Whether an account exists is not told: the answer is the same,
    and takes as long. After 5 attempts from one address that fail, the next have to wait (429).
    """
    account, secret = operations.sign_in(**body, **browser(), before=session_secret())
    return _signed_in(account, secret)


@blp.route("/session", methods=["DELETE"], needs=None)
@blp.doc(security=security(None, reads=False))
@blp.arguments(Nothing, required=False, example={})
@blp.response(204)
@problems(blp, 400, 403, 409, 413, 415, 422)
@in_one_transaction_unkept
def sign_out(_body: dict[str, Any]) -> Response:
    """Sign out"""
    secret = session_secret()
    if secret is not None:
        check_csrf(csrf_of(secret))
        operations.sign_out(secret)
    response = Response(status=204, content_type="application/json")
    for name in (COOKIE, SECURE_COOKIE):
        response.delete_cookie(name, secure=name == SECURE_COOKIE, httponly=True, samesite="Lax")
    return response


@blp.route("/me", needs=Role.VIEWER)
@blp.response(200, AccountRead, example=ACCOUNT_EXAMPLE)
@problems(blp, 409)
def get_me() -> Response:
    """Read one's own account"""
    return json_response(queries.read_account(_caller().id))


@blp.route("/me", methods=["PATCH"], needs=Role.VIEWER, in_person=True)
@blp.arguments(MePatch, example={"name": "Ana Souza"})
@blp.response(200, AccountRead, example=ACCOUNT_EXAMPLE)
@problems(blp, 400, 409, 413, 415, 422, 429)
@in_one_transaction_unkept
def update_me(body: dict[str, Any]) -> Response:
    """Change one's own account

    A new password ends all other sessions. Not by a token.
    """
    caller = _caller()
    account = queries.read_account(caller.id)
    operations.change_own(
        caller,
        name=body.get("name"),
        password=body.get("password"),
        address=browser()["address"],
        email=account["email"],
    )
    return json_response(queries.read_account(caller.id, run=operations.rows))


@blp.route("/sessions", needs=Role.VIEWER)
@blp.response(200, BrowserSessionList)
@links(blp, 200, ["endSession"], {"session_id": "$response.body#/items/0/id"})
@problems(blp, 409)
def list_sessions() -> Response:
    """List one's own sessions"""
    caller = _caller()
    return json_response({"items": queries.read_sessions(caller.id, current=caller.session)})


@blp.route("/sessions", methods=["DELETE"], needs=Role.VIEWER, in_person=True)
@blp.doc(parameters=[IDEMPOTENCY_KEY])
@blp.arguments(Nothing, required=False, example={})
@blp.response(204, headers=REPLAYED)
@problems(blp, 400, 409, 413, 415, 422)
@in_one_transaction
def end_other_sessions(_body: dict[str, Any]) -> Response:
    """End one's other sessions

    All but the one that asks.
    """
    caller = _caller()
    operations.end_sessions(caller.id, but=caller.session)
    return Response(status=204, content_type="application/json")


@blp.route(
    "/sessions/<session_id>",
    methods=["DELETE"],
    needs=Role.VIEWER,
    in_person=True,
    parameters=[_path_id("session_id", "one of one's own sessions")],
)
@blp.doc(parameters=[IDEMPOTENCY_KEY])
@blp.arguments(Nothing, required=False, example={})
@blp.response(204, headers=REPLAYED)
@problems(blp, 400, 404, 409, 413, 415, 422)
@in_one_transaction
def end_session(_body: dict[str, Any], session_id: str) -> Response:
    """End one of one's own sessions"""
    operations.end_session(_caller().id, queries.uuid_of(session_id, "session"))
    return Response(status=204, content_type="application/json")


@blp.route("/tokens", needs=Role.VIEWER)
@blp.response(200, TokenList, example={"items": [TOKEN_EXAMPLE]})
@links(blp, 200, ["revokeToken"], {"token_id": "$response.body#/items/0/id"})
@problems(blp, 409)
def list_tokens() -> Response:
    """List tokens

    One's own; for admins, everybody's.
    """
    caller = _caller()
    return json_response({"items": queries.read_tokens(None if caller.role is Role.ADMIN else caller.id)})


@blp.route("/tokens", methods=["POST"], needs=Role.VIEWER, in_person=True)
@blp.arguments(TokenCreate, example={"name": "deploy script", "role": "responder"})
@blp.response(201, NewToken, example={**TOKEN_EXAMPLE, "token": "itk_" + "x" * 43})
@links(blp, 201, ["revokeToken"], {"token_id": "$response.body#/id"})
@problems(blp, 400, 409, 413, 415, 422)
@in_one_transaction_unkept
def create_token(body: dict[str, Any]) -> Response:
    """Make a token for a script

    It acts as oneself, in a role no higher than one's own. What makes it one is shown this once. Not by a token.
    """
    identifier, secret = operations.create_token(_caller(), **body)
    return json_response({**queries.read_token(identifier, run=operations.rows), "token": secret}, 201)


@blp.route("/tokens/<token_id>", methods=["DELETE"], needs=Role.VIEWER, parameters=[_path_id("token_id", "a token")])
@blp.doc(parameters=[IDEMPOTENCY_KEY])
@blp.arguments(Nothing, required=False, example={})
@blp.response(204, headers=REPLAYED)
@problems(blp, 400, 404, 409, 413, 415, 422)
@in_one_transaction
def revoke_token(_body: dict[str, Any], token_id: str) -> Response:
    """Revoke a token

    At once. Admins may revoke anyone's.
    """
    operations.revoke_token(_caller(), queries.uuid_of(token_id, "token"))
    return Response(status=204, content_type="application/json")


@blp.route("/accounts", needs=Role.ADMIN)
@blp.response(200, AccountList, example={"items": [ACCOUNT_EXAMPLE]})
@links(blp, 200, ["updateAccount"], {"account_id": "$response.body#/items/0/id"})
@problems(blp, 409)
def list_accounts() -> Response:
    """List all accounts"""
    return json_response({"items": queries.read_accounts()})


@blp.route(
    "/accounts/<account_id>", methods=["PATCH"], needs=Role.ADMIN, parameters=[_path_id("account_id", "an account")]
)
@blp.doc(parameters=[IDEMPOTENCY_KEY])
@blp.arguments(AccountPatch, example={"role": "responder"})
@blp.response(200, AccountRead, example=ACCOUNT_EXAMPLE, headers=REPLAYED)
@problems(blp, 400, 404, 409, 413, 415, 422)
@in_one_transaction
def update_account(body: dict[str, Any], account_id: str) -> Response:
    """Change an account

    Disabling one ends its sessions and stops its tokens at once. The last admin cannot be disabled, or be given another
    role: 409.
    """
    identifier = queries.uuid_of(account_id, "account")
    provider = oidc()
    operations.update_account(
        identifier,
        name=body.get("name"),
        role=body.get("role"),
        disabled=body.get("disabled"),
        roles_come_from=provider.name if provider is not None and provider.decides_roles else None,
    )
    return json_response(queries.read_account(identifier, run=operations.rows))


@blp.route("/invitations", needs=Role.ADMIN)
@blp.response(200, InvitationList, example={"items": [INVITATION_EXAMPLE]})
@links(blp, 200, ["withdrawInvitation"], {"invitation_id": "$response.body#/items/0/id"})
@problems(blp, 409)
def list_invitations() -> Response:
    """List the invitations that are open"""
    return json_response({"items": queries.read_invitations()})


@blp.route("/invitations", methods=["POST"], needs=Role.ADMIN, in_person=True)
@blp.arguments(InvitationCreate, example={"email": "bo@example.com", "role": "viewer"})
@blp.response(201, NewInvitation, example={**INVITATION_EXAMPLE, "link": "https://incidents.example/join#…"})
@links(blp, 201, ["withdrawInvitation"], {"invitation_id": "$response.body#/id"})
@problems(blp, 400, 409, 413, 415, 422)
@in_one_transaction_unkept
def create_invitation(body: dict[str, Any]) -> Response:
    """Invite somebody

    By a link that holds for 7 days, once, and is shown this once. Whoever has an account already gets a new password by
    it. It takes the place of an earlier invitation of the same address.
    """
    identifier, secret = operations.invite(_caller(), **body)
    # After the #, so that no server on the way gets to see it.
    link = f"{request.host_url}join#{secret}"
    return json_response({**queries.read_invitation(identifier, run=operations.rows), "link": link}, 201)


@blp.route(
    "/invitations/<invitation_id>",
    methods=["DELETE"],
    needs=Role.ADMIN,
    parameters=[_path_id("invitation_id", "an invitation")],
)
@blp.doc(parameters=[IDEMPOTENCY_KEY])
@blp.arguments(Nothing, required=False, example={})
@blp.response(204, headers=REPLAYED)
@problems(blp, 400, 404, 409, 413, 415, 422)
@in_one_transaction
def withdraw_invitation(_body: dict[str, Any], invitation_id: str) -> Response:
    """Withdraw an invitation"""
    operations.withdraw(queries.uuid_of(invitation_id, "invitation"))
    return Response(status=204, content_type="application/json")


@blp.route("/invitations/read", methods=["POST"], needs=None)
@blp.arguments(InvitationSecret, example={"token": "x" * 43})
@blp.response(200, InvitationSeen)
@problems(blp, 400, 404, 409, 413, 415, 422)
@in_one_transaction_unkept
def see_invitation(body: dict[str, Any]) -> Response:
    """Say what an invitation is for

    To whoever has its link.
    """
    return json_response(queries.see_invitation(body["token"]))


@blp.route("/invitations/accept", methods=["POST"], needs=None)
@blp.arguments(InvitationAccept, example={"token": "x" * 43, "name": "Bo", "password": "correct horse battery"})
@blp.response(201, SessionRead, example=SESSION_EXAMPLE)
@problems(blp, 400, 404, 409, 413, 415, 422)
@in_one_transaction_unkept
def accept_invitation(body: dict[str, Any]) -> Response:
    """Accept an invitation

    Makes the account, or gives the one that is there a new password, and signs in.
    """
    account = operations.accept(body["token"], name=body["name"], password=body["password"])
    secret = operations.begin_session(account, **browser(), before=session_secret())
    return _signed_in(account, secret)


def _caller() -> Caller:
    caller = current()
    assert caller is not None  # noqa: S101 - the route needs somebody.
    return caller


def browser() -> dict[str, str]:
    """From where somebody signs in, as their session notes it."""
    return {"address": request.remote_addr or "", "user_agent": request.headers.get("User-Agent", "")}


def _signed_in(account: str, secret: str) -> Response:
    response = _session_response(account, csrf_of(secret), 201, run=operations.rows)
    set_session(response, secret)
    return response


def set_session(response: Response, secret: str) -> None:
    """Give the browser the cookie of its session."""
    # The server ends it sooner where it is not used, which the browser need not know.
    response.set_cookie(
        cookie_name(),
        secret,
        max_age=timedelta(days=LIFETIME_DAYS),
        path="/",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def oidc() -> "Provider | None":
    """The OpenID Connect provider, if there is one."""
    provider: Provider | None = current_app.extensions.get("oidc")
    return provider


def _session_response(
    account: str | None, csrf: str | None, status: int = 200, *, run: queries.Run = reader.rows
) -> Response:
    provider = oidc()
    named = None if provider is None else {"name": provider.name, "decidesRoles": provider.decides_roles}
    return json_response(
        {
            "mode": "required" if is_required() else "open",
            "account": queries.read_account(account, run=run) if account else None,
            "csrfToken": csrf,
            "methods": {"password": is_required(), "oidc": named},
        },
        status,
    )
