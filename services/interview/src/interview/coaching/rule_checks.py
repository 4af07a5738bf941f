"""What code can find out about an answer: one function for each criterion that is counted or compared."""

from collections.abc import Callable

from interview.coaching import features, star, verdicts
from interview.coaching.features import Relevance
from interview.coaching.reading import Reading
from interview.coaching.rubrics import CheckedBy, Criterion
from interview.coaching.verdicts import Verdict

FULL = 3
OWN_WORDS = 3
DETAIL_STEPS = (8, 18, 35)


def judge(reading: Reading) -> list[Verdict]:
    """Return a verdict for every criterion that code may check; the rest is the model's."""
    return [
        _point(criterion, reading) if criterion.phrases else CHECKS[criterion.id](criterion, reading)
        for criterion in reading.rubric.criteria
        if criterion.checked_by is not CheckedBy.MODEL
    ]


def _point(criterion: Criterion, reading: Reading) -> Verdict:
    numbers = features.saying(reading.transcript.counted, criterion.phrases)
    return verdicts.step(
        criterion, FULL if numbers else 0, numbers, "Said." if numbers else "Not said in these words."
    )


def _own_words(criterion: Criterion, reading: Reading) -> Verdict:
    fresh = len(reading.telling_stems)
    counted = [line.number for line in reading.telling_lines]
    reason = f"{fresh} words with a meaning of their own."
    return verdicts.step(criterion, FULL if fresh >= OWN_WORDS else 0, counted, reason)


def _on_topic(criterion: Criterion, reading: Reading) -> Verdict:
    relevance, evidence = features.relevance(reading.transcript, reading.subject)
    if relevance is Relevance.UNSURE:
        reason = "By its words alone it can't be told whether this answers the question."
        return verdicts.cannot_assess(criterion, reason, sentences=evidence)
    about = relevance is Relevance.ABOUT_IT
    reason = "Speaks about what was asked." if about else "Shares no word with what was asked."
    return verdicts.step(criterion, FULL if about else 0, evidence, reason)


def _part(part: str) -> Callable[[Criterion, Reading], Verdict]:
    def check(criterion: Criterion, reading: Reading) -> Verdict:
        numbers = reading.story.sentences[part]
        return verdicts.step(criterion, FULL if numbers else 0, numbers, "Told." if numbers else "Not told.")

    return check


def _action(criterion: Criterion, reading: Reading) -> Verdict:
    own, shared = reading.story.own_actions, reading.story.shared_actions
    if not own and shared:
        return verdicts.step(criterion, 1, [number for number, _ in shared], "Only what “we” did.")
    named = ", ".join(verb for _, verb in own[:5])
    reason = f"Actions of your own: {named}." if own else "No action of yours is told."
    return verdicts.step(criterion, min(FULL, len(own)), [number for number, _ in own], reason)


def _result(criterion: Criterion, reading: Reading) -> Verdict:
    results = reading.story.sentences["result"]
    lines = [line for line in reading.transcript.counted if line.number in results]
    figured = features.with_figures(lines)
    if figured:
        return verdicts.step(criterion, FULL, figured, "A result with a figure.")
    named = [line.number for line in lines if len(line.content) >= 3]
    if named and features.with_cues(lines, "star.explicit_result"):
        return verdicts.step(criterion, 2, named, "A result, without a figure.")
    return verdicts.step(
        criterion, 1 if results else 0, results, "A result is hinted at." if results else "No result."
    )


def _figures(criterion: Criterion, reading: Reading) -> Verdict:
    numbers = features.with_figures(reading.telling_lines)
    return verdicts.step(criterion, FULL if numbers else 0, numbers, "A figure." if numbers else "No figure.")


def _ownership(criterion: Criterion, reading: Reading) -> Verdict:
    own, shared = len(reading.story.own_actions), len(reading.story.shared_actions)
    level = FULL if own >= 2 and own >= shared else 2 if own > shared or own >= 2 else 1 if own else 0
    numbers = [number for number, _ in reading.story.own_actions]
    return verdicts.step(criterion, level, numbers, f"“I” acts {own} times, “we” {shared} times.")


def _order(criterion: Criterion, reading: Reading) -> Verdict:
    story = reading.story
    firsts = [story.sentences[part][0] for part in star.PARTS if story.has(part)]
    if story.parts_told < FULL:
        return verdicts.step(criterion, 0, (), "Fewer than three parts of the story are told.")
    reason = "In order." if story.in_order else "The parts come out of order."
    return verdicts.step(criterion, FULL if story.in_order else 0, firsts, reason)


def _detail(criterion: Criterion, reading: Reading) -> Verdict:
    lines, stems = reading.telling_lines, reading.telling_stems
    level = sum(len(stems) >= step for step in DETAIL_STEPS)
    fullest = sorted(lines, key=lambda line: (-len(line.content), line.number))
    return verdicts.step(
        criterion,
        level,
        [line.number for line in fullest[:FULL]],
        f"{len(stems)} different words of substance.",
    )


def _cue(name: str) -> Callable[[Criterion, Reading], Verdict]:
    def check(criterion: Criterion, reading: Reading) -> Verdict:
        numbers = features.with_cues(reading.telling_lines, name)
        return verdicts.step(
            criterion, FULL if numbers else 0, numbers, "Found." if numbers else "Not found."
        )

    return check


def _reasons(criterion: Criterion, reading: Reading) -> Verdict:
    numbers = features.with_cues(reading.telling_lines, "reasons.cues")
    return verdicts.step(
        criterion, min(FULL, len(numbers)), numbers, f"{len(numbers)} sentences give a reason or a price."
    )


def _reflection(criterion: Criterion, reading: Reading) -> Verdict:
    numbers = features.with_cues(reading.transcript.counted, "star.reflection")
    return verdicts.step(
        criterion, FULL if numbers else 0, numbers, "Looks back." if numbers else "No look back."
    )


def _structure(criterion: Criterion, reading: Reading) -> Verdict:
    cued = features.with_cues(reading.telling_lines, "reasons.ordering")
    ordered = len(reading.telling) >= FULL and len(cued) >= 2
    return verdicts.step(
        criterion, FULL if ordered else 0, cued if ordered else (), "In steps." if ordered else "No steps."
    )


CHECKS: dict[str, Callable[[Criterion, Reading], Verdict]] = {
    "own_words": _own_words,
    "on_topic": _on_topic,
    "situation": _part("situation"),
    "task": _part("task"),
    "action": _action,
    "result": _result,
    "figures": _figures,
    "ownership": _ownership,
    "order": _order,
    "detail": _detail,
    "reflection": _reflection,
    "reasons": _reasons,
    "example": _cue("reasons.examples"),
    "requirements": _cue("reasons.requirements"),
    "structure": _structure,
}
