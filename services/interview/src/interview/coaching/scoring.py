"""The score: computed from verdicts alone, the same every time, as a range and its middle."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from interview.coaching import scoring_v1
from interview.coaching.rubrics import Criterion, Rubric
from interview.coaching.verdicts import Outcome, Verdict

FIRST_VERSION = 1
FLOOR = Fraction(10)
WRONG_MAIN = Fraction(25)
HALF_WRONG_MAIN = Fraction(50)
NEEDED_SHARE = Fraction(1, 2)


@dataclass(frozen=True)
class Score:
    """0 to 100, or None where too little could be assessed, with a note that says why.

    `low` counts what nobody could judge as lost, `high` as won; `value` is the middle.
    """

    value: float | None
    note: str = ""
    low: float | None = None
    high: float | None = None


def points(criterion: Criterion, verdict: Verdict) -> float | None:
    """Return how much of the criterion's weight was earned; None where it could not be assessed."""
    if verdict.outcome is Outcome.CANNOT_ASSESS:
        return None
    return round(float(criterion.earned(verdict.level)), 1)


def score(rubric: Rubric, verdicts: Iterable[Verdict]) -> Score:
    """Return the score these verdicts make: the weight earned over all the weight there is.

    Where several runs disagree, `low` takes the lowest step that one of them saw, and `high` the highest.
    A gate that is not met holds it at 10 and leaves only what was earned. A main thing that is wrong caps it at 25, one
    half wrong at 50. There is no number where less than half of the weight could be assessed. A rubric of the first
    version is scored as it was then.
    """
    by_criterion = {verdict.criterion_id: verdict for verdict in verdicts}
    if rubric.version == FIRST_VERSION:
        first = scoring_v1.score(rubric, by_criterion.values())
        return Score(first.value, first.note)
    total = sum(criterion.weight for criterion in rubric.criteria)
    assessed = [
        (criterion, verdict)
        for criterion in rubric.criteria
        if (verdict := by_criterion.get(criterion.id)) and verdict.outcome is not Outcome.CANNOT_ASSESS
    ]
    if not total:
        return Score(None, "No score: the rubric has no weight.")
    weight = sum(criterion.weight for criterion, _ in assessed)
    worst = [_Reached.of(criterion, verdict, verdict.lowest) for criterion, verdict in assessed]
    best = [_Reached.of(criterion, verdict, verdict.highest) for criterion, verdict in assessed]
    low, high = _share(worst, total), _share(best, total)
    if failed := _failed_gate(best):
        held = min(FLOOR, low)
        return _of(held, held, f"Held at the floor: not met is “{failed.name}”.")
    if weight < NEEDED_SHARE * total:
        return Score(None, "No score: less than half of what counts could be assessed.")
    high += Fraction(100 * (total - weight), total)
    (low_cap, low_note), (high_cap, high_note) = _cap(worst), _cap(best)
    note = (high_note or low_note) if high > low_cap else ""
    return _of(min(low_cap, low), min(high_cap, high), note)


@dataclass(frozen=True)
class _Reached:
    """A criterion and the step that is counted for it."""

    criterion: Criterion
    level: int
    met: bool

    @classmethod
    def of(cls, criterion: Criterion, verdict: Verdict, level: int) -> Self:
        """Return the step as met or not: as the verdict says, or by the scale where another run's step is taken."""
        if level == verdict.level:
            return cls(criterion, level, verdict.outcome is Outcome.MET)
        return cls(criterion, level, criterion.is_met(level))


def _share(reached: Iterable[_Reached], total: int) -> Fraction:
    return sum((100 * step.criterion.earned(step.level) for step in reached), Fraction(0)) / total


def _failed_gate(reached: Iterable[_Reached]) -> Criterion | None:
    return next((step.criterion for step in reached if step.criterion.gate and not step.met), None)


def _cap(reached: Sequence[_Reached]) -> tuple[Fraction, str]:
    """Return what these steps hold the score to: a failed gate at the floor, a wrong main thing to less than all."""
    if failed := _failed_gate(reached):
        return FLOOR, f"Perhaps at the floor: not surely met is “{failed.name}”."
    main = next((step for step in reached if step.criterion.main), None)
    if main is None or main.met:
        return Fraction(100), ""
    if main.level < 1:
        return WRONG_MAIN, f"At most {WRONG_MAIN}: the main thing is wrong."
    return HALF_WRONG_MAIN, f"At most {HALF_WRONG_MAIN}: the main thing is half wrong."


def _of(low: Fraction, high: Fraction, note: str) -> Score:
    return Score(round(float((low + high) / 2), 1), note, round(float(low), 1), round(float(high), 1))
