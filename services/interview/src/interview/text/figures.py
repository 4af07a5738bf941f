"""Figures in a text: numbers that measure, not dates and versions."""

import re

from interview.text import vocabulary, words

FIGURE = re.compile(r"(?<![\w.])[$€£]?\d[\d,.]*\s?(?:%|percent|x|k|m|ms|s|gb|tb)?(?![\w])")
DATE = re.compile(
    r"\b(?:19|20)\d\d\b|\bq[1-4]\b|\b\d{1,2}(?:st|nd|rd|th)\b|\bversion \d[\d.]*|\bv\d[\d.]*|\bpython \d[\d.]*"
)


def has_figure(text: str) -> bool:
    """Return whether a text in lower case names a figure that is not a date or a version."""
    if FIGURE.search(DATE.sub(" ", text)):
        return True
    return not vocabulary.words("numbers.words").isdisjoint(words.tokens(text))
