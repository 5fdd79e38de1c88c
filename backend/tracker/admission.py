"""How many requests a process takes on at once; the next one is told to come back, at once.

The threads are shared out so that none of them is ever waited for in a queue that nobody sees. An eighth of them may
read from the database and an eighth write to it; the others wait for a connection, a bounded time, or for a client to
send its body. A quarter is always left to answer that there is too much to do, to report the health, and to serve the
browser pages.
"""

from threading import BoundedSemaphore

from flask import Flask, g
from flask.globals import request_ctx

from tracker.problems import Busy

# What has a limit of its own or waits for nothing: whether all is well, and live streams, which hold threads beside
# those shared out here.
_APART = ("service.get_health", "service.get_liveness", "history.stream_events")


class _Admission:
    def __init__(self, threads: int) -> None:
        self._requests = BoundedSemaphore(threads * 3 // 4)
        # A client that stalls while it sends its body holds a thread for as long as it likes: reads go on meanwhile.
        self._writes = BoundedSemaphore(threads // 2)

    def enter(self) -> None:
        asked = request_ctx.request
        if not asked.path.startswith("/api/") or asked.endpoint in _APART:
            return
        g.admitted = admitted = []
        writes = asked.method not in ("GET", "HEAD", "OPTIONS")
        for limit in (self._requests, self._writes) if writes else (self._requests,):
            if not limit.acquire(blocking=False):
                raise Busy
            admitted.append(limit)

    def leave(self, _error: BaseException | None) -> None:
        for limit in g.pop("admitted", ()):
            limit.release()


def register(app: Flask, threads: int) -> None:
    """Refuse with 503 what ``threads`` threads cannot work on, before anything of it is read."""
    admission = _Admission(threads)
    app.before_request(admission.enter)
    app.teardown_request(admission.leave)
