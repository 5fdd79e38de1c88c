"""Reading a person's views, and counting what they show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tracker.database import reader
from tracker.ids import parse_reference
from tracker.problems import NotFound
from tracker.views.models import BUILT_IN, DEFAULT, View

Run = Callable[[str, Mapping[str, Any]], Sequence[Sequence[Any]]]
"""Carries out a statement and gives its rows."""

_VIEWS = """
    SELECT arrangement.ids, arrangement.default_id,
        saved.id::text, saved.name, saved.q, saved.sort_by, saved."order", saved.density
    FROM (SELECT %(person)s::text AS person) AS asked
    LEFT JOIN view_arrangements AS arrangement USING (person)
    LEFT JOIN saved_views AS saved USING (person)
    ORDER BY saved.id
"""


@dataclass(frozen=True, slots=True)
class PersonViews:
    """The views of a person.

    :param views: by id, in the order that the person wants.
    :param default: the id of the one that is shown first.
    """

    views: dict[str, View]
    default: str

    def find(self, reference: str) -> View:
        """The view that a path names.

        :raises NotFound: where the person has none of that name.
        """
        parsed = parse_reference(reference)
        view = self.views.get(str(parsed) if isinstance(parsed, UUID) else reference)
        if view is None:
            raise NotFound(f"There is no such view. There are: {', '.join(BUILT_IN)}, and those that were saved.")
        return view


def read_views(person: str, run: Run = reader.prepared) -> PersonViews:
    """The views of a person, built-in ones included; those that were never put into an order come last."""
    rows = run(_VIEWS, {"person": person})
    ids, default = rows[0][:2]
    saved = [
        View(id=identifier, name=name, q=q, sort_by=sort_by, order=order, density=density)
        for _, _, identifier, name, q, sort_by, order, density in rows
        if identifier is not None
    ]
    known = BUILT_IN | {view.id: view for view in saved}
    arranged = [identifier for identifier in ids or () if identifier in known]
    views = {identifier: known[identifier] for identifier in [*arranged, *known]}
    return PersonViews(views, default if default in known else DEFAULT)
