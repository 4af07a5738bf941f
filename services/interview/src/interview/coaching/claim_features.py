"""What the heads see of a sentence beside a claim (a point, the main thing): nearness, shared words, polarity."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from interview.coaching.rubrics import Criterion
from interview.coaching.sentence_features import Matrix, meaning
from interview.coaching.transcript import Line
from interview.embeddings.encoder import Vectors
from interview.text import neutral, words

SHARED_WORDS = 4.0
COLUMNS = 12


@dataclass(frozen=True)
class _Claim:
    """A claim as it is compared: its own text first, then its samples."""

    vectors: Vectors
    negated: Vectors
    stems: frozenset[str]
    phrases: tuple[str, ...]
    mistakes: Vectors | None


def of(
    lines: Sequence[Line], vectors: Matrix, evidence: Matrix, question: str, criteria: Sequence[Criterion]
) -> dict[str, Matrix]:
    """Return by criterion a row for each line: how it stands to what the criterion asks to be said.

    `vectors` holds a vector of length 1 for each line, `evidence` a number from 0 to 3.
    """
    if not lines or not criteria:
        return {criterion.id: np.empty((0, COLUMNS), np.float32) for criterion in criteria}
    claims = [_claim(criterion) for criterion in criteria]
    spread = Counter(stem for claim in claims for stem in claim.stems)
    asked = words.content(question)
    cosines = [vectors @ claim.vectors.T for claim in claims]
    nearest = np.stack([cosine.max(axis=1) for cosine in cosines], axis=1)
    negated = np.array([neutral.is_negated(line.text) for line in lines], np.float32)
    features: dict[str, Matrix] = {}
    for number, (criterion, claim) in enumerate(zip(criteria, claims, strict=True)):
        others = np.delete(nearest, number, axis=1).max(axis=1) if len(claims) > 1 else np.zeros(len(lines))
        cosine = cosines[number]
        same = np.where(claim.negated[None, :] == negated[:, None], cosine, -1.0).max(axis=1)
        shared_words = np.array([_shared(line, claim, spread, asked) for line in lines])
        sizes = np.array([1.0 + len(line.content) for line in lines])
        mistaken = (
            (vectors @ claim.mistakes.T).max(axis=1) - nearest[:, number]
            if claim.mistakes is not None
            else 0.0
        )
        features[criterion.id] = np.column_stack(
            [
                nearest[:, number],
                cosine[:, 0],
                np.maximum(same, 0.0),
                [float(bool(claim.phrases) and words.says(line.stems, claim.phrases)) for line in lines],
                np.minimum(shared_words, SHARED_WORDS) / SHARED_WORDS,
                shared_words / sizes,
                nearest[:, number] - others,
                nearest[:, number] > others,
                evidence,
                claim.negated[cosine.argmax(axis=1)] != negated,
                np.log(sizes),
                np.zeros(len(lines)) + mistaken,
            ]
        ).astype(np.float32)
    return features


def _shared(line: Line, claim: _Claim, spread: Counter[str], asked: frozenset[str]) -> float:
    """Return how many words a line shares with a claim; what several claims say counts less, what was asked nothing."""
    return math.fsum(1 / spread[stem] for stem in sorted((line.content & claim.stems) - asked))


def _claim(criterion: Criterion) -> _Claim:
    texts = (criterion.name, *criterion.samples)
    return _Claim(
        vectors=meaning(texts),
        negated=np.array([neutral.is_negated(text) for text in texts], np.float32),
        stems=frozenset[str]().union(*(words.content(text) for text in texts)),
        phrases=criterion.phrases,
        mistakes=meaning(criterion.mistakes) if criterion.mistakes else None,
    )
