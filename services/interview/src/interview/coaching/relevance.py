"""Whether an answer is about its question, by the meaning of its sentences."""

from enum import StrEnum

from interview.coaching.reading import Reading
from interview.text import vocabulary

# cosines, chosen on the seen half of the coach's data: the nearest sentence alone, or it and the next one together
STORY_SURE = 0.36
STORY_OFF = 0.30
EXPLANATION_SURE = 0.48
EXPLANATION_OFF = 0.40
PAIR_SURE = 0.84
PAIR_OFF = 0.70


class Relevance(StrEnum):
    """How sure the meanings alone can be that an answer is about its question."""

    ABOUT_IT = "about it"
    UNSURE = "unsure"
    ABOUT_SOMETHING_ELSE = "about something else"


def of(reading: Reading) -> tuple[Relevance, list[int]]:
    """Return whether the answer is about its question, and the sentences that show it.

    Its nearest two sentences decide, so that no further sentence takes it away. An explanation near to its subject that
    makes no point of it is about something else.
    """
    nearness = reading.nearness(subject(reading))
    ranked = sorted(nearness, key=lambda number: (-nearness[number], number))
    best = nearness[ranked[0]] if ranked else -1.0
    if reading.is_story:
        sure, off = best >= STORY_SURE, best < STORY_OFF
    else:
        pair = best + nearness[ranked[1]] if len(ranked) > 1 else -1.0
        sure = best >= EXPLANATION_SURE or pair >= PAIR_SURE
        off = (best < EXPLANATION_OFF and pair < PAIR_OFF) or not (sure or _says_anything(reading))
    if sure:
        return Relevance.ABOUT_IT, ranked
    return (Relevance.ABOUT_SOMETHING_ELSE, []) if off else (Relevance.UNSURE, ranked[:1])


def _says_anything(reading: Reading) -> bool:
    claims = [criterion for criterion in reading.rubric.criteria if criterion.id in reading.claim_features]
    return any(score > 0 for criterion in claims for score in reading.saying(criterion).values())


def subject(reading: Reading) -> tuple[str, ...]:
    """Return the texts an answer to this question is near to."""
    question = reading.question
    texts = [question.text]
    if question.guidance is not None:
        texts += [question.guidance.main, *question.guidance.main_samples]
    for point in question.points:
        texts += [point.point, *point.samples]
    if reading.is_story:
        texts.append(vocabulary.competency_name(question.competency))
    return tuple(dict.fromkeys(texts))
