"""Counts by severity, status, service and owner: kept ones where they are known, counted, or estimated."""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tracker.database import reader
from tracker.incidents.filters import FACETS, TYPES, IncidentFilter, where
from tracker.incidents.models import Severity, Status
from tracker.incidents.sampling import COUNT_LIMIT, FEW, SAMPLED, take_sample

FACET_VALUES = 50

Counts = Mapping[str | None, int]
_Group = tuple[dict[str, str | None], int]


def count_facets(which: IncidentFilter) -> dict[str, Any]:
    """Counts by severity, status, service and owner, each under all the other filters.

    The facets whose larger counts are estimates are listed under ``estimated``: with a search or a range of times that
    matches more than 10,000, counting would look at every one of them.
    """
    kept = _kept(which)
    if which.tallied:
        return _answer(kept, [])
    # Where other facets let few through, these are looked at.
    counts = {
        facet: _counted(facet, others.conditions_on_few(), which)
        for facet in FACETS
        if (others := which.without(facet)).chosen() and sum(kept[facet].values()) <= FEW
    }
    rest = [facet for facet in FACETS if facet not in counts]
    estimated: list[str] = []
    if rest:
        base = which.without(*FACETS)
        sample = take_sample(base)
        if sample.certainly_more_than(COUNT_LIMIT):
            estimated = rest
            groups = _groups(SAMPLED, base.conditions(), base)
            whole = _kept(IncidentFilter())
            counts |= {
                facet: _estimated(facet, which, kept[facet], _fewest(whole[facet]), groups, sample.scale)
                for facet in rest
            }
        else:
            groups = _groups("incidents", base.conditions(words=sample.indexable(base.words)), base)
            counts |= {facet: _summed(facet, which, groups) for facet in rest}
    return _answer(counts, estimated)


def _kept(which: IncidentFilter) -> dict[str, Counts]:
    """The kept counts of each facet under the other facets."""
    parts = []
    for facet in FACETS:
        others = which.without(facet)
        parts.append(
            f"SELECT '{facet}', {facet}::text, sum(n)::bigint FROM {others.counts(facet)}"
            f" {where(others.tally_conditions())} GROUP BY {facet} HAVING sum(n) > 0"
        )
    counts: dict[str, dict[str | None, int]] = {facet: {} for facet in FACETS}
    run = reader.rows if which.chosen() else reader.prepared
    for facet, value, count in run(" UNION ALL ".join(parts), which.parameters()):
        # No owner is kept as the empty name.
        counts[facet][value or None] = count
    return dict(counts)


def _counted(facet: str, conditions: list[str], which: IncidentFilter, more: dict[str, Any] | None = None) -> Counts:
    sql = f"SELECT {facet}::text, count(*) FROM incidents {where(conditions)} GROUP BY {facet}"
    return dict(reader.rows(sql, which.parameters() | (more or {})))


def _groups(source: str, conditions: list[str], which: IncidentFilter) -> list[_Group]:
    """How many incidents there are of each combination of the facets."""
    columns = ", ".join(FACETS)
    rows = reader.rows(
        f"SELECT {columns}, count(*) FROM {source} {where(conditions)} GROUP BY {columns}",
        which.parameters(),
    )
    return [(dict(zip(FACETS, values, strict=True)), count) for *values, count in rows]


def _summed(facet: str, which: IncidentFilter, groups: list[_Group]) -> Counts:
    """The groups that the other facets let through, by this facet."""
    others = which.without(facet)
    chosen = others.chosen()
    counts: Counter[str | None] = Counter()
    for values, count in groups:
        if all(others.lets(other, values[other]) for other in chosen):
            counts[values[facet]] += count
    return counts


def _estimated(
    facet: str, which: IncidentFilter, kept: Counts, few: list[str], groups: list[_Group], scale: float
) -> Counts:
    """Counts of a sample, scaled to the whole.

    :param kept: how many there are at most.
    :param few: the values that are counted instead.
    """
    conditions = [*which.without(facet).conditions(), f"{facet} = ANY(%(few)s::{TYPES[facet]}[])"]
    exact = _counted(facet, conditions, which, {"few": few}) if few else {}
    sampled = _summed(facet, which, groups)
    return {
        value: exact.get(value, 0) if value in few else min(most, _two_digits(sampled.get(value, 0) * scale))
        for value, most in kept.items()
    }


def _fewest(kept: Counts) -> list[str]:
    """The values of which there are fewest, as many as are quickly counted."""
    few: list[str] = []
    total = 0
    for value, most in sorted(kept.items(), key=lambda item: item[1]):
        total += most
        if total > FEW:
            break
        if value is not None:
            few.append(value)
    return few


def _two_digits(number: float) -> int:
    """Rounded to the precision that an estimate has."""
    return int(float(f"{number:.1e}"))


def _answer(counts: Mapping[str, Counts], estimated: list[str]) -> dict[str, Any]:
    return {
        "severity": _all_values(Severity, counts["severity"]),
        "status": _all_values(Status, counts["status"]),
        "service": _largest(counts["service"]),
        "owner": _largest(counts["owner"]),
        "estimated": estimated,
    }


def _all_values(kind: type[StrEnum], counts: Counts) -> list[dict[str, Any]]:
    return [{"value": value, "count": counts.get(value, 0)} for value in kind]


def _largest(counts: Counts) -> list[dict[str, Any]]:
    ranked = sorted((item for item in counts.items() if item[1]), key=lambda item: (-item[1], item[0] or ""))
    return [{"value": value, "count": count} for value, count in ranked[:FACET_VALUES]]
