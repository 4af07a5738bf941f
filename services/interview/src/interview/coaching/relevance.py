"""Whether an answer is about its question, by the meaning of its sentences."""

from collections.abc import Mapping
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from interview.coaching import heads
from interview.coaching.reading import Reading, highest_first
from interview.text import vocabulary

NEAREST = 3
WIDEST = 3.0  # scores of claims beyond it say no more


class Relevance(StrEnum):
    """How sure the meanings alone can be that an answer is about its question."""

    ABOUT_IT = "about it"
    UNSURE = "unsure"
    ABOUT_SOMETHING_ELSE = "about something else"


def of(reading: Reading) -> tuple[Relevance, list[int]]:
    """Return whether the answer is about its question, and the sentences that show it.

    Its nearest sentences and what it says best decide, so that no further sentence takes relevance away.
    """
    if not reading.lines:
        return Relevance.ABOUT_SOMETHING_ELSE, []
    nearness = reading.nearness(subject(reading))
    ranked = highest_first(nearness, nearness)
    likely, sure_off = heads.load().relevance_of(features(reading, nearness), story=reading.is_story)
    if likely:
        return Relevance.ABOUT_IT, ranked
    return (Relevance.ABOUT_SOMETHING_ELSE, []) if sure_off else (Relevance.UNSURE, ranked[:1])


def features(reading: Reading, nearness: Mapping[int, float]) -> NDArray[np.float32]:
    """Return what the head for relevance sees: the three nearest cosines, the best point, the main thing.

    `nearness` is that to the `subject`. An answer of fewer sentences has its last one counted again.
    """
    cosines = sorted(nearness.values(), reverse=True)
    nearest = (cosines + [cosines[-1]] * NEAREST)[:NEAREST]
    best = {True: -WIDEST, False: -WIDEST}
    for criterion in reading.rubric.criteria:
        if criterion.id in reading.claim_features:
            score = max(reading.saying(criterion).values())
            best[criterion.main] = max(best[criterion.main], min(WIDEST, score))
    return np.array([*nearest, best[False], best[True]], np.float32)


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
