"""The benchmark of streams follows every one of them, and takes nothing that is missing for speed."""

from pathlib import Path

import pytest

from bench import streams
from bench.programs import Program, ProgramError
from tests.serving import serving


def test_a_delay_ends_where_the_last_stream_has_the_change() -> None:
    each, until_all = streams.delays({"a": 1.0, "b": 2.0}, {"a": [1.25, 1.5], "b": [2.5, 2.0], "c": [9.0]}, 2)
    assert each == [250, 500, 500, 0]
    assert until_all == [500, 500]
    assert streams.percentile([3, 1, 2], 0.5) == 2
    assert streams.percentile([float(number) for number in range(100)], 0.95) == 94


@pytest.mark.parametrize("came", [{}, {"a": [1.5]}, {"a": [1.5, 1.5, 1.5]}])
def test_a_change_that_is_missed_or_comes_twice_is_no_measurement(came: dict[str, list[float]]) -> None:
    with pytest.raises(ProgramError, match=r"came \d times to 2 streams"):
        streams.delays({"a": 1.0}, came, 2)


def test_the_real_program_is_followed(tmp_path: Path, empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "COUNTS", (1, 5))
    monkeypatch.setattr(streams, "CHANGES", 3)
    with serving(tmp_path, DATABASE_URL=empty_database, STREAMS=5) as server:
        server.create("Followed")
        program = Program(server.process, server.port)
        reading = streams.latency(program, streams.Writer(program))
        assert reading.figures.startswith("1: p50 ")
        assert "; 5: p50 " in reading.figures
        [verdict] = reading.verdicts
        assert verdict.value is not None
        assert 0 < verdict.value < 5000
        with pytest.raises(ProgramError, match="6 streams cannot be opened"):
            streams.Listeners(program.port, 6)
