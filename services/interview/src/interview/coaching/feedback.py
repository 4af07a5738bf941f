"""What is said to the candidate: a sentence in sum, what was good with its quote, what would help most."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from interview.coaching import scoring
from interview.coaching.rubrics import FULL_STEP, Criterion, Rubric
from interview.coaching.transcript import Transcript
from interview.coaching.verdicts import Outcome, Verdict, pairs

MOST = 4
QUOTES = 2
MAX_QUOTE = 160
MAX_ADVICE = 300
NOTHING = "There is not enough of an answer here to say anything about it."
MAIN_MISSING = "The main thing did not come out: {main}"
MAIN_WRONG = "The main thing is not right yet: {main}"


@dataclass(frozen=True)
class Feedback:
    """The summary, what to do next time, strengths with their quotes, and what would help, the most first.

    `quoted` are the sentences quoted for each criterion.
    """

    summary: str
    next_time: str
    strengths: tuple[str, ...]
    improvements: tuple[str, ...]
    quoted: dict[str, tuple[int, ...]]


def of(
    rubric: Rubric, verdicts: Sequence[Verdict], transcript: Transcript, advice: Iterable[str]
) -> Feedback:
    """Return what is said about these verdicts; `advice` is a model's own, the rubric's follows it."""
    good = _good(rubric, verdicts)
    improvements = _improvements(rubric, verdicts, advice)
    quoted = _quoted_once(rubric, verdicts)
    return Feedback(
        summary=_summary(rubric, verdicts, good, improvements),
        next_time=improvements[0] if improvements else "",
        strengths=_strengths(good, quoted, transcript),
        improvements=improvements,
        quoted=quoted,
    )


def _quoted_once(rubric: Rubric, verdicts: Sequence[Verdict]) -> dict[str, tuple[int, ...]]:
    """Return by criterion the sentences quoted for it: each sentence once, for the criterion it is best for.

    The main thing chooses first, then the heavier criteria; a criterion whose sentences are all taken goes without.
    """
    taken: set[int] = set()
    shown: dict[str, tuple[int, ...]] = {}
    quotable = [(criterion, verdict) for criterion, verdict in pairs(rubric, verdicts) if not criterion.gate]
    quotable.sort(key=lambda pair: (not pair[0].main, -pair[0].weight))
    for turn in range(QUOTES):
        for criterion, verdict in quotable:
            free = next((number for number in verdict.sentences if number not in taken), None)
            if free is not None and len(shown.get(criterion.id, ())) == turn:
                taken.add(free)
                shown[criterion.id] = (*shown.get(criterion.id, ()), free)
    return shown


def _good(rubric: Rubric, verdicts: Sequence[Verdict]) -> list[Criterion]:
    met = [
        (criterion, verdict)
        for criterion, verdict in pairs(rubric, verdicts)
        if verdict.outcome is Outcome.MET and criterion.praise
    ]
    met.sort(key=lambda pair: (not pair[0].main, -(scoring.points(*pair) or 0.0)))
    return [criterion for criterion, _ in met]


def _strengths(
    good: Sequence[Criterion], quoted: Mapping[str, tuple[int, ...]], transcript: Transcript
) -> tuple[str, ...]:
    praises: list[str] = []
    for criterion in good:
        quote = transcript.quote(quoted[criterion.id][0]) if criterion.id in quoted else None
        if quote:
            praises.append(f"{criterion.praise}: “{_short(quote)}”")
    return tuple(praises[:MOST])


def _improvements(rubric: Rubric, verdicts: Sequence[Verdict], advice: Iterable[str]) -> tuple[str, ...]:
    """Return what would help: a failed gate, the main thing, a model's advice, then what would earn most points.

    What was met or nearly so brings no advice.
    """
    if all(verdict.outcome is Outcome.CANNOT_ASSESS for verdict in verdicts):
        return ()
    first: list[str] = []
    lost: list[tuple[float, str]] = []
    for criterion, verdict in pairs(rubric, verdicts):
        if not criterion.advice or verdict.outcome is Outcome.MET:
            continue
        if criterion.gate and verdict.outcome is Outcome.UNMET:
            first.append(criterion.advice)
        elif criterion.main:
            first.append(_about_main(criterion, verdict))
        elif verdict.outcome is Outcome.UNMET:
            lost.append((criterion.weight * (FULL_STEP - verdict.level) / FULL_STEP, criterion.advice))
    lost.sort(key=lambda loss: -loss[0])
    suggested = [" ".join(text.split())[:MAX_ADVICE] for text in advice if text.strip()]
    return tuple(dict.fromkeys([*first, *suggested[:MOST], *(text for _, text in lost)]))[:MOST]


def _about_main(criterion: Criterion, verdict: Verdict) -> str:
    if not criterion.samples and not criterion.mistakes:
        return criterion.advice
    return (MAIN_WRONG if verdict.outcome is Outcome.UNMET else MAIN_MISSING).format(main=criterion.name)


def _summary(
    rubric: Rubric, verdicts: Sequence[Verdict], good: Sequence[Criterion], improvements: Sequence[str]
) -> str:
    if any(
        criterion.gate and verdict.outcome is Outcome.UNMET for criterion, verdict in pairs(rubric, verdicts)
    ):
        return NOTHING if not good else improvements[0]
    helps = improvements[0][0].lower() + improvements[0][1:] if improvements else ""
    if not good:
        return f"What would help most: {helps}" if helps else NOTHING
    praise = good[0].praise
    return f"{praise}; what would help most: {helps}" if helps else f"{praise}, and nothing big is missing."


def _short(quote: str) -> str:
    return quote if len(quote) <= MAX_QUOTE else quote[: MAX_QUOTE - 1] + "…"
