"""Which incidents are still unresolved, so that the first look at the tracker is a believable morning."""

from collections.abc import Iterator
from typing import NamedTuple

from tracker.demo.arrivals import HOUR, MINUTE, span

# The latest incidents of a normal installation: age in minutes, severity, status. Written by hand, since this is
# what the triage screen opens with: something burning, something past its target, something just in.
_LATEST = (
    (1_712, 3, "OPEN"),
    (1_489, 4, "RESOLVED"),
    (1_331, 3, "OPEN"),
    (1_106, 2, "MITIGATED"),
    (863, 4, "OPEN"),
    (654, 3, "OPEN"),
    (431, 2, "OPEN"),
    (307, 3, "RESOLVED"),
    (214, 3, "OPEN"),
    (172, 2, "OPEN"),
    (97, 1, "OPEN"),
    (59, 3, "OPEN"),
    (34, 2, "OPEN"),
    (21, 1, "OPEN"),
    (12, 4, "OPEN"),
    (5, 3, "OPEN"),
)
# The window of time that they take; all other incidents are older.
_WINDOW = 30 * HOUR
_NORMAL = 200


class Latest(NamedTuple):
    """An incident of the last hours: its age in microseconds, its severity (1 to 4) and its status."""

    age: int
    severity: int
    status: str


def latest(count: int) -> tuple[int, list[Latest]]:
    """The incidents that end the history of ``count``, oldest first, and the window in microseconds they take.

    With very many incidents a day the window shrinks, so that the last hours are as busy as those before.
    """
    scale = min(1.0, (span(count) / count) / (span(_NORMAL) / _NORMAL))
    few = min(len(_LATEST), count // 5)
    return int(_WINDOW * scale), [
        Latest(int(age * MINUTE * scale), severity, status) for age, severity, status in _LATEST[len(_LATEST) - few :]
    ]


def lingering(count: int) -> Iterator[tuple[int, str]]:
    """Positions, counted from the newest (0) backwards, of older incidents that are unresolved, with their status.

    They are dense among the recent ones and thin out with age. Of ``count``, 13 % linger, but never more than 2,600:
    a team that has had a million incidents has not left 130,000 of them open.
    """
    total = min(round(count * 0.13), 2_600)
    position = -1
    for number in range(total):
        position = max(position + 1, 3 * number * number // total)
        yield position, "MITIGATED" if number * 5 % 13 < 5 else "OPEN"
