"""The event as it goes over the wire."""

import json

from marshmallow import Schema, fields, validate

from tracker.history.models import EventType
from tracker.wire import Instant, Text

EXAMPLE = {
    "id": 311,
    "incidentId": "019ab2f4-5c1e-7d3a-9b61-2f0c5a7e8d14",
    "changeId": "019ab2f4-77aa-7c10-8f3e-0b1d2c3e4f50",
    "type": "updated",
    "actor": "Ana Souza",
    "at": "2026-03-02T10:05:12+00:00",
    "changes": {"status": ["OPEN", "MITIGATED"], "mitigatedAt": [None, "2026-03-02T10:05:12+00:00"]},
    "comment": None,
    "changeSize": 1,
    "revertsChangeId": None,
}
# A client sees the incident there too, which would make this long.
STREAM_EXAMPLE = f"retry: 2000\nid: 7800-310\n\nid: 7801-311\nevent: updated\ndata: {json.dumps(EXAMPLE)}\n\n"


class EventArguments(Schema):
    """Where to continue."""

    cursor = Text(low=1, high=2000, metadata={"description": "The nextCursor of an earlier answer."})


class StreamArguments(Schema):
    """Where a live stream continues."""

    after = Text(
        low=1,
        high=100,
        metadata={
            "description": "The id of the last event that was received. Left out: only what happens from now on.",
            "example": "7801-311",
        },
    )


class EventRead(Schema):
    """One entry of an incident's history. The order of the fields is the order in the JSON."""

    id = fields.Integer(required=True)
    incident_id = fields.UUID(required=True, data_key="incidentId")
    change_id = fields.UUID(
        required=True,
        data_key="changeId",
        metadata={"description": "The same for all incidents that one change touched."},
    )
    type = fields.String(required=True, validate=validate.OneOf(list(EventType)))
    actor = fields.String(required=True)
    at = Instant(required=True)
    changes = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Raw(allow_none=True), validate=validate.Length(equal=2)),
        required=True,
        metadata={"description": "Field -> [before, after]."},
    )
    comment = fields.String(required=True, allow_none=True, metadata={"description": "Markdown; of commented events."})
    change_size = fields.Integer(
        required=True,
        data_key="changeSize",
        metadata={"description": "How many incidents the change touched.", "minimum": 1},
    )
    reverts_change_id = fields.UUID(
        required=True,
        allow_none=True,
        data_key="revertsChangeId",
        metadata={"description": "The change that a reverted event took back."},
    )


class EventPage(Schema):
    """A part of an incident's history, oldest first."""

    items = fields.List(fields.Nested(EventRead), required=True)
    next_cursor = fields.String(
        required=True, allow_none=True, data_key="nextCursor", metadata={"description": "Null at the end."}
    )


WIRE_FIELDS: dict[str, str] = {field.data_key or name: name for name, field in EventRead().fields.items()}
