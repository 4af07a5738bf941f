"""The score: computed from verdicts alone, the same every time, as a range and its middle."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from interview.coaching import scoring_v1
from interview.coaching.rubrics import FULL_STEP, Criterion, Rubric
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
    return round(float(_earned(criterion, verdict)), 1)


def score(rubric: Rubric, verdicts: Iterable[Verdict]) -> Score:
    """Return the score these verdicts make: the weight earned over all the weight there is.

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
    low = sum((100 * _earned(*pair) for pair in assessed), Fraction(0)) / total
    weight = sum(criterion.weight for criterion, _ in assessed)
    failed = [
        criterion for criterion, verdict in assessed if criterion.gate and verdict.outcome is Outcome.UNMET
    ]
    if failed:
        held = min(FLOOR, low)
        return _of(held, held, f"Held at the floor: not met is “{failed[0].name}”.")
    if weight < NEEDED_SHARE * total:
        return Score(None, "No score: less than half of what counts could be assessed.")
    cap, note = _cap(assessed)
    high = low + Fraction(100 * (total - weight), total)
    return _of(min(cap, low), min(cap, high), note if high > cap else "")


def _cap(assessed: Iterable[tuple[Criterion, Verdict]]) -> tuple[Fraction, str]:
    for criterion, verdict in assessed:
        if criterion.main and verdict.outcome is Outcome.UNMET:
            if verdict.level < 1:
                return WRONG_MAIN, f"At most {WRONG_MAIN}: the main thing is wrong."
            return HALF_WRONG_MAIN, f"At most {HALF_WRONG_MAIN}: the main thing is half wrong."
    return Fraction(100), ""


def _of(low: Fraction, high: Fraction, note: str) -> Score:
    return Score(round(float((low + high) / 2), 1), note, round(float(low), 1), round(float(high), 1))


def _earned(criterion: Criterion, verdict: Verdict) -> Fraction:
    return Fraction(criterion.weight * max(0, min(FULL_STEP, verdict.level)), FULL_STEP)
