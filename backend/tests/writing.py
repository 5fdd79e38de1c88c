"""Clients that write to the real program at the same time, and the proof that nothing of it is lost or doubled."""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from itertools import count
from typing import Any, Self

from sqlalchemy import Engine, text

from tests.serving import Answer, Server, wait_until

RUNNING = "urn:incident-tracker:problem:running"
STATUSES = ("OPEN", "MITIGATED", "RESOLVED")
_EVENTS = text("SELECT incident_id::text, change_id::text, type, changes, comment FROM events ORDER BY id")
_INCIDENTS = text("SELECT id::text, title, service, severity, status, owner, version FROM incidents")


@dataclass(frozen=True, eq=False)
class Write:
    """A request that is known in the log by its mark, which no other one has.

    :param touches: how many incidents it is to create or change.
    """

    mark: str
    path: str
    body: dict[str, Any]
    method: str = "POST"
    key: str | None = None
    touches: int = 1

    def send(self, server: Server) -> Answer:
        """Send it, for the first time or again."""
        headers = {} if self.key is None else {"Idempotency-Key": self.key}
        return server.call(self.path, self.body, self.method, headers=headers)


class Writers:
    """Clients that write, and read, while this is entered: to incidents of their own, and all of them to one.

    ``acknowledged`` is what was answered with success. ``unsure`` is what was not answered, or with a 503: it may
    have been done or not. ``failures`` are answers that should not have been.
    """

    def __init__(self, server: Server, clients: int = 6) -> None:
        self.server = server
        self.acknowledged: list[tuple[Write, Answer]] = []
        self.unsure: list[Write] = []
        self.refused: list[Answer] = []
        self.failures: list[str] = []
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(clients)]

    def __enter__(self) -> Self:
        shared = self._answer_to(_creation("shared", None))
        assert shared is not None, self.failures
        self.shared = f"/api/incidents/{shared.body['id']}"
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let them finish what they are at."""
        self._done.set()
        for thread in self._threads:
            thread.join()

    def go_on(self, writes: int = 60, seconds: float = 20) -> None:
        """Wait until so many more writes are acknowledged."""
        before = len(self.acknowledged)
        wait_until(lambda: len(self.acknowledged) >= before + writes, "writes to be acknowledged", seconds)

    def send_again(self) -> None:
        """Send again what has a key: what was acknowledged is answered as it was, and what is unsure is done now."""
        for write, answer in [done for done in self.acknowledged if done[0].key is not None][-20:]:
            again = write.send(self.server)
            assert (again.status, again.body) == (answer.status, answer.body)
            assert again.headers["Idempotent-Replayed"] == "true"
        for write in [write for write in self.unsure if write.key is not None]:
            # The first one may still be at work, in the database.
            wait_until(lambda write=write: self.failures or self._answer_to(write), "an answer", 10)  # type: ignore[misc]
            assert not self.failures, "\n".join(self.failures)
            self.unsure.remove(write)

    def check(self, engine: Engine) -> None:
        """What was acknowledged is there once, with its events; what is unsure is there once or not at all.

        Replayed, the logs give the incidents, and the version of each says how many changes it had.
        """
        assert not self.failures, "\n".join(self.failures)
        with engine.connect() as connection:
            events = connection.execute(_EVENTS).all()
            incidents = {row["id"]: dict(row) for row in connection.execute(_INCIDENTS).mappings()}
        replayed: defaultdict[str, dict[str, Any]] = defaultdict(lambda: {"version": 0})
        changes: defaultdict[str, list[str]] = defaultdict(list)
        reached: dict[str, tuple[str, int]] = {}
        for event in events:
            incident = replayed[event.incident_id]
            after = {name: values[1] for name, values in event.changes.items()}
            assert {name: incident.get(name) for name in after} == {
                name: old for name, (old, _) in event.changes.items()
            }
            incident.update(after, version=incident["version"] + (event.type != "commented"))
            mark = event.comment or after.get("owner") or after["title"]
            changes[mark].append(event.change_id)
            reached[mark] = (event.incident_id, incident["version"])
        for identity, incident in incidents.items():
            assert incident.items() <= {"owner": None, **replayed.pop(identity), "id": identity}.items()
        assert not replayed
        assert changes.keys() <= {write.mark for write in [*(write for write, _ in self.acknowledged), *self.unsure]}
        # All that one write does is one change.
        assert all(len(set(ids)) == 1 for ids in changes.values())
        for write, answer in self.acknowledged:
            assert len(changes[write.mark]) == write.touches, f"{write} is there {len(changes[write.mark])} times"
            if "version" in answer.body:
                assert reached[write.mark] == (answer.body["id"], answer.body["version"])
            else:
                assert changes[write.mark][0] == answer.body["changeId"]
        for write in self.unsure:
            assert len(changes[write.mark]) in (0, write.touches), f"{write} is there {len(changes[write.mark])} times"

    def _work(self, client: int) -> None:
        own: list[str] = []
        for number in count():
            if self._done.is_set():
                return
            write = self._next(f"client {client}, write {number}", number, own)
            answer = self._answer_to(write)
            if answer is None:
                self.unsure.append(write)
                # Somebody who waits for a server does not ask all the time.
                self._done.wait(0.02)
            elif write.path == "/api/incidents":
                own.append(answer.body["id"])
            self._read()

    def _next(self, mark: str, number: int, own: list[str]) -> Write:
        # There are five kinds, so that each comes with a key and without.
        key = f"key of {mark}" if number % 2 else None
        kind = number % 5
        if len(own) < 2 or kind == 0:
            return _creation(mark, key)
        if kind == 1:
            body = {"owner": mark, "status": STATUSES[number % 3]}
            return Write(mark, f"/api/incidents/{own[-1]}", body, "PATCH", key)
        if kind == 2:
            return Write(mark, self.shared, {"owner": mark}, "PATCH", key)
        if kind == 3:
            values = {"owner": mark, "severity": f"SEV{1 + number % 4}"}
            return Write(mark, "/api/incidents/bulk", {"ids": own[-2:], "set": values}, key=key, touches=2)
        return Write(mark, f"{self.shared}/comments", {"body": mark}, key=key)

    def _answer_to(self, write: Write) -> Answer | None:
        """The answer, where it is an acknowledgement."""
        answer = self._asked(lambda: write.send(self.server))
        if answer is None or answer.status not in (200, 201):
            return None
        self.acknowledged.append((write, answer))
        return answer

    def _read(self) -> None:
        self._asked(lambda: self.server.call(f"{self.shared}/events"))

    def _asked(self, call: Callable[[], Answer]) -> Answer | None:
        """The answer, if there is one."""
        try:
            answer = call()
        except (OSError, HTTPException):
            return None
        if answer.status == 503 and int(answer.headers["Retry-After"]) > 0 and "psycopg2" not in str(answer.body):
            self.refused.append(answer)
        elif answer.status not in (200, 201) and answer.body.get("type") != RUNNING:
            self.failures.append(f"{answer.status} {answer.body}")
        return answer


def _creation(mark: str, key: str | None) -> Write:
    return Write(mark, "/api/incidents", {"title": mark, "service": "db", "severity": "SEV3"}, key=key)
