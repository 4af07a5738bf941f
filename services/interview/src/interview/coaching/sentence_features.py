"""What the heads see of a sentence: its meaning as a vector, and a few things that can be counted in it."""

import math
import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from interview.embeddings import shared
from interview.embeddings.encoder import DIMENSIONS
from interview.text import actions, figures, neutral, words

Matrix = NDArray[np.float32]

FIRST_PERSON = re.compile(r"\b(?:i|i'm|i've|i'd|i'll|my|myself|me)\b")
PLURAL = re.compile(r"\b(?:we|we're|we've|we'd|we'll|our|us)\b")
WOULD = re.compile(r"\b(?:would|i'd|you'd|should|could|usually|always|generally|normally|typically)\b")
CAPITAL = re.compile(r"(?<=[\w,] )(?!I\b|I')[A-Z]\w+")
REASON = re.compile(
    r"\b(?:because|so that|since|otherwise|unless|which means|that way|therefore|in order to|the reason|depends)\b"
)
LONG_WORD = 7
COUNTED = 12
BEFORE = 0.5
CONTEXT = slice(DIMENSIONS, 2 * DIMENSIONS)


def meaning(texts: Iterable[str]) -> Matrix:
    """Return a vector of length 1 for each text, whoever is named in it; their products are cosines."""
    return shared.encode(tuple(neutral.neutral(text) for text in texts))


def of(texts: tuple[str, ...], *, first: int = 1) -> Matrix:
    """Return a row for each of the sentences, which follow each other; `first` is the number of the first.

    384 numbers of its meaning, half of those of the sentence before it, and what is counted.
    """
    if not texts:
        return np.empty((0, 2 * DIMENSIONS + COUNTED), np.float32)
    vectors = meaning(texts)
    before = np.vstack([np.zeros((1, DIMENSIONS), np.float32), vectors[:-1]]) * BEFORE
    counted = np.array([_counted(text, number) for number, text in enumerate(texts, start=first)], np.float32)
    return np.hstack([vectors, before, counted])


def _counted(text: str, number: int) -> tuple[float, ...]:
    plain = words.plain(text)
    tokens = words.tokens(text)
    count = max(1, len(tokens))
    return (
        math.log(count) / 3,
        float(figures.has_figure(plain)),
        min(2, len(CAPITAL.findall(text))) / 2,
        float(FIRST_PERSON.search(plain) is not None),
        float(PLURAL.search(plain) is not None),
        min(2, len(actions.own(text))) / 2,
        float(WOULD.search(plain) is not None),
        float(REASON.search(plain) is not None),
        float(neutral.is_negated(text)),
        sum(len(word) >= LONG_WORD for word in tokens) / count,
        float(number == 1),
        min(number, 8) / 8,
    )
