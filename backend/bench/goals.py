"""What is measured, and how it is judged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Figures:
    """How fast a request is answered: milliseconds until the answer, and answers per second.

    ``at_least`` says that not one answer came; the milliseconds are then how long was waited.
    """

    p50: float
    p99: float
    rate: float
    at_least: bool = False


def middle(rounds: list[Figures]) -> Figures:
    """The median of each figure over the rounds."""
    return Figures(
        median(one.p50 for one in rounds),
        median(one.p99 for one in rounds),
        median(one.rate for one in rounds),
        any(one.at_least for one in rounds),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The figures of one request at each size (how many incidents there are).

    :param first: those of the first page, which others are compared with.
    :param to_reference: how many times as many answers per second as the reference gives, where there is one.
    """

    figures: Mapping[int, Figures]
    first: Mapping[int, Figures] = field(default_factory=dict)
    to_reference: Mapping[int, float] = field(default_factory=dict)

    @property
    def largest(self) -> int:
        """The size at which goals hold."""
        return max(self.figures)


def p50(line: Line) -> float | None:
    """Milliseconds at the largest size."""
    return line.figures[line.largest].p50


def p99(line: Line) -> float | None:
    """Milliseconds at the largest size."""
    return line.figures[line.largest].p99


def growth(line: Line) -> float | None:
    """The p50 at the largest size over that at the smallest, where there are two."""
    if len(line.figures) < 2:
        return None
    return line.figures[line.largest].p50 / line.figures[min(line.figures)].p50


def to_first(line: Line) -> float | None:
    """The p50 over the first page's, at the largest size."""
    return line.figures[line.largest].p50 / line.first[line.largest].p50 if line.first else None


def to_reference(line: Line) -> float | None:
    """Answers per second over the reference's, at the largest size."""
    return line.to_reference.get(line.largest)


Measure = Callable[[Line], float | None]


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on one number.

    :param text: what the number is, such as "p50 ms"; the bound follows it.
    """

    text: str
    limit: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{self.text} {'≥' if self.at_least else '≤'} {self.limit:,g}"


@dataclass(frozen=True, slots=True)
class Group:
    """Requests that have their goals in common: each a number that is taken from the figures, and its bound."""

    title: str
    goals: tuple[tuple[Measure, Goal], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A goal, and the number that was measured for it; None where that failed."""

    goal: Goal
    value: float | None

    @property
    def met(self) -> bool:
        """Whether the number is on the right side of the bound."""
        if self.value is None:
            return False
        return self.value >= self.goal.limit if self.goal.at_least else self.value <= self.goal.limit

    @property
    def excess(self) -> float:
        """How many times worse than the bound; 1 is on it, less is better."""
        if not self.value:
            return 0.0 if self.met else float("inf")
        return self.goal.limit / self.value if self.goal.at_least else self.value / self.goal.limit


def judge(group: Group, line: Line) -> list[Verdict]:
    """The group's goals, as far as this run can tell: a single size does not grow."""
    return [Verdict(goal, value) for measure, goal in group.goals if (value := measure(line)) is not None]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured of the program as a whole: a sentence of figures, and the goals beside them."""

    name: str
    figures: str
    verdicts: tuple[Verdict, ...]
