"""From failure modes to the title and the summary of one incident."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tracker.demo.facts import BY_SEVERITY, facts_of
from tracker.demo.failure import Failure
from tracker.demo.remarks import remarks_on
from tracker.demo.services import PEOPLE, SERVICES, Service

# So many entries has the table from which a story is drawn; drawing is then a single look-up.
_TABLE = 2_048
_BRACES = re.compile(r"\{(\w+)\}")

Draw = Callable[[], float]
Facts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Story:
    """One way in which one service fails, ready to be filled with facts.

    Texts are in the form of the ``%`` operator, since filling that takes a third of the time of ``str.format``.
    ``owners`` has a name several times when that person works on the service.
    """

    service: str
    owners: tuple[str, ...]
    slots: tuple[tuple[str, tuple[str, ...]], ...]
    remarks: Mapping[str, tuple[str, ...]]
    titles: tuple[str, ...]
    impact: tuple[str, ...]
    signals: tuple[str, ...]
    cause: tuple[str, ...]
    fix: tuple[str, ...]
    next_steps: tuple[str, ...]

    def fill(self, draw: Draw, clock: str) -> Facts:
        """Facts for one incident; ``clock`` is the time of day at which it began."""
        facts = {name: values[int(draw() * len(values))] for name, values in self.slots}
        facts["clock"] = clock
        return facts

    def title(self, facts: Facts, choice: float) -> str:
        """A title. Here and below, ``choice`` (0 to below 1) picks the variant, as :class:`Failure` says."""
        return _pick(self.titles, choice) % facts

    def note(self, facts: Facts, choice: float) -> str:
        """One or two sentences, as written in a hurry."""
        return _pick(self.impact, choice) % facts

    def remark(self, kind: str, facts: Facts, choice: float) -> str:
        """A comment, of a kind that :mod:`tracker.demo.remarks` knows."""
        return _pick(self.remarks[kind], choice) % facts

    def progress(self, facts: Facts, choice: float) -> str:
        """What is known while the incident is being worked on."""
        text = (
            f"**Impact.** {_pick(self.impact, choice)}\n\n"
            f"**Seen so far**\n\n- {self.signals[0]}\n- {self.signals[1]}\n\n"
            f"**Suspicion.** {_pick(self.cause, choice)}\n\n"
            f"**Next**\n\n- [ ] {self.next_steps[0]}"
        )
        return text % facts

    def report(self, facts: Facts, choice: float) -> str:
        """Impact, cause and fix, a paragraph each."""
        text = (
            f"**Impact.** {_pick(self.impact, choice)}\n\n"
            f"**Cause.** {_pick(self.cause, choice)}\n\n"
            f"**Fix.** On-call {_pick(self.fix, choice)}."
        )
        return text % facts

    def review(self, facts: Facts, choice: float, times: Sequence[str]) -> str:
        """A small postmortem with a timeline.

        :param times: when the signals were seen and the fix was made, one more than there are signals.
        """
        timeline = "\n".join(
            f"- **{time}** {what}" for time, what in zip(times, (*self.signals, _pick(self.fix, choice)), strict=False)
        )
        steps = "\n".join(f"- [{'x' if number == 0 else ' '}] {step}" for number, step in enumerate(self.next_steps))
        text = (
            f"## Impact\n\n{_pick(self.impact, choice)}\n\n"
            f"## Timeline (UTC)\n\n{timeline}\n\n"
            f"## Cause\n\n{_pick(self.cause, choice)}\n\n"
            f"## Next steps\n\n{steps}"
        )
        return text % facts


def _pick(texts: Sequence[str], choice: float) -> str:
    return texts[int(choice * len(texts))]


def stories(random: Random) -> dict[int, tuple[Story, ...]]:
    """For each severity (1 to 4) a table in which each story stands as often as it is likely.

    :raises KeyError: where a text names a fact that its service does not have.
    """
    all_facts = {service.name: facts_of(service.name, service.facts, random) for service in SERVICES}
    tables: dict[int, tuple[Story, ...]] = {}
    for severity, particular in BY_SEVERITY.items():
        told: list[Story] = []
        weights: list[float] = []
        for position, service in enumerate(SERVICES):
            facts = {**all_facts[service.name], **particular}
            shares = {
                failure: share
                for failure, share in service.failures.items()
                if max(failure.worst, service.worst) <= severity
            }
            for failure, share in shares.items():
                told.append(_story(service, failure, facts, _team(position)))
                weights.append(service.weight * share / sum(shares.values()))
        tables[severity] = tuple(random.choices(told, weights, k=_TABLE))
    return tables


def _team(position: int) -> tuple[str, ...]:
    """Four people who know the service well, and everybody, who helps out at times."""
    first = position * 3 % len(PEOPLE)
    team = (PEOPLE + PEOPLE)[first : first + 4]
    return team[:1] * 9 + team[1:2] * 6 + team[2:] * 4 + PEOPLE


def _story(service: Service, failure: Failure, facts: dict[str, tuple[str, ...]], owners: tuple[str, ...]) -> Story:
    parts = (failure.titles, failure.impact, failure.signals, failure.cause, failure.fix, failure.next_steps)
    remarks = remarks_on(failure)
    names = {name for texts in (*parts, *remarks.values()) for text in texts for name in _BRACES.findall(text)}
    return Story(
        service.name,
        owners,
        tuple((name, facts[name]) for name in sorted(names - {"clock"})),
        {kind: _templates(texts) for kind, texts in remarks.items()},
        *(_templates(texts) for texts in parts),
    )


def _templates(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_BRACES.sub(r"%(\1)s", text.replace("%", "%%")) for text in texts)
