"""How frequent a search is: told by looking at a few hundred blocks of the table, before it is carried out.

Two plans answer a search. One walks along the order that is asked for until a page is full: quick where many incidents
match, hopeless where few do. The other gathers all that match by an index: the reverse. Neither PostgreSQL's statistics
nor any other kept figure knows how often two words, or a word and a severity, go together; a sample does.
"""

from dataclasses import dataclass
from math import log, sqrt

from tracker.database import reader
from tracker.incidents.filters import IncidentFilter, indexed, seen

COUNT_LIMIT = 10_000
"""Up to here counts are exact, whatever the filter."""
FEW = 5_000
"""Up to so many rows are looked at one by one, without a sample."""
BLOCKS = 300
"""Blocks of the table that a sample looks at, of some 14 incidents each."""

# The seed makes it the same blocks every time: they stay in memory, and equal requests go equal ways.
SAMPLED = f"""incidents TABLESAMPLE system (least(100, 100.0 * {BLOCKS}
    * current_setting('block_size')::int / greatest(1, pg_relation_size('incidents')))) REPEATABLE (1)"""
# How improbable it must be that a search is taken to be frequent and is not.
_DOUBT = log(1e9)
# A block may hold so many times more rows than the average one.
_UNEVEN = 1.5
# A word that is in no more of the incidents than this is one to look up in an index.
_SELECTIVE = 0.02


@dataclass(frozen=True, slots=True)
class Sample:
    """What was looked at, and what of it matches the filter.

    :param total: how many incidents there are.
    :param blocks, rows: looked at; ``matching_blocks``, ``matching_rows``: those with a match, and the matches.
    :param shares: for each word of the search, the share of the rows that have it.
    """

    total: int
    blocks: int
    rows: int
    matching_blocks: int
    matching_rows: int
    shares: tuple[float, ...]

    def certainly_more_than(self, limit: int) -> bool:
        """Whether more than ``limit`` incidents match, wrong once in a thousand million searches.

        The blocks were chosen by chance, the rows of one were not: neighbours are of one time, and alike. So the
        blocks are what is counted. If no more than ``limit`` match, then no more than ``limit`` blocks have a match,
        and their rows are those of ``limit / rows per block`` full ones; Bernstein's inequality says how many of
        either may be in the sample.
        """
        if not self.rows:
            return False
        in_block = self.rows / self.blocks
        blocks = self.total / in_block
        full = _UNEVEN * in_block
        return self.matching_blocks > self._most(limit / blocks) or (
            self.matching_rows / full > self._most(limit / full / blocks)
        )

    @property
    def scale(self) -> float:
        """How many incidents one of the sample stands for."""
        return self.total / self.rows

    def _most(self, share: float) -> float:
        """The most of the sampled blocks that could be of a kind of which the table has ``share``."""
        if share >= 1:
            return self.blocks
        variance = self.blocks * share * (1 - share)
        return self.blocks * share + _DOUBT / 3 + sqrt(_DOUBT**2 / 9 + 2 * _DOUBT * variance)

    def indexable(self, words: list[str]) -> list[str]:
        """The conditions for the words, by an index for those that are rare; for all where none is."""
        rare = [share <= _SELECTIVE for share in self.shares]
        return [
            indexed(index, word) if is_rare or not any(rare) else seen(index, word)
            for index, (word, is_rare) in enumerate(zip(words, rare, strict=True))
        ]


def take_sample(which: IncidentFilter) -> Sample:
    """Look at some blocks of the table; costs the same at every size."""
    words = [seen(index, word) for index, word in enumerate(which.words)]
    matches = " AND ".join(which.conditions()) or "true"
    of_words = ", ".join(f"count(*) FILTER (WHERE {word})" for word in words)
    ((total, blocks, rows, matching_blocks, matching_rows, counts),) = reader.rows(
        f"""
        SELECT (SELECT coalesce(sum(n), 0)::bigint FROM incident_counts),
            count(DISTINCT (ctid::text::point)[0]),
            count(*),
            count(DISTINCT (ctid::text::point)[0]) FILTER (WHERE {matches}),
            count(*) FILTER (WHERE {matches}),
            ARRAY[{of_words}]::bigint[]
        FROM {SAMPLED}
        """,
        which.parameters(),
    )
    shares = tuple(count / rows if rows else 0.0 for count in counts)
    return Sample(total, blocks, rows, matching_blocks, matching_rows, shares)
