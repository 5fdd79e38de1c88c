"""What a way of failing consists of: the sentences that titles and summaries are put together from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failure mode, told in parts.

    Every text may name facts in braces, such as ``{region}``. One incident fills all its texts with the same
    facts, so that its title and its summary agree. The facts are those of the service and the common ones of
    :mod:`tracker.demo.facts`.

    The wordings of ``titles``, ``impact``, ``cause``, ``fix`` and ``evidence`` go from one variant of the failure to
    another: one number between 0 and 1 picks from all of them, so that the first title goes with the first cause,
    and the last with the last.

    :param worst: the highest severity that it is believable at, as a number; 1 is SEV1.
    :param signals: what people noticed, in order; they become entries of the timeline.
    :param fix: what was done, as it stands in a timeline: no subject, past tense.
    :param evidence: what somebody found meanwhile, with a command or a piece of a log.
    :param question: what a colleague asks meanwhile, and the ``answer``.
    """

    titles: tuple[str, ...]
    impact: tuple[str, ...]
    signals: tuple[str, ...]
    cause: tuple[str, ...]
    fix: tuple[str, ...]
    next_steps: tuple[str, ...]
    evidence: tuple[str, ...]
    question: str
    answer: str
    worst: int = 1
