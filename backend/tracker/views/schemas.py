"""The view as it goes over the wire."""

from marshmallow import Schema, fields

from tracker.incidents.models import SORT_KEYS
from tracker.incidents.query_language import QUERY_MAX
from tracker.views.models import BUILT_IN, DENSITIES, VIEW_NAME_MAX
from tracker.wire import Text, choice

# Its places are told in mistakes, so it is taken as it was sent.
_QUERY = {
    "maxLength": QUERY_MAX,
    "description": "Which incidents, as the parameter q of the list says it; kept as it was written, so that owner:me "
    "is whoever asks. Empty for all.",
}
_NAME = {"description": "Unique among the saved views and the built-in ones, letter case aside."}
_DENSITY = {"description": "How densely it is shown; null for what is set for all lists."}

EXAMPLE = {
    "id": "019ab2f6-1f0e-7a52-8c11-4d5e6f708192",
    "name": "Payments, unassigned",
    "q": "status:open service:payments-api owner:none",
    "sortBy": "createdAt",
    "order": "desc",
    "density": "compact",
    "builtIn": False,
    "count": 3,
    "countIsExact": True,
}
CREATE_EXAMPLE = {name: EXAMPLE[name] for name in ("name", "q", "sortBy", "order", "density")}
OPEN_EXAMPLE = {
    "id": "open",
    "name": "Open",
    "q": "status:open,mitigated",
    "sortBy": "severity",
    "order": "desc",
    "density": None,
    "builtIn": True,
    "count": 40,
    "countIsExact": True,
}
WRITTEN_EXAMPLE = EXAMPLE | {"count": None}
LIST_EXAMPLE = {"items": [OPEN_EXAMPLE, EXAMPLE], "default": "open"}
ARRANGED_EXAMPLE = {"items": [OPEN_EXAMPLE | {"count": None}, WRITTEN_EXAMPLE], "default": EXAMPLE["id"]}
ARRANGE_EXAMPLE = {"order": [*BUILT_IN, EXAMPLE["id"]], "default": EXAMPLE["id"]}


class ViewPatch(Schema):
    """Fields to change; one left out stays as it is."""

    name = Text(low=1, high=VIEW_NAME_MAX, metadata=_NAME)
    q = fields.String(metadata=_QUERY)
    sort_by = choice(SORT_KEYS, data_key="sortBy")
    order = choice(("asc", "desc"))
    density = choice(DENSITIES, allow_none=True, metadata=_DENSITY)


class ViewCreate(ViewPatch):
    """A new view: the name is required; all incidents, the newest first, unless it says otherwise."""

    name = Text(low=1, high=VIEW_NAME_MAX, required=True, metadata=_NAME)
    q = fields.String(load_default="", metadata=_QUERY)
    sort_by = choice(SORT_KEYS, data_key="sortBy", load_default="createdAt")
    order = choice(("asc", "desc"), load_default="desc")
    density = choice(DENSITIES, allow_none=True, load_default=None, metadata=_DENSITY)


class ViewRead(Schema):
    """A view as the API shows it. The order of the fields is the order in the JSON."""

    id = fields.String(
        required=True, metadata={"description": f"{', '.join(BUILT_IN)}, or the UUID of one that was saved."}
    )
    name = fields.String(required=True)
    q = fields.String(required=True)
    sort_by = choice(SORT_KEYS, required=True, data_key="sortBy")
    order = choice(("asc", "desc"), required=True)
    density = choice(DENSITIES, required=True, allow_none=True)
    built_in = fields.Boolean(
        required=True,
        data_key="builtIn",
        metadata={"description": "Whether everybody has it, and nobody can change it."},
    )
    count = fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "How many incidents it shows. Null in the answer to a write, and where it cannot be told: "
            "it asks for owner:me, and nobody said who they are; or counting it, or those before it, took too long.",
            "minimum": 0,
        },
    )
    count_is_exact = fields.Boolean(
        required=True,
        data_key="countIsExact",
        metadata={
            "description": "Always true for filters by severity, status, service and owner; with others, counting "
            "stops at 10,000 and this is false."
        },
    )


class ViewList(Schema):
    """The views of an account, or in open mode of everybody, in the order that was chosen."""

    items = fields.List(fields.Nested(ViewRead), required=True)
    default = fields.String(required=True, metadata={"description": "The id of the one that is shown first."})


class ArrangementPatch(Schema):
    """What to change about the views as a whole."""

    order = fields.List(
        fields.String(),
        metadata={"description": "The ids of all the views, the built-in ones too, each once, in the wanted order."},
    )
    default = fields.String(metadata={"description": "The id of the view to show first."})
