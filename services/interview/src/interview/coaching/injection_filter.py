"""Sentences that are no answer but speak to whoever judges it: orders, praise, claims about the score.

They are excluded before anything is measured and never shown to a model, so that they can't raise a score.
"""

import re
from functools import cache

from interview.text import vocabulary, words

ENCODED = re.compile(
    r"(?<![A-Za-z0-9+/=])(?=[A-Za-z0-9+/=]*\d)(?=[A-Za-z0-9+/=]*[A-Z])(?=[A-Za-z0-9+/=]*[a-z])[A-Za-z0-9+/=]{32,}"
)
SPELLED_WITH_DIGITS = str.maketrans("013457", "oieast")


@cache
def _patterns() -> re.Pattern[str]:
    data = vocabulary.load("injection_filter.toml")
    patterns = [pattern for group in data["patterns"].values() for pattern in group]
    for name, words_of_group in data["groups"].items():
        patterns = [pattern.replace(f"<{name}>", words_of_group) for pattern in patterns]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def speaks_to_judge(sentence: str) -> bool:
    """Return whether a sentence is addressed to the judge, or dressed as something a machine should obey."""
    if ENCODED.search(sentence):
        return True
    text = " ".join(words.plain(sentence).split())
    spelled = text.translate(SPELLED_WITH_DIGITS)
    return any(_patterns().search(spelling) for spelling in dict.fromkeys((text, spelled)))
