"""Follows many event streams at once, and says when each change reached each: `python -m bench.listen PORT STREAMS`.

Prints a line when all are open. When its input ends, it prints the moments as JSON, by the name of who made the change
(``bench-1``, ``bench-2`` …): those of the clock that all processes of a machine share.
"""

import re
import selectors
import socket
import sys
from time import monotonic

import orjson

REQUEST = b"GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
ACTOR = re.compile(rb'^data: [^\n]*?"actor":"(bench-\d+)"', re.MULTILINE)


class Stream:
    """One connection, and what came after the last whole event."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(REQUEST)
        self.left = b""
        if not self._receive().startswith(b"HTTP/1.1 200 "):
            raise SystemExit("A stream was refused.")

    def _receive(self) -> bytes:
        got = self.socket.recv(1 << 16)
        if not got:
            raise SystemExit("A stream ended.")
        return got

    def changes(self) -> list[str]:
        """Who made the changes that have come whole by now."""
        whole, separator, left = (self.left + self._receive()).rpartition(b"\n\n")
        self.left = left
        return [actor.decode() for actor in ACTOR.findall(whole)] if separator else []


def main() -> None:
    """Follow until the input ends."""
    port, count = int(sys.argv[1]), int(sys.argv[2])
    ready = selectors.DefaultSelector()
    for _ in range(count):
        stream = Stream(port)
        ready.register(stream.socket, selectors.EVENT_READ, stream)
    ready.register(sys.stdin, selectors.EVENT_READ)
    print("open", flush=True)
    came: dict[str, list[float]] = {}
    while True:
        for key, _ in ready.select():
            if key.data is None:
                print(orjson.dumps(came).decode())
                return
            for actor in key.data.changes():
                came.setdefault(actor, []).append(monotonic())


if __name__ == "__main__":
    main()
