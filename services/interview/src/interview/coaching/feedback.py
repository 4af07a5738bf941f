"""What is said to the candidate: strengths with their quote, and what would earn most."""

from collections.abc import Iterable, Sequence

from interview.coaching import scoring
from interview.coaching.rubrics import Criterion, Rubric
from interview.coaching.transcript import Transcript
from interview.coaching.verdicts import Outcome, Verdict

MOST = 4
MAX_QUOTE = 160
MAX_ADVICE = 300


def strengths(rubric: Rubric, verdicts: Sequence[Verdict], transcript: Transcript) -> tuple[str, ...]:
    """Return what was done well, the weightiest first, each with the sentence that shows it."""
    praises: list[str] = []
    for criterion, verdict in _by_points(rubric, verdicts):
        quote = transcript.quote(verdict.sentences[0]) if verdict.sentences else None
        if verdict.outcome is Outcome.MET and criterion.praise and quote:
            praises.append(f"{criterion.praise}: “{_short(quote)}”")
    return tuple(praises[:MOST])


def improvements(rubric: Rubric, verdicts: Sequence[Verdict], advice: Iterable[str]) -> tuple[str, ...]:
    """Return what would help: a failed gate first, then a model's advice, then what would earn most points."""
    gates: list[str] = []
    lost: list[tuple[float, str]] = []
    for criterion, verdict in _by_points(rubric, verdicts):
        missing = criterion.weight - (scoring.points(criterion, verdict) or 0.0)
        if verdict.outcome is Outcome.CANNOT_ASSESS or not criterion.advice:
            continue
        if criterion.gate and verdict.outcome is Outcome.UNMET:
            gates.append(criterion.advice)
        elif missing > criterion.weight / 4:
            lost.append((missing, criterion.advice))
    lost.sort(key=lambda loss: -loss[0])
    suggested = [" ".join(text.split())[:MAX_ADVICE] for text in advice if text.strip()]
    return tuple(dict.fromkeys([*gates, *suggested[:MOST], *(text for _, text in lost)]))[:MOST]


def _by_points(rubric: Rubric, verdicts: Iterable[Verdict]) -> list[tuple[Criterion, Verdict]]:
    pairs = [
        (criterion, verdict) for verdict in verdicts if (criterion := rubric.criterion(verdict.criterion_id))
    ]
    return sorted(pairs, key=lambda pair: -(scoring.points(*pair) or 0.0))


def _short(quote: str) -> str:
    return quote if len(quote) <= MAX_QUOTE else quote[: MAX_QUOTE - 1] + "…"
