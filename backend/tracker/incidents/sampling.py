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
# With fewer matches than this in the sample, no number of blocks proves anything.
_FEWEST = int(2 * _DOUBT / 3)
# A word that is in no more of the incidents than this is one to look up in an index.
_SELECTIVE = 0.02


@dataclass(frozen=True, slots=True)
class Sample:
    """What was looked at, and what of it matches the filter.

    :param total: how many incidents there are, in so many ``blocks`` of the table.
    :param rows: looked at; ``matching_rows`` of them match, and lie in ``matching_blocks``, which is 0 where that was
        not asked.
    :param shares: for each word of the search, the share of the rows that have it.
    """

    total: int
    blocks: int
    rows: int
    matching_rows: int
    matching_blocks: int
    shares: tuple[float, ...]

    def certainly_more_than(self, limit: int) -> bool:
        """Whether more than ``limit`` incidents match, wrong once in a thousand million searches.

        The blocks were chosen by chance, each for itself; the rows of one were not: neighbours are of one time, and
        alike. So blocks are what is reckoned with. If no more than ``limit`` match, then no more than ``limit``
        blocks have a match, and all matches have room in ``limit / rows per block`` full ones; Bernstein's inequality
        says how many of either may be in the sample.
        """
        if not self.rows:
            return False
        full = _UNEVEN * self.total / self.blocks
        return self.matching_rows / full > self._most(limit / full) or self.matching_blocks > self._most(limit)

    @property
    def scale(self) -> float:
        """How many incidents one of the sample stands for."""
        return self.total / self.rows

    @property
    def estimate(self) -> int:
        """How many incidents match, about."""
        return round(self.matching_rows * self.scale) if self.rows else 0

    def _most(self, blocks: float) -> float:
        """How many of so many blocks of the table may be in the sample, at the very most."""
        chance = min(1.0, BLOCKS / self.blocks)
        expected = chance * min(blocks, self.blocks)
        return expected + _DOUBT / 3 + sqrt(_DOUBT**2 / 9 + 2 * _DOUBT * expected * (1 - chance))

    def indexable(self, words: list[str]) -> list[str]:
        """The conditions for the words, by an index for those that are rare; for all where none is."""
        rare = [share <= _SELECTIVE for share in self.shares]
        return [
            indexed(index, word) if is_rare or not any(rare) else seen(index, word)
            for index, (word, is_rare) in enumerate(zip(words, rare, strict=True))
        ]


def take_sample(which: IncidentFilter) -> Sample:
    """Look at some blocks of the table; costs the same at every size."""
    matches = " AND ".join(which.conditions()) or "true"
    of_words = ", ".join(f"count(*) FILTER (WHERE {seen(index, word)})" for index, word in enumerate(which.words))
    # In which blocks the matches lie takes long to find out, and only decides where they are neither few nor many.
    ((*counts, of_words),) = reader.rows(
        f"""
        SELECT (SELECT coalesce(sum(n), 0)::bigint FROM incident_counts),
            pg_relation_size('incidents') / current_setting('block_size')::int,
            count(*),
            count(*) FILTER (WHERE {matches}),
            CASE WHEN count(*) FILTER (WHERE {matches}) BETWEEN {_FEWEST} AND count(*) / 5 THEN
                (SELECT count(DISTINCT (ctid::text::point)[0]) FROM {SAMPLED} WHERE {matches})
            ELSE 0 END,
            ARRAY[{of_words}]::bigint[]
        FROM {SAMPLED}
        """,
        which.parameters(),
    )
    total, blocks, rows, matching_rows, matching_blocks = counts
    shares = tuple(count / rows if rows else 0.0 for count in of_words)
    return Sample(total, blocks, rows, matching_rows, matching_blocks, shares)
