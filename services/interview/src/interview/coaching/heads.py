"""Small heads over a sentence's meaning: which part of an answer it is, and how much of it could be checked.

They are trained by `benchmarks/coach/train.py` on the seen half of the coach's data.
"""

import hashlib
import io
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from interview.coaching.sentence_features import Matrix
from interview.embeddings.encoder import ModelAltered

WEIGHTS = "heads.npz"
SHA256 = "33c60371c180318520fbec25b42aae652c2ba0cc147dd96f653975a09e9e2357"


class Part(StrEnum):
    """What a sentence does: in a story the first five, in an explanation the last four."""

    SITUATION = "situation"
    TASK = "task"
    ACTION = "action"
    RESULT = "result"
    REFLECTION = "reflection"
    STATEMENT = "statement"
    REASON = "reason"
    EXPERIENCE = "experience"
    DENIAL = "denial"


@dataclass(frozen=True)
class Head:
    """A row of weights and a bias, or several rows with a bias each."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def scores(self, features: Matrix) -> NDArray[np.float32]:
        """Return a score for each row of features, or a column of scores for each row of weights."""
        scores: NDArray[np.float32] = features @ self.weights.T + self.bias
        return scores


@dataclass(frozen=True)
class Heads:
    """The trained heads. Above 0 it is likely what the head looks for.

    `addressed` tells what speaks to whoever judges; `point` and `main` see rows of `claim_features`; `relevance` sees
    what `relevance` counts, stories in its first row; under `relevance_off` an answer surely is about something else.
    """

    parts: Head
    evidence: Head
    addressed: Head
    point: Head
    main: Head
    relevance: Head
    relevance_off: NDArray[np.float32]

    def part_scores(self, features: Matrix) -> dict[Part, NDArray[np.float32]]:
        """Return for each part a score for each sentence."""
        scores = self.parts.scores(features)
        return {part: scores[:, column] for column, part in enumerate(Part)}

    def evidence_of(self, features: Matrix) -> NDArray[np.float32]:
        """Return how much of each sentence could be checked: about 0 (empty) to 3 (a fact)."""
        levels: NDArray[np.float32] = np.clip(self.evidence.scores(features), 0, 3)
        return levels

    def relevance_of(self, features: NDArray[np.float32], *, story: bool) -> tuple[bool, bool]:
        """Return whether an answer with these features is likely about its question, and whether it surely is not."""
        row = 0 if story else 1
        score = self.relevance.scores(features)[row]
        return bool(score > 0), bool(score < self.relevance_off[row])


@cache
def load() -> Heads:
    """Return the heads of the package's data.

    Raises:
        ModelAltered: the weights are not those the thresholds were made with.
    """
    content = resources.files("interview").joinpath("data", WEIGHTS).read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ModelAltered(f"{WEIGHTS} is not the file with the hash {SHA256}: install the package anew")
    with np.load(io.BytesIO(content)) as arrays:
        return Heads(
            parts=Head(arrays["parts"], arrays["biases"]),
            **{
                name: Head(arrays[name], arrays[f"{name}_bias"])
                for name in ("evidence", "addressed", "point", "main", "relevance")
            },
            relevance_off=arrays["relevance_off"],
        )
