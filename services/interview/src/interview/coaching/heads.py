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
class Heads:
    """A row of weights and a bias for each part; a row for the evidence, for points and for the main thing."""

    parts: NDArray[np.float32]
    biases: NDArray[np.float32]
    evidence: NDArray[np.float32]
    evidence_bias: float
    addressed: NDArray[np.float32]
    addressed_bias: float
    relevance: NDArray[np.float32]
    relevance_bias: NDArray[np.float32]
    relevance_off: NDArray[np.float32]
    point: NDArray[np.float32]
    point_bias: float
    main: NDArray[np.float32]
    main_bias: float

    def part_scores(self, features: Matrix) -> dict[Part, NDArray[np.float32]]:
        """Return for each part a score for each sentence; above 0 it is likely that part."""
        scores = features @ self.parts.T + self.biases
        return {part: scores[:, column] for column, part in enumerate(Part)}

    def evidence_of(self, features: Matrix) -> NDArray[np.float32]:
        """Return how much of each sentence could be checked: about 0 (empty) to 3 (a fact)."""
        levels: NDArray[np.float32] = np.clip(features @ self.evidence + self.evidence_bias, 0, 3)
        return levels

    def addressed_scores(self, features: Matrix) -> NDArray[np.float32]:
        """Return a score for each sentence; above 0 it likely speaks to whoever judges the answer."""
        scores: NDArray[np.float32] = features @ self.addressed + self.addressed_bias
        return scores

    def relevance_of(self, features: NDArray[np.float32], *, story: bool) -> tuple[bool, bool]:
        """Return whether an answer with these features is likely about its question, and whether it surely is not."""
        row = 0 if story else 1
        score = float(features @ self.relevance[row] + self.relevance_bias[row])
        return score > 0, score < float(self.relevance_off[row])

    def point_scores(self, features: Matrix) -> NDArray[np.float32]:
        """Return for each row of `claim_features` a score; above 0 the sentence is likely to make the point."""
        scores: NDArray[np.float32] = features @ self.point + self.point_bias
        return scores

    def main_scores(self, features: Matrix) -> NDArray[np.float32]:
        """Return for each row of `claim_features` a score; above 0 the sentence is likely to do the main thing."""
        scores: NDArray[np.float32] = features @ self.main + self.main_bias
        return scores


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
            parts=arrays["parts"],
            biases=arrays["biases"],
            evidence=arrays["evidence"],
            evidence_bias=float(arrays["evidence_bias"]),
            addressed=arrays["addressed"],
            addressed_bias=float(arrays["addressed_bias"]),
            relevance=arrays["relevance"],
            relevance_bias=arrays["relevance_bias"],
            relevance_off=arrays["relevance_off"],
            point=arrays["point"],
            point_bias=float(arrays["point_bias"]),
            main=arrays["main"],
            main_bias=float(arrays["main_bias"]),
        )
