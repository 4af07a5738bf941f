"""An evaluation: the verdicts, the sentences quoted for them, and the score they make. It can be replayed."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, model_validator

from interview.coaching import feedback, scoring, verdicts
from interview.coaching.reading import Reading
from interview.coaching.rubrics import Rubric
from interview.coaching.star import PARTS
from interview.coaching.verdicts import Verdict


class Frozen(BaseModel):
    """A part of an evaluation; it never changes."""

    model_config = ConfigDict(frozen=True)


class EvaluatedBy(Frozen):
    """Who evaluated, exactly enough to tell which results may be compared."""

    engine: str
    model: str | None = None
    prompt_hash: str | None = None
    rubric_hash: str | None = None
    runs: int = 1
    input_tokens: int = 0
    output_tokens: int = 0


class CriterionResult(Frozen):
    """What was found about one criterion; the quotes are cut from the answer as it was typed."""

    id: str
    name: str
    verdict: verdicts.Outcome
    points: float | None
    max_points: float
    quotes: tuple[str, ...]
    reason: str
    checked_by: str
    gate: bool = False


class StarQuotes(Frozen):
    """The sentences that tell each part of the story."""

    situation: tuple[str, ...] = ()
    task: tuple[str, ...] = ()
    action: tuple[str, ...] = ()
    result: tuple[str, ...] = ()


class SetAside(Frozen):
    """A sentence that was not judged, and why."""

    quote: str
    reason: str


class Kind(StrEnum):
    """What came of an answer: it was judged, or its question was skipped, or judging failed for good."""

    SCORED = "scored"
    SKIPPED = "skipped"
    FAILED = "failed"


class Evaluation(Frozen):
    """Everything found about one answer. `rubric` and `verdicts` are all it takes to derive the score again."""

    kind: Kind = Kind.SCORED
    score: float | None = None
    note: str = ""
    criteria: tuple[CriterionResult, ...] = ()
    strengths: tuple[str, ...] = ()
    improvements: tuple[str, ...] = ()
    star: StarQuotes | None = None
    set_aside: tuple[SetAside, ...] = ()
    dropped_verdicts: int = 0
    evaluated_by: EvaluatedBy
    settled_by_code: bool = False
    rubric: Rubric | None = None
    verdicts: tuple[Verdict, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_an_earlier_version(cls, stored: object) -> object:
        """Give a kind to what was stored before there were kinds."""
        if not isinstance(stored, dict) or "kind" in stored:
            return stored
        judged = Kind.SCORED if stored.get("rubric") else Kind.FAILED
        return stored | {"kind": Kind.SKIPPED if stored.get("skipped") else judged}

    @property
    def skipped(self) -> bool:
        """Whether there was nothing to judge."""
        return self.kind is Kind.SKIPPED

    @property
    def by_engine(self) -> bool:
        """Whether an engine judged; what code settles by itself, as an empty answer, says nothing of an engine."""
        return self.kind is Kind.SCORED and not self.settled_by_code

    def replay(self) -> float | None:
        """Return the score derived again from what is stored."""
        return scoring.score(self.rubric, self.verdicts).value if self.rubric else None


def compose(
    reading: Reading,
    judged: Sequence[Verdict],
    evaluated_by: EvaluatedBy,
    advice: Sequence[str] = (),
) -> Evaluation:
    """Return the evaluation these verdicts make: evidence checked, quotes cut, score computed.

    `advice` is what a model suggests; the rubric's own advice follows it.
    """
    rubric = reading.rubric
    checked = verdicts.checked(rubric, reading.transcript, judged)
    result = scoring.score(rubric, checked.verdicts)
    criteria = tuple(_criterion(reading, verdict) for verdict in checked.verdicts)
    return Evaluation(
        score=result.value,
        note=result.note,
        criteria=criteria,
        strengths=feedback.strengths(rubric, checked.verdicts, reading.transcript),
        improvements=feedback.improvements(rubric, checked.verdicts, advice),
        star=_star(reading),
        set_aside=tuple(
            SetAside(quote=line.text, reason=f"It {line.exclusion}.")
            for line in reading.transcript.lines
            if line.exclusion
        ),
        dropped_verdicts=checked.dropped,
        evaluated_by=evaluated_by.model_copy(update={"rubric_hash": rubric.hash}),
        settled_by_code=not reading.transcript.counted,
        rubric=rubric,
        verdicts=checked.verdicts,
    )


def _criterion(reading: Reading, verdict: Verdict) -> CriterionResult:
    criterion = reading.rubric.criterion(verdict.criterion_id)
    if criterion is None:
        raise LookupError(verdict.criterion_id)
    return CriterionResult(
        id=criterion.id,
        name=criterion.name,
        verdict=verdict.outcome,
        points=scoring.points(criterion, verdict),
        max_points=float(criterion.weight),
        quotes=_quotes(reading, verdict.sentences),
        reason=verdict.reason,
        checked_by=verdict.by,
        gate=criterion.gate,
    )


def _quotes(reading: Reading, numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple(quote for number in numbers if (quote := reading.transcript.quote(number)) is not None)


def _star(reading: Reading) -> StarQuotes:
    parts = {part: _quotes(reading, reading.story.sentences[part][: verdicts.MAX_EVIDENCE]) for part in PARTS}
    return StarQuotes(**parts)
