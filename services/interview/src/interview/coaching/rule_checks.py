"""What the built-in coach can find out about an answer: one function for each criterion it may check."""

from collections.abc import Callable, Iterable

from interview.coaching import relevance, verdicts
from interview.coaching.heads import Part
from interview.coaching.reading import CHECKABLE, CONCRETE, Reading, highest_first
from interview.coaching.relevance import Relevance
from interview.coaching.rubrics import POINT, CheckedBy, Criterion
from interview.coaching.verdicts import Verdict
from interview.text import words

FULL = 3
OWN_WORDS = 3
SOMETHING = 0.5  # evidence below which a sentence is as good as empty
DENIED_SHARE = 0.7
MISTAKE_SURE = 0.6
REQUIREMENT_NEAR = 0.5
DETAIL_STEPS = (1.5, 4.5, 7.0)

Check = Callable[[Criterion, Reading], Verdict]


def judge(reading: Reading) -> list[Verdict]:
    """Return a verdict for every criterion that code or the built-in coach may check; the rest is a model's."""
    return [
        (_point if criterion.id.startswith(POINT) else CHECKS[criterion.id])(criterion, reading)
        for criterion in reading.rubric.criteria
        if criterion.checked_by is not CheckedBy.MODEL
    ]


def judge_by_code(reading: Reading) -> list[Verdict]:
    """Return a verdict for every criterion that code alone judges, whoever judges the rest."""
    return [
        CHECKS[criterion.id](criterion, reading)
        for criterion in reading.rubric.criteria
        if criterion.checked_by is CheckedBy.CODE
    ]


def _at_least(least: float, nearness: dict[int, float]) -> list[int]:
    return [number for number in highest_first(nearness, nearness) if nearness[number] >= least]


def _own_words(criterion: Criterion, reading: Reading) -> Verdict:
    telling = [line for line in reading.lines if line.number in reading.telling]
    fresh = frozenset[str]().union(*(line.content for line in telling)) - words.content(reading.question.text)
    enough = len(fresh) >= OWN_WORDS
    reason = f"{len(fresh)} words with a meaning of their own."
    if enough and len(reading.denials) >= max(2, DENIED_SHARE * len(reading.lines)):
        enough, reason = False, "Most sentences refuse or deny what was asked about."
    return verdicts.step(criterion, FULL if enough else 0, [line.number for line in telling], reason)


def _on_topic(criterion: Criterion, reading: Reading) -> Verdict:
    relevant, evidence = relevance.of(reading)
    if relevant is Relevance.UNSURE:
        reason = "By its meaning alone it can't be told whether this answers the question."
        return verdicts.cannot_assess(criterion, reason, sentences=evidence)
    about = relevant is Relevance.ABOUT_IT
    reason = "Speaks about what was asked." if about else "No sentence is near to what was asked."
    return verdicts.step(criterion, FULL if about else 0, evidence, reason)


def _main(criterion: Criterion, reading: Reading) -> Verdict:
    """Judge the main thing: said, usually got wrong like this, or open, since it may have been said otherwise."""
    said_by = _above(reading.saying(criterion))
    if said_by:
        level = FULL if reading.evidence[said_by[0]] >= CONCRETE else 2
        return verdicts.step(criterion, level, said_by, "A sentence says it.")
    mistaken = _at_least(MISTAKE_SURE, reading.nearness(criterion.mistakes))
    if mistaken:
        return verdicts.step(criterion, 1, mistaken, "A sentence says what usually gets this wrong.")
    return verdicts.cannot_assess(
        criterion, "No sentence says it in a way that the built-in coach recognises."
    )


def _point(criterion: Criterion, reading: Reading) -> Verdict:
    said_by = [number for number in _above(reading.saying(criterion)) if number not in reading.denials]
    return verdicts.step(
        criterion, FULL if said_by else 0, said_by, "Said." if said_by else "Not heard in this answer."
    )


def _above(scores: dict[int, float]) -> list[int]:
    return [number for number in highest_first(scores, scores) if scores[number] > 0]


def _part(part: Part, *, several: bool = False) -> Check:
    """Return the check of a part: its strongest sentence decides; with `several` the last step takes two of them."""

    def check(criterion: Criterion, reading: Reading) -> Verdict:
        numbers = reading.strongest(part)
        levels = [_level(reading.evidence[number]) for number in numbers]
        level = max(levels, default=0)
        if several and level == FULL and sum(step >= 2 for step in levels) < 2:
            level = 2
        if several and level == 2 and sum(step >= 2 for step in levels) >= 3:
            level = FULL
        return verdicts.step(criterion, level, numbers, _told(part, level))

    return check


def _level(evidence: float) -> int:
    return 3 if evidence >= CHECKABLE else 2 if evidence >= CONCRETE else 1


def _told(part: Part, level: int) -> str:
    return (
        f"No {part} is told.",
        f"The {part} is vague.",
        f"The {part} is concrete.",
        f"The {part} could be checked.",
    )[level]


def _with_something(reading: Reading, numbers: Iterable[int]) -> list[int]:
    return [number for number in numbers if reading.evidence[number] >= SOMETHING]


def _said(part: Part) -> Check:
    def check(criterion: Criterion, reading: Reading) -> Verdict:
        numbers = _with_something(reading, reading.strongest(part))
        return verdicts.step(criterion, FULL if numbers else 0, numbers, "Said." if numbers else "Not said.")

    return check


def _detail(criterion: Criterion, reading: Reading) -> Verdict:
    ranked = highest_first(reading.telling, reading.evidence)[:FULL]
    amount = sum(reading.evidence[number] for number in ranked)
    level = sum(amount >= step for step in DETAIL_STEPS)
    shown = _with_something(reading, ranked)
    concrete = sum(reading.evidence[number] >= CONCRETE for number in reading.telling)
    return verdicts.step(criterion, level if shown else 0, shown, f"{concrete} concrete sentences.")


def _reasons(criterion: Criterion, reading: Reading) -> Verdict:
    numbers = _with_something(reading, reading.strongest(Part.REASON))
    return verdicts.step(
        criterion, min(FULL, len(numbers)), numbers, f"{len(numbers)} sentences give a reason or a price."
    )


def _requirements(criterion: Criterion, reading: Reading) -> Verdict:
    numbers = _at_least(REQUIREMENT_NEAR, reading.nearness(criterion.samples))
    return verdicts.step(criterion, FULL if numbers else 0, numbers, "Said." if numbers else "Not said.")


CHECKS: dict[str, Check] = {
    "own_words": _own_words,
    "on_topic": _on_topic,
    "main": _main,
    "situation": _part(Part.SITUATION),
    "task": _said(Part.TASK),
    "action": _part(Part.ACTION, several=True),
    "result": _part(Part.RESULT),
    "detail": _detail,
    "reflection": _said(Part.REFLECTION),
    "reasons": _reasons,
    "example": _part(Part.EXPERIENCE),
    "requirements": _requirements,
}
