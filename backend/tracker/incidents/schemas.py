"""What goes over the wire: the arguments of a list, the bodies of writes, and the incident as it is read."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from tracker.ids import BIGINT_MAX, parse_reference
from tracker.incidents.models import SORT_KEYS, SUMMARY_MAX, TITLE_MAX, TITLE_MIN, Severity, Status
from tracker.incidents.query_language import QUERY_MAX
from tracker.openapi import ProblemSchema
from tracker.wire import NAME_MAX, Count, Flag, Instant, NameList, Text, choice, dumps

PAGE_MAX = 2**31 - 1
PER_PAGE_DEFAULT, PER_PAGE_MAX = 20, 100
SEARCH_MAX = 200
IDS_MAX = 1_000
"""Incidents that one request may name."""
EXPORT_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
"""Format of a file -> its media type."""

EXAMPLE = {
    "id": "019ab2f4-5c1e-7d3a-9b61-2f0c5a7e8d14",
    "number": 42,
    "title": "Checkout returns 502 for cards with 3-D Secure",
    "service": "payments-api",
    "severity": "SEV2",
    "status": "MITIGATED",
    "owner": "Ana Souza",
    "summary": "Rolled back **v2.41.0**. Error rate is back to 0.1 %.",
    "startedAt": "2026-03-02T09:41:00+00:00",
    "mitigatedAt": "2026-03-02T10:05:12+00:00",
    "resolvedAt": None,
    "createdAt": "2026-03-02T09:44:31.120456+00:00",
    "updatedAt": "2026-03-02T10:05:12+00:00",
    "version": 3,
}


class FilterArguments(Schema):
    """Which incidents; all filters together. Lists are separated by commas and match any of their items."""

    # Its length is a mistake like others, which is told with its place; and a place counts blanks at the beginning.
    q = fields.String(
        metadata={
            "maxLength": QUERY_MAX,
            "description": "A query, such as the search box of the list takes: terms that must all hold, each a word, "
            '"exact words", or field:value,value with the fields sev, status, service, owner (none, me), created and '
            "updated (<2h, >7d, 2026-11-01, >=2026-11-01, 2026-11-01..2026-11-08); `-` before a term excludes. What is "
            "wrong with it is told under `mistakes`, with its place. "
            "The whole language: docs/query-language.md.",
            "example": 'sev:1,2 status:open owner:none created:<2h -service:batch "exact words"',
        },
    )
    search = Text(
        high=SEARCH_MAX,
        metadata={
            "description": "Words that must all occur, each anywhere in title, service or owner, letter case aside. "
            "Plain text, not a pattern. INC-42 finds number 42.",
            "example": "checkout timeout",
        },
    )
    severity = NameList(choice(Severity), metadata={"description": "Severities.", "example": ["SEV1", "SEV2"]})
    status = NameList(choice(Status), metadata={"description": "Statuses.", "example": ["OPEN", "MITIGATED"]})
    service = NameList(
        Text(low=1, high=NAME_MAX),
        metadata={
            "description": 'Services, by their exact names. A name with a comma is quoted: "a, b".',
            "example": "payments-api,checkout-web",
        },
    )
    owner = NameList(
        Text(low=1, high=NAME_MAX),
        none="none",
        metadata={
            "description": 'Owners, by their exact names; none for unassigned ("none", quoted, is a name).',
            "example": "Ana Souza,none",
        },
    )
    created_from = Instant(metadata={"description": "Created at this time or later."})
    created_to = Instant(metadata={"description": "Created before this time."})
    updated_since = Instant(metadata={"description": "Last changed at this time or later."})


class OrderedArguments(FilterArguments):
    """Which incidents, and in which order."""

    sort_by = choice(
        SORT_KEYS,
        load_default="createdAt",
        metadata={"description": "Column to sort on. Ties are broken by number, so that the order is total."},
    )
    order = choice(
        ("asc", "desc"),
        load_default="desc",
        metadata={
            "description": "Direction. severity sorts by rank, SEV1 the highest: desc puts SEV1 first and, "
            "within one severity, the oldest first; asc is the exact reverse."
        },
    )


class ListArguments(OrderedArguments):
    """Which incidents, in which order, and which page of them."""

    page = Count(
        validate=validate.Range(1, PAGE_MAX),
        metadata={"description": "Page number, from 1. A page past the end is empty. Not with cursor."},
    )
    per_page = Count(
        load_default=PER_PAGE_DEFAULT,
        validate=validate.Range(1, PER_PAGE_MAX),
        metadata={"description": "Items on a page."},
    )
    cursor = Text(
        low=1,
        high=2000,
        metadata={
            "description": "Continue after the last item of an earlier answer (its nextCursor), with the same filters, "
            "sort_by and order. Costs the same at any depth. Not with page."
        },
    )

    @validates_schema
    def _one_way_of_paging(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if "page" in data and "cursor" in data:
            raise ValidationError({"cursor": ["Must not be combined with page; send one of them."]})


class ExportArguments(OrderedArguments):
    """Which incidents, in which order, and as what kind of file."""

    format = choice(
        EXPORT_TYPES,
        load_default="csv",
        metadata={"description": "csv for spreadsheets, ndjson for programs: one JSON object on each line."},
    )


class IncidentBody(Schema):
    """The writable fields, as create and update share them."""

    title = Text(low=TITLE_MIN, high=TITLE_MAX)
    service = Text(low=1, high=NAME_MAX)
    severity = choice(Severity)
    status = choice(Status)
    owner = Text(low=1, high=NAME_MAX, allow_none=True)
    summary = Text(high=SUMMARY_MAX, multiline=True, allow_none=True, metadata={"description": "Markdown."})
    started_at = Instant(
        data_key="startedAt",
        allow_none=True,
        metadata={"description": "When it began; createdAt when left out or null."},
    )
    mitigated_at = Instant(
        data_key="mitigatedAt",
        allow_none=True,
        metadata={"description": "Stamped on reaching MITIGATED, cleared on reopening; may be corrected."},
    )
    resolved_at = Instant(
        data_key="resolvedAt",
        allow_none=True,
        metadata={"description": "Stamped on reaching RESOLVED, cleared on leaving it; may be corrected."},
    )


class IncidentCreate(IncidentBody):
    """A new incident: title, service and severity are required; status is OPEN when left out."""

    title = Text(low=TITLE_MIN, high=TITLE_MAX, required=True)
    service = Text(low=1, high=NAME_MAX, required=True)
    severity = choice(Severity, required=True)


class IncidentPatch(IncidentBody):
    """Fields to change; one left out stays as it is, null clears an optional one."""


def _check_reference(text: str) -> None:
    if parse_reference(text) is None:
        raise ValidationError("Must be the UUID of an incident, or its number, such as INC-42.")


class BulkSet(Schema):
    """What a bulk change sets."""

    status = choice(Status)
    severity = choice(Severity)
    owner = Text(low=1, high=NAME_MAX, allow_none=True)
    service = Text(low=1, high=NAME_MAX)


class BulkChange(Schema):
    """Which incidents, by `ids` or by `filter`, and what to set of them."""

    ids = fields.List(
        fields.String(validate=_check_reference),
        validate=validate.Length(1, IDS_MAX, error=f"Must name 1 to {IDS_MAX:,} incidents."),
        metadata={"description": "UUIDs, or numbers such as INC-42. Either this or filter."},
    )
    filter = fields.Nested(
        FilterArguments,
        metadata={
            "description": "The filters of the list, as they are in its query string; a list of values may be a JSON "
            "array, too, in which null among the owners means unassigned. {} matches all. Refused where it matches "
            "more than 10,000. Either this or ids."
        },
    )
    set = fields.Nested(BulkSet, required=True, metadata={"minProperties": 1})
    dry_run = Flag(
        data_key="dryRun",
        load_default=False,
        metadata={"description": "Only tell what would be changed."},
    )
    expected_count = fields.Integer(
        data_key="expectedCount",
        strict=True,
        validate=validate.Range(0, BIGINT_MAX),
        metadata={"description": "How many are meant to match; with another number, 409 and nothing is changed."},
    )

    @validates_schema
    def _one_way_of_naming(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if ("ids" in data) == ("filter" in data):
            raise ValidationError({"ids": ["Must be sent, or filter, but not both."]})
        if not data["set"]:
            raise ValidationError({"set": [f"Must have at least one of: {', '.join(BulkSet().fields)}."]})


class Nothing(Schema):
    """The body of a request that says all in its address."""


class CommentCreate(Schema):
    """A new comment."""

    body = Text(low=1, high=SUMMARY_MAX, multiline=True, required=True, metadata={"description": "Markdown."})


class IncidentRead(Schema):
    """An incident as the API shows it. The order of the fields is the order in the JSON."""

    id = fields.UUID(required=True)
    number = fields.Integer(required=True, metadata={"description": "The n of INC-n.", "minimum": 1})
    title = fields.String(required=True)
    service = fields.String(required=True)
    severity = choice(Severity, required=True)
    status = choice(Status, required=True)
    owner = fields.String(required=True, allow_none=True)
    summary = fields.String(required=True, allow_none=True, metadata={"description": "Markdown."})
    started_at = Instant(required=True, data_key="startedAt")
    mitigated_at = Instant(required=True, allow_none=True, data_key="mitigatedAt")
    resolved_at = Instant(required=True, allow_none=True, data_key="resolvedAt")
    created_at = Instant(required=True, data_key="createdAt")
    updated_at = Instant(required=True, data_key="updatedAt")
    version = fields.Integer(
        required=True,
        metadata={"description": "1 at creation, +1 for every change; also the ETag.", "minimum": 1},
    )


# JSON name -> attribute, for rendering without a marshmallow pass over every row of a page.
WIRE_FIELDS: dict[str, str] = {field.data_key or name: name for name, field in IncidentRead().fields.items()}


CSV_EXAMPLE = (
    ",".join(WIRE_FIELDS)
    + '\r\n{id},{number},"{title}","{service}",{severity},{status},"{owner}","{summary}",'.format_map(EXAMPLE)
    + '"{startedAt}","{mitigatedAt}",,"{createdAt}","{updatedAt}",{version}\r\n'.format_map(EXAMPLE)
)
NDJSON_EXAMPLE = dumps(EXAMPLE).decode() + "\n"


class IncidentPage(Schema):
    """One page of a list."""

    items = fields.List(fields.Nested(IncidentRead), required=True)
    page = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Null when paging by cursor.", "minimum": 1}
    )
    per_page = fields.Integer(required=True, data_key="perPage")
    total = fields.Integer(required=True, metadata={"description": "How many match.", "minimum": 0})
    total_is_exact = fields.Boolean(
        required=True,
        data_key="totalIsExact",
        metadata={
            "description": "Always true for filters by severity, status, service and owner; with others, counting "
            "stops at 10,000 and this is false."
        },
    )
    pages = fields.Integer(required=True, metadata={"description": "How many pages total makes.", "minimum": 0})
    next_cursor = fields.String(
        required=True,
        allow_none=True,
        data_key="nextCursor",
        metadata={"description": "Null on the last page."},
    )


class SimilarArguments(Schema):
    """What is about to be reported."""

    title = Text(
        low=1,
        high=TITLE_MAX,
        required=True,
        metadata={"description": "A title, or the beginning of one.", "example": "Checkout returns 502"},
    )
    service = Text(
        low=1, high=NAME_MAX, required=True, metadata={"description": "Its exact name.", "example": "payments-api"}
    )


class SimilarIncidents(Schema):
    """Unresolved incidents that may be the same, the most similar first; five at most."""

    items = fields.List(fields.Nested(IncidentRead), required=True, validate=validate.Length(max=5))


class SeverityCount(Schema):
    """How many incidents have a severity."""

    value = choice(Severity, required=True)
    count = fields.Integer(required=True, metadata={"minimum": 0})


class StatusCount(Schema):
    """How many incidents have a status."""

    value = choice(Status, required=True)
    count = fields.Integer(required=True, metadata={"minimum": 0})


class ServiceCount(Schema):
    """How many incidents a service has."""

    value = fields.String(required=True)
    count = fields.Integer(required=True, metadata={"minimum": 0})


class OwnerCount(Schema):
    """How many incidents an owner has; null for those that nobody owns."""

    value = fields.String(required=True, allow_none=True)
    count = fields.Integer(required=True, metadata={"minimum": 0})


class Facets(Schema):
    """Counts by value, each under all the *other* filters, so that it tells what choosing the value would give.

    Severity and status list every value; service and owner the 50 largest.
    """

    severity = fields.List(fields.Nested(SeverityCount), required=True)
    status = fields.List(fields.Nested(StatusCount), required=True)
    service = fields.List(fields.Nested(ServiceCount), required=True)
    owner = fields.List(fields.Nested(OwnerCount), required=True)
    estimated = fields.List(
        fields.String(validate=validate.OneOf(["severity", "status", "service", "owner"])),
        required=True,
        metadata={
            "description": "The facets whose larger counts are estimates, to two digits. Where a search or a range of "
            "times matches more than 10,000, not all are counted."
        },
    )


class ChangedIncident(Schema):
    """An incident that a change touched."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True, metadata={"description": "After the change.", "minimum": 1})


class ChangeRead(Schema):
    """What a change did. Sent to /api/changes/{changeId}/revert, its id takes it back."""

    change_id = fields.UUID(
        required=True,
        allow_none=True,
        data_key="changeId",
        metadata={"description": "Null where nothing was changed, or only tried."},
    )
    matched = fields.Integer(required=True, metadata={"description": "Incidents it was about.", "minimum": 0})
    changed = fields.Integer(
        required=True, metadata={"description": "Those of them that were not so already.", "minimum": 0}
    )
    items = fields.List(
        fields.Nested(ChangedIncident),
        required=True,
        metadata={"description": "The changed ones; of a dry run those to be changed, at their present version."},
    )


class CountProblem(ProblemSchema):
    """The problem of a bulk change that was meant for another number of incidents."""

    matched = fields.Integer(metadata={"description": "How many match.", "minimum": 0})


class MistakeRead(Schema):
    """What is wrong with a part of a query."""

    start = fields.Integer(
        required=True,
        metadata={"description": "Where it begins in q as it was sent, in Unicode code points.", "minimum": 0},
    )
    end = fields.Integer(required=True, metadata={"description": "Where it has ended.", "minimum": 1})
    message = fields.String(required=True)
    allowed = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "What may stand there, where that can be listed."},
    )


class QueryProblem(ProblemSchema):
    """The problem of a request that is not valid."""

    mistakes = fields.List(
        fields.Nested(MistakeRead), metadata={"description": "Where q has mistakes, in their order: all of them."}
    )


class ConflictingIncident(Schema):
    """An incident on which a change cannot be taken back."""

    id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    title = fields.String(required=True)
    fields_ = fields.List(
        fields.String(),
        required=True,
        data_key="fields",
        metadata={"description": "What was changed since."},
    )
    actor = fields.String(
        required=True, allow_none=True, metadata={"description": "Who did it last; null where other times do not fit."}
    )
    at = Instant(required=True, allow_none=True)


class OvertakenProblem(ProblemSchema):
    """The problem of a change that cannot be taken back any more."""

    conflicts = fields.List(fields.Nested(ConflictingIncident))


class StaleProblem(ProblemSchema):
    """The problem of a change that was made to another version."""

    current = fields.Nested(IncidentRead, required=True, metadata={"description": "The incident as it is now."})


class ServiceArguments(Schema):
    """Which services."""

    search = Text(
        high=SEARCH_MAX,
        metadata={"description": "A part of the name, letter case aside.", "example": "pay"},
    )


class ServiceRead(Schema):
    """A service that incidents name."""

    name = fields.String(required=True)
    open = fields.Integer(required=True, metadata={"description": "Incidents that are OPEN.", "minimum": 0})
    total = fields.Integer(required=True, metadata={"description": "All its incidents.", "minimum": 1})


class ServiceList(Schema):
    """The services in use, the most used first; the 100 largest that match."""

    items = fields.List(fields.Nested(ServiceRead), required=True)
