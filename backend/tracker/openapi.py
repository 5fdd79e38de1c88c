"""What the OpenAPI document says beyond the schemas: shared parameters, headers and the problem object."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask_smorest import Api
from marshmallow import INCLUDE, Schema, fields

from tracker.problems import MEDIA_TYPE
from tracker.wire import NAME_MAX, NameList

VERSION = "0.1.0"

API_OPTIONS = {
    "API_TITLE": "Incident Tracker",
    "API_VERSION": VERSION,
    "OPENAPI_VERSION": "3.1.0",
    "API_SPEC_OPTIONS": {
        "info": {
            "description": "Report, find and triage incidents. JSON fields are camelCase, query parameters snake_case; "
            "times are RFC 3339 in UTC. What is not known is refused, never ignored: an unknown parameter, field or "
            "value is an error that names it and lists what is allowed. Errors are `application/problem+json` "
            "(RFC 9457), and every response carries `X-Request-ID`.",
        },
        "servers": [{"url": "/"}],
    },
}

INCIDENT_ID = {
    "name": "incident_id",
    "in": "path",
    "required": True,
    "description": "The incident's UUID, or its number as INC-42.",
    "schema": {"type": "string"},
    "example": "INC-42",
}
CHANGE_ID = {
    "name": "change_id",
    "in": "path",
    "required": True,
    "description": "The changeId of an event, or of a bulk change.",
    "schema": {"type": "string"},
    "example": "019ab2f4-77aa-7c10-8f3e-0b1d2c3e4f50",
}
VIEW_ID = {
    "name": "view_id",
    "in": "path",
    "required": True,
    "description": "The id of a built-in view, such as open, or of one that was saved.",
    "schema": {"type": "string"},
    "example": "open",
}
X_ACTOR = {
    "name": "X-Actor",
    "in": "header",
    "description": "The name under which the change goes into the history; what is not ASCII is percent-encoded "
    f"UTF-8 (Zo%C3%AB), of at most {NAME_MAX} characters when decoded. Left out: anonymous. Refused where one "
    "has to sign in.",
    # Encoded, a character has up to twelve.
    "schema": {"type": "string", "minLength": 1, "maxLength": 12 * NAME_MAX},
    "example": "Ana Souza",
}
X_ACTOR_OF_VIEWS = X_ACTOR | {
    "description": "Who is meant by owner:me in the views, written as for a change. Left out: nobody. Refused where "
    "one has to sign in.",
}
X_ACTOR_OF_A_KEY = X_ACTOR | {
    "description": "Whose Idempotency-Key it is, written as for a change. Refused where one has to sign in."
}
X_ACTOR_OF_A_READ = X_ACTOR | {
    "description": "Who is meant by owner:me in q, written as for a change. Refused where one has to sign in."
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes it safe to send this request again after a failure: the same key with the same request gets "
    "the answer that was given, for 24 hours and for the same caller. With another request it is refused with 422; "
    "while the first one is still at work, with 409.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    "example": "4f0c4c3e-6a6b-4b6c-9c3a-0e6f3f7d2b51",
}
REPLAYED = {
    "Idempotent-Replayed": {
        "description": "true where this is the answer of an earlier request with the same Idempotency-Key.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
CHANGED = {
    "Change-Id": {
        "description": "The changeId of what this request did, which /api/changes/{changeId}/revert takes. Absent "
        "where it changed nothing.",
        "schema": {"type": "string", "format": "uuid"},
        "example": "019ab2f4-77aa-7c10-8f3e-0b1d2c3e4f50",
    }
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "Make the change only if the incident's ETag is (one of) these; otherwise 412.",
    "schema": {"type": "string"},
    "example": '"3"',
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "Answer 304 without a body if the incident's ETag is (one of) these.",
    "schema": {"type": "string"},
    "example": '"3"',
}
ETAG = {"description": "The version, in double quotes.", "schema": {"type": "string"}, "example": '"3"'}
LOCATION = {"description": "The address of what was created.", "schema": {"type": "string"}}
CONTENT_DISPOSITION = {
    "description": "That it is a file to keep, and a name for it.",
    "schema": {"type": "string"},
    "example": 'attachment; filename="incidents-20260302T100512Z.csv"',
}
RETRY_AFTER = {"description": "Seconds to wait before trying again.", "schema": {"type": "integer"}}


class ProblemSchema(Schema):
    """An error, as RFC 9457 describes it."""

    class Meta:
        """Some problems say more than these members."""

        unknown = INCLUDE

    type = fields.String(required=True, metadata={"description": "What kind of problem; stable, for programs."})
    title = fields.String(required=True)
    status = fields.Integer(required=True, metadata={"minimum": 400, "maximum": 599})
    detail = fields.String(required=True, metadata={"description": "What happened here, for people."})
    errors = fields.Dict(
        keys=fields.String(),
        metadata={"description": "Field or parameter -> what is wrong with it; nested for the items of a list."},
    )
    request_id = fields.String(
        required=True,
        data_key="requestId",
        metadata={"description": "Also in X-Request-ID and in the server's log."},
    )


_DESCRIPTIONS = {
    400: "The request cannot be read: malformed JSON, or a cursor of another list.",
    401: "Where one has to sign in: nobody has, or it does not hold any more.",
    403: "Where one has to sign in: it takes a higher role; or a write by cookie lacks its X-CSRF-Token.",
    404: "There is no such incident, change or view.",
    409: "It does not fit the state of things; or the first request with this Idempotency-Key is still at work.",
    413: "The body is larger than 1 MiB.",
    414: "The query string is longer than 16 KiB.",
    415: "The Content-Type is not application/json.",
    422: "A field or parameter is not valid; `errors` says which, and what is allowed.",
    503: "The database does not answer, or the server is too busy, or the query took too long; `type` says which.",
}


def problems(blueprint: Any, *statuses: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Document these errors of a view, and the 503 that every view can answer."""

    def decorator(view: Callable[..., Any]) -> Callable[..., Any]:
        for status in (*statuses, 503):
            view = blueprint.alt_response(
                status,
                schema=ProblemSchema,
                content_type=MEDIA_TYPE,
                description=_DESCRIPTIONS.get(status, HTTPStatus(status).phrase),
                headers={"Retry-After": RETRY_AFTER} if status == 503 else None,
            )(view)
        return view

    return decorator


def links(
    blueprint: Any, status: int, operations: Iterable[str], parameters: Mapping[str, str]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Document which operations can come next, and where in the request or the answer their parameters are."""
    found = {name: {"operationId": name, "parameters": parameters} for name in operations}
    decorate: Callable[[Callable[..., Any]], Callable[..., Any]] = blueprint.doc(responses={status: {"links": found}})
    return decorate


class ApiDocument(Api):  # type: ignore[misc]
    """flask-smorest's API without its own error handling; see :mod:`tracker.problems`."""

    ERROR_SCHEMA = ProblemSchema

    def _init_spec(self, **options: Any) -> None:
        super()._init_spec(**options)
        self.ma_plugin.converter.add_attribute_function(_list_to_property)
        self.ma_plugin.converter.add_parameter_attribute_function(_list_to_parameter)

    def _register_responses(self) -> None:
        """Every operation may answer with a problem beyond those that it names."""
        self.spec.components.response(
            "DEFAULT_ERROR",
            {"description": "Any other error.", "content": {MEDIA_TYPE: {"schema": ProblemSchema}}},
        )

    def _register_pagination_header(self) -> None:
        """Pages are described in bodies here, not in a header."""

    def _register_error_handlers(self) -> None:
        """Errors are rendered in one place, for the API and for everything else."""


def _list_to_property(converter: OpenAPIConverter, field: Any, **_kwargs: Any) -> dict[str, Any]:
    """In a body, a list is an array, or the text that it is in a query string."""
    if not isinstance(field, NameList):
        return {}
    item = converter.field2property(field.item)
    if field.none is not None:
        item = {"oneOf": [item, {"type": "null"}]}
    text: dict[str, Any] = {"type": "string", "minLength": 1}
    if field.plain:
        choices = "|".join(item["enum"])
        text["pattern"] = f"^({choices})(,({choices}))*$"
    return {"oneOf": [{"type": "array", "minItems": 1, "items": item}, text]}


def _list_to_parameter(converter: OpenAPIConverter, field: Any, **kwargs: Any) -> dict[str, Any]:
    """A comma-separated list of choices is an array; one of names is a string, since its items may be quoted."""
    if not isinstance(field, NameList):
        return {}
    example = {name: value for name, value in kwargs["ret"]["schema"].items() if name == "example"}
    if not field.plain:
        return {"schema": {"type": "string", "minLength": 1, **example}}
    items = converter.field2property(field.item)
    return {"style": "form", "explode": False, "schema": {"type": "array", "minItems": 1, "items": items, **example}}
