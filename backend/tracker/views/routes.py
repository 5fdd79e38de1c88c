"""The HTTP of views: parse, call one query or operation, commit once, answer."""

from typing import Any

from flask import Response, url_for

from tracker.idempotency import in_one_transaction
from tracker.incidents.schemas import Nothing
from tracker.openapi import IDEMPOTENCY_KEY, LOCATION, REPLAYED, VIEW_ID, X_ACTOR_OF_VIEWS, problems
from tracker.parsing import Blueprint, actor
from tracker.views import operations, queries
from tracker.views.models import View
from tracker.views.schemas import (
    ARRANGE_EXAMPLE,
    CREATE_EXAMPLE,
    EXAMPLE,
    LIST_EXAMPLE,
    OPEN_EXAMPLE,
    ArrangementPatch,
    ViewCreate,
    ViewList,
    ViewPatch,
    ViewRead,
)
from tracker.wire import json_response

blp = Blueprint("views", __name__, url_prefix="/api", description="Lists under a name, for each person.")


@blp.route("/views")
@blp.doc(parameters=[X_ACTOR_OF_VIEWS])
@blp.response(200, ViewList, example=LIST_EXAMPLE)
@problems(blp, 422)
def list_views() -> Response:
    """List the views

    Those that everybody has and those that the person saved, in the person's order, each with how many incidents it
    shows. Until there are accounts, the person is whoever `X-Actor` names.
    """
    return _list_response(queries.read_views(actor()))


@blp.route("/views", methods=["POST"])
@blp.doc(parameters=[X_ACTOR_OF_VIEWS, IDEMPOTENCY_KEY])
@blp.arguments(ViewCreate, example=CREATE_EXAMPLE)
@blp.response(201, ViewRead, example=EXAMPLE, headers={"Location": LOCATION, **REPLAYED})
@problems(blp, 400, 409, 413, 415, 422)
@in_one_transaction
def create_view(body: dict[str, Any]) -> Response:
    """Save a view

    It comes last in the person's order. A person may save 50; one more is refused with 409.
    """
    view = operations.create_view(**body, person=actor())
    location = url_for("views.get_view", view_id=view.id)
    return json_response(_represent([view])[0], 201, {"Location": location})


@blp.route("/views", methods=["PATCH"])
@blp.doc(parameters=[X_ACTOR_OF_VIEWS, IDEMPOTENCY_KEY])
@blp.arguments(ArrangementPatch, example=ARRANGE_EXAMPLE)
@blp.response(200, ViewList, example=LIST_EXAMPLE, headers=REPLAYED)
@problems(blp, 400, 409, 413, 415, 422)
@in_one_transaction
def arrange_views(body: dict[str, Any]) -> Response:
    """Arrange the views

    The order in which they come, which is shown first, or both.
    """
    return _list_response(operations.arrange_views(**body, person=actor()))


@blp.route("/views/<view_id>", parameters=[VIEW_ID])
@blp.doc(parameters=[X_ACTOR_OF_VIEWS])
@blp.response(200, ViewRead, example=OPEN_EXAMPLE)
@problems(blp, 404, 422)
def get_view(view_id: str) -> Response:
    """Read a view"""
    return json_response(_represent([queries.read_views(actor()).find(view_id)])[0])


@blp.route("/views/<view_id>", methods=["PATCH"], parameters=[VIEW_ID])
@blp.doc(parameters=[X_ACTOR_OF_VIEWS, IDEMPOTENCY_KEY])
@blp.arguments(ViewPatch, example={"name": "Payments, nobody on it"})
@blp.response(200, ViewRead, example=EXAMPLE | {"name": "Payments, nobody on it"}, headers=REPLAYED)
@problems(blp, 400, 404, 409, 413, 415, 422)
@in_one_transaction
def update_view(body: dict[str, Any], view_id: str) -> Response:
    """Change a view

    A field left out stays as it is. A built-in view is refused with 409.
    """
    return json_response(_represent([operations.update_view(view_id, fields=body, person=actor())])[0])


@blp.route("/views/<view_id>", methods=["DELETE"], parameters=[VIEW_ID])
@blp.doc(parameters=[X_ACTOR_OF_VIEWS, IDEMPOTENCY_KEY])
@blp.arguments(Nothing, required=False, example={})
@blp.response(204, headers=REPLAYED)
@problems(blp, 400, 404, 409, 413, 415, 422)
@in_one_transaction
def delete_view(_body: dict[str, Any], view_id: str) -> Response:
    """Delete a view

    If it was the default, `open` is the default again. A built-in view is refused with 409.
    """
    operations.delete_view(view_id, person=actor())
    return Response(status=204, content_type="application/json")


def _represent(views: list[View]) -> list[dict[str, Any]]:
    """Views as they go over the wire."""
    return [
        {
            "id": view.id,
            "name": view.name,
            "q": view.q,
            "sortBy": view.sort_by,
            "order": view.order,
            "density": view.density,
            "builtIn": view.built_in,
            "count": None,
            "countIsExact": True,
        }
        for view in views
    ]


def _list_response(found: queries.PersonViews) -> Response:
    return json_response({"items": _represent(list(found.views.values())), "default": found.default})
