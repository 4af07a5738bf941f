"""Scores of several answers together."""

from collections.abc import Iterable


def mean(scores: Iterable[float | None]) -> float | None:
    """Return the mean of the scores there are, to one decimal; None where there is none."""
    known = [score for score in scores if score is not None]
    return round(sum(known) / len(known), 1) if known else None
