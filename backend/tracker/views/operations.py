"""Writes of views. Those of one person go in turn: each first locks the row that says how the person wants them.

In open mode the person is everybody (``EVERYBODY``), here and in :mod:`tracker.views.queries`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from tracker.extensions import db
from tracker.ids import new_id
from tracker.problems import BuiltIn, Conflict, Invalid
from tracker.views.models import BUILT_IN, VIEWS_MAX, View
from tracker.views.queries import PersonViews, read_views
from tracker.wire import excerpt

_LOCK = """
    INSERT INTO view_arrangements (person) VALUES (%(person)s)
    ON CONFLICT (person) DO UPDATE SET person = excluded.person
"""
_IS_TAKEN = """
    SELECT lower(%(name)s) IN (
        SELECT lower(name) FROM saved_views WHERE person = %(person)s AND id <> %(id)s
        UNION ALL SELECT lower(unnest(%(built_in)s::text[]))
    )
"""
_INSERT = """
    INSERT INTO saved_views (id, person, name, q, sort_by, "order", density)
    VALUES (%(id)s, %(person)s, %(name)s, %(q)s, %(sort_by)s, %(order)s, %(density)s)
"""
_UPDATE = """
    UPDATE saved_views SET name = %(name)s, q = %(q)s, sort_by = %(sort_by)s, "order" = %(order)s,
        density = %(density)s
    WHERE id = %(id)s
"""
_DELETE = "DELETE FROM saved_views WHERE id = %(id)s"
_ARRANGE = "UPDATE view_arrangements SET ids = %(ids)s, default_id = %(default)s WHERE person = %(person)s"


def create_view(*, name: str, q: str, sort_by: str, order: str, density: str | None = None, person: str) -> View:
    """Save a view; it comes last among the person's.

    :param q: in the query language, already checked.
    :raises Invalid: where the person has a view of that name.
    :raises Conflict: where the person has as many as one may have.
    """
    views = _locked(person).views
    if len(views) - len(BUILT_IN) >= VIEWS_MAX:
        raise Conflict(f"There are {VIEWS_MAX} saved views, which is as many as there may be. Delete one first.")
    view = View(id=str(new_id()), name=name, q=q, sort_by=sort_by, order=order, density=density)
    _check_name(view, person)
    _write(_INSERT, asdict(view) | {"person": person})
    return view


def update_view(reference: str, *, fields: Mapping[str, Any], person: str) -> View:
    """Change the given fields of a view.

    :param fields: attribute -> new value, already validated.
    :raises NotFound: where the person has no such view.
    :raises BuiltIn: where everybody has it.
    :raises Invalid: where the person has another view of that name.
    """
    view = replace(_locked_one(reference, person), **fields)
    _check_name(view, person)
    _write(_UPDATE, asdict(view))
    return view


def delete_view(reference: str, *, person: str) -> None:
    """Delete a view. If it was the one that is shown first, that is the built-in one again.

    :raises NotFound: where the person has no such view.
    :raises BuiltIn: where everybody has it.
    """
    _write(_DELETE, {"id": _locked_one(reference, person).id})


def arrange_views(*, order: Sequence[str] | None = None, default: str | None = None, person: str) -> PersonViews:
    """Put all views of a person into an order, or say which is shown first, or both.

    :param order: their ids.
    :raises Invalid: where the order does not name every view once, or the default is none of them.
    """
    current = _locked(person)
    # There may be more than may be saved, since migration 0006 made one set of many.
    most = max(len(BUILT_IN) + VIEWS_MAX, len(current.views))
    if order is not None and len(order) > most:
        raise Invalid({"order": [f"Must name at most {most} views, but names {len(order):,}."]})
    ids = list(current.views) if order is None else list(order)
    chosen = current.default if default is None else default
    errors = {"order": _mistakes(ids, current.views)} | {
        "default": [] if chosen in current.views else [f"There is no view {_shown(chosen)}."]
    }
    if any(errors.values()):
        raise Invalid({name: messages for name, messages in errors.items() if messages})
    _write(_ARRANGE, {"ids": ids, "default": chosen, "person": person})
    return PersonViews({identifier: current.views[identifier] for identifier in ids}, chosen)


def _mistakes(ids: Sequence[str], views: Mapping[str, View]) -> list[str]:
    """What keeps these ids from naming every view once."""
    unknown = [identifier for identifier in dict.fromkeys(ids) if identifier not in views]
    twice = [identifier for identifier in dict.fromkeys(ids) if ids.count(identifier) > 1 and identifier in views]
    missing = [identifier for identifier in views if identifier not in ids]
    found = {"There is no view": unknown, "Named twice:": twice, "Missing:": missing}
    return [f"{what} {', '.join(map(_shown, named))}." for what, named in found.items() if named]


def _shown(identifier: str) -> str:
    return repr(excerpt(identifier))


def _locked(person: str) -> PersonViews:
    """The views of a person, which stay as they are until the transaction ends."""
    _write(_LOCK, {"person": person})
    return read_views(person, run=_rows)


def _locked_one(reference: str, person: str) -> View:
    """The view that a path names.

    :raises NotFound: where the person has no such view.
    :raises BuiltIn: where everybody has it.
    """
    view = _locked(person).find(reference)
    if view.built_in:
        raise BuiltIn(f"{view.name} is built in: it can be put elsewhere, but neither changed nor deleted.")
    return view


def _check_name(view: View, person: str) -> None:
    """Refuse a name that the person sees already, letter case aside as PostgreSQL has it.

    :raises Invalid: where it is.
    """
    others = [other.name for other in BUILT_IN.values()]
    ((taken,),) = _rows(_IS_TAKEN, {"person": person, "id": view.id, "name": view.name, "built_in": others})
    if taken:
        raise Invalid({"name": ["There is a view of this name already."]})


def _rows(sql: str, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    return db.session.connection().exec_driver_sql(sql, dict(parameters)).all()


def _write(sql: str, parameters: Mapping[str, Any]) -> None:
    db.session.connection().exec_driver_sql(sql, dict(parameters))
