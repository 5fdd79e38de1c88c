"""The rules that hold everywhere: every error is one kind of object, and nothing is ignored."""

import re
import time
from io import BytesIO
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy.exc import DatabaseError, ProgrammingError

from tracker import BODY_MAX, create_app
from tracker.config import Settings
from tracker.incidents import operations, queries
from tracker.parsing import DEPTH_MAX, QUERY_MAX, VALIDATOR_MAX

BODY = {"title": "Checkout is down", "service": "checkout-web", "severity": "SEV1"}
JSON = "application/json"
PROBLEM = "application/problem+json"
# Nothing listens on port 1.
NOWHERE = "postgresql+psycopg2://postgres@127.0.0.1:1/nothing"
STREAM = "/api/events/stream"
READS = [
    "/api/docs",
    "/api/docs/swagger-ui.css",
    STREAM,
    "/api/health",
    "/api/health/live",
    "/api/incidents",
    "/api/incidents/INC-1",
    "/api/incidents/INC-1/events",
    "/api/incidents/export",
    "/api/incidents/facets",
    "/api/incidents/similar?title=Something&service=payments-api",
    "/api/openapi.json",
    "/api/services",
    "/api/session",
    "/api/views",
    "/api/views/open",
]


def with_parameter(path: str, parameter: str) -> str:
    """The address with one parameter more."""
    return f"{path}{'&' if '?' in path else '?'}{parameter}"


MEMBERS = ("errors", "mistakes", "current", "conflicts", "matched", "database", "version")
"""What some problems say beyond the members that all have."""


def check_problem(response: Any, status: int) -> dict[str, Any]:
    """The problem, after checking what all of them have in common."""
    assert response.status_code == status, response.text
    assert response.mimetype == PROBLEM
    problem: dict[str, Any] = response.get_json()
    assert [name for name in problem if name not in MEMBERS] == [
        "type",
        "title",
        "status",
        "detail",
        "requestId",
    ]
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["requestId"] == response.headers["X-Request-ID"]
    return problem


class WholeAnswers(FlaskClient):
    """Reads each answer to its end, which closes the file that it may come from; a stream has none, and is left."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        response = super().open(*args, **{"buffered": not str(args[0]).startswith(STREAM), **kwargs})
        response.close()
        return response


@pytest.fixture
def client(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A client of the shared application.

    The health check asks from a thread of its own, with which the one connection of a test cannot be shared; its
    tests have a database of their own.
    """
    monkeypatch.setattr("tracker.about._probe.answers", lambda _engine: True)
    return WholeAnswers(app)


@pytest.fixture
def away() -> FlaskClient:
    """A client of an application whose database cannot be reached."""
    return create_app(Settings(database_url=NOWHERE)).test_client()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"title": "abc",}',
        b'{"title": "abc"} x',
        b"{'title': 'abc'}",
        b'{"title": "abc", "title": "abd"}',
        b'{"title": NaN}',
        b'{"title": -Infinity}',
        b'{"title": 1e999}',
        b'{"title": ' + b"9" * 5000 + b"}",
        rb'{"title": "\ud800abc"}',
        b'{"title": "\xed\xa0\x80abc"}',
        b'{"title": "\xe9abc"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_is_not_json_is_a_bad_request(client: FlaskClient, body: bytes) -> None:
    problem = check_problem(client.post("/api/incidents", data=body, content_type=JSON), 400)
    assert problem["detail"].startswith("The body is not valid JSON: ")
    assert client.get("/api/incidents").get_json()["total"] == 0


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("levels", [DEPTH_MAX + 1, 200, 500, 990, 1023])
def test_a_body_with_too_many_levels_is_a_bad_request(client: FlaskClient, opening: bytes, levels: int) -> None:
    closing = b"]" if opening == b"[" else b"}"
    # The innermost one is empty, and still a level.
    value = opening * (levels - 2) + (b"[]" if opening == b"[" else b"{}") + closing * (levels - 2)
    for path in ("/api/incidents", "/api/incidents/bulk", "/api/views"):
        body = b'{"filter": ' + value + b"}"
        problem = check_problem(client.post(path, data=body, content_type=JSON), 400)
        assert f"more than {DEPTH_MAX} levels" in problem["detail"]


def test_levels_are_counted_and_not_brackets(client: FlaskClient, create: Any) -> None:
    fits = b'{"title": ' + b"[" * (DEPTH_MAX - 1) + b"]" * (DEPTH_MAX - 1) + b"}"
    assert "title" in check_problem(client.post("/api/incidents", data=fits, content_type=JSON), 422)["errors"]
    wide = b'{"title": [' + b"[{}]," * 1000 + b"[]]}"
    assert "title" in check_problem(client.post("/api/incidents", data=wide, content_type=JSON), 422)["errors"]
    create(title="[{" * 60)


LONG = "a" * 500_000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/incidents", {f"a{number}": 1 for number in range(60_000)}),
        ("/api/incidents", {LONG: 1}),
        ("/api/incidents", {**BODY, "severity": LONG}),
        ("/api/incidents", {**BODY, "title": LONG, "service": LONG}),
        ("/api/incidents/bulk", {"ids": [f"x{number}" for number in range(70_000)], "set": {"owner": "Ana"}}),
        ("/api/incidents/bulk", {"filter": {f"a{number}": 1 for number in range(30_000)}, "set": {LONG: 1}}),
        ("/api/views", {"name": LONG, "q": "", "order": LONG}),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_refusal_does_not_grow_with_what_is_wrong(client: FlaskClient, path: str, body: dict[str, Any]) -> None:
    response = client.post(path, json=body)
    check_problem(response, 422)
    assert len(response.data) < 20_000
    assert "a" * 100 not in response.text


def test_other_refusals_do_not_grow_either(client: FlaskClient) -> None:
    twice = f'{{"{LONG}": 1, "{LONG}": 1}}'.encode()
    for response, status in (
        (client.post("/api/incidents", data=twice, content_type=JSON), 400),
        (client.post("/api/incidents", data=b"{}", content_type=LONG), 415),
        (client.get("/api/incidents/" + LONG[:10_000]), 404),
        (client.get("/api/incidents?" + "&".join(f"a{n // 2}=" for n in range(2000))), 422),
        (client.get("/api/incidents?" + "&".join(f"a{n}=" for n in range(2000))), 422),
    ):
        check_problem(response, status)
        assert len(response.data) < 20_000


def test_a_key_that_is_given_twice_is_soon_found_among_many(client: FlaskClient) -> None:
    many = ",".join(f'"{number}":1' for number in (*range(90_000), 89_999))
    began = time.monotonic()
    problem = check_problem(client.post("/api/incidents", data=f"{{{many}}}".encode(), content_type=JSON), 400)
    assert time.monotonic() - began < 5
    assert "'89999' is given twice" in problem["detail"]


@pytest.mark.parametrize("path", ["/api/incidents", "/api/health", "/api/nope", "/", "/assets/x.js"])
def test_a_query_string_has_a_limit(client: FlaskClient, path: str) -> None:
    assert client.get(f"{path}?q={'a' * (QUERY_MAX - 2)}").status_code != 414
    for method in ("GET", "POST"):
        problem = check_problem(client.open(f"{path}?q={'a' * (QUERY_MAX - 1)}", method=method, json=BODY), 414)
        assert f"{QUERY_MAX:,} bytes" in problem["detail"]


def test_what_headers_say_has_a_limit(client: FlaskClient, create: Any) -> None:
    incident = create()
    path = f"/api/incidents/{incident['id']}"
    many = ", ".join(['"2"'] * 100)
    assert client.get(path, headers={"If-None-Match": f'{many}, "1"'}).status_code == 304
    for name, value in (
        ("If-Match", '"1", ' * VALIDATOR_MAX),
        ("If-None-Match", '"1", ' * VALIDATOR_MAX),
        ("Idempotency-Key", "k" * 256),
        ("X-Actor", "a" * 121),
    ):
        response = client.patch(path, json={"title": "Another title"}, headers={name: value})
        assert list(check_problem(response, 422)["errors"]) == [name]
    place = client.get(STREAM, headers={"Last-Event-ID": "1" * 20 + "-1"})
    assert "Last-Event-ID" in check_problem(place, 400)["detail"]
    assert client.get("/api/incidents").get_json()["items"] == [incident]


@pytest.mark.parametrize("body", [b"null", b"[]", b"7", b'"text"', b"true", b"[{}]"])
def test_a_body_must_be_an_object(client: FlaskClient, body: bytes) -> None:
    problem = check_problem(client.post("/api/incidents", data=body, content_type=JSON), 422)
    assert "JSON object" in problem["errors"]["body"][0]


@pytest.mark.parametrize("query", ["search=%ff", "%ff=1", "search=%ed%a0%80", "service=%c3"])
def test_a_query_that_is_not_utf8_is_a_bad_request(client: FlaskClient, query: str) -> None:
    problem = check_problem(client.get(f"/api/incidents?{query}"), 400)
    assert "UTF-8" in problem["detail"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/nope", "/api/incidents/", "/api//incidents", "/api/incidents/INC-1/nope", "/api/%ff/x"],
)
def test_an_unknown_address_of_the_api_is_a_problem_whatever_the_method(
    client: FlaskClient, method: str, path: str
) -> None:
    check_problem(client.open(path, method=method), 404)


@pytest.mark.parametrize(
    "reference",
    [
        "INC-1",
        "INC-0",
        "INC-01",
        "INC-9223372036854775807",
        "INC-9223372036854775808",
        "INC-" + "9" * 5000,
        "1",
        "00000000-0000-0000-0000-000000000000",
        "{00000000-0000-0000-0000-000000000000}",
        "x",
        "%00",
        "%C3%A9",
        "INC-1%0A",
        "INC-%D9%A1",
    ],
)
def test_an_unknown_incident_is_not_found(client: FlaskClient, reference: str) -> None:
    for response in (
        client.get(f"/api/incidents/{reference}"),
        client.patch(f"/api/incidents/{reference}", json={"title": "Another title"}),
        client.get(f"/api/incidents/{reference}/events"),
    ):
        assert "There is no incident" in check_problem(response, 404)["detail"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/incidents", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("/api/incidents/INC-1", {"GET", "HEAD", "OPTIONS", "PATCH"}),
        ("/api/incidents/INC-1/events", {"GET", "HEAD", "OPTIONS"}),
        ("/api/incidents/facets", {"GET", "HEAD", "OPTIONS", "PATCH"}),
        ("/api/services", {"GET", "HEAD", "OPTIONS"}),
        ("/api/views", {"GET", "HEAD", "OPTIONS", "PATCH", "POST"}),
        ("/api/views/open", {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH"}),
        ("/api/health", {"GET", "HEAD", "OPTIONS"}),
        ("/api/openapi.json", {"GET", "HEAD", "OPTIONS"}),
        ("/api/docs", {"GET", "HEAD", "OPTIONS"}),
        ("/", {"GET", "HEAD", "OPTIONS"}),
        ("/incidents/INC-1", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_method_that_an_address_lacks_is_refused_with_those_that_it_has(
    client: FlaskClient, path: str, allowed: set[str]
) -> None:
    for method in {"POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} - allowed:
        response = client.open(path, method=method, json={})
        check_problem(response, 405)
        assert set(response.headers["Allow"].split(", ")) == allowed
    assert set(client.options(path).headers["Allow"].split(", ")) == allowed


def test_a_body_may_have_one_mebibyte_and_not_a_byte_more(client: FlaskClient) -> None:
    body = client.application.json.dumps(BODY).encode()
    fits = client.post("/api/incidents", data=body.ljust(BODY_MAX), content_type=JSON)
    assert fits.status_code == 201
    for method in ("POST", "PATCH"):
        path = "/api/incidents" if method == "POST" else fits.headers["Location"]
        check_problem(client.open(path, method=method, data=body.ljust(BODY_MAX + 1), content_type=JSON), 413)
    assert client.get("/api/incidents").get_json()["total"] == 1


@pytest.mark.parametrize(("size", "status"), [(BODY_MAX, 201), (BODY_MAX + 1, 413), (3 * BODY_MAX, 413)])
def test_a_body_that_comes_in_chunks_has_the_same_limit(client: FlaskClient, size: int, status: int) -> None:
    body = client.application.json.dumps(BODY).encode().ljust(size)
    # What a server that puts the chunks together hands over: no length, and a stream that ends.
    chunked = {"wsgi.input": BytesIO(body), "wsgi.input_terminated": True}
    response = client.post("/api/incidents", content_type=JSON, environ_overrides=chunked)
    if status == 413:
        check_problem(response, 413)
    assert response.status_code == status
    assert client.get("/api/incidents").get_json()["total"] == (status == 201)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json, text/plain",
        "application/problem+json",
        "json",
    ],
)
def test_a_write_must_be_json(client: FlaskClient, create: Any, content_type: str | None) -> None:
    incident = create()
    body = client.application.json.dumps(BODY)
    for method, path in (("POST", "/api/incidents"), ("PATCH", f"/api/incidents/{incident['id']}")):
        problem = check_problem(client.open(path, method=method, data=body, content_type=content_type), 415)
        assert JSON in problem["detail"]
    assert client.get("/api/incidents").get_json()["items"] == [incident]


def test_a_charset_beside_the_type_is_fine_and_a_compressed_body_is_not(client: FlaskClient) -> None:
    body = client.application.json.dumps(BODY)
    assert client.post("/api/incidents", data=body, content_type="application/json; charset=utf-8").status_code == 201
    check_problem(client.post("/api/incidents", json=BODY, headers={"Content-Encoding": "gzip"}), 415)


@pytest.mark.parametrize("path", READS)
def test_an_unknown_parameter_is_refused_by_every_address(client: FlaskClient, create: Any, path: str) -> None:
    number = create()["number"]
    path = path.replace("INC-1", f"INC-{number}")
    assert client.get(path).status_code == 200
    problem = check_problem(client.get(with_parameter(path, "colour=red")), 422)
    assert list(problem["errors"]) == ["colour"]
    assert problem["errors"]["colour"][0].startswith("Is not known here. Known: ")
    check_problem(client.get(with_parameter(path, "=x")), 422)


def test_an_unknown_parameter_of_a_write_is_refused(client: FlaskClient, create: Any) -> None:
    incident = create()
    for response in (
        client.post("/api/incidents?dry_run=1", json=BODY),
        client.patch(f"/api/incidents/{incident['id']}?dry_run=1", json={"title": "Another title"}),
    ):
        assert check_problem(response, 422)["errors"] == {"dry_run": ["Is not known here. Known: none."]}
    assert client.get("/api/incidents").get_json()["items"] == [incident]


def test_what_is_not_known_is_named_with_what_is(client: FlaskClient) -> None:
    filters = "q, search, severity, status, service, owner, created_from, created_to, updated_since"
    for path, known in (
        ("/api/incidents", f"{filters}, sort_by, order, page, per_page, cursor"),
        ("/api/incidents/export", f"{filters}, sort_by, order, format"),
        ("/api/incidents/facets", filters),
        ("/api/services", "search"),
        ("/api/views", "none"),
        ("/api/health", "none"),
    ):
        errors = check_problem(client.get(f"{path}?x=1&y=2"), 422)["errors"]
        assert errors == {name: [f"Is not known here. Known: {known}."] for name in "xy"}
    fields = {
        "title", "service", "severity", "status", "owner", "summary", "startedAt", "mitigatedAt", "resolvedAt",
    }  # fmt: skip
    errors = check_problem(client.post("/api/incidents", json={**BODY, "x": 1}), 422)["errors"]
    assert {*errors["x"][0].removeprefix("Is not known here. Known: ").rstrip(".").split(", ")} == fields


@pytest.mark.parametrize("path", ["/api/incidents", "/api/incidents/export", "/api/incidents/facets", "/api/services"])
def test_a_parameter_given_twice_is_refused(client: FlaskClient, path: str) -> None:
    problem = check_problem(client.get(f"{path}?search=a&search=a"), 422)
    assert "once" in problem["errors"]["search"][0]


@pytest.mark.parametrize("value", ["1_0", "+5", "%2B5", "%D9%A3", "5.0", "0x5", "", "%205", "9" * 5000])
def test_a_number_is_written_in_plain_digits(client: FlaskClient, value: str) -> None:
    for name in ("page", "per_page"):
        assert list(check_problem(client.get(f"/api/incidents?{name}={value}"), 422)["errors"]) == [name]


@pytest.mark.parametrize("broken", [RuntimeError("secret"), ProgrammingError("SELECT secret", {}, Exception("secret"))])
def test_an_unforeseen_error_tells_the_client_nothing_and_the_log_everything(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], broken: Exception
) -> None:
    def fail(*_arguments: Any, **_keywords: Any) -> None:
        raise broken

    monkeypatch.setattr(queries, "list_incidents", fail)
    response = client.get("/api/incidents")
    problem = check_problem(response, 500)
    for word in ("secret", "SELECT", "Traceback", "Error(", "psycopg2", "sqlalchemy"):
        assert word not in response.text
    logged = capsys.readouterr().out
    assert "secret" in logged
    assert problem["requestId"] in logged


def test_a_path_does_not_speak_to_the_terminal_that_shows_the_log(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.post("/api/%1b%5b31m", json={})
    client.post("/api/a%0ab%c2%9b", json={})
    logged = capsys.readouterr().out
    assert "path=/api/%1B%5B31m " in logged
    assert logged.count("\n") == 2
    assert logged.replace("\n", "").isprintable()


def test_a_connection_that_breaks_off_is_a_database_that_is_away_whatever_the_driver_calls_it(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any, **_keywords: Any) -> None:
        lost = psycopg2.DatabaseError("server closed the connection unexpectedly")
        raise DatabaseError("SELECT secret", {}, lost, connection_invalidated=True)

    monkeypatch.setattr(operations, "create_incident", fail)
    response = client.post("/api/incidents", json=BODY)
    assert "server closed" not in check_problem(response, 503)["detail"]
    assert int(response.headers["Retry-After"]) > 0


def test_while_the_database_is_away_every_address_that_needs_it_says_when_to_try_again(away: FlaskClient) -> None:
    for response in (
        away.get("/api/incidents"),
        away.get("/api/incidents/export"),
        away.get("/api/incidents/facets"),
        away.get("/api/incidents/INC-1"),
        away.get("/api/incidents/INC-1/events"),
        away.get("/api/incidents/similar?title=x&service=y"),
        away.get("/api/services"),
        away.get("/api/views"),
        away.post("/api/views", json={"name": "x"}),
        away.get("/api/health"),
        away.post("/api/incidents", json=BODY),
        away.patch("/api/incidents/INC-1", json={"title": "Another title"}),
    ):
        problem = check_problem(response, 503)
        assert int(response.headers["Retry-After"]) > 0
        assert "127.0.0.1" not in response.text
        assert "database" in problem["detail"]
    assert away.get("/api/openapi.json").status_code == 200


@pytest.mark.parametrize("given", ["abc", "a" * 128, "4bf92f35-77b3:1/2+3=._~", "0"])
def test_a_sane_request_id_is_taken(client: FlaskClient, given: str) -> None:
    for path in ("/api/incidents", "/api/nope", "/"):
        assert client.get(path, headers={"X-Request-ID": given}).headers["X-Request-ID"] == given
    problem = client.get("/api/nope", headers={"X-Request-ID": given}).get_json()
    assert problem["requestId"] == given


@pytest.mark.parametrize("given", [None, "", "a b", "a" * 129, "<x>", "a\tb", "é", "a,b"])
def test_any_other_request_id_is_replaced(client: FlaskClient, given: str | None) -> None:
    headers = {} if given is None else {"X-Request-ID": given}
    for path in ("/api/incidents", "/api/nope", "/"):
        made = client.get(path, headers=headers).headers["X-Request-ID"]
        assert UUID(made).version == 7


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:5000", "LOCALHOST.", "127.0.0.1", "127.0.0.1:81", "[::1]", "[::1]:5000", "a.localhost"],
)
def test_open_mode_answers_to_names_of_this_machine(client: FlaskClient, host: str) -> None:
    assert client.get("/api/incidents", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:5000", "localhost.evil.example", "localhost@evil", "localhost,evil", "192.168.0.1",
     "127.1", "2130706433", "[::2]", "[::1", "localhost:x", "127.0.0.1.nip.io", "é"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/api/incidents", "/api/nope", "/api/docs", "/api/health", "/assets/x.js"])
def test_open_mode_refuses_every_other_name(client: FlaskClient, host: str, path: str) -> None:
    check_problem(client.get(path, headers={"Host": host}), 403)
    check_problem(client.post(path, json=BODY, headers={"Host": host}), 403)


def test_a_server_that_is_opened_to_the_network_answers_to_any_name() -> None:
    opened = create_app(Settings(allow_open_network=True, database_url=NOWHERE)).test_client()
    assert opened.get("/api/openapi.json", headers={"Host": "incidents.example"}).status_code == 200


def behind(proxies: int, **settings: Any) -> FlaskClient:
    """A client of an application that trusts so many proxies."""
    return WholeAnswers(create_app(Settings(database_url=NOWHERE, trusted_proxies=proxies, **settings)))


def seen(
    client: FlaskClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, **headers: str
) -> tuple[str, str, str]:
    """What the application takes for the client's address, the scheme and the host."""

    def tell() -> str:
        return f"{request.scheme} {request.host}"

    monkeypatch.setitem(client.application.view_functions, "docs.get_openapi", tell)
    forwarded = {f"X-Forwarded-{name}": value for name, value in headers.items()}
    scheme, host = client.get("/api/openapi.json", headers=forwarded).text.split()
    capsys.readouterr()
    client.post("/api/nope", headers=forwarded)
    address = re.search(r"client=(\S+)", capsys.readouterr().out)
    assert address
    return address[1], scheme, host


def test_what_is_said_to_be_forwarded_is_believed_of_trusted_proxies_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"For": "203.0.113.1, 203.0.113.2, 203.0.113.3", "Proto": "https, http, https", "Host": "a.x, b.x, c.x"}
    plain = ("127.0.0.1", "http", "localhost")
    for proxies, expected in (
        (0, plain),
        (1, ("203.0.113.3", "https", "c.x")),
        (2, ("203.0.113.2", "http", "b.x")),
        # Fewer have said something than there are: some of it may be the client's.
        (4, plain),
    ):
        client = behind(proxies, allow_open_network=True)
        assert seen(client, capsys, monkeypatch, **said) == expected
        assert seen(client, capsys, monkeypatch) == plain


@pytest.mark.parametrize("proxies", [0, 1])
def test_no_header_makes_a_foreign_name_one_of_this_machine(proxies: int) -> None:
    client = behind(proxies)
    forwarded = {"Host": "evil.example", "X-Forwarded-Host": "localhost"}
    check_problem(client.get("/api/openapi.json", headers=forwarded), 403)
    foreign = client.get("/api/openapi.json", headers={"X-Forwarded-Host": "incidents.example"})
    assert foreign.status_code == (403 if proxies else 200)


def test_no_other_origin_is_let_in_by_default(client: FlaskClient) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for response in (client.get("/api/incidents", headers=asked), client.options("/api/incidents", headers=asked)):
        assert not [name for name, _ in response.headers if name.lower().startswith("access-control-")]


def test_a_listed_origin_is_let_in_and_no_other() -> None:
    # Where one has to sign in, too: a browser asks without saying who it is.
    listed = Settings(database_url=NOWHERE, cors_origins=("https://status.example",), auth_mode="required")
    client = WholeAnswers(create_app(listed))
    sent = {
        "authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "last-event-id", "x-actor",
        "x-request-id",
    }  # fmt: skip
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": ",".join(sorted(sent))}
    response = client.options("/api/incidents/INC-1", headers={"Origin": "https://status.example", **asked})
    assert response.headers["Access-Control-Allow-Origin"] == "https://status.example"
    assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
    assert set(response.headers["Access-Control-Allow-Headers"].lower().split(", ")) == sent
    assert "Access-Control-Allow-Credentials" not in response.headers
    shown = {
        "Change-Id", "Content-Disposition", "ETag", "Idempotent-Replayed", "Location", "Retry-After",
        "WWW-Authenticate", "X-Request-ID",
    }  # fmt: skip
    for path, status in (("/api/openapi.json", 200), ("/api/incidents", 401)):
        answer = client.get(path, headers={"Origin": "https://status.example"})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == "https://status.example"
        assert set(answer.headers["Access-Control-Expose-Headers"].split(", ")) == shown
        # No page of another origin acts by the cookie of somebody who has signed in here.
        assert "Access-Control-Allow-Credentials" not in answer.headers
    for origin in ("https://evil.example", "https://status.example.evil.example", "http://status.example", "null"):
        refused = client.options("/api/incidents/INC-1", headers={"Origin": origin, **asked})
        assert "Access-Control-Allow-Origin" not in refused.headers
    page = client.get("/", headers={"Origin": "https://status.example"})
    assert "Access-Control-Allow-Origin" not in page.headers


@pytest.mark.parametrize("path", [*READS, "/", "/api/nope", "/incidents/INC-1", "/assets/nope.js"])
def test_every_answer_tells_browsers_what_this_origin_never_does(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert [name for name, value in policy.items() if "unsafe" in value] == ["style-src"]
    assert "://" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    for what in ("camera", "geolocation", "microphone", "payment", "usb"):
        assert f"{what}=()" in headers["Permissions-Policy"]
    assert len(headers) == len({name.lower() for name, _ in headers})


@pytest.mark.parametrize("path", ["/", "/api/openapi.json", "/api/nope"])
def test_https_is_demanded_of_browsers_where_a_trusted_proxy_says_that_it_is_spoken(path: str) -> None:
    for proxies, proto, told in (
        (0, "https", False),
        (1, "http", False),
        (1, "http, https", True),
        (1, "https, http", False),
    ):
        headers = behind(proxies).get(path, headers={"X-Forwarded-Proto": proto}).headers
        assert ("Strict-Transport-Security" in headers) == told, (proxies, proto)


def test_what_is_one_persons_is_kept_by_no_cache(client: FlaskClient) -> None:
    saved = client.post("/api/views", json={"name": "Kept apart", "q": "owner:me"})
    assert saved.status_code == 201
    for response in (
        saved,
        client.get("/api/views"),
        client.get(saved.headers["Location"]),
        client.patch(saved.headers["Location"], json={"name": "Another name"}),
        client.get("/api/views/nope"),
        client.post("/api/views", json={}),
        client.post("/api/views", data=b"{"),
        client.delete(saved.headers["Location"]),
    ):
        assert response.headers["Cache-Control"] == "no-store", response.status


def test_json_is_called_json_and_never_reused_unasked(client: FlaskClient, create: Any) -> None:
    number = create()["number"]
    for path in READS:
        response = client.get(path.replace("INC-1", f"INC-{number}"))
        if path == "/api/incidents/export":
            assert response.headers["Cache-Control"] == "no-cache"
        elif path == STREAM or path.startswith(("/api/session", "/api/views")):
            assert response.headers["Cache-Control"] == "no-store"
        elif not path.startswith("/api/docs"):
            assert response.content_type == JSON, path
            assert response.headers["Cache-Control"] == "no-cache", path
    assert client.get("/api/nope").headers["Cache-Control"] == "no-cache"


@pytest.fixture
def build(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A small build of the browser pages, with a secret beside it; returns the page."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html>the page")
    (dist / "theme.js").write_text("the script")
    (dist / "assets" / "app-1a2b.js").write_text("the code")
    (tmp_path / "secret.txt").write_text("the secret")
    monkeypatch.setattr("tracker.browser.DIST", dist)
    return "<!doctype html>the page"


def test_every_address_beside_the_api_is_a_file_of_the_build_or_the_page(client: FlaskClient, build: str) -> None:
    assert client.get("/theme.js").text == "the script"
    code = client.get("/assets/app-1a2b.js")
    assert code.text == "the code"
    assert "immutable" in code.headers["Cache-Control"]
    for path in ("/", "/?status=OPEN&search=disk", "/incidents/INC-1", "/apiary", "/API/incidents", "/" + "a" * 5000):
        response = client.get(path)
        assert (response.status_code, response.mimetype) == (200, "text/html"), path
        assert response.text == build
        assert "immutable" not in response.headers.get("Cache-Control", "")


@pytest.mark.parametrize("path", ["/assets/gone-3c4d.js", "/assets/", "/assets/" + "a" * 5000, "/assets/%00"])
def test_an_asset_that_is_gone_is_not_found(client: FlaskClient, build: str, path: str) -> None:
    check_problem(client.get(path), 404)


@pytest.mark.parametrize("prefix", ["/", "/assets/", "/api/docs/"])
@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "../../secret.txt", "..%2f..%2fsecret.txt",
     "..%5csecret.txt", "..%5c..%5csecret.txt", "%2e%2e%2f%2e%2e%2fsecret.txt", "%00../secret.txt", "....//secret.txt"],
)  # fmt: skip
def test_no_path_leads_out_of_the_build(client: FlaskClient, build: str, prefix: str, path: str) -> None:
    response = client.get(prefix + path)
    assert "the secret" not in response.text
    assert response.status_code in (200, 404)
    assert response.status_code == 404 or response.text == build


def test_without_a_build_the_page_says_what_to_do(
    client: FlaskClient, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.browser.DIST", tmp_path / "none")
    assert "make build" in check_problem(client.get("/"), 404)["detail"]


def test_no_address_escapes_the_rules(app: Flask, client: FlaskClient, create: Any) -> None:
    """Walks every rule of the application, so that a new one is held to the same."""
    number = create()["number"]
    seen = set()
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(("accounts.", "oidc.")) and rule.endpoint != "accounts.get_session":
            # Nobody gets as far in open mode: tests/accounts looks at these.
            continue
        values = {
            "incident_id": f"INC-{number}",
            "change_id": "x",
            "view_id": "open",
            "name": "swagger-ui.css",
            "path": "incidents",
        }
        with app.test_request_context():
            path = app.url_map.bind("localhost").build(rule.endpoint, {name: values[name] for name in rule.arguments})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            seen.add((method, rule.rule))
            response = client.open(path, method=method, json={} if method != "GET" else None)
            assert response.status_code < 500
            assert "X-Request-ID" in response.headers
            assert "Content-Security-Policy" in response.headers
            check_problem(client.open(path, method=method, headers={"Host": "evil.example"}), 403)
            if not rule.rule.startswith("/api/"):
                continue
            if method == "GET":
                assert client.head(path).status_code == response.status_code
            else:
                check_problem(client.open(path, method=method, data=b"{}", content_type="text/plain"), 415)
                check_problem(client.open(path, method=method, data=b"{", content_type=JSON), 400)
                unknown = check_problem(client.open(path, method=method, json={"no_such": 1}), 422)
                assert "no_such" in unknown["errors"]
            unknown = check_problem(
                client.open(f"{path}?no_such=1", method=method, json=None if method == "GET" else {}), 422
            )
            assert "no_such" in unknown["errors"]
    assert {path for method, path in seen if method == "GET" and path.startswith("/api/")} == {
        path.partition("?")[0]
        .replace("INC-1", "<incident_id>")
        .replace("swagger-ui.css", "<path:name>")
        .replace("views/open", "views/<view_id>")
        for path in READS
    }
