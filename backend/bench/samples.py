"""Values for the requests, chosen from the data by how often they occur; the same data gives the same ones."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

from sqlalchemy import Connection, text

from bench.databases import MARKED_LETTER, MARKED_PAIR, MARKED_WORD, pattern

ABSENT_LETTER, ABSENT_PAIR, ABSENT_WORD = "þ", "ŵj", "xqzvjkwp"
INCIDENTS_USED = 500
"""So many incidents are read and changed in turn."""
ROWS_READ = 5_000
"""From the texts of so many incidents, spread evenly, the words are chosen."""
_WORD = re.compile(r"[^\W_]{3,}")
_TRIGRAM = re.compile(r"(?=([a-z]{3}))")


class SampleError(Exception):
    """The data does not have what is to be searched for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What the requests are made of.

    :param count: how many incidents there are.
    :param counts: how many the first service and the first owner have, and how many are resolved.
    :param created, updated: share of the incidents -> the moment before which they were created or changed.
    :param ids: of incidents, spread evenly.
    :param newest: the id, the number and the version of the newest incident.
    :param words: kind -> search text.
    :param bodies: title, service, severity, owner and summary of incidents.
    """

    count: int
    services: tuple[str, ...]
    owners: tuple[str, ...]
    counts: Mapping[str, int]
    created: Mapping[str, str]
    updated: Mapping[str, str]
    ids: tuple[str, ...]
    newest: tuple[str, int, int]
    words: Mapping[str, str]
    bodies: tuple[dict[str, Any], ...]


def choose(connection: Connection) -> Samples:
    """The values for one database.

    :raises SampleError: where it has no word that is as frequent as it should be.
    """
    count = _number(connection, "SELECT count(*) FROM incidents")
    services, owners = _usual(connection, "service"), _usual(connection, "owner")
    step = max(1, count // INCIDENTS_USED)
    spread = text(
        "SELECT id, title, service, severity, owner, summary FROM incidents WHERE number % :step = 0 ORDER BY number"
    )
    chosen = connection.execute(spread, {"step": step}).mappings().all()
    newest = connection.execute(
        text("SELECT id, number, version FROM incidents ORDER BY created_at DESC LIMIT 1")
    ).one()
    return Samples(
        count=count,
        services=services,
        owners=owners,
        counts={
            "service": _number(connection, "SELECT count(*) FROM incidents WHERE service = :name", name=services[0]),
            "owner": _number(connection, "SELECT count(*) FROM incidents WHERE owner = :name", name=owners[0]),
            "resolved": _number(connection, "SELECT count(*) FROM incidents WHERE status = 'RESOLVED'"),
        },
        created=_moments(connection, "created_at", count, 10, 40, 50, 50.1, 60),
        updated=_moments(connection, "updated_at", count, 90, 99.9),
        ids=tuple(str(row["id"]) for row in chosen),
        newest=(str(newest.id), newest.number, newest.version),
        words=_words(connection, count),
        bodies=tuple({name: value for name, value in row.items() if name != "id"} for row in chosen[:50]),
    )


def _usual(connection: Connection, column: str) -> tuple[str, str]:
    """Two values of the column that are neither the most frequent nor the rarest."""
    query = f"SELECT {column} FROM incidents WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1"
    values = connection.execute(text(query)).scalars().all()
    centre = len(values) // 2
    return values[centre], values[centre - 1]


def _moments(connection: Connection, column: str, count: int, *percentages: float) -> dict[str, str]:
    query = text(f"SELECT {column} FROM incidents ORDER BY {column} OFFSET :skipped LIMIT 1")
    moments = {}
    for percentage in percentages:
        moment: datetime = connection.execute(query, {"skipped": int(count * percentage / 100)}).scalar_one()
        moments[f"{percentage:g} %"] = moment.astimezone(UTC).isoformat()
    return moments


def _words(connection: Connection, count: int) -> dict[str, str]:
    rows = connection.execute(
        text("SELECT search_text FROM incidents WHERE number % :step = 0 ORDER BY number"),
        {"step": max(1, count // ROWS_READ)},
    )
    texts = rows.scalars().all()
    holding: dict[str, set[int]] = {}
    for position, each in enumerate(texts):
        for word in _WORD.findall(each):
            holding.setdefault(word, set()).add(position)
    share = {word: len(rows) / len(texts) for word, rows in holding.items()}
    common = max(share, key=lambda word: share[word])
    frequent = [word for word in share if share[word] >= 0.03]
    companion = max(
        (word for word in frequent if common not in word), key=lambda word: len(holding[word] & holding[common])
    )
    seldom = _pair_that_seldom_meets(connection, holding, frequent)
    pairs = Counter(pair for each in texts for pair in set(re.findall(r"(?=([a-z]{2}))", each)))
    words = {
        "common": common,
        "in 1 %": _nearest(share, 0.01),
        "in 0.1 %": _nearest(share, 0.001),
        "rare": _rare(connection, share),
        "only in the oldest rows": MARKED_WORD,
        "two common": f"{common} {companion}",
        "two common that seldom meet": seldom,
        "absent": ABSENT_WORD,
        "absent, of common trigrams": _trap(connection, texts),
        "one letter, common": "e",
        "one letter, rare": MARKED_LETTER,
        "one letter, absent": ABSENT_LETTER,
        "two letters, common": pairs.most_common(1)[0][0],
        "two letters, rare": MARKED_PAIR,
        "two letters, absent": ABSENT_PAIR,
        "common and one letter": f"{common} e",
        "two single letters": "e a",
        "%": "%",
        "_": "_",
        "100%": "100%",
        "_id": "_id",
        "straße": "straße",
        "NGUYỄN": "NGUYỄN",
        "Ωmega": "Ωmega",
        "a number": f"INC-{count // 2}",
    }  # fmt: skip
    _verify(connection, words, count)
    return words


def _nearest(share: Mapping[str, float], wanted: float) -> str:
    return min(share, key=lambda word: abs(share[word] - wanted))


def _rare(connection: Connection, share: Mapping[str, float]) -> str:
    """A word of a single sampled row that at most 20 of all have."""
    least = min(share.values())
    for word in sorted((word for word in share if share[word] == least), key=lambda word: (-len(word), word)):
        if _matches(connection, word) <= 20:
            return word
    raise SampleError("No word occurs in 20 incidents or fewer.")


def _pair_that_seldom_meets(connection: Connection, holding: Mapping[str, set[int]], frequent: Iterable[str]) -> str:
    """Two words that are each frequent, and both in few incidents."""
    meetings = {pair: len(holding[pair[0]] & holding[pair[1]]) for pair in combinations(frequent, 2)}
    candidates: list[tuple[str, str]] = sorted(meetings, key=lambda pair: (meetings[pair], pair))[:20]
    together = {pair: found for pair in candidates if (found := _matches(connection, *pair))}
    # In a small database there may be none that meet, and then those that just do not.
    return " ".join(min(together or candidates, key=lambda pair: together.get(pair, 0)))


def _trap(connection: Connection, texts: Iterable[str]) -> str:
    """A word that no incident has, though each three letters of it are in many: the index cannot tell."""
    frequency = Counter(trigram for each in texts for trigram in set(_TRIGRAM.findall(each)))
    ranked = [trigram for trigram, _ in sorted(frequency.items(), key=lambda item: (-item[1], item[0]))]
    for word in _chained(ranked[0], ranked):
        if not _matches(connection, word):
            return word
    raise SampleError("Every chain of frequent letters occurs.")


def _chained(word: str, trigrams: list[str]) -> Iterator[str]:
    """Words of twelve letters that begin with ``word`` and have only these trigrams, none of them twice."""
    if len(word) == 12:
        yield word
        return
    for trigram in trigrams:
        if trigram[:2] == word[-2:] and trigram not in word:
            yield from _chained(word + trigram[2], trigrams)


def _verify(connection: Connection, words: Mapping[str, str], count: int) -> None:
    """Refuse data in which a word is not as frequent as its name says."""
    for kind, low, high in (
        ("common", 0.1 * count, count),
        ("rare", 1, 20),
        ("only in the oldest rows", 1, 20),
        ("absent", 0, 0),
        ("one letter, rare", 1, 20),
        ("one letter, absent", 0, 0),
        ("two letters, rare", 1, 20),
        ("two letters, absent", 0, 0),
        ("two letters, common", 0.1 * count, count),
        ("100%", 1, count),
        ("straße", 1, count),
        ("NGUYỄN", 1, count),
    ):
        found = _matches(connection, words[kind])
        if not low <= found <= high:
            raise SampleError(f"{words[kind]!r} ({kind}) is in {found:,} incidents of {count:,}.")


def _matches(connection: Connection, *words: str) -> int:
    conditions = " AND ".join(f"search_text LIKE lower(:word{position})" for position in range(len(words)))
    values = {f"word{position}": pattern(word) for position, word in enumerate(words)}
    return _number(connection, f"SELECT count(*) FROM incidents WHERE {conditions}", **values)


def _number(connection: Connection, query: str, **values: Any) -> int:
    return int(connection.execute(text(query), values).scalar_one())
