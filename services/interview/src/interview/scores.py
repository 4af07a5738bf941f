"""Scores of several answers together."""

from collections.abc import Iterable
from fractions import Fraction

NEEDED_SHARE = Fraction(3, 5)


def mean(scores: Iterable[float | None]) -> float | None:
    """Return the mean of the scores there are, to one decimal; None where there is none."""
    known = [score for score in scores if score is not None]
    return round(sum(known) / len(known), 1) if known else None


def overall(scores: Iterable[float | None]) -> float | None:
    """Return the mean of the scores of an interview's answers; None where fewer than 60 % of them have one."""
    every = list(scores)
    numbered = sum(score is not None for score in every)
    return mean(every) if every and numbered >= NEEDED_SHARE * len(every) else None
