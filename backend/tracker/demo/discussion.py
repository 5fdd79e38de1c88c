"""What people on shift say about an incident: comments, between the changes that are made to it."""

from random import Random
from typing import NamedTuple

from tracker.demo.arrivals import MINUTE
from tracker.demo.history import History
from tracker.demo.story import Facts, Story


class Talk(NamedTuple):
    """What is said about one incident, as kinds of remarks: on arrival, while at work on it, while it is watched
    after a fix, and in hindsight."""

    arriving: tuple[str, ...] = ()
    working: tuple[str, ...] = ()
    watching: tuple[str, ...] = ()
    hindsight: tuple[str, ...] = ()


_SILENCE = Talk()
# By severity, one of these is drawn. The worse it is, the more is said; most of what is minor is fixed without a word.
_TALKS = {
    1: (
        Talk(("hello",), ("evidence", "question", "answer", "cause"), ("fixed",), ("follow-up",)),
        Talk(("hello",), ("evidence",), ("fixed",)),
        Talk((), ("seen", "cause"), ("fixed",)),
        Talk((), ("question", "answer"), (), ("follow-up",)),
        Talk((), ("evidence", "cause")),
    ),
    2: (
        Talk(("hello",), ("evidence", "question", "answer"), ("fixed",)),
        Talk((), ("question", "answer", "cause")),
        Talk((), ("seen",), ("fixed",)),
        Talk((), ("evidence",), (), ("follow-up",)),
        Talk(("hello",)),
        *[_SILENCE] * 5,
    ),
    3: (
        Talk((), ("question", "answer")),
        Talk((), ("evidence", "cause")),
        Talk((), ("evidence",)),
        Talk((), (), ("fixed",)),
        Talk((), (), (), ("follow-up",)),
        *[_SILENCE] * 14,
    ),
    4: (
        Talk((), ("question", "answer")),
        Talk((), ("evidence",)),
        Talk((), (), ("fixed",)),
        *[_SILENCE] * 27,
    ),
}
# How often a colleague says it, and not whoever works on the incident.
_BY_COLLEAGUE = {"seen": 0.4, "evidence": 0.4, "question": 1.0}
# Nobody waits for hours for an answer, or before a slip is put right.
_ANSWERED, _UNDONE_AFTER = 12 * MINUTE, 4 * MINUTE


class Discussion:
    """Lets people talk about one incident, in step with its history, as ``talk`` says.

    :param random: dice of its own, so that the incident is the same whatever is said about it.
    :param severity: as a number; 1 is SEV1.
    :param facts: and ``choice``: those that fill the other texts of the incident.
    """

    __slots__ = ("choice", "draw", "facts", "history", "story", "talk")

    def __init__(
        self, random: Random, history: History, severity: int, story: Story, facts: Facts, choice: float
    ) -> None:
        self.draw, self.history, self.story, self.facts, self.choice = random.random, history, story, facts, choice
        talks = _TALKS[severity]
        self.talk = talks[int(self.draw() * len(talks))]

    def go_on(self, kinds: tuple[str, ...], until: float) -> None:
        """Make these remarks, spread over the time up to ``until``, in microseconds since the creation."""
        if not kinds:
            return
        passed: float = self.history.passed
        for left in range(len(kinds), 0, -1):
            kind = kinds[-left]
            pause = (until - passed) / (left + 1) * (0.5 + self.draw())
            if kind == "answer":
                pause = min(pause, _ANSWERED * (0.1 + self.draw()))
            passed += pause
            self.history.comment(passed, self._speaker(kind), self.story.remark(kind, self.facts, self.choice))

    def slip(self, severity: int, until: float) -> None:
        """Somebody sets a wrong severity, which is not ``severity``, undoes it, and says so."""
        passed = self.history.passed
        step = min((until - passed) / 4, _UNDONE_AFTER * (0.1 + self.draw()))
        self.history.misjudge(passed + step, passed + 2 * step, 5 - severity)
        self.go_on(("undone",), passed + 4 * step)

    def _speaker(self, kind: str) -> str:
        actor = self.history.actor
        if kind not in _BY_COLLEAGUE or self.draw() >= _BY_COLLEAGUE[kind]:
            return actor
        people = self.story.owners
        while (colleague := people[int(self.draw() * len(people))]) == actor:
            pass
        return colleague
