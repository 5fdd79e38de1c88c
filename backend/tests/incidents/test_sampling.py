"""That a search is only taken to be frequent when it is, however its matches lie in the table."""

from random import Random

import pytest

from tracker.incidents.sampling import BLOCKS, Sample

IN_BLOCK = 14


def sample_of(matches: list[int], chance: Random) -> Sample:
    """What a sample of a table sees whose blocks have so many matches each."""
    looked_at = [count for count in matches if chance.random() < BLOCKS / len(matches)]
    return Sample(
        total=IN_BLOCK * len(matches),
        blocks=len(matches),
        rows=IN_BLOCK * len(looked_at),
        matching_rows=sum(looked_at),
        matching_blocks=sum(1 for count in looked_at if count),
        shares=(),
    )


@pytest.mark.parametrize("blocks", [800, 7_200, 72_000])
@pytest.mark.parametrize("in_each", [1, 3, IN_BLOCK])
def test_as_many_as_the_limit_are_never_taken_for_more(blocks: int, in_each: int) -> None:
    limit = 10_000
    full = min(blocks, limit // in_each)
    matches = [in_each] * full + [0] * (blocks - full)
    chance = Random(7)
    assert not any(sample_of(matches, chance).certainly_more_than(limit) for _ in range(60))


@pytest.mark.parametrize(("blocks", "share"), [(7_200, 0.5), (72_000, 0.04), (720_000, 0.01)])
def test_what_is_frequent_is_found_to_be(blocks: int, share: float) -> None:
    chance = Random(7)
    matches = [sum(chance.random() < share for _ in range(IN_BLOCK)) for _ in range(blocks)]
    found = [sample_of(matches, chance).certainly_more_than(10_000) for _ in range(20)]
    assert sum(found) >= 18


def test_nothing_is_certain_of_an_empty_table() -> None:
    assert not Sample(0, 0, 0, 0, 0, ()).certainly_more_than(0)
