"""Signing in by OpenID Connect: with a provider of a library, and with one that cheats."""

import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from json import dumps
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from flask import Flask, jsonify, request
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import Connection, text
from werkzeug.serving import make_server

from tests.accounts.conftest import PASSWORD, Person, sign_in
from tests.serving import free_port, wait_until
from tests.test_rules import check_problem
from tracker.accounts.provider import Provider
from tracker.callers import COOKIE
from tracker.config import OidcSettings

Join = Callable[..., Person]
FLOW = "itk_oidc"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider that a library has, as a process; it lets everybody in, as whom they say they are."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def answers() -> bool:
        assert process.poll() is None
        try:
            return requests.get(f"{address}/.well-known/openid-configuration", timeout=5).ok
        except requests.ConnectionError:
            return False

    try:
        wait_until(answers, "the provider")
        yield address
    finally:
        process.terminate()
        process.wait(10)


def settings(issuer: str, **others: Any) -> OidcSettings:
    given: dict[str, Any] = {
        "issuer": issuer,
        "client_id": "tracker",
        "client_secret": "known to both",
        "name": "Example SSO",
        "role_claim": None,
        "roles": (("admin", "incident-admins"), ("responder", "engineering")),
        "trust_email": False,
    }
    return OidcSettings(**given | others)


Connect = Callable[..., None]


@pytest.fixture
def connect(required: Flask, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Gives the application a provider: ``connect(issuer, role_claim="groups")``."""

    def give(issuer: str, **others: Any) -> None:
        monkeypatch.setitem(required.extensions, "oidc", Provider(settings(issuer, **others)))

    return give


def introduce(issuer: str, subject: str, **claims: Any) -> None:
    """Tell the library's provider about somebody."""
    person = {"email": f"{subject}@example.com", "email_verified": True, "name": subject.title(), **claims}
    requests.put(f"{issuer}/users/{quote(subject)}", json=person, timeout=5).raise_for_status()


def go_there(client: FlaskClient, to: str | None = None) -> str:
    """Begin; returns the address of the provider to which the browser is sent."""
    answer = client.get("/api/oidc/start" if to is None else f"/api/oidc/start?to={quote(to, safe='')}")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def come_back(client: FlaskClient, address: str) -> str:
    """Follow the provider's redirect; returns where that leads."""
    url = urlsplit(address)
    answer = client.get(f"{url.path}?{url.query}")
    assert answer.status_code == 303, answer.text
    assert client.get_cookie(FLOW) is None
    return str(answer.headers["Location"])


def visit(issuer: str, client: FlaskClient, subject: str, to: str | None = None) -> str:
    """Sign in as somebody; returns where that leads."""
    there = go_there(client, to)
    assert there.startswith(f"{issuer}/oauth2/authorize?")
    back = requests.post(there, data={"sub": subject}, timeout=5, allow_redirects=False)
    assert back.status_code == 302, back.text
    return come_back(client, back.headers["Location"])


def who(client: FlaskClient) -> Any:
    return client.get("/api/session").get_json()["account"]


def test_the_session_says_how_one_can_sign_in(required: Flask, connect: Connect, issuer: str) -> None:
    client = required.test_client()
    assert client.get("/api/session").get_json()["methods"]["oidc"] is None
    check_problem(client.get("/api/oidc/start"), 404)
    check_problem(client.get("/api/oidc/callback?state=x&code=y"), 404)
    connect(issuer)
    methods = client.get("/api/session").get_json()["methods"]
    assert methods == {"password": True, "oidc": {"name": "Example SSO", "decidesRoles": False}}
    connect(issuer, role_claim="groups")
    assert client.get("/api/session").get_json()["methods"]["oidc"]["decidesRoles"] is True


def test_open_mode_has_nobody_to_sign_in(app: Flask) -> None:
    for path in ("/api/oidc/start", "/api/oidc/callback"):
        assert check_problem(app.test_client().get(path), 409)["type"] == "urn:incident-tracker:problem:open-mode"


def test_who_is_invited_gets_an_account_and_comes_back_to_the_page(
    required: Flask, connect: Connect, issuer: str, admin: Person
) -> None:
    connect(issuer)
    introduce(issuer, "bo", name="Bo Berg")
    client = required.test_client()
    assert visit(issuer, client, "bo", "/incidents/INC-7") == "/sign-in?problem=unknown&to=%2Fincidents%2FINC-7"
    assert who(client) is None
    admin.open("POST", "/api/invitations", {"email": "bo@example.com", "role": "responder"})
    assert visit(issuer, client, "bo", "/incidents?q=owner%3Ame,Zoë") == "/incidents?q=owner%3Ame%2CZo%C3%AB"
    account = who(client)
    assert (account["name"], account["email"], account["role"]) == ("Bo Berg", "bo@example.com", "responder")
    assert (account["hasPassword"], account["linked"]) == (False, True)
    assert admin.get("/api/invitations").get_json()["items"] == []
    # From now on it is the person, whatever the address.
    introduce(issuer, "bo", email="someone.else@example.com")
    other = required.test_client()
    assert visit(issuer, other, "bo") == "/"
    assert who(other)["id"] == account["id"]
    sessions = client.get("/api/sessions").get_json()["items"]
    assert len(sessions) == 2
    # Nobody gets in by a password that is not there.
    assert sign_in(required, "bo@example.com", "")[1].status_code == 422
    assert sign_in(required, "bo@example.com", "None" * 4)[1].status_code == 401


def test_an_account_that_is_there_is_linked_and_keeps_its_password(
    required: Flask, connect: Connect, issuer: str, join: Join
) -> None:
    connect(issuer)
    ana = join("Cleo", "viewer")
    introduce(issuer, "cleo", email="Cleo@Example.COM", name="Another name")
    client = required.test_client()
    assert visit(issuer, client, "cleo") == "/"
    account = who(client)
    assert (account["id"], account["name"], account["role"]) == (ana.id, "Cleo", "viewer")
    assert (account["hasPassword"], account["linked"]) == (True, True)
    assert sign_in(required, "cleo@example.com", PASSWORD)[1].status_code == 201


def test_an_address_that_is_not_confirmed_is_nobodys(
    required: Flask, connect: Connect, issuer: str, join: Join
) -> None:
    join("Dora", "admin")
    connect(issuer)
    client = required.test_client()
    for confirmed in (False, None, "false", 1, "yes"):
        introduce(issuer, "mallory", email="dora@example.com", email_verified=confirmed)
        assert visit(issuer, client, "mallory") == "/sign-in?problem=unconfirmed&to=%2F"
    introduce(issuer, "nobody", email=None)
    assert visit(issuer, client, "nobody") == "/sign-in?problem=unconfirmed&to=%2F"
    introduce(issuer, "odd", email="not an address")
    assert visit(issuer, client, "odd") == "/sign-in?problem=unconfirmed&to=%2F"
    assert who(client) is None
    connect(issuer, trust_email=True)
    introduce(issuer, "dora-2", email="dora@example.com", email_verified=None)
    assert visit(issuer, client, "dora-2") == "/"


def test_who_gets_an_address_later_is_not_who_had_it(
    required: Flask, connect: Connect, issuer: str, join: Join, admin: Person
) -> None:
    connect(issuer)
    eve = join("Eve")
    introduce(issuer, "eve")
    introduce(issuer, "eve-2", email="eve@example.com")
    client = required.test_client()
    assert visit(issuer, client, "eve") == "/"
    assert visit(issuer, required.test_client(), "eve-2") == "/sign-in?problem=taken&to=%2F"
    # An admin knows that it is the same person after all.
    admin.open("POST", "/api/invitations", {"email": "eve@example.com", "role": "viewer"})
    assert visit(issuer, client, "eve-2") == "/"
    assert (who(client)["id"], who(client)["role"]) == (eve.id, "responder")
    assert visit(issuer, required.test_client(), "eve") == "/sign-in?problem=taken&to=%2F"


def test_a_company_can_change_its_provider(
    required: Flask, connect: Connect, issuer: str, join: Join, connection: Connection
) -> None:
    eve = join("Eve")
    connection.execute(text("UPDATE accounts SET oidc_issuer = 'https://before.example', oidc_subject = 'eve'"))
    connect(issuer)
    introduce(issuer, "eve")
    client = required.test_client()
    assert visit(issuer, client, "eve") == "/"
    assert who(client)["id"] == eve.id


def test_who_is_disabled_stays_out(required: Flask, connect: Connect, issuer: str, join: Join, admin: Person) -> None:
    connect(issuer)
    fay = join("Fay")
    introduce(issuer, "fay")
    client = required.test_client()
    admin.open("PATCH", f"/api/accounts/{fay.id}", {"disabled": True})
    # Before the account is linked, and after.
    assert visit(issuer, client, "fay") == "/sign-in?problem=disabled&to=%2F"
    admin.open("PATCH", f"/api/accounts/{fay.id}", {"disabled": False})
    assert visit(issuer, client, "fay") == "/"
    admin.open("PATCH", f"/api/accounts/{fay.id}", {"disabled": True})
    assert who(client) is None
    assert visit(issuer, client, "fay") == "/sign-in?problem=disabled&to=%2F"


def test_roles_come_from_a_claim(required: Flask, connect: Connect, issuer: str, join: Join, admin: Person) -> None:
    connect(issuer, role_claim="groups")
    client = required.test_client()
    for groups, role in (
        (["staff", "engineering"], "responder"),
        (["engineering", "incident-admins"], "admin"),
        ("engineering", "responder"),
    ):
        introduce(issuer, "gil", groups=groups)
        assert visit(issuer, client, "gil") == "/"
        assert who(client)["role"] == role
    for nothing in ([], ["staff"], None, 7, {"engineering": True}):
        introduce(issuer, "gil", groups=nothing)
        assert visit(issuer, required.test_client(), "gil") == "/sign-in?problem=no-role&to=%2F"
    # What the provider decides cannot be changed here, where it would not last.
    path = f"/api/accounts/{who(client)['id']}"
    problem = check_problem(admin.open("PATCH", path, {"role": "admin"}), 422)
    assert problem["errors"] == {"role": ["Comes from Example SSO at every sign-in: change it there."]}
    assert admin.open("PATCH", path, {"role": "responder", "name": "Gil G"}).status_code == 200
    assert admin.open("PATCH", f"/api/accounts/{join('Hal').id}", {"role": "viewer"}).status_code == 200


def test_a_claim_may_lie_deeper_and_any_value_may_do(required: Flask, connect: Connect, issuer: str) -> None:
    roles = (("admin", "root"), ("viewer", "*"))
    connect(issuer, role_claim="realm_access.roles", roles=roles)
    client = required.test_client()
    introduce(issuer, "ida", realm_access={"roles": ["root"]})
    assert visit(issuer, client, "ida") == "/"
    assert who(client)["role"] == "admin"
    connect(issuer, role_claim="https://example.com/roles", roles=roles)
    introduce(issuer, "jon", **{"https://example.com/roles": ["root"]})
    introduce(issuer, "kim")
    for subject, role in (("jon", "admin"), ("kim", "viewer")):
        assert visit(issuer, client, subject) == "/"
        assert who(client)["role"] == role


def test_the_last_admin_stays_one(required: Flask, connect: Connect, issuer: str, admin: Person) -> None:
    connect(issuer, role_claim="groups")
    introduce(issuer, "root", groups=["engineering"])
    client = required.test_client()
    assert visit(issuer, client, "root") == "/"
    assert (who(client)["id"], who(client)["role"]) == (admin.id, "admin")


def test_two_of_one_name_are_told_apart(required: Flask, connect: Connect, issuer: str, join: Join) -> None:
    join("Lea")
    connect(issuer, role_claim="groups")
    client = required.test_client()
    introduce(issuer, "lea-2", name=" LEA\n\t", groups="engineering")
    assert visit(issuer, client, "lea-2") == "/"
    assert who(client)["name"] == "LEA (lea-2@example.com)"
    introduce(issuer, "max", name="\0\x1b", groups="engineering", preferred_username="m" * 200)
    assert visit(issuer, client, "max") == "/"
    assert who(client)["name"] == "m" * 120


def test_saying_no_at_the_provider(required: Flask, connect: Connect, issuer: str) -> None:
    connect(issuer)
    client = required.test_client()
    back = requests.post(go_there(client, "/new"), data={"action": "deny"}, timeout=5, allow_redirects=False)
    address = back.headers["Location"]
    state = parse_qs(urlsplit(go_there(client, "/new")).query)["state"][0]
    if "state=" not in address:
        # This provider forgets it, which RFC 6749 demands.
        address += f"&state={state}"
    assert come_back(client, address) == "/sign-in?problem=cancelled&to=%2Fnew"


def test_a_provider_that_is_away(required: Flask, connect: Connect) -> None:
    connect(f"http://127.0.0.1:{free_port()}")
    client = required.test_client()
    assert go_there(client, "/new") == "/sign-in?problem=unreachable&to=%2Fnew"
    assert client.get_cookie(FLOW) is None


@pytest.mark.parametrize(
    "to",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\/evil.example", "/a b", "/\tx", "x", "", "/\n/x"],
)
def test_one_is_led_to_no_other_site(required: Flask, connect: Connect, issuer: str, to: str) -> None:
    connect(issuer, role_claim="groups")
    client = required.test_client()
    problem = check_problem(client.get(f"/api/oidc/start?to={quote(to, safe='')}"), 422)
    assert "to" in problem["errors"]
    # Nor by a cookie that somebody else has set.
    introduce(issuer, "ned", groups="engineering")
    there = go_there(client)
    kept = client.get_cookie(FLOW)
    assert kept is not None
    client.set_cookie(FLOW, kept.value.partition(".")[0] + "." + to)
    back = requests.post(there, data={"sub": "ned"}, timeout=5, allow_redirects=False)
    assert come_back(client, back.headers["Location"]) == "/"


def test_what_is_not_known_is_refused_unless_the_provider_says_it(
    required: Flask, connect: Connect, issuer: str
) -> None:
    connect(issuer)
    client = required.test_client()
    assert "no_such" in check_problem(client.get("/api/oidc/start?no_such=1"), 422)["errors"]
    assert "state" in check_problem(client.get("/api/oidc/callback?state=1&state=2"), 422)["errors"]
    assert client.get("/api/oidc/callback?session_state=1").headers["Location"] == "/sign-in?problem=expired&to=%2F"


def test_an_address_must_fit_into_a_cookie(required: Flask, connect: Connect, issuer: str) -> None:
    connect(issuer)
    client = required.test_client()
    assert go_there(client, "/" + "x" * 1999).startswith(issuer)
    for to in ("/" + "x" * 2000, "/" + "ë" * 1000):
        assert "to" in check_problem(client.get(f"/api/oidc/start?to={quote(to)}"), 422)["errors"]


def test_the_answer_is_only_for_the_browser_that_began(required: Flask, connect: Connect, issuer: str) -> None:
    connect(issuer, role_claim="groups")
    introduce(issuer, "oda", groups="engineering")
    mallory, victim = required.test_client(), required.test_client()
    back = requests.post(go_there(mallory), data={"sub": "oda"}, timeout=5, allow_redirects=False)
    address = back.headers["Location"]
    # A browser that has not begun, and one that has, with what somebody else was given.
    assert come_back(victim, address) == "/sign-in?problem=expired&to=%2F"
    go_there(victim)
    assert come_back(victim, address) == "/sign-in?problem=expired&to=%2F"
    assert who(victim) is None
    assert come_back(mallory, address) == "/"
    # Once.
    assert come_back(mallory, address) == "/sign-in?problem=expired&to=%2F"


def test_another_site_cannot_begin_it(required: Flask, connect: Connect, issuer: str) -> None:
    connect(issuer)
    client = required.test_client()
    for site, leads in (("cross-site", "/sign-in?to=%2Fnew"), ("same-origin", issuer), ("none", issuer)):
        answer = client.get("/api/oidc/start?to=/new", headers={"Sec-Fetch-Site": site})
        assert answer.headers["Location"].startswith(leads)


def test_a_session_that_was_planted_is_not_the_new_one(
    required: Flask, connect: Connect, issuer: str, join: Join
) -> None:
    connect(issuer, role_claim="groups")
    introduce(issuer, "pia", groups="engineering")
    mallory = join("Mallory")
    client = required.test_client()
    planted = mallory.client.get_cookie(COOKIE)
    assert planted is not None
    client.set_cookie(COOKIE, planted.value)
    assert visit(issuer, client, "pia") == "/"
    kept = client.get_cookie(COOKIE)
    assert kept is not None
    assert kept.value != planted.value
    assert (kept.http_only, kept.same_site, kept.path) == (True, "Lax", "/")
    assert who(mallory.client) is None


def test_behind_tls_the_cookies_belong_to_this_host_alone(required: Flask, connect: Connect, issuer: str) -> None:
    connect(issuer, role_claim="groups")
    introduce(issuer, "quin", groups="engineering")
    client = required.test_client()
    there = client.get("/api/oidc/start", base_url="https://localhost")
    assert there.status_code == 303, there.text
    (made,) = there.headers.getlist("Set-Cookie")
    assert made.startswith("__Host-itk_oidc=")
    assert "; Secure; HttpOnly; Path=/; SameSite=Lax" in made
    assert "Max-Age=600" in made
    location = there.headers["Location"]
    assert parse_qs(urlsplit(location).query)["redirect_uri"] == ["https://localhost/api/oidc/callback"]
    back = requests.post(location, data={"sub": "quin"}, timeout=5, allow_redirects=False)
    url = urlsplit(back.headers["Location"])
    answer = client.get(f"{url.path}?{url.query}", base_url="https://localhost")
    assert answer.headers["Location"] == "/"
    assert any(made.startswith("__Host-itk_session=") for made in answer.headers.getlist("Set-Cookie"))
    assert answer.headers["Cache-Control"] == "no-store"


def test_nothing_of_it_is_logged(
    required: Flask, connect: Connect, issuer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(issuer, role_claim="groups")
    introduce(issuer, "rob", groups="engineering")
    client = required.test_client()
    there = go_there(client)
    address = requests.post(there, data={"sub": "rob"}, timeout=5, allow_redirects=False).headers["Location"]
    kept = client.get_cookie(FLOW)
    assert come_back(client, address) == "/"
    come_back(client, address)
    connect(f"http://127.0.0.1:{free_port()}")
    go_there(client)
    session = client.get_cookie(COOKIE)
    assert kept is not None
    assert session is not None
    output = capsys.readouterr()
    logged = output.out + output.err
    assert "does not answer" in logged
    answer = parse_qs(urlsplit(address).query)
    for secret in (answer["code"][0], answer["state"][0], kept.value.partition(".")[0], session.value):
        assert secret not in logged


# --- A provider that cheats, which the library's cannot. ---

KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})
NEW_KEY = RSAKey.generate_key(2048, {"kid": "two"})


@dataclass
class Cheat:
    """What it says otherwise than it should."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    key: Any = field(default_factory=lambda: KEY)
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    published: list[Any] = field(default_factory=lambda: [KEY])
    token: dict[str, Any] | None = None
    status: int = 200
    answer: dict[str, str] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    nonce: str = ""
    challenge: str = ""
    asked: list[str] = field(default_factory=list)


def encoded(content: bytes) -> str:
    """Base64url without padding (RFC 7515)."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.fixture
def cheat() -> Iterator[Cheat]:
    """The provider, which gives Sam out as a responder unless told otherwise."""
    cheat = Cheat()
    app = Flask(__name__)

    @app.get("/.well-known/openid-configuration")
    def describe() -> Any:
        cheat.asked.append("metadata")
        here = cheat.issuer
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        found: dict[str, Any] = {"issuer": here, **{name: f"{here}/{path}" for name, path in names.items()}}
        if cheat.userinfo is not None:
            found["userinfo_endpoint"] = f"{here}/userinfo"
        return jsonify(found | cheat.metadata)

    @app.get("/jwks")
    def keys() -> Any:
        cheat.asked.append("jwks")
        return jsonify({"keys": [key.as_dict(private=False) for key in cheat.published]})

    @app.get("/userinfo")
    def userinfo() -> Any:
        assert request.headers["Authorization"] == "Bearer for-userinfo"
        return jsonify(cheat.userinfo)

    @app.post("/token")
    def token() -> Any:
        cheat.asked.append("token")
        cheat.sent = request.form.to_dict()
        cheat.sent["Authorization"] = request.headers.get("Authorization", "")
        if cheat.token is not None:
            return jsonify(cheat.token), cheat.status
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": cheat.issuer,
            "aud": "tracker",
            "sub": "sam",
            "iat": now,
            "exp": now + 300,
            "nonce": cheat.nonce,
            "email": "sam@example.com",
            "email_verified": True,
            "groups": ["engineering"],
        }
        claims = {name: value for name, value in (claims | cheat.claims).items() if value is not ...}
        if cheat.header["alg"] == "none":
            made = ".".join(encoded(dumps(part).encode()) for part in (cheat.header, claims)) + "."
        else:
            made = jwt.encode(cheat.header, claims, cheat.key, algorithms=["RS256", "HS256"])
        return jsonify({"access_token": "for-userinfo", "token_type": "Bearer", "id_token": made})

    server = make_server("127.0.0.1", 0, app, threaded=True)
    cheat.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield cheat
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def visit_cheat(cheat: Cheat, client: FlaskClient) -> str:
    """Sign in there; returns where that leads."""
    there = go_there(client)
    if not there.startswith(cheat.issuer):
        return there
    asked = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
    cheat.nonce, cheat.challenge = asked["nonce"], asked["code_challenge"]
    answer = {"code": "once", "state": asked["state"], "more": "is not read", **cheat.answer}
    return come_back(
        client, f"/api/oidc/callback?{'&'.join(f'{name}={quote(value)}' for name, value in answer.items())}"
    )


@pytest.fixture
def client(required: Flask) -> FlaskClient:
    return required.test_client()


def test_only_who_began_can_use_the_code(cheat: Cheat, connect: Connect, client: FlaskClient) -> None:
    connect(cheat.issuer, role_claim="groups")
    assert visit_cheat(cheat, client) == "/"
    assert who(client)["role"] == "responder"
    verifier = cheat.sent["code_verifier"]
    assert 43 <= len(verifier) <= 128
    assert encoded(sha256(verifier.encode()).digest()) == cheat.challenge
    assert cheat.sent["redirect_uri"] == "http://localhost/api/oidc/callback"
    assert cheat.sent["grant_type"] == "authorization_code"
    assert cheat.sent["Authorization"].startswith("Basic ")
    assert "client_secret" not in cheat.sent
    # What a provider says about itself is asked for once.
    assert visit_cheat(cheat, client) == "/"
    assert [cheat.asked.count(what) for what in ("metadata", "jwks", "token")] == [1, 1, 2]


def test_a_provider_may_want_the_secret_in_the_body(cheat: Cheat, connect: Connect, client: FlaskClient) -> None:
    cheat.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    connect(cheat.issuer, role_claim="groups")
    assert visit_cheat(cheat, client) == "/"
    assert cheat.sent["client_secret"] == "known to both"


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "no issuer": {"claims": {"iss": ...}},
    "for another client": {"claims": {"aud": "another"}},
    "for another client, by ours": {"claims": {"aud": "another", "azp": "tracker"}},
    "for nobody": {"claims": {"aud": ...}},
    "for two, by another": {"claims": {"aud": ["tracker", "another"], "azp": "another"}},
    "no subject": {"claims": {"sub": ...}},
    "an empty subject": {"claims": {"sub": ""}},
    "a subject that is a number": {"claims": {"sub": 7}},
    "a subject without end": {"claims": {"sub": "x" * 256}},
    "over": {"claims": {"exp": int(time.time()) - 3600}},
    "without an end": {"claims": {"exp": ...}},
    "of the future": {"claims": {"nbf": int(time.time()) + 3600}},
    "of another sign-in": {"claims": {"nonce": "0" * 64}},
    "of no sign-in": {"claims": {"nonce": ...}},
    "of no sign-in, says the token": {"claims": {"nonce": ..., "nonce_supported": False}},
    "for another access token": {"claims": {"at_hash": "x" * 22}},
    "signed by another key": {"key": OTHER_KEY},
    "signed by an unknown key": {"key": NEW_KEY, "header": {"alg": "RS256", "kid": "two"}},
    "signed by the secret": {"key": OctKey.import_key("known to both" * 3), "header": {"alg": "HS256", "kid": "one"}},
    "not signed": {"header": {"alg": "none", "kid": "one"}},
    "no token": {"token": {"access_token": "x", "token_type": "Bearer"}},
    "no token at all": {"token": {}},
    "a token that is none": {"token": {"access_token": "x", "token_type": "Bearer", "id_token": "x.y.z"}},
    "a list for a token": {"token": {"access_token": "x", "token_type": "Bearer", "id_token": [1]}},
    "a client that it does not know": {"token": {"error": "invalid_client"}, "status": 401},
    "userinfo of somebody else": {"claims": {"email": ...}, "userinfo": {"sub": "root", "email": "root@example.com"}},
    "userinfo that is no object": {"claims": {"email": ...}, "userinfo": ["sam"]},
    "an answer of another provider": {"answer": {"iss": "https://evil.example"}},
    "an answer of nobody, though it names itself": {
        "metadata": {"authorization_response_iss_parameter_supported": True}
    },
    "another name for itself": {"metadata": {"issuer": "https://evil.example"}},
    "an address that is none": {"metadata": {"token_endpoint": "file:///etc/passwd"}},
    "no address for tokens": {"metadata": {"token_endpoint": None}},
    "neither code nor error": {"answer": {"code": ""}},
    "a request that it does not like": {"answer": {"error": "invalid_request"}},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_is_not_believed(
    cheat: Cheat, connect: Connect, client: FlaskClient, lie: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in lie.items():
        setattr(cheat, name, value)
    connect(cheat.issuer, role_claim="groups")
    assert visit_cheat(cheat, client) == "/sign-in?problem=invalid&to=%2F"
    assert who(client) is None
    # An admin finds out why, without what is secret about it.
    logged = capsys.readouterr().out
    assert "provider's answer was refused" in logged
    assert "sam@example.com" not in logged
    assert "known to both" not in logged


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"token": {"error": "invalid_grant"}, "status": 400}, "expired"),
        ({"token": {"error": "temporarily_unavailable"}, "status": 503}, "unreachable"),
        ({"token": {}, "status": 502}, "unreachable"),
        ({"answer": {"error": "server_error"}}, "unreachable"),
        ({"answer": {"error": "access_denied"}}, "cancelled"),
        ({"answer": {"state": "another"}}, "expired"),
        ({"answer": {"state": "ë"}}, "expired"),
    ],
)
def test_what_goes_wrong_is_told_apart(
    cheat: Cheat, connect: Connect, client: FlaskClient, change: dict[str, Any], code: str
) -> None:
    for name, value in change.items():
        setattr(cheat, name, value)
    connect(cheat.issuer, role_claim="groups")
    assert visit_cheat(cheat, client) == f"/sign-in?problem={code}&to=%2F"


def test_what_the_token_lacks_is_asked_for(cheat: Cheat, connect: Connect, client: FlaskClient) -> None:
    cheat.claims = {"email": ..., "email_verified": ..., "groups": ...}
    cheat.userinfo = {"sub": "sam", "email": "sam@example.com", "email_verified": True, "groups": ["incident-admins"]}
    connect(cheat.issuer, role_claim="groups")
    assert visit_cheat(cheat, client) == "/"
    assert who(client)["role"] == "admin"


def test_a_provider_may_change_its_keys(cheat: Cheat, connect: Connect, client: FlaskClient) -> None:
    connect(cheat.issuer, role_claim="groups")
    assert visit_cheat(cheat, client) == "/"
    cheat.published, cheat.key, cheat.header = [KEY, NEW_KEY], NEW_KEY, {"alg": "RS256", "kid": "two"}
    assert visit_cheat(cheat, client) == "/"
    assert cheat.asked.count("jwks") == 2


def test_a_provider_that_is_slow_holds_few_threads(cheat: Cheat, connect: Connect, required: Flask) -> None:
    connect(cheat.issuer, role_claim="groups")
    provider = required.extensions["oidc"]
    for _ in range(4):
        assert provider._asking._places.acquire(blocking=False)
    assert visit_cheat(cheat, required.test_client()) == "/sign-in?problem=unreachable&to=%2F"
    for _ in range(4):
        provider._asking._places.release()
    assert visit_cheat(cheat, required.test_client()) == "/"
