"""The fixed list of requests that are measured, and the goal of each.

Each request is in a group, and the goals are the group's. They are those of the project: they compare with the
reference or with another request of the same run, since machines differ; p50 and p99 are times until the answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, cycle
from urllib.parse import urlencode

import orjson

from bench.goals import Goal, Group, growth, p50, p99, to_first, to_reference
from bench.samples import Samples
from tracker.incidents.models import SORT_KEYS

FIRST_PAGE = Group("The first page", ((to_reference, Goal("answers/s, × reference", 0.6, at_least=True)),))
FLAT = ((growth, Goal("p50, × smallest", 2)),)
FILTERS = Group("Filters: severity, status, service", FLAT)
RANGES = Group("Filters: owner and time", ((growth, Goal("p50, × smallest", 4)),))
SORTS = Group("Sorts", FLAT)
CURSORS = Group("Pages by cursor", FLAT)
PAGES = Group("Pages by number", ((p50, Goal("p50 ms", 100)), (to_first, Goal("p50, × first page", 40))))
SEARCH = Group("Search", ((to_first, Goal("p50, × first page", 10)), (p99, Goal("p99 ms", 250))))
FACETS = Group("Facets", ((to_first, Goal("p50, × first page", 5)),))
OTHERS = Group("One incident, and services")
WRITES = Group("Writes", ((to_reference, Goal("answers/s, × reference", 0.5, at_least=True)),))
GROUPS = (FIRST_PAGE, FILTERS, RANGES, SORTS, CURSORS, PAGES, SEARCH, FACETS, OTHERS, WRITES)

PER_PAGE = 20
LIST, FACET_LIST = "/api/incidents", "/api/incidents/facets"
FIRST = "first page"
STATUSES = ("OPEN", "MITIGATED", "RESOLVED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One line of the benchmark.

    :param parameters: the query; a cursor is added where ``after_page`` says after which page it continues.
    :param variants: paths and bodies that are sent in turn, instead of ``path``. ``{n}`` in a body becomes another
        number each time.
    :param status: what a right answer has.
    :param reference: whether the reference answers it too.
    """

    name: str
    group: Group
    method: str = "GET"
    path: str = LIST
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    variants: Sequence[tuple[str, bytes]] = ()
    after_page: int | None = None
    status: int = 200
    reference: bool = False

    def targets(self) -> Sequence[tuple[str, bytes]]:
        """Paths, with their queries, and bodies, in the order in which they are sent."""
        return self.variants or [(f"{self.path}?{urlencode(self.parameters)}".rstrip("?"), b"")]


def requests_for(samples: Samples) -> list[Request]:
    """The list, with values that occur in the data. The names are the same whatever the data is."""
    return [
        Request(name=FIRST, group=FIRST_PAGE, reference=True),
        *_filters(samples),
        *_sorts(),
        *_pages(samples),
        *_searches(samples),
        *_facets(samples),
        *_others(samples),
        *_writes(samples),
    ]


def filter_values(samples: Samples) -> dict[str, str]:
    """A value for each filter."""
    return {
        "q": f"sev:1,2 -service:{samples.services[1]}",
        "search": samples.words["common"],
        "severity": "SEV2",
        "status": "OPEN",
        "service": samples.services[0],
        "owner": samples.owners[0],
        "created_from": samples.created["40 %"],
        "created_to": samples.created["60 %"],
        "updated_since": samples.updated["90 %"],
    }


def _filter_group(names: Sequence[str]) -> Group:
    if "search" in names:
        return SEARCH
    return FILTERS if {"q", "severity", "status", "service"}.issuperset(names) else RANGES


def _filters(samples: Samples) -> Iterator[Request]:
    values = filter_values(samples)
    for size in (1, 2):
        for names in combinations(values, size):
            chosen = {name: values[name] for name in names}
            yield Request(name=" + ".join(names), group=_filter_group(names), parameters=chosen)
    # What the values above do not show: many and few rows, several values, none, and narrow ranges.
    service, owner, absent = samples.services[0], samples.owners[0], "nobody-of-this-name"
    others: dict[str, dict[str, str]] = {
        "severity=SEV1": {"severity": "SEV1"},
        "two severities": {"severity": "SEV1,SEV2"},
        "status=RESOLVED": {"status": "RESOLVED"},
        "not resolved": {"status": "OPEN,MITIGATED"},
        "two services": {"service": ",".join(samples.services)},
        "service that is not there": {"service": absent},
        "severity + status + service": {"severity": "SEV3", "status": "RESOLVED", "service": service},
        "the triage screen": {"status": "OPEN,MITIGATED", "sort_by": "severity"},
        "resolved, by title": {"status": "RESOLVED", "sort_by": "title", "order": "asc"},
        "open, by last change": {"status": "OPEN", "sort_by": "updatedAt"},
        "SEV1, by service": {"severity": "SEV1", "sort_by": "service", "order": "asc"},
        "service, by severity": {"service": service, "sort_by": "severity"},
        "unassigned": {"owner": "none"},
        "unassigned and open": {"owner": "none", "status": "OPEN"},
        "two owners": {"owner": ",".join(samples.owners)},
        "owner or unassigned": {"owner": f"{owner},none"},
        "owner that is not there": {"owner": absent},
        "owner, by title": {"owner": owner, "sort_by": "title", "order": "asc"},
        "the oldest tenth": {"created_to": samples.created["10 %"]},
        "a thousandth in the middle": {
            "created_from": samples.created["50 %"],
            "created_to": samples.created["50.1 %"],
        },
        "a thousandth, by title": {
            "created_from": samples.created["50 %"],
            "created_to": samples.created["50.1 %"],
            "sort_by": "title",
        },
        "the latest changes": {"updated_since": samples.updated["99.9 %"]},
        "the latest changes, by severity": {"updated_since": samples.updated["99.9 %"], "sort_by": "severity"},
        "nothing so late": {"created_from": "2100-01-01T00:00:00Z"},
    }
    for name, chosen in others.items():
        filters = [each for each in chosen if each not in ("sort_by", "order")]
        yield Request(name=name, group=_filter_group(filters), parameters=chosen)


def _sorts() -> Iterator[Request]:
    for name in SORT_KEYS:
        for order in ("asc", "desc"):
            yield Request(name=f"by {name}, {order}", group=SORTS, parameters={"sort_by": name, "order": order})


def _pages(samples: Samples) -> Iterator[Request]:
    last = -(-samples.count // PER_PAGE)
    centre = last // 2
    service, owner = samples.services[0], samples.owners[0]
    by_title = {"sort_by": "title", "order": "asc"}
    continued: dict[str, tuple[dict[str, str], int]] = {
        **{f"by {name}, middle": ({"sort_by": name}, centre) for name in SORT_KEYS},
        "second": ({}, 1),
        "last": ({}, last - 1),
        "oldest first, second": ({"order": "asc"}, 1),
        "oldest first, last": ({"order": "asc"}, last - 1),
        "by title, last": (by_title, last - 1),
        "resolved, second": ({"status": "RESOLVED"}, 1),
        "severity and service, second": ({"severity": "SEV3", "service": service}, 1),
    }
    for name, (chosen, page) in continued.items():
        yield Request(name=f"cursor: {name}", group=CURSORS, parameters=chosen, after_page=page)
    numbered: dict[str, tuple[dict[str, str], int]] = {
        "second": ({}, 2),
        "middle": ({}, centre),
        "last": ({}, last),
        "past the end": ({}, last + 1),
        "100 each, last": ({"per_page": "100"}, -(-samples.count // 100)),
        "by title, middle": (by_title, centre),
        "by title, last": (by_title, last),
        "by severity, middle": ({"sort_by": "severity"}, centre),
        "by severity, last": ({"sort_by": "severity"}, last),
        "by owner, middle": ({"sort_by": "owner", "order": "asc"}, centre),
        "by owner, last": ({"sort_by": "owner", "order": "asc"}, last),
        "of a service, last": ({"service": service}, -(-samples.counts["service"] // PER_PAGE)),
        "of an owner, last": ({"owner": owner}, -(-samples.counts["owner"] // PER_PAGE)),
        "resolved, last": ({"status": "RESOLVED"}, -(-samples.counts["resolved"] // PER_PAGE)),
        "of a search, 400th": ({"search": samples.words["common"]}, 400),
    }
    for name, (chosen, page) in numbered.items():
        yield Request(name=f"page: {name}", group=PAGES, parameters={**chosen, "page": str(page)})


def _searches(samples: Samples) -> Iterator[Request]:
    for name, words in samples.words.items():
        yield Request(name=f"search: {name}", group=SEARCH, parameters={"search": words})
    common, rare = {"search": samples.words["common"]}, {"search": samples.words["rare"]}
    others: dict[str, dict[str, str]] = {
        "common, by title": {**common, "sort_by": "title", "order": "asc"},
        "common, by severity": {**common, "sort_by": "severity"},
        "common, oldest first": {**common, "order": "asc"},
        "common, open, unassigned": {**common, "status": "OPEN", "owner": "none"},
        "rare, by title": {**rare, "sort_by": "title"},
    }
    for name, chosen in others.items():
        yield Request(name=f"search: {name}", group=SEARCH, parameters=chosen)
    yield Request(name="search: common, by cursor", group=SEARCH, parameters=common, after_page=1)


def _facets(samples: Samples) -> Iterator[Request]:
    values = filter_values(samples)
    words = samples.words
    under = {
        "of everything": {},
        **{f"under {name}": {name: value} for name, value in values.items() if name != "search"},
        "under severity + status": {"severity": "SEV2", "status": "OPEN"},
        "under service + owner": {"service": values["service"], "owner": values["owner"]},
        "under all four": {name: values[name] for name in ("severity", "status", "service", "owner")},
        "under a thousandth": {"created_from": samples.created["50 %"], "created_to": samples.created["50.1 %"]},
        **{
            f"under search: {kind}": {"search": words[kind]}
            for kind in ("common", "rare", "absent", "two letters, common", "only in the oldest rows")
        },
        "under search + status": {"search": words["common"], "status": "OPEN"},
    }
    for name, chosen in under.items():
        yield Request(name=f"facets {name}", group=FACETS, path=FACET_LIST, parameters=chosen)


def _others(samples: Samples) -> Iterator[Request]:
    identifier, number, version = samples.newest
    address, unchanged = f"{LIST}/{identifier}", {"If-None-Match": f'"{version}"'}
    by_id = [(f"{LIST}/{each}", b"") for each in samples.ids]
    yield Request(name="read one", group=OTHERS, variants=by_id, reference=True)
    yield Request(name="read one, by number", group=OTHERS, path=f"{LIST}/INC-{number}")
    yield Request(name="read one, unchanged (304)", group=OTHERS, path=address, headers=unchanged, status=304)
    yield Request(name="history of one", group=OTHERS, path=f"{address}/events")
    yield Request(name="services", group=OTHERS, path="/api/services")


def _writes(samples: Samples) -> Iterator[Request]:
    created = [
        (LIST, orjson.dumps({**body, "status": "OPEN", "title": f"{body['title'][:200]} {{n}}"}))
        for body in samples.bodies
    ]
    updated = [
        (
            f"{LIST}/{each}",
            orjson.dumps({"status": status, "summary": f"**Seen again**, {{n}}: {body['summary'] or ''}"}),
        )
        # Each incident in turn, three times over, each time with another status.
        for shift in range(3)
        for each, body, status in zip(
            samples.ids, cycle(samples.bodies), cycle(STATUSES[shift:] + STATUSES[:shift]), strict=False
        )
    ]
    write = {"Content-Type": "application/json", "X-Actor": "benchmark"}
    yield Request(
        name="create", group=WRITES, method="POST", variants=created, headers=write, status=201, reference=True
    )
    yield Request(name="update", group=WRITES, method="PATCH", variants=updated, headers=write, reference=True)
