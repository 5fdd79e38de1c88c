"""The HTTP of incidents: parse, call one query or operation, commit once, answer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, request, url_for

from tracker.callers import Role
from tracker.history.queries import list_events
from tracker.history.schemas import EXAMPLE as EVENT_EXAMPLE
from tracker.history.schemas import EventArguments, EventPage, EventRead
from tracker.idempotency import in_one_transaction
from tracker.incidents import facets, operations, queries
from tracker.incidents.export import start_export
from tracker.incidents.filters import FILTERS, IncidentFilter
from tracker.incidents.query_language import parse
from tracker.incidents.schemas import (
    CSV_EXAMPLE,
    EXAMPLE,
    EXPORT_TYPES,
    NDJSON_EXAMPLE,
    BulkChange,
    ChangeRead,
    CommentCreate,
    CountProblem,
    ExportArguments,
    Facets,
    FilterArguments,
    IncidentCreate,
    IncidentPage,
    IncidentPatch,
    IncidentRead,
    ListArguments,
    Nothing,
    OvertakenProblem,
    QueryProblem,
    ServiceArguments,
    ServiceList,
    SimilarArguments,
    SimilarIncidents,
    StaleProblem,
)
from tracker.openapi import (
    CHANGE_ID,
    CHANGED,
    CONTENT_DISPOSITION,
    ETAG,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    INCIDENT_ID,
    LOCATION,
    REPLAYED,
    X_ACTOR,
    X_ACTOR_OF_A_READ,
    links,
    problems,
)
from tracker.paging import decode_event_cursor
from tracker.parsing import Blueprint, actor, named_actor
from tracker.problems import MEDIA_TYPE, Misread
from tracker.replica import from_replica
from tracker.wire import json_response, rendered

blp = Blueprint("incidents", __name__, url_prefix="/api", description="The incidents and their history.")


COMMENT_EXAMPLE = EVENT_EXAMPLE | {
    "id": 312,
    "changeId": "019ab2f5-01c2-7d3e-8a4b-5c6d7e8f9a0b",
    "type": "commented",
    "changes": {},
    "comment": "Rolled back to `v2.40.3`; watching the error rate.",
}
CHANGE_EXAMPLE = {
    "changeId": EVENT_EXAMPLE["changeId"],
    "matched": 1,
    "changed": 1,
    "items": [{"id": EXAMPLE["id"], "version": 3}],
}
OF_INCIDENT = ("getIncident", "updateIncident", "getEvents", "createComment")
"""What can be asked of an incident whose id is known."""

# To JSON Schema a file of lines is text.
FILE = {"type": "string"}
FILE_RESPONSE: dict[str, Any] = {
    "description": "The file.",
    "headers": {"Content-Disposition": CONTENT_DISPOSITION},
}
_MISREAD = blp.alt_response(
    422,
    schema=QueryProblem,
    content_type=MEDIA_TYPE,
    description="A field or parameter is not valid; `errors` says which, and what is allowed. `mistakes` points at "
    "those of `q`.",
)


def _etag(version: int) -> str:
    return f'"{version}"'


def _matches(version: int) -> bool:
    """Whether ``If-Match`` names this version (RFC 9110: strong comparison)."""
    return str(version) in request.if_match


def _changed(change: UUID | None) -> dict[str, str]:
    """The header that names a change; none where nothing was changed."""
    return {} if change is None else {"Change-Id": str(change)}


def _filter(arguments: Mapping[str, Any]) -> IncidentFilter:
    """The arguments of a list that say which incidents.

    :raises Misread: where its query has mistakes.
    """
    plain = IncidentFilter(**{name: value for name, value in arguments.items() if name in FILTERS})
    # Read in any case, so that a name which is wrong is told rather than ignored.
    me = named_actor()
    if "q" not in arguments:
        return plain
    return plain & parse(arguments["q"], now=datetime.now(UTC), me=me)


@blp.route("/incidents", parameters=[X_ACTOR_OF_A_READ], needs=Role.VIEWER)
@blp.arguments(ListArguments, location="query")
@blp.response(
    200,
    IncidentPage,
    example={
        "items": [EXAMPLE],
        "page": 1,
        "perPage": 20,
        "total": 1,
        "totalIsExact": True,
        "pages": 1,
        "nextCursor": None,
    },
)
@_MISREAD
@links(blp, 200, OF_INCIDENT, {"incident_id": "$response.body#/items/0/id"})
@problems(blp, 400)
@from_replica
def list_incidents(arguments: dict[str, Any]) -> Response:
    """List incidents

    Filtered, sorted, and paged by number or by cursor.
    """
    paging = {name: arguments[name] for name in ("sort_by", "order", "per_page", "page", "cursor") if name in arguments}
    return rendered(queries.list_incidents(_filter(arguments), **paging))


@blp.route("/incidents", methods=["POST"], needs=Role.RESPONDER)
@blp.doc(parameters=[X_ACTOR, IDEMPOTENCY_KEY])
@blp.arguments(IncidentCreate, example={"title": EXAMPLE["title"], "service": EXAMPLE["service"], "severity": "SEV2"})
@blp.response(201, IncidentRead, example=EXAMPLE, headers={"ETag": ETAG, "Location": LOCATION, **CHANGED, **REPLAYED})
@links(blp, 201, OF_INCIDENT, {"incident_id": "$response.body#/id"})
@problems(blp, 400, 409, 413, 415, 422)
@in_one_transaction
def create_incident(body: dict[str, Any]) -> Response:
    """Create an incident

    The answer names its address in `Location`.
    """
    incident, change = operations.create_incident(**body, actor=actor())
    location = url_for("incidents.get_incident", incident_id=incident.id)
    headers = {"ETag": _etag(incident.version), "Location": location, **_changed(change)}
    return json_response(queries.represent(incident), 201, headers)


@blp.route("/incidents/facets", parameters=[X_ACTOR_OF_A_READ], needs=Role.VIEWER)
@blp.arguments(FilterArguments, location="query")
@blp.response(200, Facets)
@_MISREAD
@problems(blp, 400)
@from_replica
def count_facets(arguments: dict[str, Any]) -> Response:
    """Count incidents by severity, status, service and owner

    Each facet is counted under all the other filters, so that a count says what choosing its value would give.
    """
    return json_response(facets.count_facets(_filter(arguments)))


@blp.route("/incidents/similar", needs=Role.VIEWER)
@blp.arguments(SimilarArguments, location="query")
@blp.response(200, SimilarIncidents, example={"items": [EXAMPLE]})
@problems(blp, 400, 422)
@from_replica
def list_similar_incidents(arguments: dict[str, Any]) -> Response:
    """List incidents that are like a new one

    To see, before reporting, whether it has been reported already: the unresolved incidents of the service, of its
    newest 500, whose title has a part that is like the given text or contains it, letter case aside. The most
    similar first, then the newest.
    """
    return rendered(queries.similar_incidents(**arguments))


@blp.route("/incidents/export", parameters=[X_ACTOR_OF_A_READ], needs=Role.VIEWER)
@blp.arguments(ExportArguments, location="query")
@blp.response(200, FILE, content_type="text/csv", example=CSV_EXAMPLE, **FILE_RESPONSE)
@blp.alt_response(200, schema=FILE, content_type="application/x-ndjson", example=NDJSON_EXAMPLE, **FILE_RESPONSE)
@_MISREAD
@problems(blp, 400)
@from_replica
def export_incidents(arguments: dict[str, Any]) -> Response:
    r"""Export incidents as a file

    All that match, in the order of the list, as they are at one moment. `Content-Length` tells the length of the
    whole file: one that ends before it broke off. While as many exports run as the server allows, the answer is 503.

    **CSV** is RFC 4180 in UTF-8 without a byte order mark; the first row has the names of the JSON fields. Text and
    times are in quotes; null is an empty cell without them. So that no spreadsheet runs text as a formula, an
    apostrophe goes before text that begins with `=`, `+`, `-`, `@` (also full width, after blanks, or after
    apostrophes), or with a tab or a line break. To get the text back, take the first character from every cell of
    title, service, owner and summary that matches `^'+ *[-=+@＝＋－＠\t\r\n]`.

    **NDJSON** has an incident on each line, exactly as the list shows it.
    """
    kind = arguments["format"]
    order = {name: arguments[name] for name in ("sort_by", "order")}
    slots = current_app.extensions["export_slots"]
    export = start_export(_filter(arguments), **order, kind=kind, slots=slots, request_id=g.request_id)
    if request.method == "HEAD":
        export.chunks.close()
    name = f"incidents-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.{kind}"
    headers = {
        "Content-Length": str(export.length),
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-cache",
    }
    return Response(export.chunks, headers=headers, content_type=EXPORT_TYPES[kind])


@blp.route("/incidents/<incident_id>", parameters=[INCIDENT_ID], needs=Role.VIEWER)
@blp.doc(parameters=[IF_NONE_MATCH])
@blp.response(200, IncidentRead, example=EXAMPLE, headers={"ETag": ETAG})
@blp.alt_response(304, description="The version that If-None-Match names is still the current one.", success=True)
@links(blp, 200, ["getEvents", "createComment"], {"incident_id": "$response.body#/id"})
@links(blp, 200, ["updateIncident"], {"incident_id": "$response.body#/id", "If-Match": "$response.header.ETag"})
@problems(blp, 404, 422)
def get_incident(incident_id: str) -> Response:
    """Read an incident"""
    incident, version = queries.read_incident(incident_id)
    headers = {"ETag": _etag(version), "Cache-Control": "no-cache"}
    if request.if_none_match.contains_weak(str(version)):
        return Response(status=304, headers=headers)
    return rendered(incident, headers=headers)


@blp.route("/incidents/<incident_id>", methods=["PATCH"], parameters=[INCIDENT_ID], needs=Role.RESPONDER)
@blp.doc(parameters=[IF_MATCH, X_ACTOR, IDEMPOTENCY_KEY])
@blp.arguments(IncidentPatch, example={"status": "MITIGATED", "owner": "Ana Souza"})
@blp.response(200, IncidentRead, example=EXAMPLE, headers={"ETag": ETAG, **CHANGED, **REPLAYED})
@blp.alt_response(
    412,
    schema=StaleProblem,
    content_type=MEDIA_TYPE,
    description="If-Match does not name the current version.",
)
@links(blp, 200, OF_INCIDENT, {"incident_id": "$response.body#/id"})
@links(blp, 200, ["revertChange"], {"change_id": "$response.header.Change-Id"})
@problems(blp, 400, 404, 409, 413, 415, 422)
@in_one_transaction
def update_incident(body: dict[str, Any], incident_id: str) -> Response:
    """Change an incident

    A field left out stays as it is; null clears an optional one. Changing nothing is fine and leaves no trace.
    """
    incident, change = operations.update_incident(
        incident_id,
        fields=body,
        actor=actor(),
        accepts=_matches if "If-Match" in request.headers else None,
    )
    return json_response(queries.represent(incident), headers={"ETag": _etag(incident.version), **_changed(change)})


@blp.route("/incidents/<incident_id>/events", parameters=[INCIDENT_ID], needs=Role.VIEWER)
@blp.arguments(EventArguments, location="query")
@blp.response(200, EventPage, example={"items": [EVENT_EXAMPLE], "nextCursor": None})
@links(blp, 200, ["getEvents"], {"incident_id": "$request.path.incident_id", "cursor": "$response.body#/nextCursor"})
@problems(blp, 400, 404, 422)
def get_events(arguments: dict[str, Any], incident_id: str) -> Response:
    """Read an incident's history

    Oldest first, 100 events at a time.
    """
    cursor = arguments.get("cursor")
    after = decode_event_cursor(cursor) if cursor is not None else 0
    return rendered(list_events(queries.identify(incident_id), after=after))


@blp.route("/incidents/<incident_id>/comments", methods=["POST"], parameters=[INCIDENT_ID], needs=Role.RESPONDER)
@blp.doc(parameters=[X_ACTOR, IDEMPOTENCY_KEY])
@blp.arguments(CommentCreate, example={"body": "Rolled back to `v2.40.3`; watching the error rate."})
@blp.response(201, EventRead, example=COMMENT_EXAMPLE, headers={**CHANGED, **REPLAYED})
@links(blp, 201, ["getEvents"], {"incident_id": "$response.body#/incidentId"})
@problems(blp, 400, 404, 409, 413, 415, 422)
@in_one_transaction
def create_comment(body: dict[str, Any], incident_id: str) -> Response:
    """Comment on an incident

    The comment is an event of its history; the incident keeps its version.
    """
    comment, change = operations.comment_on_incident(incident_id, **body, actor=actor())
    return rendered(comment, 201, _changed(change))


@blp.route("/incidents/bulk", methods=["POST"], needs=Role.RESPONDER)
@blp.doc(parameters=[X_ACTOR, IDEMPOTENCY_KEY])
@blp.arguments(
    BulkChange,
    example={"filter": {"service": "payments-api", "status": "OPEN"}, "set": {"status": "MITIGATED"}, "dryRun": True},
)
@blp.response(200, ChangeRead, example=CHANGE_EXAMPLE, headers={**CHANGED, **REPLAYED})
@blp.alt_response(
    409,
    schema=CountProblem,
    content_type=MEDIA_TYPE,
    description="Not expectedCount incidents match; or the first request with this Idempotency-Key is still at work.",
)
@_MISREAD
@links(blp, 200, ["revertChange"], {"change_id": "$response.body#/changeId"})
@links(blp, 200, ["getIncident", "getEvents"], {"incident_id": "$response.body#/items/0/id"})
@problems(blp, 400, 413, 415)
@in_one_transaction
def change_incidents(body: dict[str, Any]) -> Response:
    """Change many incidents at once

    All or nothing, as one change that can be taken back as one. Those that are so already are left alone.
    """
    try:
        which = body["ids"] if "ids" in body else _filter(body["filter"])
    except Misread as error:
        raise Misread(error.mistakes, within="filter") from error
    change = operations.change_incidents(
        which,
        fields=body["set"],
        actor=actor(),
        dry_run=body["dry_run"],
        expected_count=body.get("expected_count"),
    )
    return _change_response(change)


@blp.route("/changes/<change_id>/revert", methods=["POST"], parameters=[CHANGE_ID], needs=Role.RESPONDER)
@blp.doc(parameters=[X_ACTOR, IDEMPOTENCY_KEY])
@blp.arguments(Nothing, required=False)
@blp.response(200, ChangeRead, example=CHANGE_EXAMPLE, headers={**CHANGED, **REPLAYED})
@blp.alt_response(
    409,
    schema=OvertakenProblem,
    content_type=MEDIA_TYPE,
    description="A field that it set was changed since (`conflicts` lists where); or it created an incident or is a "
    "comment; or the first request with this Idempotency-Key is still at work.",
)
@links(blp, 200, ["revertChange"], {"change_id": "$response.body#/changeId"})
@problems(blp, 400, 404, 413, 415, 422)
@in_one_transaction
def revert_change(_body: dict[str, Any], change_id: str) -> Response:
    """Take back a change

    Of one incident or of many: all or nothing. The fields that it set go back to what they were before. That is a
    change itself, which can be taken back as well.
    """
    return _change_response(operations.revert_change(change_id, actor=actor()))


def _change_response(change: operations.Change) -> Response:
    return json_response(
        {
            "changeId": change.id,
            "matched": change.matched,
            "changed": len(change.incidents),
            "items": [{"id": incident.id, "version": incident.version} for incident in change.incidents],
        },
        headers=_changed(change.id),
    )


@blp.route("/services", needs=Role.VIEWER)
@blp.arguments(ServiceArguments, location="query")
@blp.response(200, ServiceList, example={"items": [{"name": "payments-api", "open": 3, "total": 41}]})
@problems(blp, 400, 422)
@from_replica
def list_services(arguments: dict[str, Any]) -> Response:
    """List the services in use

    For completion while typing.
    """
    return json_response(queries.list_services(**arguments))
