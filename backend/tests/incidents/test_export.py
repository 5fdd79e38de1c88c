"""The list as a file: the same incidents in the same order, every text unharmed, and nothing left behind."""

import csv
import http.client
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, insert, text

from tests.incidents.test_list import SORTS, START
from tests.serving import Server, serving, wait_until
from tracker.ids import new_id
from tracker.incidents.models import Incident
from tracker.incidents.schemas import WIRE_FIELDS

TEXTS = ("title", "service", "owner", "summary")
# As the OpenAPI document tells readers.
ESCAPED = re.compile(r"^'+ *[-=+@＝＋－＠\t\r\n]")
STARTS_FORMULA = re.compile(r"\s*[-=+@＝＋－＠]")

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    " =1+1",
    "\t=1+1",
    "\r\n=1+1",
    "\ttab",
    "'=1+1",
    "''@x",
    "'quoted'",
    "＝１＋１",
    '=HYPERLINK("http://evil.example","x")',
    'a "quoted" word',
    '"',
    '""',
    "a,b;c\td",
    "two\nlines",
    "two\r\nlines\r",
    "",
    "null",
    "中文 🙂 é",
    "\u202eright to left\u202c שלום",
    "\u2028line separator",
    "\ufeffmark",
    r"back\slash \n \.",
    "<script>alert(1)</script>",
    "%s %(x)s :name {x}",
]


def put(connection: Connection, *incidents: dict[str, Any]) -> None:
    """Put incidents into the table as they are, past the API, which would trim them."""
    defaults = {
        "title": "Something broke", "service": "db", "severity": "SEV3", "status": "OPEN", "owner": None,
        "summary": None, "mitigated_at": None, "resolved_at": None, "started_at": START, "created_at": START,
        "updated_at": START, "version": 1,
    }  # fmt: skip
    connection.execute(insert(Incident), [{"id": new_id(), **defaults, **incident} for incident in incidents])


def read_csv(body: str) -> list[dict[str, str]]:
    """The rows of a file, by name, as they stand in it."""
    return list(csv.DictReader(StringIO(body, newline=""), strict=True))


def unescaped(cell: str) -> str:
    """The text of a cell, as the OpenAPI document says to get it back."""
    return cell[1:] if ESCAPED.match(cell) else cell


def as_cell(value: Any) -> str:
    """What a value of the JSON is in the CSV, its text unescaped."""
    return "" if value is None else str(value)


def exported(client: FlaskClient, query: str = "") -> str:
    """The file as text."""
    response = client.get(f"/api/incidents/export?{query}")
    assert response.status_code == 200, response.text
    assert response.content_length == len(response.data)
    return response.text


def check_csv(body: str, items: list[dict[str, Any]]) -> None:
    """The file holds these items of a list."""
    rows = read_csv(body)
    assert [{name: unescaped(cell) if name in TEXTS else cell for name, cell in row.items()} for row in rows] == [
        {name: as_cell(value) for name, value in item.items()} for item in items
    ]
    for row in rows:
        assert not [cell for cell in row.values() if STARTS_FORMULA.match(cell)]


def listed(client: FlaskClient, query: str) -> list[dict[str, Any]]:
    """The whole list, page by page."""
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(f"/api/incidents?per_page=100&{query}" + (f"&cursor={cursor}" if cursor else "")).get_json()
        items += page["items"]
        cursor = page["nextCursor"]
    return items


@pytest.fixture
def many(connection: Connection) -> None:
    """Some hundreds of incidents, with ties in every column and with fractions of a second of every length."""
    connection.execute(
        text("""
            INSERT INTO incidents (id, title, service, severity, status, owner, summary, started_at, mitigated_at,
                resolved_at, created_at, updated_at, version)
            SELECT gen_random_uuid(), (ARRAY['Disk full', 'disk full', 'Ümlaut', '=1+1'])[1 + n % 4],
                (ARRAY['db', 'DB', 'a,b'])[1 + n % 3], (enum_range(NULL::severity))[1 + n % 4],
                (enum_range(NULL::status))[1 + n % 3], (ARRAY['Ana', NULL, '@bot'])[1 + n % 3],
                (ARRAY['Text', NULL, ''])[1 + n / 3 % 3], t, CASE WHEN n % 2 = 0 THEN t END, NULL, t, t, 1
            FROM generate_series(1, 330) n, LATERAL (SELECT :start + n % 50 * interval '1.01001 s' AS t)
        """),
        {"start": START},
    )


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort_by", SORTS)
def test_a_file_is_the_list(client: FlaskClient, many: None, sort_by: str, order: str) -> None:
    query = f"sort_by={sort_by}&order={order}"
    items = listed(client, query)
    assert len(items) == 330
    check_csv(exported(client, query), items)
    lines = exported(client, f"format=ndjson&{query}").splitlines()
    assert [json.loads(line) for line in lines] == items
    assert [list(json.loads(line)) for line in lines] == [list(WIRE_FIELDS)] * 330


@pytest.mark.parametrize(
    "query",
    ["", "search=disk", "severity=SEV1,SEV3&status=OPEN", 'service="a,b"', "owner=Ana,none", "search=INC-nothing",
     "created_from=2026-01-01T00:00:10Z&created_to=2026-01-01T00:00:40.5Z", "updated_since=2026-01-01T00:00:30Z",
     'q=-sev:2 -owner:Ana "k full" -ümlaut -created:<2026-01-01T00:00:10Z', "q=service:db&service=db,DB"],
)  # fmt: skip
def test_a_file_has_the_filters_of_the_list(client: FlaskClient, many: None, query: str) -> None:
    items = listed(client, query)
    check_csv(exported(client, query), items)
    assert [json.loads(line) for line in exported(client, f"format=ndjson&{query}").splitlines()] == items
    assert bool(items) == ("nothing" not in query)


def test_a_file_of_nothing_is_its_header(client: FlaskClient) -> None:
    assert exported(client) == ",".join(WIRE_FIELDS) + "\r\n"
    assert exported(client, "format=ndjson") == ""


def test_a_csv_file_is_written_as_rfc_4180_says(client: FlaskClient, connection: Connection) -> None:
    put(connection, {"number": 7, "title": 'Disk "C"\nfull', "summary": ""})
    body = exported(client)
    header, line, end = body.split("\r\n")
    identifier, number, rest = line.split(",", 2)
    assert (header, number, end) == (",".join(WIRE_FIELDS), "7", "")
    # Null and an empty text are told apart by the quotes.
    time = '"2026-01-01T00:00:00+00:00"'
    assert rest == f'"Disk ""C""\nfull","db",SEV3,OPEN,,"",{time},,,{time},{time},1'
    assert client.get(f"/api/incidents/{identifier}").status_code == 200


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_text_does_harm_or_comes_to_any(client: FlaskClient, connection: Connection, hostile: str) -> None:
    name = hostile or "x"
    put(connection, {"title": f"{hostile}xyz", "service": name, "owner": name, "summary": hostile})
    items = client.get("/api/incidents").get_json()["items"]
    assert items[0]["summary"] == hostile
    check_csv(exported(client), items)
    assert [json.loads(line) for line in exported(client, "format=ndjson").split("\n")[:-1]] == items


# What PostgreSQL can store: no NUL, and no half of a surrogate pair.
# Control characters other than those of the second line are refused before they come this far.
stored = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
tricky = st.text(st.sampled_from("=+-@'\"\t\r\n ,;a＝"), max_size=6)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(summaries=st.lists(stored | tricky, min_size=1, max_size=20))
def test_any_text_comes_back_from_a_cell(client: FlaskClient, connection: Connection, summaries: list[str]) -> None:
    with connection.begin_nested() as savepoint:
        put(connection, *({"number": number, "summary": summary} for number, summary in enumerate(summaries, 1)))
        cells = [row["summary"] for row in read_csv(exported(client, "sort_by=number&order=asc"))]
        savepoint.rollback()
    assert [unescaped(cell) for cell in cells] == summaries
    assert not [cell for cell in cells if STARTS_FORMULA.match(cell)]


@pytest.mark.parametrize(("kind", "media"), [("csv", "text/csv"), ("ndjson", "application/x-ndjson")])
def test_a_file_has_a_type_a_name_and_a_length(client: FlaskClient, create: Any, kind: str, media: str) -> None:
    create()
    for method in ("GET", "HEAD"):
        response = client.open(f"/api/incidents/export?format={kind}", method=method)
        assert response.mimetype == media
        assert re.fullmatch(
            rf'attachment; filename="incidents-\d{{8}}T\d{{6}}Z\.{kind}"', response.headers["Content-Disposition"]
        )
        assert response.headers["Cache-Control"] == "no-cache"
        assert int(response.headers["Content-Length"]) > 100
        assert len(response.data) == (int(response.headers["Content-Length"]) if method == "GET" else 0)


@pytest.mark.parametrize("query", ["page=1", "per_page=5", "cursor=x", "colour=red"])
def test_what_a_file_does_not_have_is_refused(client: FlaskClient, query: str) -> None:
    response = client.get(f"/api/incidents/export?{query}")
    assert response.status_code == 422
    filters = "q, search, severity, status, service, owner, created_from, created_to, updated_since"
    known = f"Is not known here. Known: {filters}, sort_by, order, format."
    assert response.get_json()["errors"] == {query.partition("=")[0]: [known]}


@pytest.mark.parametrize("kind", ["xlsx", "CSV", "", "csv,ndjson"])
def test_another_format_is_refused_by_name(client: FlaskClient, kind: str) -> None:
    response = client.get(f"/api/incidents/export?format={kind}")
    assert response.status_code == 422
    assert response.get_json()["errors"] == {"format": [f"Must be one of: csv, ndjson; not {kind!r}."]}


def test_a_file_of_any_size_takes_two_statements(
    client: FlaskClient, create: Any, statements: list[str], request: pytest.FixtureRequest
) -> None:
    create()
    for _ in range(2):
        statements.clear()
        exported(client)
        assert len([statement for statement in statements if "SAVEPOINT" not in statement]) == 2
        request.getfixturevalue("many")


def test_the_example_of_the_document_is_what_is_written(client: FlaskClient, connection: Connection) -> None:
    content = client.get("/api/openapi.json").get_json()["paths"]["/api/incidents/export"]["get"]["responses"]["200"]
    example = json.loads(content["content"]["application/x-ndjson"]["example"])
    put(connection, {attribute: example[name] for name, attribute in WIRE_FIELDS.items()})
    for kind, media in (("csv", "text/csv"), ("ndjson", "application/x-ndjson")):
        assert exported(client, f"format={kind}") == content["content"][media]["example"]


def test_as_many_files_as_the_server_allows_and_no_more(fresh_app: Flask) -> None:
    client = fresh_app.test_client()
    running = [client.get("/api/incidents/export") for _ in range(2)]
    assert [response.status_code for response in running] == [200, 200]
    refused = client.get("/api/incidents/export")
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    # A file that was read, and one whose client left, make room alike; so do a refusal and HEAD.
    assert running[0].data
    for _ in range(3):
        assert client.get("/api/incidents/export?format=x").status_code == 422
        assert client.head("/api/incidents/export").status_code == 200
        assert client.get("/api/incidents/export").data
    running[1].close()
    running = [client.get("/api/incidents/export") for _ in range(2)]
    assert [response.status_code for response in running] == [200, 200]
    for response in running:
        response.close()


class Database:
    """The database of a running server, from a connection beside it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def fill(self) -> int:
        """Add incidents that make a file of some 60 MB, far more than any buffer holds; returns how many."""
        with self.engine.begin() as connection:
            connection.execute(
                text("""
                    INSERT INTO incidents
                        (id, title, service, severity, status, summary, started_at, created_at, updated_at, version)
                    SELECT gen_random_uuid(), 'Incident ' || n, 'db', 'SEV3', 'OPEN', repeat('All is lost. ', 1500),
                        now(), now(), now(), 1
                    FROM generate_series(1, 3000) n
                """)
            )
        return 3000

    def exports(self) -> list[int]:
        """The backends that are in the middle of an export."""
        with self.engine.connect() as connection:
            return list(
                connection.execute(
                    text("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
                         "current_database() AND state <> 'idle' AND query ~ 'FETCH|CURSOR'")
                ).scalars()
            )  # fmt: skip

    def terminate(self, pid: int) -> None:
        """End a backend, as a restart of the database would."""
        with self.engine.begin() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


@pytest.fixture
def database(empty_database: str) -> Iterator[Database]:
    """The database that :func:`server` serves."""
    engine = create_engine(empty_database)
    yield Database(engine)
    engine.dispose()


@pytest.fixture
def server(tmp_path: Path, empty_database: str, database: Database) -> Iterator[Server]:
    """The real program with so few threads that only one export may run, and one left behind would be noticed."""
    with serving(tmp_path, DATABASE_URL=empty_database, THREADS=4, LOG_LEVEL="debug") as running:
        database.fill()
        yield running


@contextmanager
def reading(server: Server) -> Iterator[http.client.HTTPResponse]:
    """An export of which the first bytes were read, and no more, through a small buffer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.sock = socket.socket()
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    connection.sock.settimeout(30)
    connection.sock.connect(("127.0.0.1", server.port))
    connection.request("GET", "/api/incidents/export", headers={"X-Request-ID": "the-export"})
    response = connection.getresponse()
    assert response.status == 200
    assert response.read(1000).startswith(b"id,number,title")
    try:
        yield response
    finally:
        connection.close()
        response.close()


def worker_memory(server: Server) -> int:
    """Bytes that the server's processes hold."""
    processes = [server.process.pid, *(child.pid for child in psutil.Process(server.process.pid).children())]
    return sum(psutil.Process(pid).memory_info().rss for pid in processes)


def test_when_the_client_leaves_its_query_stops_and_the_thread_is_free(server: Server, database: Database) -> None:
    for _ in range(2):
        with reading(server):
            wait_until(database.exports, "the export")
        wait_until(lambda: not database.exports(), "the end of its query", seconds=5)
        assert server.call("/api/incidents?per_page=1").status == 200
    wait_until(lambda: server.said().count("export left by its client") == 2, "the log", seconds=5)
    assert server.said().count("request_id=the-export") >= 2


def test_a_client_that_reads_slowly_costs_no_memory(server: Server, database: Database) -> None:
    server.call("/api/incidents?per_page=1")
    idle = worker_memory(server)
    with reading(server) as response:
        wait_until(database.exports, "the export")
        grown, end = 0, time.monotonic() + 1
        while time.monotonic() < end:
            grown = max(grown, worker_memory(server) - idle)
            time.sleep(0.02)
        assert database.exports(), "the file went into some buffer"
        read = 1000
        while part := response.read(1_000_000):
            read += len(part)
            grown = max(grown, worker_memory(server) - idle)
    assert read == int(response.headers["Content-Length"]) > 50_000_000
    assert grown < 20_000_000


def test_a_file_that_breaks_off_does_not_look_whole(server: Server, database: Database) -> None:
    with reading(server) as response:
        wait_until(database.exports, "the export")
        [pid] = database.exports()
        database.terminate(pid)
        with pytest.raises(http.client.IncompleteRead):
            response.read()
    assert server.call("/api/incidents?per_page=1").status == 200
    [line] = [line for line in server.said().splitlines() if "export broke off" in line]
    assert "request_id=the-export" in line


def test_a_stop_lets_a_slow_client_have_its_file(server: Server, database: Database) -> None:
    """What is on its way to it is not read yet at any time, and it reads on all the same."""
    with reading(server) as response:
        length = int(response.headers["Content-Length"])
        stopping = threading.Thread(target=server.stop)
        began = time.monotonic()
        stopping.start()
        read = 1000
        while chunk := response.read(500_000):
            read += len(chunk)
            # It takes a few seconds for all of it.
            time.sleep(0.02)
        assert read == length
        assert time.monotonic() - began > 2
        stopping.join()


def test_the_server_stops_while_a_client_reads_nothing(server: Server, database: Database) -> None:
    with reading(server) as response:
        wait_until(database.exports, "the export")
        server.stop()
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            response.read()
    wait_until(lambda: not database.exports(), "the end of its query", seconds=5)
