"""Believable incidents with their histories: the same ones for the same seed and time, one at a time."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from random import Random

from tracker.demo.arrivals import DAY, HOUR, MINUTE, arrivals, microseconds, span, timestamp
from tracker.demo.backlog import latest, lingering
from tracker.demo.discussion import Discussion
from tracker.demo.history import DemoIncident, History
from tracker.demo.services import ALERTING
from tracker.demo.story import Draw, Facts, Story, stories

SEED = 2_059

# How many of 100 incidents have a severity.
_SHARES = (1,) * 5 + (2,) * 18 + (3,) * 45 + (4,) * 32
# The median time to resolve, in minutes, and how widely it varies (sigma of the log-normal distribution).
_LIFETIME = {1: (85, 0.7), 2: (290, 0.8), 3: (1_500, 0.9), 4: (5_200, 1.0)}
# So many lifetimes are drawn beforehand, since drawing one is slow.
_LIFETIMES = 4_093
# How many are mitigated before they are resolved; what is minor is often just fixed.
_MITIGATED_FIRST = {1: 0.95, 2: 0.8, 3: 0.4, 4: 0.1}
_UNOWNED = {1: 0.1, 2: 0.3, 3: 0.45, 4: 0.5}
# Up to here a resolved incident has a report of a few lines, above it a review with a timeline.
_REPORTED = {1: 0.5, 2: 0.75, 3: 0.9, 4: 0.97}
# In how many somebody sets a wrong severity and undoes it.
_SLIPS = 0.008
# With more incidents than this most titles also name a host, without which few of a million would be distinct.
_PLAIN = 2_000
# Titles are not repeated within so many incidents.
_DISTINCT = 1_000


def generate(count: int, *, now: datetime, seed: int = SEED) -> Iterator[DemoIncident]:
    """``count`` incidents in the order of their creation, in constant memory.

    :param now: with an offset; nothing happens after it.
    """
    if count <= 0:
        return
    random = Random(seed)  # noqa: S311 - The data has to be repeatable, not secret.
    writer = _Writer(random, Random(~seed), microseconds(now), qualified=count > _PLAIN)  # noqa: S311
    window, newest = latest(count)
    older = count - len(newest)
    unresolved = {older - 1 - position: status for position, status in lingering(older)}
    times = arrivals(older, writer.now - span(count), writer.now - window, random)
    for position, created in enumerate(times):
        status = unresolved.get(position, "RESOLVED")
        recent = older - position <= len(unresolved) // 3
        yield writer.incident(created, _final_severity(status, recent, random), status)
    for age, severity, status in newest:
        yield writer.incident(writer.now - int(age * (1 - 0.03 * random.random())), severity, status)


def _final_severity(status: str, recent: bool, random: Random) -> int:
    """A severity; what is severe is not left open for days, nor at mitigated for weeks."""
    if status == "OPEN":
        return random.choice((3, 3, 3, 4, 4))
    if status == "MITIGATED":
        return random.choice((2, 2, 3, 3, 4) if recent else (3, 3, 4))
    return random.choice(_SHARES)


class _Writer:
    """Writes incidents; holds what is the same for all of them. Times are in microseconds since 1970."""

    def __init__(self, random: Random, aside: Random, now: int, *, qualified: bool) -> None:
        self.random, self.aside, self.now, self.qualified = random, aside, now, qualified
        self.stories = stories(random)
        self.lifetimes = {
            severity: [int(random.lognormvariate(0, sigma) * median * MINUTE) for _ in range(_LIFETIMES)]
            for severity, (median, sigma) in _LIFETIME.items()
        }
        self.recent: deque[str] = deque(maxlen=_DISTINCT)
        self.recent_titles: set[str] = set()

    def incident(self, created: int, severity: int, status: str) -> DemoIncident:
        """One incident that was opened at ``created`` and now has this severity (1 to 4) and status."""
        draw = self.random.random
        story, facts, choice, title = self._tell(created, severity)
        lifetime = float(self.lifetimes[severity][int(draw() * _LIFETIMES)])
        age = self.now - created
        # Drawn whether needed or not: the demo then reads the same whenever it is loaded.
        shortened = age * (0.4 + 0.5 * draw())
        if lifetime >= age * 0.95:
            lifetime = shortened
        resolved = status == "RESOLVED"
        mitigated = status == "MITIGATED" or (resolved and draw() < _MITIGATED_FIRST[severity])
        # How long the first phase took: until it was mitigated, or resolved at once, or last touched while open.
        phase = lifetime if resolved and not mitigated else lifetime * (0.25 + 0.5 * draw())
        # Somebody takes what is severe at once, and anything before it is done.
        unowned = _UNOWNED[severity] if status == "OPEN" else 0.07
        owner = None if draw() < unowned else story.owners[int(draw() * len(story.owners))]
        note, summary = _summaries(story, facts, choice, severity, resolved, created, lifetime, draw)

        early = draw()
        # Where a person opens it, they may have known for a while; such times are given to the minute.
        started = (created - int(2 + 38 * draw()) * MINUTE) // MINUTE * MINUTE if early < 0.3 else created
        by_person = early < 0.55
        history = History(
            self.random,
            self.aside,
            created,
            started=started,
            actor=story.owners[int(draw() * len(story.owners))] if by_person else ALERTING,
            title=f"{story.service}: investigating alerts" if draw() < 0.04 else title,
            service=story.service,
            severity=_first_severity(severity, draw),
            owner=owner if by_person and draw() < 0.5 else None,
            summary=note if by_person else None,
        )
        history.actor = owner or story.owners[0]
        discussion = Discussion(self.aside, history, severity, story, facts, choice)
        talk = discussion.talk
        if history.owner != owner:
            history.take(phase * (0.02 + 0.13 * draw()), owner)
        discussion.go_on(talk.arriving, phase * 0.2)
        if history.severity != severity or history.title != title:
            history.assess(phase * (0.2 + 0.25 * draw()), severity, title)
        if self.aside.random() < _SLIPS:
            discussion.slip(severity, phase * 0.5)
        if status == "OPEN":
            history.write(phase * (0.5 + 0.4 * draw()), summary)
        discussion.go_on(talk.working, min(phase, lifetime * 0.7))
        if mitigated:
            history.move(phase, "MITIGATED", note if resolved else summary)
        if status != "OPEN":
            discussion.go_on(talk.watching, lifetime * 0.8)
        if resolved:
            if draw() < 0.03:
                history.move(lifetime * 0.8, "RESOLVED", note)
                discussion.go_on(("again",), lifetime * 0.9)
                history.move(lifetime * 0.9, "OPEN", note)
            history.move(lifetime, "RESOLVED", summary)
            discussion.go_on(talk.hindsight, lifetime + min(age - lifetime, lifetime, DAY))
        return history.incident()

    def _tell(self, created: int, severity: int) -> tuple[Story, Facts, float, str]:
        """A story, its facts and variant, and a title that none of the incidents just before has."""
        draw = self.random.random
        table = self.stories[severity]
        # The last full five minutes before it was opened, as people say it.
        minute = (created // MINUTE - 2) // 5 * 5 % 1_440
        clock = f"{minute // 60:02}:{minute % 60:02} UTC"
        while True:
            story = table[int(draw() * len(table))]
            facts = story.fill(draw, clock)
            choice = draw()
            title = story.title(facts, choice)
            if self.qualified and draw() < 0.85:
                title += f" (ip-10-{int(draw() * 256)}-{int(draw() * 256)}-{int(draw() * 256)})"
            if title not in self.recent_titles:
                break
        if len(self.recent) == _DISTINCT:
            self.recent_titles.discard(self.recent[0])
        self.recent.append(title)
        self.recent_titles.add(title)
        return story, facts, choice, title


def _first_severity(severity: int, draw: Draw) -> int:
    """What an incident that turned out to be ``severity`` was opened as; more get worse than better."""
    if draw() >= 0.16:
        return severity
    return severity + 1 if severity == 1 or (severity < 4 and draw() < 0.65) else severity - 1


def _summaries(
    story: Story,
    facts: Facts,
    choice: float,
    severity: int,
    resolved: bool,
    created: int,
    lifetime: float,
    draw: Draw,
) -> tuple[str | None, str | None]:
    """What was written first, and what is written now; either may be nothing."""
    kind = draw()
    if kind < (0.08 if resolved else 0.25):
        return None, None
    first: str | None = story.note(facts, choice)
    if kind < (0.4 if resolved else 0.6):
        return first, first
    if draw() < 0.6:
        first = None
    if not resolved:
        return first, story.progress(facts, choice)
    if kind < _REPORTED[severity]:
        return first, story.report(facts, choice)
    steps = len(story.signals)
    form = "%H:%M" if lifetime < 20 * HOUR else "%d %b %H:%M"
    moments = [created + int(lifetime * 0.9 * step / steps) for step in range(steps + 1)]
    return first, story.review(facts, choice, [timestamp(moment).strftime(form) for moment in moments])
