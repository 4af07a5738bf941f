"""Whether an answer is about its question, by the meaning of its sentences."""

from enum import StrEnum

from interview.coaching.reading import Reading
from interview.text import vocabulary

STORY_SURE = 0.30
STORY_OFF = 0.18
EXPLANATION_SURE = 0.42
EXPLANATION_OFF = 0.30


class Relevance(StrEnum):
    """How sure the meanings alone can be that an answer is about its question."""

    ABOUT_IT = "about it"
    UNSURE = "unsure"
    ABOUT_SOMETHING_ELSE = "about something else"


def of(reading: Reading) -> tuple[Relevance, list[int]]:
    """Return whether the answer is about its question, and the sentences that show it.

    Its nearest sentence decides, so that no further sentence takes it away.
    """
    nearness = reading.nearness(subject(reading))
    best = max(nearness.values(), default=-1.0)
    sure, off = (STORY_SURE, STORY_OFF) if reading.is_story else (EXPLANATION_SURE, EXPLANATION_OFF)
    ranked = sorted(nearness, key=lambda number: (-nearness[number], number))
    if best >= sure:
        return Relevance.ABOUT_IT, [number for number in ranked if nearness[number] >= sure]
    return (Relevance.UNSURE, ranked[:1]) if best >= off else (Relevance.ABOUT_SOMETHING_ELSE, [])


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
