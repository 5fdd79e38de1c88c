"""Reading Server-Sent Events as the specification has it (HTML, "Server-sent events"), strictly."""

import http.client
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 30
"""Seconds without a byte after which a test gives up; a heartbeat comes sooner."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a client is told: an event, or only an id to remember (without a type)."""

    id: str
    type: str | None
    data: Any = field(compare=False)


def messages(chunks: Iterable[bytes]) -> Iterator[Message | None]:
    """What the bytes of a stream say; None for a comment. Anything that is not in the contract fails."""
    left = b""
    for chunk in chunks:
        left += chunk
        while b"\n\n" in left:
            block, _, left = left.partition(b"\n\n")
            yield _message(block.decode())


def _message(block: str) -> Message | None:
    if block == ":":
        return None
    fields = dict(line.split(": ", 1) for line in block.split("\n"))
    assert fields.keys() <= {"id", "event", "data", "retry"}, block
    assert fields.get("retry", "2000") == "2000"
    assert ("event" in fields) == ("data" in fields), block
    return Message(fields["id"], fields.get("event"), json.loads(fields.get("data", "null")))


def told(chunks: Iterable[bytes], count: int) -> list[Message]:
    """The next events, so many of them; their data has the incident."""
    found: list[Message] = []
    for message in messages(chunks):
        if message is not None and message.type is not None:
            found.append(message)
        if len(found) == count:
            return found
    raise AssertionError(f"the stream ended after {len(found)} of {count} events")


@contextmanager
def following(port: int, after: str | None = None, timeout: float = PATIENCE) -> Iterator[Iterator[Message | None]]:
    """What a server on this machine tells, from after an event or from the present, which it has said already."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    connection.request("GET", "/api/events/stream", headers={} if after is None else {"Last-Event-ID": after})
    response = connection.getresponse()
    assert response.status == 200, response.read()
    found = messages(iter(lambda: response.read1(65536), b""))
    opening = next(found)
    assert opening is not None
    assert opening.type is None
    try:
        yield found
    finally:
        # Not read to its end, which it does not have.
        response.close()
        connection.close()
