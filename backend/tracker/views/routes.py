"""The HTTP of views: parse, call one query or operation, commit once, answer."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Response, url_for

from tracker.callers import Role, is_required
from tracker.idempotency import in_one_transaction
from tracker.incidents.queries import Total
from tracker.incidents.query_language import parse
from tracker.incidents.schemas import Nothing, QueryProblem
from tracker.openapi import (
    IDEMPOTENCY_KEY,
    LOCATION,
    REPLAYED,
    VIEW_ID,
    X_ACTOR_OF_A_KEY,
    X_ACTOR_OF_VIEWS,
    links,
    problems,
)
from tracker.parsing import Blueprint, actor, keep_nowhere, named_actor, person
from tracker.problems import MEDIA_TYPE
from tracker.replica import from_replica
from tracker.views import operations, queries
from tracker.views.counting import count_views
from tracker.views.models import EVERYBODY, View
from tracker.views.schemas import (
    ARRANGE_EXAMPLE,
    ARRANGED_EXAMPLE,
    CREATE_EXAMPLE,
    LIST_EXAMPLE,
    OPEN_EXAMPLE,
    WRITTEN_EXAMPLE,
    ArrangementPatch,
    ViewCreate,
    ViewList,
    ViewPatch,
    ViewRead,
)
from tracker.wire import json_response

NOT_COUNTED: Mapping[str, Total | None] = {}
"""In the answer to a write: counting would hold its transaction open, which no event of a later one passes."""

blp = Blueprint(
    "views", __name__, url_prefix="/api", description="Lists under a name: each account's, or in open mode everybody's."
)


blp.after_request(keep_nowhere)

_MISREAD = blp.alt_response(
    422,
    schema=QueryProblem,
    content_type=MEDIA_TYPE,
    description="A field is not valid; `errors` says which, and what is allowed. `mistakes` points at those of `q`.",
)


@blp.route("/views", needs=Role.VIEWER)
@blp.doc(parameters=[X_ACTOR_OF_VIEWS])
@blp.response(200, ViewList, example=LIST_EXAMPLE)
@problems(blp, 422)
@from_replica
def list_views() -> Response:
    """List the views

    The built-in ones and those that were saved, in the order that was chosen, each with how many incidents it shows.
    Views belong to the account; in open mode everybody shares them.
    """
    found = queries.read_views(_whose())
    return json_response(_list(found, _counts(found.views.values())))


@blp.route("/views", methods=["POST"], needs=Role.VIEWER)
@blp.doc(parameters=[X_ACTOR_OF_A_KEY, IDEMPOTENCY_KEY])
@blp.arguments(ViewCreate, example=CREATE_EXAMPLE)
@blp.response(201, ViewRead, example=WRITTEN_EXAMPLE, headers={"Location": LOCATION, **REPLAYED})
@_MISREAD
@links(blp, 201, ["getView", "updateView", "deleteView"], {"view_id": "$response.body#/id"})
@problems(blp, 400, 409, 413, 415)
@in_one_transaction
def create_view(body: dict[str, Any]) -> Response:
    """Save a view

    It comes last. 50 may be saved; one more is refused with 409.
    """
    _check_query(body)
    view = operations.create_view(**body, person=_whose())
    return json_response(_represent(view), 201, {"Location": url_for("views.get_view", view_id=view.id)})


@blp.route("/views", methods=["PATCH"], needs=Role.VIEWER)
@blp.doc(parameters=[X_ACTOR_OF_A_KEY, IDEMPOTENCY_KEY])
@blp.arguments(ArrangementPatch, example=ARRANGE_EXAMPLE)
@blp.response(200, ViewList, example=ARRANGED_EXAMPLE, headers=REPLAYED)
@problems(blp, 400, 409, 413, 415, 422)
@in_one_transaction
def arrange_views(body: dict[str, Any]) -> Response:
    """Arrange the views

    The order in which they come, which is shown first, or both.
    """
    return json_response(_list(operations.arrange_views(**body, person=_whose()), NOT_COUNTED))


@blp.route("/views/<view_id>", parameters=[VIEW_ID], needs=Role.VIEWER)
@blp.doc(parameters=[X_ACTOR_OF_VIEWS])
@blp.response(200, ViewRead, example=OPEN_EXAMPLE)
@problems(blp, 404, 422)
@from_replica
def get_view(view_id: str) -> Response:
    """Read a view"""
    view = queries.read_views(_whose()).find(view_id)
    return json_response(_represent(view, _counts([view])))


@blp.route("/views/<view_id>", methods=["PATCH"], parameters=[VIEW_ID], needs=Role.VIEWER)
@blp.doc(parameters=[X_ACTOR_OF_A_KEY, IDEMPOTENCY_KEY])
@blp.arguments(ViewPatch, example={"name": "Payments, nobody on it"})
@blp.response(200, ViewRead, example=WRITTEN_EXAMPLE | {"name": "Payments, nobody on it"}, headers=REPLAYED)
@_MISREAD
@links(blp, 200, ["getView", "updateView", "deleteView"], {"view_id": "$response.body#/id"})
@problems(blp, 400, 404, 409, 413, 415)
@in_one_transaction
def update_view(body: dict[str, Any], view_id: str) -> Response:
    """Change a view

    A field left out stays as it is. A built-in view is refused with 409.
    """
    _check_query(body)
    return json_response(_represent(operations.update_view(view_id, fields=body, person=_whose())))


@blp.route("/views/<view_id>", methods=["DELETE"], parameters=[VIEW_ID], needs=Role.VIEWER)
@blp.doc(parameters=[X_ACTOR_OF_A_KEY, IDEMPOTENCY_KEY])
@blp.arguments(Nothing, required=False, example={})
@blp.response(204, headers=REPLAYED)
@problems(blp, 400, 404, 409, 413, 415, 422)
@in_one_transaction
def delete_view(_body: dict[str, Any], view_id: str) -> Response:
    """Delete a view

    If it was the default, `open` is the default again. A built-in view is refused with 409.
    """
    operations.delete_view(view_id, person=_whose())
    return Response(status=204, content_type="application/json")


def _whose() -> str:
    """Whose views are meant: the account's; in open mode those that everybody shares.

    :raises Invalid: as :func:`person` does.
    """
    caller = person()
    return caller if is_required() else EVERYBODY


def _check_query(body: dict[str, Any]) -> None:
    """Refuse a query with mistakes. Whoever saves it, ``owner:me`` is somebody when it is shown.

    :raises Misread: where it has any.
    """
    if "q" in body:
        parse(body["q"], now=datetime.now(UTC), me=actor())


def _counts(views: Iterable[View]) -> dict[str, Total | None]:
    return count_views(views, now=datetime.now(UTC), me=named_actor())


def _list(found: queries.PersonViews, counts: Mapping[str, Total | None]) -> dict[str, Any]:
    return {"items": [_represent(view, counts) for view in found.views.values()], "default": found.default}


def _represent(view: View, counts: Mapping[str, Total | None] = NOT_COUNTED) -> dict[str, Any]:
    """A view as it goes over the wire."""
    total = counts.get(view.id)
    return {
        "id": view.id,
        "name": view.name,
        "q": view.q,
        "sortBy": view.sort_by,
        "order": view.order,
        "density": view.density,
        "builtIn": view.built_in,
        "count": total.count if total else None,
        "countIsExact": total.exact if total else True,
    }
