"""The score of rubrics of the first version, kept so that what was stored then can be derived again."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from interview.coaching.rubrics import Criterion, Rubric
from interview.coaching.verdicts import Outcome, Verdict

FLOOR = 10.0
UNPROVEN = 60.0
NEEDED_SHARE = Fraction(1, 2)


@dataclass(frozen=True)
class Score:
    """0 to 100, or None where too little could be assessed, with a note that says why."""

    value: float | None
    note: str


def score(rubric: Rubric, verdicts: Iterable[Verdict]) -> Score:
    """Return the score these verdicts make: weight earned over weight that could be assessed.

    A gate that is not met holds it at the floor. One that nobody can assess holds a strong answer at `UNPROVEN` where
    some sentence speaks for it, and leaves any other without a number, as does less than half of the weight assessable.
    """
    by_criterion = {verdict.criterion_id: verdict for verdict in verdicts}
    judged = [
        (criterion, by_criterion[criterion.id])
        for criterion in rubric.criteria
        if criterion.id in by_criterion and by_criterion[criterion.id].outcome is not Outcome.CANNOT_ASSESS
    ]
    failed = [
        criterion.name for criterion, verdict in judged if criterion.gate and verdict.outcome is Outcome.UNMET
    ]
    value = _ratio(judged)
    if failed:
        return Score(min(FLOOR, value), f"Held at the floor: not met is “{failed[0]}”.")
    judged_ids = {criterion.id for criterion, _ in judged}
    total = sum(criterion.weight for criterion in rubric.criteria)
    if sum(criterion.weight for criterion, _ in judged) < NEEDED_SHARE * total:
        return Score(None, "No score: less than half of what counts could be assessed.")
    unproven = [
        criterion for criterion in rubric.criteria if criterion.gate and criterion.id not in judged_ids
    ]
    likely = all(
        criterion.id in by_criterion and by_criterion[criterion.id].sentences for criterion in unproven
    )
    if unproven and likely and value > UNPROVEN:
        return Score(UNPROVEN, f"At most {UNPROVEN:g}: “{unproven[0].name}” could not be assessed.")
    if unproven and value > FLOOR:
        return Score(None, f"No score: “{unproven[0].name}” could not be assessed.")
    return Score(value, "")


def _ratio(judged: list[tuple[Criterion, Verdict]]) -> float:
    weight = sum(criterion.weight for criterion, _ in judged)
    if not weight:
        return 0.0
    earned = sum((criterion.earned(verdict.level) for criterion, verdict in judged), Fraction(0))
    return max(0.0, min(100.0, round(float(100 * earned / weight), 1)))
