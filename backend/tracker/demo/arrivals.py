"""When incidents are opened: more by day than by night, fewer at the weekend, never two at once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_IN_UTC = EPOCH.replace(tzinfo=None)
SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND

# How busy an hour of the day (UTC) is, relative to the others.
_BY_HOUR = (3, 3, 2, 2, 3, 4, 7, 11, 15, 17, 16, 14, 13, 16, 17, 16, 13, 10, 8, 7, 6, 5, 4, 4)
_WEEKEND = 0.4


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970; integers are what the generator reckons in, since they are exact and cheap."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def timestamp(moment: int) -> datetime:
    """The datetime, in UTC, of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=moment)


def written(moment: int) -> str:
    """The RFC 3339 text, in UTC, of microseconds since 1970."""
    # Two thirds of the time that a datetime with a time zone takes.
    return (_EPOCH_IN_UTC + timedelta(0, 0, moment)).isoformat() + "+00:00"


def span(count: int) -> int:
    """Over how many microseconds ``count`` incidents are spread: 90 days, and up to 3 years for very many."""
    days = 90.0 if count <= 2_000 else min(3 * 365.0, 90 * (count / 2_000) ** 0.4)
    return int(days * DAY)


def arrivals(count: int, start: int, end: int, random: Random) -> Iterator[int]:
    """``count`` moments between ``start`` and ``end`` in strictly rising order, in microseconds since 1970.

    They are the order statistics of a uniform sample, drawn one after the other and mapped onto the hours by how
    busy these are; thus nothing has to be kept or sorted.
    """
    if count == 0:
        return
    width = (end - start) / max(1, round((end - start) / HOUR))
    total = sum(_busyness(start, hour, width) for hour in range(round((end - start) / width)))
    hour, passed, weight = 0, 0.0, _busyness(start, 0, width)
    position, previous = 0.0, start
    for left in range(count, 0, -1):
        position = 1 - (1 - position) * (1 - random.random()) ** (1 / left)
        target = position * total
        while target > passed + weight and start + (hour + 1) * width < end:
            passed += weight
            hour += 1
            weight = _busyness(start, hour, width)
        previous = max(previous + 1, start + int((hour + min(1.0, (target - passed) / weight)) * width))
        yield previous


def _busyness(start: int, hour: int, width: float) -> float:
    moment = int(start + hour * width)
    # 1 January 1970 was a Thursday.
    weekday = (moment // DAY + 3) % 7
    return _BY_HOUR[moment // HOUR % 24] * (_WEEKEND if weekday >= 5 else 1.0)
