"""The commands of the README work as written."""

import json
import re
import shlex
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tracker.config import BACKEND

README = (BACKEND.parent / "README.md").read_text()
COMMANDS = [
    line.replace("\\\n", " ")
    for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    for line in re.findall(r"^curl (?:.*\\\n)*.*$", block, re.MULTILINE)
]


def run(client: FlaskClient, command: str) -> Any:
    """Send what a curl command would send; a flag that is not known here fails."""
    words = iter(shlex.split(command)[1:])
    method, headers, data, query, url = "GET", {}, None, [], ""
    for word in words:
        match word:
            case "-s" | "-sN" | "-OJ":
                pass
            case "-sG":
                method = "GET"
            case "-X":
                method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "--json":
                method = "POST" if method == "GET" else method
                headers["Content-Type"] = "application/json"
                data = next(words)
            case "--data-urlencode":
                name, _, value = next(words).partition("=")
                query.append((name, value))
            case _:
                assert word.startswith("http://localhost:5000/"), word
                url = word
    parts = urlsplit(url)
    return client.open(parts.path, method=method, headers=headers, data=data, query_string=dict(query) or parts.query)


def test_the_readme_has_commands() -> None:
    assert len(COMMANDS) >= 6


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_answers_with_what_it_says(
    client: FlaskClient, create: Callable[..., Any], connection: Connection, command: str
) -> None:
    connection.execute(text("SELECT setval(pg_get_serial_sequence('incidents', 'number'), 42, false)"))
    incident = create()
    assert incident["number"] == 42
    if "CHANGE_ID" in command:
        client.patch("/api/incidents/INC-42", json={"owner": "Ana"})
        change = client.get("/api/incidents/INC-42/events").get_json()["items"][-1]["changeId"]
        command = command.replace("CHANGE_ID", change)
    response = run(client, command)
    assert response.status_code in (200, 201)
    if " -sN " in command:
        with closing(response):
            assert next(iter(response.response)).startswith(b"retry: ")
    elif " -OJ " in command:
        assert "filename=" in response.headers["Content-Disposition"]
        assert response.text
    else:
        assert json.loads(response.text)


def test_every_endpoint_of_the_readme_exists_and_none_is_missing(client: FlaskClient) -> None:
    told = {
        (method, re.sub(r"\{(\w+)Id}", r"{\1_id}", path.replace("{id}", "{incident_id}")))
        for methods, path in re.findall(r"^\| ([A-Z, ]+) \| `(/api/[^`]*)` \|", README, re.MULTILINE)
        for method in methods.split(", ")
    }
    document = client.get("/api/openapi.json").get_json()
    documented = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item if method != "parameters"
    }
    assert told == documented
