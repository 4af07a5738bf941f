"""A verdict on one criterion, and the check that its evidence is really in the answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from interview.coaching.rubrics import FULL_STEP, CheckedBy, Criterion, Rubric, Scale
from interview.coaching.transcript import Transcript

MAX_EVIDENCE = 3
MAX_REASON = 300


class Outcome(StrEnum):
    """What was found about a criterion."""

    MET = "MET"
    UNMET = "UNMET"
    CANNOT_ASSESS = "CANNOT_ASSESS"


class Verdict(BaseModel):
    """What was found about one criterion, the step reached (0 to 3), and the sentences that show it.

    `levels` is the step in each of several runs, None where a run could not assess it; with one run there are none.
    """

    model_config = ConfigDict(frozen=True)

    criterion_id: str
    outcome: Outcome
    level: int = 0
    sentences: tuple[int, ...] = ()
    reason: str = ""
    by: CheckedBy
    levels: tuple[int | None, ...] = ()

    @property
    def agreement(self) -> float | None:
        """The share of the runs that say the same; None where there was one run."""
        if not self.levels:
            return None
        own = None if self.outcome is Outcome.CANNOT_ASSESS else self.level
        return round(sum(level == own for level in self.levels) / len(self.levels), 2)

    @property
    def lowest(self) -> int:
        """The lowest step that a run saw."""
        return min((level for level in self.levels if level is not None), default=self.level)

    @property
    def highest(self) -> int:
        """The highest step that a run saw."""
        return max((level for level in self.levels if level is not None), default=self.level)


@dataclass(frozen=True)
class Checked:
    """Verdicts that may count, one for each criterion, and how many were dropped."""

    verdicts: tuple[Verdict, ...]
    dropped: int


def step(criterion: Criterion, level: int, sentences: Iterable[int], reason: str) -> Verdict:
    """Return a verdict made by counting: steps of 2 and 3 are MET, and of a binary criterion only 3."""
    return Verdict(
        criterion_id=criterion.id,
        outcome=Outcome.MET if criterion.is_met(level) else Outcome.UNMET,
        level=level,
        sentences=tuple(sorted(set(sentences)))[:MAX_EVIDENCE],
        reason=reason,
        by=criterion.checked_by,
    )


def cannot_assess(criterion: Criterion, reason: str, sentences: Iterable[int] = ()) -> Verdict:
    """Return the verdict that nothing sure can be said about a criterion; `sentences` are those that speak for it."""
    return Verdict(
        criterion_id=criterion.id,
        outcome=Outcome.CANNOT_ASSESS,
        sentences=tuple(sorted(set(sentences)))[:MAX_EVIDENCE],
        reason=reason,
        by=criterion.checked_by,
    )


def pairs(rubric: Rubric, given: Iterable[Verdict]) -> list[tuple[Criterion, Verdict]]:
    """Return each verdict with the criterion of the rubric that it is about."""
    return [
        (criterion, verdict) for verdict in given if (criterion := rubric.criterion(verdict.criterion_id))
    ]


def checked(rubric: Rubric, transcript: Transcript, given: Iterable[Verdict]) -> Checked:
    """Return one verdict for each criterion, keeping only those whose evidence exists.

    Dropped, and counted: a criterion nobody asked about or judged twice, a sentence that is not in the answer or does
    not count, credit without any sentence. A criterion left without a verdict can't be assessed.
    """
    kept: dict[str, Verdict] = {}
    dropped = 0
    counted = {line.number for line in transcript.counted}
    for verdict in given:
        criterion = rubric.criterion(verdict.criterion_id)
        if criterion is None or verdict.criterion_id in kept or not _is_shown(verdict, counted):
            dropped += 1
            continue
        kept[criterion.id] = _normalised(criterion, verdict)
    missing = "Nothing that is really in the answer was given as evidence."
    return Checked(
        tuple(kept.get(criterion.id) or cannot_assess(criterion, missing) for criterion in rubric.criteria),
        dropped,
    )


def _is_shown(verdict: Verdict, counted: set[int]) -> bool:
    if not set(verdict.sentences) <= counted:
        return False
    credit = verdict.outcome is Outcome.MET or (verdict.outcome is Outcome.UNMET and verdict.level > 0)
    return bool(verdict.sentences) or not credit


def _normalised(criterion: Criterion, verdict: Verdict) -> Verdict:
    level = max(0, min(FULL_STEP, verdict.level))
    if criterion.scale is Scale.BINARY:
        level = FULL_STEP if verdict.outcome is Outcome.MET else 0
    elif verdict.outcome is Outcome.MET:
        level = max(2, level)
    elif verdict.outcome is Outcome.UNMET:
        level = min(1, level)
    else:
        level = 0
    evidence = tuple(sorted(set(verdict.sentences)))[:MAX_EVIDENCE]
    return verdict.model_copy(
        update={"level": level, "sentences": evidence, "reason": verdict.reason[:MAX_REASON]}
    )
