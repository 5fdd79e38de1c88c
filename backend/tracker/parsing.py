"""Reading requests strictly: what is not known, given twice or malformed is refused, never ignored."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, NoReturn, cast
from urllib.parse import unquote, unquote_to_bytes

import flask
import flask_smorest
import marshmallow
import orjson
from flask import current_app, request
from flask.globals import request_ctx
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge, RequestURITooLarge

from tracker.callers import Role, current, needing, security
from tracker.config import is_loopback
from tracker.openapi import problems
from tracker.problems import BadRequest, Errors, Forbidden, Invalid, UnsupportedMediaType
from tracker.wire import NAME_MAX, Text, excerpt

JSON = "application/json"
QUERY_MAX = 16 * 1024
"""Bytes that a query string may have."""
DEPTH_MAX = 32
"""Levels that the objects and arrays of a body may have."""
ERRORS_MAX = 50
"""Fields, or items of a list, that one problem names: else an answer could be many times as long as its request."""
VALIDATOR_MAX = 1000
"""Characters that a header with versions may have, such as If-Match."""
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


_REMEMBERED = 500
_REMEMBERED_LENGTH = 500


class StrictParser(FlaskParser):
    """Schemas decide what is allowed; everything else is an error that names it and lists what is."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[type[marshmallow.Schema], bytes], Any] = {}

    def parse(
        self, argmap: Any, req: flask.Request | None = None, *, location: str | None = None, **kwargs: Any
    ) -> Any:
        """As webargs', remembering what a query string means: the same ones are asked for again and again.

        What it returns must not be changed.
        """
        asked = req or request
        if location != "query" or len(asked.query_string) > _REMEMBERED_LENGTH:
            return super().parse(argmap, req, location=location, **kwargs)
        key = (type(argmap), asked.query_string)
        known = self._known.get(key)
        if known is None:
            known = super().parse(argmap, req, location=location, **kwargs)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = known
        return known

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - as webargs declares it.
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": marshmallow.RAISE,
        "json": marshmallow.RAISE,
    }

    def load_querystring(self, req: flask.Request, schema: marshmallow.Schema) -> dict[str, str]:
        """The parameters, each given once."""
        try:
            unquote_to_bytes(req.query_string).decode()
        except UnicodeDecodeError as error:
            raise BadRequest("The query string is not UTF-8.") from error
        repeated = [name for name, values in req.args.lists() if len(values) > 1]
        if repeated:
            once = ["Must be given once; several values are separated by commas."]
            raise Invalid({excerpt(name): once for name in repeated[:ERRORS_MAX]})
        return dict(req.args.items())

    def load_json(self, req: flask.Request, schema: marshmallow.Schema) -> dict[str, Any]:
        """The body, which must be one JSON object."""
        body = _whole_body(req)
        if not body and not schema.fields:
            return {}
        try:
            # The first is strict about numbers and Unicode, the second sees keys that are given twice.
            if _too_deep(body, orjson.loads(body)):
                raise BadRequest(f"The body has more than {DEPTH_MAX} levels of objects and arrays.")
            value = json.loads(body, object_pairs_hook=_without_duplicates)
        except ValueError as error:
            raise BadRequest(f"The body is not valid JSON: {error}.") from error
        if not isinstance(value, dict):
            raise Invalid({"body": ['Must be a JSON object, such as {"title": "…"}.']})
        return value

    def handle_error(
        self,
        error: marshmallow.ValidationError,
        req: flask.Request,
        schema: marshmallow.Schema,
        **_kwargs: Any,
    ) -> NoReturn:
        """Turn what marshmallow found into a problem, without the level that names the location."""
        errors: Errors = {}
        found: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
        for in_location in found.values():
            errors |= _explained(in_location, schema)
        raise Invalid(errors)


def _explained(found: dict[Any, Any], schema: marshmallow.Schema) -> Errors:
    """What marshmallow found, in which an unknown field is told which ones are known, at every depth."""
    known = {field.data_key or name: field for name, field in schema.load_fields.items()}
    errors: Errors = {}
    for name, messages in islice(found.items(), ERRORS_MAX):
        field = known.get(name)
        if messages == [schema.error_messages["unknown"]]:
            errors[excerpt(name)] = [f"Is not known here. Known: {', '.join(known) or 'none'}."]
        elif isinstance(messages, dict):
            nested = field.schema if isinstance(field, marshmallow.fields.Nested) else schema
            errors[name] = _explained(messages, nested)
        else:
            # The items of a list are found by their index; the names of JSON are text.
            errors[str(name)] = messages
    return errors


def _whole_body(req: flask.Request) -> bytes:
    """The body, none of it cut off.

    Werkzeug ends one that comes in chunks, without a length, silently at the limit; what follows it tells.

    :raises RequestEntityTooLarge: where it goes on after the limit.
    """
    body = req.get_data(cache=True)
    if len(body) == req.max_content_length and req.content_length is None and req.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    return body


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        # Counted in one pass: there may be a hundred thousand of them.
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {excerpt(twice)!r} is given twice")
    return result


def _too_deep(body: bytes, value: Any) -> bool:
    """Whether the value, which the body says, has more levels of objects and arrays than it may."""
    # Nearly every body has fewer brackets than that, and none of its levels has to be looked at.
    if body.count(b"{") + body.count(b"[") <= DEPTH_MAX:
        return False
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [part for parent in level for part in _parts(parent)]
    return any(isinstance(part, (dict, list)) for part in level)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


View = Callable[..., Any]
Decorator = Callable[[View], View]


class NoArguments(marshmallow.Schema):
    """For an address that takes no query parameters."""


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A blueprint whose arguments are read strictly, on every route, also where none are declared."""

    ARGUMENTS_PARSER = StrictParser()

    def route(self, rule: str, *, needs: Role | None, in_person: bool = False, **options: Any) -> Decorator:
        """As flask-smorest's, naming the operation after the view, for generated clients.

        :param needs: the role that it takes, where one has to sign in; None for an address that is for everybody.
        :param in_person: whether it takes a session, and a token does not do.
        """
        register = super().route(rule, **options)

        def decorator(view: View) -> View:
            view = needing(needs, in_person=in_person)(view)
            if needs is not None:
                view = problems(self, 401, 403)(view)
                reads = "methods" not in options
                view = self.doc(security=security(needs, reads=reads, in_person=in_person))(view)
            first, *others = view.__name__.split("_")
            operation_id = first + "".join(word.capitalize() for word in others)
            registered: View = register(self.doc(operationId=operation_id)(view))
            return registered

        return decorator

    def arguments(self, schema: Any, *, location: str = "json", **kwargs: Any) -> Decorator:
        """As flask-smorest's, noting that the view reads its own query."""
        # Given the class, webargs would make a new schema for every request.
        decorate = super().arguments(schema(), location=location, **kwargs)

        def decorator(view: View) -> View:
            decorated: Any = decorate(view)
            if location == "query":
                decorated.reads_query = True
                decorated = problems(self, 414)(decorated)
            return cast("View", decorated)

        return decorator

    def response(self, status_code: int, schema: Any = None, **kwargs: Any) -> Decorator:
        """As flask-smorest's, typed."""
        return cast("Decorator", super().response(status_code, schema, **kwargs))

    def alt_response(self, status_code: int, response: str | None = None, **kwargs: Any) -> Decorator:
        """As flask-smorest's, typed."""
        return _documenting(super().alt_response(status_code, response, **kwargs))

    @staticmethod
    def doc(**kwargs: Any) -> Decorator:
        """As flask-smorest's, typed."""
        return _documenting(flask_smorest.Blueprint.doc(**kwargs))


def _documenting(decorate: Callable[[View], Any]) -> Decorator:
    """A decorator that only describes a view, without another function around it to be called each time."""

    def decorator(view: Any) -> View:
        view._apidoc = decorate(view)._apidoc
        return cast("View", view)

    return decorator


def check_request() -> None:
    """Before every request: no more than may be; to the API: JSON in writes, and no parameters that nobody reads.

    Demanding ``application/json`` also keeps other sites out: a browser does not send it across origins without
    asking first.
    """
    asked = request_ctx.request
    if len(asked.query_string) > QUERY_MAX:
        raise RequestURITooLarge(f"A query string must be at most {QUERY_MAX:,} bytes long.")
    if asked.url_rule is None or not asked.url_rule.rule.startswith("/api/"):
        return
    # Neither does a browser send a request across origins without saying so: what is no browser's may say nothing.
    says_nothing = not asked.mimetype and not _has_body(asked) and "Origin" not in asked.headers
    if asked.method in _WRITES and asked.mimetype != JSON and not says_nothing:
        given = excerpt(asked.mimetype) or "missing"
        raise UnsupportedMediaType(f"The Content-Type of a write must be {JSON}; here it is {given}.")
    if asked.environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise UnsupportedMediaType("A body must not be compressed: leave Content-Encoding out.")
    for name, key in (("If-Match", "HTTP_IF_MATCH"), ("If-None-Match", "HTTP_IF_NONE_MATCH")):
        if len(asked.environ.get(key, "")) > VALIDATOR_MAX:
            raise Invalid({name: [f"Must be at most {VALIDATOR_MAX:,} characters long."]})
    view = current_app.view_functions[asked.endpoint or ""]
    if asked.query_string and not getattr(view, "reads_query", False):
        StrictParser().parse(NoArguments(), asked, location="query")


def _has_body(asked: flask.Request) -> bool:
    return bool(asked.content_length) or "Transfer-Encoding" in asked.headers


def keep_nowhere(response: flask.Response) -> flask.Response:
    """What is one person's is not kept, neither by a browser that others use after them nor on the way."""
    response.headers["Cache-Control"] = "no-store"
    return response


def check_host() -> None:
    """Refuse a Host that is not this machine: a foreign name here means DNS rebinding.

    :raises Forbidden: for any other host.
    """
    # Where a proxy is trusted with the name, a page that reaches this server past it could give any.
    received = request.environ.get("werkzeug.proxy_fix.orig", {}).get("HTTP_HOST") or request.host
    for given in (request.host, received):
        name, separator, port = given.rpartition(":")
        if not is_loopback(name if separator and port.isdecimal() else given):
            raise Forbidden(
                "This server answers only to names of its own machine, such as localhost. "
                "ALLOW_OPEN_NETWORK=1 opens it to the network."
            )


_actor = Text(low=1, high=NAME_MAX)


def actor() -> str:
    """Who is calling: the account's name; in open mode the display name in ``X-Actor``, or ``anonymous``.

    :raises Invalid: as :func:`named_actor` does.
    """
    return named_actor() or "anonymous"


def person() -> str:
    """Who is calling, for what is kept of them: the account's id, which stays when the name changes; or the actor.

    :raises Invalid: as :func:`named_actor` does.
    """
    caller = current()
    return caller.id if caller is not None else actor()


def named_actor() -> str | None:
    """The account's name, or in open mode the display name in ``X-Actor``; None where nobody said who is calling.

    Header values are ASCII on their way through servers and proxies, so a name is percent-encoded UTF-8.

    :raises Invalid: where it is not, is too long or has control characters.
    """
    caller = current()
    if caller is not None:
        return caller.name
    given = request.headers.get("X-Actor")
    if given is None:
        return None
    try:
        if not given or not given.isascii():
            raise ValueError("the server hands over nothing of a value that is not ASCII")
        return _actor.deserialize(unquote(given, errors="strict"))
    except ValueError as error:
        raise Invalid({"X-Actor": ["Must be a name in ASCII or percent-encoded UTF-8, such as Zo%C3%AB."]}) from error
    except marshmallow.ValidationError as error:
        raise Invalid({"X-Actor": error.messages}) from error
