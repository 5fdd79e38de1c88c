"""The HTTP of the event log as a whole."""

from typing import Any

from flask import Response, current_app, request

from tracker.callers import Role, still_allowed
from tracker.history.log import Place, parse_place
from tracker.history.schemas import STREAM_EXAMPLE, StreamArguments
from tracker.openapi import problems
from tracker.parsing import Blueprint

blp = Blueprint("history", __name__, url_prefix="/api", description="What happens, as it happens.")

LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The id of the last event that was received, as browsers send it when they reconnect. It wins over "
    "`after`, which is still in the address then.",
    "schema": {"type": "string"},
    "example": "7801-311",
}


@blp.route("/events/stream", needs=Role.VIEWER)
@blp.doc(parameters=[LAST_EVENT_ID])
@blp.arguments(StreamArguments, location="query")
@blp.response(
    200,
    {"type": "string"},
    content_type="text/event-stream",
    description="The events, until the client leaves.",
    example=STREAM_EXAMPLE,
)
@problems(blp, 400, 422)
def stream_events(arguments: dict[str, Any]) -> Response:
    """Follow what happens, live

    Server-Sent Events, as `EventSource` reads them. `event` is the event's type; `data` is the event, as the history
    of its incident shows it, with the incident as it is now under `incident`; `id` is where to continue from. Each
    event comes once, in the same order for everybody, whatever is written at the same time.

    A stream begins with the present, or after the event that `Last-Event-ID` or `after` names, so that nothing is
    missed in between. What is older than 7 days, or not of this database, cannot be continued from: then one `reset`
    event comes, which says to read everything anew, and the stream goes on from the present. A comment comes when
    nothing else did for 15 seconds. A client that does not keep up is cut off and may continue. While as many streams
    are open as the server allows, the answer is 503.
    """
    after = _after(arguments)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    live = current_app.extensions["live"]
    stream = live.open(after, is_allowed=still_allowed()) if request.method == "GET" else None
    return Response(
        stream, headers=headers, content_type="text/event-stream; charset=utf-8", direct_passthrough=stream is not None
    )


def _after(arguments: dict[str, Any]) -> Place | None:
    given = request.headers.get("Last-Event-ID")
    if given is not None:
        return parse_place(given, name="Last-Event-ID")
    return parse_place(arguments["after"], name="after") if "after" in arguments else None
