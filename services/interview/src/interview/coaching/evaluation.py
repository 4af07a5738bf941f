"""An evaluation: the verdicts, the sentences quoted for them, and the score they make. It can be replayed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, model_validator

from interview.coaching import feedback, scoring, verdicts
from interview.coaching.rubrics import Rubric
from interview.coaching.transcript import Transcript
from interview.coaching.verdicts import Verdict
from interview.questions.question import SampleAnswers

BUILT_IN = "built-in"


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


class Quote(Frozen):
    """A sentence of the answer as it was typed, and where it stands there; offsets are in characters.

    What the first version stored has no offsets.
    """

    text: str
    start: int | None = None
    end: int | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_an_earlier_version(cls, stored: object) -> object:
        return {"text": stored} if isinstance(stored, str) else stored


class CriterionResult(Frozen):
    """What was found about one criterion; a sentence is quoted for one criterion only, where it shows most."""

    id: str
    name: str
    verdict: verdicts.Outcome
    points: float | None
    max_points: float
    quotes: tuple[Quote, ...]
    reason: str
    checked_by: str
    gate: bool = False
    main: bool = False
    agreement: float | None = None


class StarQuotes(Frozen):
    """The sentences that tell each part of the story."""

    situation: tuple[Quote, ...] = ()
    task: tuple[Quote, ...] = ()
    action: tuple[Quote, ...] = ()
    result: tuple[Quote, ...] = ()


class SetAside(Frozen):
    """A sentence that was not judged, and why."""

    quote: str
    reason: str


class Kind(StrEnum):
    """What came of an answer: it was judged, or its question was skipped, or judging failed for good."""

    SCORED = "scored"
    SKIPPED = "skipped"
    FAILED = "failed"


class Basis(StrEnum):
    """What the number says: what the answer covers, or how good a model judged it to be."""

    COVERAGE = "coverage"
    JUDGEMENT = "judgement"


class Evaluation(Frozen):
    """Everything found about one answer. `rubric` and `verdicts` are all it takes to derive the score again.

    `range` is the score with what nobody could judge counted as lost and as won; `score` is its middle.
    """

    kind: Kind = Kind.SCORED
    score: float | None = None
    range: tuple[float, float] | None = None
    basis: Basis | None = None
    note: str = ""
    summary: str = ""
    next_time: str = ""
    criteria: tuple[CriterionResult, ...] = ()
    strengths: tuple[str, ...] = ()
    improvements: tuple[str, ...] = ()
    star: StarQuotes | None = None
    rewrite: str | None = None
    sample: SampleAnswers | None = None
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


@dataclass(frozen=True)
class Judgement:
    """What an engine found about an answer: verdicts, where the parts of the story are, and what it would add."""

    verdicts: Sequence[Verdict]
    parts: dict[str, tuple[int, ...]]
    advice: Sequence[str] = ()
    summary: str = ""
    rewrite: str | None = None
    dropped: int = 0


def compose(
    rubric: Rubric,
    transcript: Transcript,
    sample: SampleAnswers | None,
    judgement: Judgement,
    evaluated_by: EvaluatedBy,
) -> Evaluation:
    """Return the evaluation this judgement makes: evidence checked, quotes cut, score computed."""
    checked = verdicts.checked(rubric, transcript, judgement.verdicts)
    result = scoring.score(rubric, checked.verdicts)
    by = evaluated_by.model_copy(update={"rubric_hash": rubric.hash})
    judged_by_model = by.engine != BUILT_IN
    comments = feedback.of(rubric, checked.verdicts, transcript, judgement.advice)
    return Evaluation(
        score=result.value,
        range=None if result.low is None or result.high is None else (result.low, result.high),
        basis=Basis.JUDGEMENT if judged_by_model else Basis.COVERAGE,
        note=result.note,
        summary=judgement.summary or comments.summary,
        next_time=comments.next_time,
        criteria=_criteria(rubric, transcript, checked.verdicts, comments.quoted),
        strengths=comments.strengths,
        improvements=comments.improvements,
        star=StarQuotes(
            **{
                part: _quotes(transcript, judgement.parts.get(part, ())[: verdicts.MAX_EVIDENCE])
                for part in StarQuotes.model_fields
            }
        ),
        rewrite=judgement.rewrite,
        sample=sample,
        set_aside=tuple(
            SetAside(quote=line.text, reason=f"It {line.exclusion}.")
            for line in transcript.lines
            if line.exclusion
        ),
        dropped_verdicts=checked.dropped + judgement.dropped,
        evaluated_by=by,
        settled_by_code=not transcript.counted,
        rubric=rubric,
        verdicts=checked.verdicts,
    )


def _criteria(
    rubric: Rubric,
    transcript: Transcript,
    judged: Sequence[Verdict],
    quoted: Mapping[str, tuple[int, ...]],
) -> tuple[CriterionResult, ...]:
    return tuple(
        CriterionResult(
            id=criterion.id,
            name=criterion.name,
            verdict=verdict.outcome,
            points=scoring.points(criterion, verdict),
            max_points=float(criterion.weight),
            quotes=_quotes(transcript, quoted.get(criterion.id, ())),
            reason=verdict.reason,
            checked_by=verdict.by,
            gate=criterion.gate,
            main=criterion.main,
            agreement=verdict.agreement,
        )
        for criterion, verdict in verdicts.pairs(rubric, judged)
    )


def _quotes(transcript: Transcript, numbers: Sequence[int]) -> tuple[Quote, ...]:
    """Return the sentences of these numbers as they were typed."""
    lines = [
        transcript.lines[number - 1].sentence for number in numbers if 1 <= number <= len(transcript.lines)
    ]
    return tuple(Quote(text=sentence.text, start=sentence.start, end=sentence.end) for sentence in lines)
