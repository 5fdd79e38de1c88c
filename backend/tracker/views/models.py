"""The views that everybody has, those that people save, and the order in which they want them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from tracker.extensions import Base
from tracker.wire import NAME_MAX

VIEW_NAME_MAX = 60
VIEWS_MAX = 50
"""Views that a person may save, or in open mode all of them together."""
EVERYBODY = ""
"""In place of a person in open mode, where everybody shares the views: nobody is called that."""
DENSITIES = ("compact", "standard", "comfortable")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A list under a name: which incidents, in which order, how densely.

    :param id: a word for a built-in view, a UUID for a saved one.
    :param q: which incidents, in the query language; ``me`` in it is whoever looks.
    :param density: None for the one that is set for all lists.
    """

    id: str
    name: str
    q: str
    sort_by: str = "severity"
    order: str = "desc"
    density: str | None = None
    built_in: bool = False


BUILT_IN = {
    view.id: view
    for view in (
        View(id="open", name="Open", q="status:open,mitigated", built_in=True),
        View(id="mine", name="Mine", q="status:open,mitigated owner:me", built_in=True),
        View(id="unassigned", name="Unassigned", q="status:open,mitigated owner:none", built_in=True),
        View(id="sev1-2", name="SEV1–2", q="status:open,mitigated sev:1,2", built_in=True),
        View(id="resolved", name="Resolved", q="status:resolved", sort_by="updatedAt", built_in=True),
        View(id="all", name="All", q="", sort_by="createdAt", built_in=True),
    )
}
"""Id -> view, in the order in which they come unless a person wants another."""
DEFAULT = "open"
"""The id of the view that is shown first, unless a person wants another."""


class SavedView(Base):
    """A view that somebody saved."""

    __tablename__ = "saved_views"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    person: Mapped[str] = mapped_column(String(NAME_MAX))
    name: Mapped[str] = mapped_column(String(VIEW_NAME_MAX))
    q: Mapped[str] = mapped_column(Text)
    sort_by: Mapped[str] = mapped_column(String(20))
    order: Mapped[str] = mapped_column(String(4))
    density: Mapped[str | None] = mapped_column(String(20))

    __table_args__ = (CheckConstraint("name <> ''", name="name_given"),)


# Writers go in turn and ask before they write, so that this is not met; it is what names are unique by all the same.
Index("uq_saved_views_person_name", SavedView.person, func.lower(SavedView.name), unique=True)


class Arrangement(Base):
    """How a person wants their views. Its row is what every write of the person's views locks.

    It may name views that are gone, and need not name new ones, so that neither making nor deleting one touches it.
    """

    __tablename__ = "view_arrangements"

    person: Mapped[str] = mapped_column(String(NAME_MAX), primary_key=True)
    ids: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'::text[]"))
    default_id: Mapped[str] = mapped_column(Text, server_default=text("'open'::text"))
